"""What the tables of the Module page show: a plan, a diff, processes on old code, the history; long texts in as many rows as they need."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from textual.message import Message

from runtime.port.contract import CodePlan, OldCode, Upgrade
from tui.format import MINUS, Tone, clean, cut, duration, elide
from tui.spans import Span, Spans, plain
from tui.upgrades import change_words, diff_lines, outcome, plan_rows
from tui.widgets.table import Column, Table

__all__ = [
    "HISTORY_COLUMNS",
    "OLD_COLUMNS",
    "PLAN_COLUMNS",
    "Line",
    "LineTable",
    "diff_rows",
    "history_rows",
    "old_rows",
    "plan_lines",
    "subject_cells",
]

KIND, WHEN, BY, WHAT, VERSION = 11, 7, 12, 10, 12
"""Cells of columns that do not grow."""


@dataclass(frozen=True)
class Line:
    """One row: what stands in each column, and the process that it opens."""

    cells: dict[str, Span] = field(default_factory=dict[str, Span])
    pid: str = ""


class LineTable(Table[Line]):
    """A table that tells its owner when its width has changed, for texts to be broken anew."""

    class Resized(Message):
        """It is wider or narrower than before."""

    def on_resize(self) -> None:
        """Tell the page."""
        self.post_message(self.Resized())


def _column(
    key: str,
    title: str,
    least: int,
    *,
    weight: int = 0,
    right: bool = False,
    rank: int = 0,
    middle: bool = False,
) -> Column[Line]:
    def cell(line: Line, cells: int) -> Spans:
        text, tone = line.cells.get(key, ("", "text"))
        return [(elide(text, cells) if middle else cut(text, cells), tone)]

    return Column(key, title, cell, least, weight=weight, right=right, rank=rank)


PLAN_COLUMNS = [
    _column("kind", "WHAT", KIND),
    _column("subject", "WHERE", 16, middle=True),
    _column("text", "HOW", 20, weight=1),
]
OLD_COLUMNS = [
    _column("pid", "PID", 8),
    _column("name", "NAME", 16, middle=True),
    _column("behaviour", "BEHAVIOUR", 24, rank=3, middle=True),
    _column("version", "VERSION", VERSION, rank=2),
    _column("why", "WHY", 30, weight=1),
]
HISTORY_COLUMNS = [
    _column("when", "WHEN", WHEN, right=True),
    _column("by", "BY", BY),
    _column("what", "WHAT", WHAT),
    _column("was", "WAS", VERSION, rank=2),
    _column("now", "NOW", VERSION, rank=1),
    _column("text", "HOW IT WENT", 20, weight=1),
]
DIFF_COLUMNS: list[Column[Line]] = [Column("diff", "", lambda line, _: [line.cells["diff"]], 20, weight=1)]


def _rows(
    key: str, first: dict[str, Span], column: str, text: Span, room: int, pid: str = ""
) -> Iterable[tuple[str, Line]]:
    """A row, and as many below it as its text needs."""
    pieces = textwrap.wrap(text[0], max(16, room)) or [""]
    for place, piece in enumerate(pieces):
        yield f"{key} {place}", Line({**(first if not place else {}), column: (piece, text[1])}, pid)


def subject_cells(plan: CodePlan, cells: int) -> int:
    """How wide the column of a plan's subjects is to be, in a table of so many cells."""
    return min(max((len(row.subject) for row in plan_rows(plan)), default=0), max(16, cells // 3))


def plan_lines(plan: CodePlan, room: int) -> dict[str, Line]:
    """The rows of a plan by key; texts in so many cells."""
    out: dict[str, Line] = {}
    for place, row in enumerate(plan_rows(plan)):
        first: dict[str, Span] = {"kind": (row.kind, row.tone), "subject": (row.subject, "text")}
        tone: Tone = "text" if row.tone in {"bad", "warn"} else "muted"
        out.update(_rows(f"{place}", first, "text", (row.text, tone), room, row.pid))
    return out


def diff_rows(plan: CodePlan) -> dict[str, Line]:
    """The diffs of all modules, one after the other."""
    lines = [spans[0] for module in plan.modules for spans in diff_lines(module.diff)]
    return {f"{place}": Line({"diff": span}) for place, span in enumerate(lines)}


def old_rows(listed: Sequence[OldCode], room: int) -> dict[str, Line]:
    """Processes on old code; why, in so many cells."""
    out: dict[str, Line] = {}
    for each in listed:
        first: dict[str, Span] = {
            "pid": (each.pid, "muted"),
            "name": (clean(each.name or "", 200), "text"),
            "behaviour": (clean(each.behaviour, 200), "muted"),
            "version": (clean(each.version, 40), "warn"),
        }
        out.update(_rows(each.pid, first, "why", (clean(each.why, 500), "text"), room, each.pid))
    return out


def history_rows(upgrades: Sequence[Upgrade], module: str, at: datetime, room: int) -> dict[str, Line]:
    """The upgrades of one module, newest first; how each went, in so many cells."""
    out: dict[str, Line] = {}
    for upgrade in upgrades:
        for step in upgrade.steps:
            if step.module == module:
                first: dict[str, Span] = {
                    "when": (MINUS + duration((at - upgrade.at).total_seconds()), "text"),
                    "by": (clean(upgrade.by, 60), "text"),
                    "what": change_words(upgrade),
                    "was": (clean(step.old, 40), "muted"),
                    "now": (clean(step.new, 40), "muted" if upgrade.done else "faint"),
                }
                out.update(
                    _rows(
                        f"{upgrade.id} {upgrade.at.isoformat()}",
                        first,
                        "text",
                        (_went(upgrade), "text"),
                        room,
                    )
                )
    return out


def _went(upgrade: Upgrade) -> str:
    if not upgrade.done:
        return clean(upgrade.reason, 2_000)
    return ", ".join(text.removeprefix("✓ ") for text in map(plain, outcome(upgrade)) if text)
