"""The always-on bounded recorder: the last so many events, for whoever comes later.

    record(...)            one writer (the loop's thread)
    since(cursor)          any number of readers, each with a cursor of its own
                           (seq of the next record that it wants), told how many it missed

Never blocks the writer: readers copy, and what they come too late for is counted, not kept.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Final

from .records import Record

__all__ = ["Recorder"]

_Kept = tuple[int, float, str, int, str | None, str]
"""The fields of a `Record`, which is made for who reads it: most are written over unread, and a plain tuple is cheap."""


class Recorder:
    """A ring of records.

    Args:
        size: how many records to keep. Optional. Defaults to 2000.
        clock: seconds since the epoch. Optional. Defaults to `time.time`.
    """

    def __init__(self, size: int = 2000, clock: Callable[[], float] = time.time) -> None:
        self._ring: Final[deque[_Kept]] = deque(maxlen=size)
        self._clock = clock
        self.next = 1
        """The seq of the record to come."""

    def record(self, kind: str, pid: int = 0, name: str | None = None, text: str = "") -> None:
        """Keep an event. About 0.2 µs."""
        self._ring.append((self.next, self._clock(), kind, pid, name, text))
        self.next += 1

    def since(self, cursor: int, limit: int) -> tuple[list[Record], int, int]:
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
        records = [Record(*kept[index]) for index in range(start, min(start + limit, len(kept)))]
        return records, records[-1].seq + 1 if records else max(cursor, first), missed
