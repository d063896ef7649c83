"""Two reasons for a process to handle nothing: somebody has suspended it, or an upgrade holds it between two messages.

    pause, resume     of the process: somebody suspends it, and lets it go on       may come while an upgrade holds it
    freeze, thaw      here: an upgrade holds it, and lets go of it

Each is undone by itself; the process goes on when neither is left. For whatever handles messages there is only `process.suspend`: one test.
What `system` asks is answered all the same, before all that waits.
"""

from __future__ import annotations

from collections import deque
from itertools import takewhile
from typing import TYPE_CHECKING

from .mailbox import SYSTEM, Entry
from .status import IDLE, READY, SUSPENDED
from .trace.telling import tell

if TYPE_CHECKING:
    from .process import Process

__all__ = ["ask", "freeze", "paused", "resumed", "suspended", "thaw"]


def suspended(process: Process) -> bool:
    """Whether somebody has suspended it. From any thread."""
    besides = process.extra.suspended if process.extra is not None else None
    return process.suspend if besides is None else besides


def freeze(process: Process) -> None:
    """Let it handle nothing more until `thaw`. To be called once, when it is between two messages, or for when its step is over."""
    process.more().suspended = process.suspend
    process.suspend = True
    if process.status in {IDLE, READY}:
        process.status = SUSPENDED


def thaw(process: Process) -> bool:
    """Let go of it. Whether it goes on now: not if it is suspended, nor if it went on before (see `Process.unpause`)."""
    extra = process.extra
    if extra is None or extra.suspended is None:
        return False
    process.suspend, extra.suspended = extra.suspended, None
    if process.suspend:
        return False
    if process.status == SUSPENDED and process.parked() is None:
        process.rest()
    return True


def ask(process: Process, entry: Entry) -> None:
    """Put in what `system` asks: in its turn, or, where the process handles nothing, behind what was asked before alone."""
    if not process.suspend:
        process.post(entry)
        return
    if process.mailbox is None:
        process.mailbox = deque()
    asked = sum(1 for _ in takewhile(lambda other: other[0] == SYSTEM, process.mailbox))
    process.mailbox.insert(asked, entry)
    process.attend()


def paused(process: Process) -> None:
    """Somebody has suspended it: an upgrade that holds it is to know, and what `system` had asked before comes first."""
    if process.extra is not None and process.extra.suspended is not None:
        process.extra.suspended = True
    _say(process, "suspended")
    mailbox = process.mailbox
    asked = [entry for entry in mailbox or () if entry[0] == SYSTEM]
    if asked and mailbox is not None:
        rest = [entry for entry in mailbox if entry[0] != SYSTEM]
        mailbox.clear()
        mailbox.extend(asked + rest)
        process.attend()


def resumed(process: Process) -> None:
    """Nobody suspends it any more."""
    _say(process, "resumed")


def _say(process: Process, what: str) -> None:
    process.note(what)
    if process.sched.tap is not None:
        tell(process, what)
