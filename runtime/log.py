"""The last events of a process (OTP's `sys:log`): the fields of one after those of the other, in one list.

    [when, kind, message, sender, reply, process, context, over, came,   when, kind, …]
      when     it began, by the scheduler's clock
      kind     one of `mailbox.KINDS`
      sender   the number of the sending process, or 0 for the host
      reply    of a call; NOTHING where there was none
      context  the story that it belongs to; None where nobody listens
      over     when it was over; None where nobody has measured that
      came     when the message came; None for what is no message

A tuple for each would read better, but it is written for every message and read for few: with tuples, a message among a thousand
processes took a quarter longer.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

__all__ = ["FIELDS", "KEPT", "KEPT_FIELDS", "MOST_FIELDS", "Log", "LogItem", "items"]

Log: TypeAlias = list[Any]
LogItem = tuple[Any, ...]

FIELDS: Final = 9
KEPT: Final = 20
"""Events of each process, at least."""
KEPT_FIELDS: Final = KEPT * FIELDS
MOST_FIELDS: Final = 28 * FIELDS
"""Then all but the last 20 are let go: one by one would cost each message more than keeping it."""


def items(log: Log | None) -> list[LogItem]:
    """The events of a log, oldest first, a tuple each. Safe from any thread."""
    fields = iter(log.copy() if log is not None else ())
    return list(zip(*[fields] * FIELDS, strict=True))
