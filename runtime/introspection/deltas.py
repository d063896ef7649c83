"""Change per second, between two samples that one observer took.

    of the rows that were shown    at each request: mailbox, reductions, and memory where it is shown
    of every process               where `ps` sorts by change: a column as arrays of numbers, page by page

A sample of a million processes is 16 MB for each column; a process in a dictionary would be ten times as much.
"""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left
from operator import attrgetter, sub
from typing import TYPE_CHECKING, Any, Final

from .columns import Keys, column_of

if TYPE_CHECKING:
    from runtime.process import Process

__all__ = ["Deltas"]

SAMPLE_S: Final = 0.5
"""A change per second is measured over at least this many seconds."""
_NUMBER: Final = attrgetter("number")
_UNKNOWN: Final[tuple[int | None, ...]] = (None, None, None)
_PAGE_BITS: Final = 8
"""Pages are those of the process table."""


class _Shown:
    """Mailbox, reductions and memory of the rows that were shown, by number."""

    def __init__(self, at: float) -> None:
        self.at = at
        self.figures: dict[int, tuple[int | None, ...]] = {}


class _Table:
    """Numbers and figures of every process, by column and page."""

    def __init__(self, at: float) -> None:
        self.at = at
        self.columns: dict[str, dict[int, tuple[array[int], array[float]]]] = {}

    def figure(self, number: int, column: str) -> float | None:
        """That of one process."""
        page = self.columns.get(column, {}).get(number >> _PAGE_BITS)
        if page is None:
            return None
        numbers, values = page
        index = bisect_left(numbers, number)
        return values[index] if index < len(numbers) and numbers[index] == number else None


class Deltas:
    """What one observer's samples say."""

    def __init__(self) -> None:
        self._rows = self._rows_before = _Shown(0.0)
        self._table = self._table_before = _Table(0.0)

    def begin(self) -> None:
        """A new sample of rows, if the last is old enough."""
        at = time.monotonic()
        if at - self._rows.at >= SAMPLE_S:
            self._rows_before, self._rows = self._rows, _Shown(at)

    def note(self, process: Process, memory: int | None = None) -> None:
        """Take a row that is shown into the sample."""
        if process.number not in self._rows.figures:
            self._rows.figures[process.number] = (process.letters, process.reductions, memory)

    def begin_pass(self) -> None:
        """A new sample of the table, if the last is old enough."""
        at = time.monotonic()
        if at - self._table.at >= SAMPLE_S:
            self._table_before, self._table = self._table, _Table(at)

    def take(self, page: list[Process], column: str) -> None:
        """Take a page of the table into the sample."""
        if not page:
            return
        numbers = array("q", map(_NUMBER, page))
        for name in ("mailbox", "reductions", column):
            kept = self._table.columns.setdefault(name, {})
            if numbers[0] >> _PAGE_BITS not in kept:
                kept[numbers[0] >> _PAGE_BITS] = (numbers, array("d", column_of(name)(page)))

    def samples(self, column: str) -> int:
        """How many samples of the table there are of a column: with two, change can be told."""
        return sum(column in table.columns for table in (self._table, self._table_before))

    def keys(self, column: str) -> Keys:
        """The change since the sample before, of pages that were taken; 0 where nothing is known."""

        def changes(page: list[Process]) -> list[Any]:
            numbers = array("q", map(_NUMBER, page))
            key = numbers[0] >> _PAGE_BITS if page else 0
            now = self._table.columns.get(column, {}).get(key)
            before = self._table_before.columns.get(column, {}).get(key)
            if now is None or before is None:
                return [0.0] * len(page)
            if now[0] == before[0] == numbers:
                return list(map(sub, now[1], before[1]))
            return [self._change(number, column) or 0.0 for number in numbers]

        return changes

    def rate(self, process: Process, column: str) -> float | None:
        """Change per second of a row's mailbox, reductions or memory; None where there was no sample before."""
        which = ("mailbox", "reductions", "memory").index(column)
        now = self._rows.figures.get(process.number, _UNKNOWN)[which]
        before = self._rows_before.figures.get(process.number, _UNKNOWN)[which]
        elapsed = self._rows.at - self._rows_before.at
        if now is not None and before is not None and elapsed > 0:
            return (now - before) / elapsed
        change, elapsed = self._change(process.number, column), self._table.at - self._table_before.at
        return change / elapsed if change is not None and elapsed > 0 else None

    def _change(self, number: int, column: str) -> float | None:
        now, before = self._table.figure(number, column), self._table_before.figure(number, column)
        return now - before if now is not None and before is not None else None
