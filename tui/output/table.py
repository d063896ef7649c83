"""Aligned columns that fit the reader's terminal.

    room known (a terminal)           no room given (a pipe, a file)
    -----------------------           ------------------------------
    whole columns go, highest         every column, nothing cut
    `drop` first; then the columns
    that may be cut are cut

A cell says what it means (its tone); whether tones are painted is the writer's business.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from tui.format import Tone, cut, elide

from .text import harmless

__all__ = ["Cell", "Column", "Paint", "Pair", "layout"]

Paint = Callable[[str, Tone], str]

_GAP = "  "


@dataclass(frozen=True, slots=True)
class Cell:
    """Text with its tone."""

    text: str
    tone: Tone = "text"


Pair = tuple[str, Sequence[Cell | str]]
"""A name and what belongs to it."""


@dataclass(frozen=True, slots=True)
class Column:
    """How one column behaves."""

    title: str
    right: bool = False
    """Numbers stand at the right."""
    drop: int = 0
    """Where room is short, columns with a higher rank go first; 0 never goes. Optional. Defaults to 0."""
    least: int | None = None
    """May be cut to so many cells. Optional. Defaults to never."""
    middle: bool = False
    """Cut in the middle instead of at the end."""


def layout(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell | str]], room: int | None, paint: Paint
) -> list[str]:
    """The lines of a table: its titles, then its rows. `room` is the terminal's width, None for no limit."""
    table = [[_cell(value) for value in row] for row in rows]
    widths = [
        max([cell_len(column.title), *(cell_len(row[index].text) for row in table)])
        for index, column in enumerate(columns)
    ]
    shown = list(range(len(columns)))
    if room is not None:
        shown = _keep(columns, widths, room)
        _shrink(columns, widths, shown, room)
    titles = [Cell(column.title, "muted") for column in columns]
    return [_line(columns, row, widths, shown, paint) for row in [titles, *table]]


def _cell(value: Cell | str) -> Cell:
    cell = Cell(value) if isinstance(value, str) else value
    return Cell(harmless(cell.text), cell.tone)


def _keep(columns: Sequence[Column], widths: list[int], room: int) -> list[int]:
    """The columns that fit when each is as narrow as it may be."""
    shown = list(range(len(columns)))
    while _total([_least(columns[index], widths[index]) for index in shown]) > room:
        rank = max(columns[index].drop for index in shown)
        if rank == 0:
            break
        shown.remove(next(index for index in shown if columns[index].drop == rank))
    return shown


def _shrink(columns: Sequence[Column], widths: list[int], shown: list[int], room: int) -> None:
    """Cut what may be cut, the last column first, until the shown ones fit."""
    for index in reversed(shown):
        excess = _total([widths[other] for other in shown]) - room
        if excess > 0:
            widths[index] = max(_least(columns[index], widths[index]), widths[index] - excess)


def _least(column: Column, width: int) -> int:
    return width if column.least is None else min(width, max(column.least, cell_len(column.title)))


def _total(widths: list[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _line(
    columns: Sequence[Column], row: Sequence[Cell], widths: list[int], shown: list[int], paint: Paint
) -> str:
    parts: list[str] = []
    for index in shown:
        column, cell, width = columns[index], row[index], widths[index]
        text = (elide if column.middle else cut)(cell.text, width)
        blank = " " * (width - cell_len(text))
        if column.right:
            parts.append(blank + paint(text, cell.tone))
        else:
            parts.append(paint(text, cell.tone) + (blank if index != shown[-1] else ""))
    return _GAP.join(parts).rstrip()
