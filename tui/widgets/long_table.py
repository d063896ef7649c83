"""A table over tens of thousands of rows that come at its end: nothing is copied, and a key knows its place.

The rows stay where their owner keeps them, in the order of their numbers; the table looks at those that are on screen.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, TypeVar, overload

from textual.geometry import Size

from tui.widgets.table import Table

__all__ = ["LongTable", "Numbered"]


class Numbered(Protocol):
    """A row that has a number; keys are numbers as text."""

    @property
    def number(self) -> int:
        """Greater than that of each row before it."""
        ...


N = TypeVar("N", bound=Numbered)


class Keys(Sequence[str]):
    """The keys of rows."""

    def __init__(self, rows: Sequence[Numbered]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...
    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        if isinstance(place, slice):
            return [str(row.number) for row in self._rows[place]]
        return str(self._rows[place].number)


class ByKey(Mapping[str, N]):
    """Rows by key, found by halving."""

    def __init__(self, rows: Sequence[N]) -> None:
        self._rows = rows

    def place_of(self, key: str) -> int:
        """Where a row stands, or would stand."""
        return bisect_left(self._rows, int(key), key=lambda row: row.number)

    def __getitem__(self, key: str) -> N:
        place = self.place_of(key)
        if place < len(self._rows) and self._rows[place].number == int(key):
            return self._rows[place]
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return (str(row.number) for row in self._rows)

    def __len__(self) -> int:
        return len(self._rows)


class LongTable(Table[N]):
    """Numbered rows."""

    def look_at(self, rows: Sequence[N], *, follow: bool = False) -> None:
        """Show these rows, which their owner may lengthen; it says so by calling this again.

        Args:
            rows: in the order of their numbers.
            follow: whether the cursor goes to the last one. Optional. Defaults to staying where it is.
        """
        held = ByKey(rows)
        self.order, self.rows = Keys(rows), held
        self.virtual_size = Size(0, len(rows) + self._titles)
        if not rows:
            self.cursor = None
        elif follow:
            self.cursor = str(rows[-1].number)
        elif self.cursor is None or self.cursor not in held:
            at = held.place_of(self.cursor) if self.cursor is not None else 0
            self.cursor = str(rows[min(at, len(rows) - 1)].number)
        if follow:
            self.reveal()
        self.refresh()

    def place_of(self, key: str | None) -> int:
        """Where a key stands in the order; 0 where it does not."""
        return self.rows.place_of(key) if key is not None and isinstance(self.rows, ByKey) else 0

    @property
    def at_end(self) -> bool:
        """Whether the cursor is on the last row."""
        return not self.order or self.cursor == self.order[-1]
