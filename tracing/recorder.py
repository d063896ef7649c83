"""The always-on bounded recorder: the last so many events, for whoever comes later.

    record(kind, pid, …), keep(event)   one writer (the loop's thread)
    since(cursor)                       any number of readers, each with a cursor of its own
                                        (seq of the next record that it wants), told how many it missed
    last(seconds, pid=…, trace=…)       what happened before now, for a crash report

Never blocks the writer: readers copy, and what they come too late for is counted, not kept.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Final

from .records import Event, Record, Show, record_of, reticent

__all__ = ["Recorder"]


def _epoch() -> float:
    return time.time() - time.monotonic()


class Recorder:
    """A ring of events, kept as they come: most are written over unread, and records are made for who reads them.

    Args:
        size: how many events to keep. Optional. Defaults to 2000.
        clock: seconds of the monotonic clock, for `record`. Optional. Defaults to `time.monotonic`.
        epoch: seconds since the epoch at which that clock stood at 0. Asked when somebody reads. Optional. Defaults to what the
            clocks say then.
    """

    def __init__(
        self,
        size: int = 2000,
        clock: Callable[[], float] = time.monotonic,
        epoch: Callable[[], float] = _epoch,
    ) -> None:
        self._ring: Final[deque[tuple[int, Event]]] = deque(maxlen=size)
        self._clock = clock
        self._epoch = epoch
        self.next = 1
        """The seq of the record to come."""

    def record(self, kind: str, pid: int = 0, name: str | None = None, text: str = "") -> None:
        """Keep an event without values, that happens now. About 0.3 µs."""
        self._ring.append((self.next, (self._clock(), kind, pid, name, text, 0, None, (), None, None)))
        self.next += 1

    def keep(self, event: Event) -> None:
        """Keep an event. About 0.15 µs."""
        self._ring.append((self.next, event))
        self.next += 1

    def since(self, cursor: int, limit: int, show: Show = reticent) -> tuple[list[Record], int, int]:
        """Up to `limit` records from `cursor` on, the cursor to ask with next, and how many were missed.

        A cursor of 0 begins with the oldest that is kept, and has missed nothing.
        """
        kept = self._ring.copy()  # one operation of the interpreter: safe beside the writer
        if not kept:
            return [], max(cursor, self.next), 0
        first = kept[0][0]
        if cursor > kept[-1][0] + 1:
            cursor = 0  # a cursor of another incarnation
        missed = max(0, first - cursor) if cursor else 0
        start = max(cursor, first) - first
        epoch = self._epoch()
        records = [
            record_of(*kept[index], epoch, show) for index in range(start, min(start + limit, len(kept)))
        ]
        return records, records[-1].seq + 1 if records else max(cursor, first), missed

    def last(
        self,
        seconds: float,
        *,
        pid: int | None = None,
        trace: int | None = None,
        most: int = 1000,
        now: float | None = None,
    ) -> list[tuple[int, Event]]:
        """The last events, oldest first, with their numbers; `records` makes records of them.

        Args:
            seconds: how far back.
            pid: only those of this process, or that have it as their peer; with `trace`, one of the two suffices. Optional.
            trace: only those of this story. Optional.
            most: how many. Optional. Defaults to 1,000.
            now: until when, in seconds of the clock. Optional. Defaults to now.
        """
        until = self._clock() if now is None else now
        everything = pid is None and trace is None
        found: list[tuple[int, Event]] = []
        for item in reversed(self._ring.copy()):
            event = item[1]
            if event[0] > until:
                continue
            if event[0] < until - seconds or len(found) >= most:
                break
            mine = pid is not None and pid in {event[2], event[5]}
            if everything or mine or (trace is not None and event[6] is not None and event[6][0] == trace):
                found.append(item)
        found.reverse()
        return found

    def records(self, kept: list[tuple[int, Event]], show: Show = reticent) -> list[Record]:
        """Events of `last` as records."""
        epoch = self._epoch()
        return [record_of(seq, event, epoch, show) for seq, event in kept]
