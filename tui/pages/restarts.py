"""Restart history as a table: what ended, what followed, why, and what was lost with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runtime.port.contract import Restart, Restarts
from tui.endings import why
from tui.format import MINUS, NOTHING, Tone, clean, cut, duration, elide, number
from tui.spans import Spans
from tui.widgets.table import Column


@dataclass(frozen=True)
class RestartRow:
    """One restart, seen from a moment."""

    entry: Restart
    now: datetime


def restart_rows(history: Restarts) -> dict[str, RestartRow]:
    """Rows by key, newest first."""
    return {
        f"{entry.old_pid} {entry.at.isoformat()}": RestartRow(entry, history.at) for entry in history.entries
    }


def columns(*, child: bool = True) -> list[Column[RestartRow]]:
    """When, who, from which pid to which, how long it had lived, why, what was lost, by whom."""
    return [
        Column("when", "WHEN", _when, 7, right=True),
        *([Column("child", "CHILD", _child, 10, most=28, weight=2)] if child else []),
        Column("pids", "WAS", lambda row, cells: [(cut(row.entry.old_pid, cells), "muted")], 9, rank=4),
        Column("new", "NOW", _new, 9),
        Column("lived", "LIVED", lambda row, _: [(duration(row.entry.lived_s), "text")], 7, right=True),
        Column("reason", "REASON", _reason, 12, weight=6),
        Column("lost", "LOST", _lost, 4, right=True),
        Column("by", "BY", _by, 8, most=20, weight=1, rank=5),
    ]  # fmt: skip


def _when(row: RestartRow, _: int) -> Spans:
    return [(MINUS + duration((row.now - row.entry.at).total_seconds()), "text")]


def _child(row: RestartRow, cells: int) -> Spans:
    return [(elide(clean(row.entry.child, 200), cells), "text")]


def _new(row: RestartRow, cells: int) -> Spans:
    if row.entry.new_pid is None:
        return [(NOTHING, "bad")]
    return [(cut(row.entry.new_pid, cells), "muted")]


def _reason(row: RestartRow, cells: int) -> Spans:
    calm = row.entry.reason in {"normal", "shutdown"} and row.entry.gave_up is None
    tone: Tone = "muted" if calm else "text"
    return [(cut(why(row.entry), cells), tone)]


def _lost(row: RestartRow, _: int) -> Spans:
    return [(number(row.entry.lost), "warn" if row.entry.lost else "faint")]


def _by(row: RestartRow, cells: int) -> Spans:
    return [(cut(clean(row.entry.by or "itself", 60), cells), "text" if row.entry.by else "faint")]
