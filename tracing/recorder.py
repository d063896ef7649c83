"""A bounded recorder that is read while it goes on: the feed of a node.

    record(kind, pid, …), keep(event)   one writer (the loop's thread)
    since(cursor)                       any number of readers, each with a cursor of its own
                                        (seq of the next record that it wants), told how many it missed

Never blocks the writer: readers copy, and what they come too late for is counted, not kept. For what came before a crash,
messages among it, see `flight`.
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
        self._ring.append((self.next, (self._clock(), kind, pid, name, text, 0, None, (), None, None, None)))
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
