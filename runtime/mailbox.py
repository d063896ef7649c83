"""What stands in a mailbox: plain tuples, since one is made for every message.

    (kind, message, caller, at, sender, context)
      kind     one of the constants below
      message  already shared (see `messages`)
      caller   the `Caller` of a CALL, else None
      at       when it came, by the scheduler's clock
      sender   the number of the sending process, or 0 for the host
      context  the story that it belongs to (`tracing.context`); None where nobody listens

A mailbox is a deque that exists only while it holds messages.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tracing.context import Context

    from .caller import Caller

__all__ = [
    "CALL",
    "CAST",
    "CONTINUE",
    "EVENT",
    "HANDLERS",
    "INFO",
    "INIT",
    "KINDS",
    "NOTE",
    "PLAIN",
    "SHUTDOWN",
    "SYSTEM",
    "Entry",
    "Mailbox",
]

CALL: Final = 0
CAST: Final = 1
INFO: Final = 2
CONTINUE: Final = 3
"""What a handler left for `handle_continue`, or the next event of a state machine's own; stands before all else."""
SHUTDOWN: Final = 4
"""An exit signal from the parent of a server that traps exits: terminate, then end."""
INIT: Final = 5
"""The first step of a server. Never in a mailbox."""
NOTE: Final = 6
"""An event that is no message, in the log of a process. Never in a mailbox."""
EVENT: Final = 7
"""A time-out of a state machine that has fired; the message is the event."""
SYSTEM: Final = 8
"""What `system` asks; the message is a `SystemRequest`. Handled in its turn, and by a suspended process before all else."""

KINDS: Final = ("call", "cast", "info", "continue", "shutdown", "init", "note", "event", "system")
HANDLERS: Final = (
    "handle_call",
    "handle_cast",
    "handle_info",
    "handle_continue",
    "terminate",
    "init",
    "",
    "",
    "a system message",
)

PLAIN: Final = frozenset({CAST, INFO})
"""Kinds of messages whose handlers return the next state, usually."""

Entry = tuple[int, Any, "Caller[Any] | None", float, int, "Context | None"]
Mailbox = deque[Entry]
