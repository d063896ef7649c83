"""Change per second, between two samples that one observer took.

    of the rows that were shown    at each request, mailbox and reductions
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
_PAGE_BITS: Final = 8
"""Pages are those of the process table."""


class _Sample:
    """Figures of one moment."""

    def __init__(self, at: float) -> None:
        self.at = at
        self.shown: dict[int, tuple[int, int]] = {}
        """Mailbox and reductions of the rows that were shown, by number."""
        self.columns: dict[str, dict[int, tuple[array[int], array[float]]]] = {}
        """Numbers and figures of every process, by column and page."""


class Deltas:
    """What one observer's samples say."""

    def __init__(self) -> None:
        self._now = self._before = _Sample(0.0)

    def begin(self) -> None:
        """A new sample, if the last is old enough."""
        at = time.monotonic()
        if at - self._now.at >= SAMPLE_S:
            self._before, self._now = self._now, _Sample(at)

    def note(self, process: Process) -> None:
        """Take a row that is shown into the sample."""
        if process.number not in self._now.shown:
            self._now.shown[process.number] = (process.letters, process.reductions)

    def keys(self, column: str) -> Keys:
        """The change since the sample before, by page, which takes the page into this one; 0 where nothing is known."""
        columns = {name: column_of(name) for name in ("mailbox", "reductions", column)}

        def changes(page: list[Process]) -> list[Any]:
            if not page:
                return []
            numbers = array("q", map(_NUMBER, page))
            key = numbers[0] >> _PAGE_BITS
            for name, values in columns.items():
                kept = self._now.columns.setdefault(name, {})
                if key not in kept:
                    kept[key] = (numbers, array("d", values(page)))
            now = self._now.columns[column][key]
            before = self._before.columns.get(column, {}).get(key)
            if before is None:
                return [0.0] * len(page)
            if now[0] == before[0] == numbers:
                return list(map(sub, now[1], before[1]))  # in the same order as what they are each second
            return [(self._change(number, column) or 0.0) * self._elapsed for number in numbers]

        return changes

    @property
    def _elapsed(self) -> float:
        return self._now.at - self._before.at

    def rate(self, process: Process, column: str) -> float | None:
        """Change per second of a row's mailbox or reductions; None where there was no sample before."""
        number = process.number
        which = ("mailbox", "reductions").index(column)
        now, before = self._now.shown.get(number), self._before.shown.get(number)
        if now is None or before is None:
            return self._change(number, column)
        return (now[which] - before[which]) / self._elapsed if self._elapsed > 0 else None

    def _change(self, number: int, column: str) -> float | None:
        now, before = _figure(self._now, number, column), _figure(self._before, number, column)
        known = now is not None and before is not None and self._elapsed > 0
        return (now - before) / self._elapsed if known else None


def _figure(sample: _Sample, number: int, column: str) -> float | None:
    page = sample.columns.get(column, {}).get(number >> _PAGE_BITS)
    if page is None:
        return None
    numbers, values = page
    index = bisect_left(numbers, number)
    return values[index] if index < len(numbers) and numbers[index] == number else None
