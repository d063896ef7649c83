"""The columns of records: when, who, what kind, what, how long it waited and worked, and the other process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rich.cells import cell_len

from tui.format import Tone, cut, elide
from tui.spans import Spans
from tui.widgets.table import Column

from .row import INCOMING, LOUD, Row, moment
from .slow import Slow, brief, split_bar
from .told import beside, told

__all__ = ["columns"]

LEAST: Final = 8
"""Cells in which it is worth to begin with what was asked for beside."""


def columns(slow: Callable[[], Slow], called: Callable[[str], str]) -> list[Column[Row]]:
    """All columns.

    Args:
        slow: the thresholds of now.
        called: what to call a process, by its pid.
    """

    def waited(row: Row, _: int) -> Spans:
        return [(brief(row.waited), slow().wait_tone(row.waited))]

    def took(row: Row, _: int) -> Spans:
        return [(brief(row.took), slow().work_tone(row.took))]

    def split(row: Row, cells: int) -> Spans:
        return split_bar(row.waited, row.took, cells, _work_tone(row, slow()))

    def peer(row: Row, cells: int) -> Spans:
        if not row.peer and not row.beyond:
            return []
        arrow = "← " if row.kind in INCOMING else "→ "
        other = elide(called(row.peer), cells - 2) if row.peer else row.beyond
        return [(arrow, "faint"), (other, "text" if row.peer else "faint")]

    return [
        Column("at", "TIME", lambda row, cells: [(moment(row)[0 if cells >= 12 else 3 :], "muted")], 9, most=12, weight=1, rank=1),
        Column("who", "PROCESS", lambda row, cells: [(elide(row.who, cells), "text" if row.name else "muted")], 12, most=22, weight=2),
        Column("kind", "KIND", _kind, 9, most=15, weight=1),
        Column("what", "WHAT", _what, 17, weight=8),
        Column("waited", "WAITED", waited, 6, right=True),
        Column("took", "TOOK", took, 6, right=True),
        Column("split", "SPLIT", split, 6, rank=2),
        Column("peer", "PEER", peer, 12, most=24, weight=2),
    ]  # fmt: skip


def _work_tone(row: Row, slow: Slow) -> Tone:
    level = slow.work_tone(row.took)
    return level if level in {"warn", "bad"} else "accent"


def _kind(row: Row, cells: int) -> Spans:
    return [(cut(row.kind, cells), LOUD.get(row.kind, "text"))]


def _what(row: Row, cells: int) -> Spans:
    """What it is about; where there is room, what was asked for beside."""
    text = told(row)
    if cell_len(text) + LEAST < cells and row.values:
        text = "  ".join(filter(None, (text, *beside(row))))
    return [(cut(text, cells), _tone(row))]


def _tone(row: Row) -> Tone:
    return "bad" if LOUD.get(row.kind) == "bad" else "text"
