"""Counting the messages of one process: another kind of list, in the place of that of its last events.

Whatever a process handles it adds to that list. So who is not counted pays nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from ..log import Log, LogItem
from ..mailbox import CALL, CAST, INFO
from ..results import NOTHING

if TYPE_CHECKING:
    from ..process import Process

__all__ = ["Statistics", "begin", "measured", "stop"]

_MESSAGES = frozenset({CALL, CAST, INFO})


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a process has done since its statistics were turned on.

    Attributes:
        start_time: when that was, in seconds since the epoch.
        current_time: now, likewise.
        reductions: steps, as the console counts them; those of the turn that goes on are counted when it is over.
        messages_in: calls, casts and other messages that it has handled; not what `system` asks.
        messages_out: answers that its handlers have returned. What it sends otherwise is not counted (nor is it by OTP).
    """

    start_time: float
    current_time: float
    reductions: int
    messages_in: int
    messages_out: int


class _Counted(Log):
    """The last events of a process that is counted."""

    __slots__ = ("messages_in", "messages_out", "reductions", "start_time")

    def __init__(self, process: Process) -> None:
        super().__init__(process.events or ())
        self.start_time = time.time()
        self.reductions = process.reductions
        self.messages_in = self.messages_out = 0

    def __iadd__(self, item: LogItem, /) -> Self:  # type: ignore[override,misc]
        """One more event."""
        if item[1] in _MESSAGES:
            self.messages_in += 1
            if item[1] == CALL and item[4] is not NOTHING:
                self.messages_out += 1
        self.extend(item)
        return self


def begin(process: Process) -> None:
    """Count from now on; one that is counted already is counted on."""
    if not isinstance(process.events, _Counted):
        process.events = _Counted(process)


def stop(process: Process) -> None:
    """Count no more."""
    if isinstance(process.events, _Counted):
        process.events = list(process.events)


def measured(process: Process) -> Statistics | None:
    """What has been counted; None where nothing is."""
    counted = process.events
    if not isinstance(counted, _Counted):
        return None
    return Statistics(
        counted.start_time,
        time.time(),
        process.reductions - counted.reductions,
        counted.messages_in,
        counted.messages_out,
    )
