"""The records of one session or dump, as many as are kept; those that a filter lets through; and what they add up to.

    batch -> add -> rows ---(filter)---> shown       nothing is copied: a batch costs what the batch is long

Where there are more than `most`, the oldest go, a tenth at a time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace

from .row import Row

__all__ = ["Log"]

MOST = 50_000
"""Records that are kept."""


class Log:
    """Records in the order in which they came.

    Attributes:
        rows: all that are kept.
        shown: those that the filter lets through; `rows` itself without one.
        taken: how many came, those that went again among them.
        waited, took: seconds of all messages that were handled.
        failed: handlers that have raised, and processes that have crashed otherwise.
        names: of processes, by pid, as far as records tell them.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self.rows: list[Row] = []
        self.shown: list[Row] = self.rows
        self.filter = self._needle = ""
        self._inverted = False
        self.taken = 0
        self.waited = self.took = 0.0
        self.failed = 0
        self._raised: set[str] = set()
        self.names: dict[str, str] = {}

    @property
    def gone(self) -> int:
        """How many are no longer kept."""
        return self.taken - len(self.rows)

    def add(self, batch: Sequence[Row]) -> None:
        """More have come. They are numbered anew, in this log's order."""
        fresh = [
            row if row.number == self.taken + place else replace(row, number=self.taken + place)
            for place, row in enumerate(batch)
        ]
        self.taken += len(fresh)
        self.rows.extend(fresh)
        for row in fresh:
            if row.kind in {"handled", "raised"}:
                self.waited += row.waited or 0.0
                self.took += row.took or 0.0
            if row.name:
                self.names[row.pid] = row.name
            if row.kind == "raised":
                self.failed += 1
                self._raised.add(row.pid)
            elif row.kind == "crash":  # of what was raised just before: one failure
                self.failed += row.pid not in self._raised
                self._raised.discard(row.pid)
        if self._needle:
            self.shown.extend(row for row in fresh if self._lets_through(row))
        if len(self.rows) > self._most:
            self._drop(len(self.rows) - self._most + self._most // 10)

    def _drop(self, count: int) -> None:
        first = self.rows[count].number
        del self.rows[:count]
        if self.shown is not self.rows:
            del self.shown[: bisect_left(self.shown, first, key=lambda row: row.number)]

    def look_for(self, text: str) -> None:
        """Show only records that have this text in them; a leading `!` inverts."""
        self.filter = text.strip().lower()
        self._needle, self._inverted = self.filter.removeprefix("!").strip(), self.filter.startswith("!")
        self.shown = [row for row in self.rows if self._lets_through(row)] if self._needle else self.rows

    def _lets_through(self, row: Row) -> bool:
        return (self._needle in row.found) is not self._inverted

    def place_of(self, number: int) -> int:
        """Where a record stands among those that are shown, or would stand."""
        return bisect_left(self.shown, number, key=lambda row: row.number)

    def before(self, row: Row) -> list[Row]:
        """All of its story up to it, oldest first."""
        end = bisect_right(self.rows, row.number, key=lambda it: it.number)
        return [it for it in self.rows[:end] if it.trace == row.trace] if row.trace else []

    def called(self, pid: str) -> str:
        """The name of a process, where records tell it; else its pid."""
        return self.names.get(pid, pid)
