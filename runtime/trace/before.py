"""What a crash report carries of the time before: the last events of the process, and of the story that it was in.

    the process's own last 20 messages ──┐
    the flight recorder's ring, backwards ┴──> its own, and those of its story ──> the last 50, as events

It happens on the loop, in the end of a process, so it is bounded: a ring's last 3,000 items, and in a wave of crashes its last 100.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from ..log import items
from ..mailbox import INIT
from .flown import event_of

if TYPE_CHECKING:
    from tracing.records import Event

    from ..process import Process

__all__ = ["last_events"]

MOST: Final = 50
LOOKS: Final = 3_000
FEW: Final = 100
WAVE_S: Final = 0.01
"""Seconds after a look at the ring in which the next crash gets a short one."""


def last_events(process: Process) -> list[Event]:
    """The last events before now, oldest first; none where the node has no flight recorder."""
    listening = process.sched.listening
    flight = listening.flight
    if flight is None:
        return []
    now = process.sched.clock()
    looks = LOOKS if now - listening.looked >= WAVE_S else FEW
    listening.looked = now
    entry = process.current
    context = entry[5] if entry is not None else None
    trace = context[0] if context is not None else None
    found = [item for item in flight.newest(looks) if _concerns(item, process, trace)]
    known = sum(_is_logged(item, process) for item in found)  # its newest: they stand in its log, too
    logged = [item for item in items(process.events) if item[7] is not None]  # else it is a note
    found += logged[: max(0, len(logged) - known)]
    return sorted(map(event_of, found), key=itemgetter(0))[-MOST:]


def _is_logged(item: Any, process: Process) -> bool:
    """Whether an item is a message that this process has handled. Its `init` stands in the recorder alone."""
    return type(item[1]) is not str and item[1] != INIT and item[5] is process


def _concerns(item: Any, process: Process, trace: int | None) -> bool:
    """Whether an item is of this process, or of this story."""
    context = item[6]
    if context is not None and context[0] == trace:
        return True
    if type(item[1]) is not str:
        return item[5] is process
    number = process.number
    return bool(item[2] == number or item[5] == number)
