"""Records of tracing as lines: when, who, what kind, how long it waited and worked, and what it was about.

    14:02:11.123  <0.42.0>  alice       handled    41 µs   1.2 ms  <0.3.0>  669380  handle_cast  Deposit(amount=5)

The columns have fixed widths, since lines of a live session are written one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len

from runtime.port.contract import TraceRecord
from tracing.changes import Change, changes
from tui.format import NOTHING, Tone, cut, elide
from tui.tracing.row import INCOMING, LOUD, Row, row_of
from tui.tracing.slow import Slow, brief

from .table import Cell
from .values import one_line

__all__ = ["STORY", "record_line", "titles"]

STORY: Final = 8
"""Digits of a trace id that are shown, and enough to ask for its story."""
MOST_CHANGES: Final = 5
_WIDTHS: Final = (12, 10, 14, 10, 8, 8, 11, STORY)
_TITLES: Final = ("WHEN", "PID", "NAME", "KIND", "WAITED", "TOOK", "PEER", "STORY", "WHAT")
_RIGHT: Final = frozenset({4, 5})
_GAP: Final = "  "


def titles() -> list[Cell]:
    """The line above the records."""
    padded = [_padded(title, place) for place, title in enumerate(_TITLES)]
    return [Cell(_GAP.join(padded).rstrip(), "muted")]


def record_line(
    record: TraceRecord, room: int | None, slow: Slow, *, dated: bool = False
) -> list[Cell | str]:
    """A record as a line.

    Args:
        record: which.
        room: cells of the terminal; None for no limit.
        slow: from when on times are coloured.
        dated: with the date. Optional. Defaults to the time of day alone.
    """
    row = row_of(record, record.seq)
    loud = LOUD.get(row.kind, "text")
    cells: list[tuple[str, Tone]] = [
        (_moment(row, dated=dated), "muted"),
        (row.pid or NOTHING, "text"),
        (elide(row.name or NOTHING, _WIDTHS[2]), "text"),
        (row.kind, loud),
        (brief(row.waited) if row.waited is not None else "", slow.wait_tone(row.waited)),
        (brief(row.took) if row.took is not None else "", slow.work_tone(row.took)),
        (_peer(row), "muted"),
        (row.trace[:STORY], "muted"),
    ]
    line: list[Cell | str] = []
    used = 0
    for place, (text, tone) in enumerate(cells):
        padded = _padded(text, place)
        used += cell_len(padded) + len(_GAP)
        line += [Cell(padded, tone), _GAP]
    what = told(row)
    line.append(
        Cell(what if room is None else cut(what, max(10, room - used)), "bad" if loud == "bad" else "text")
    )
    return line


def told(row: Row) -> str:
    """What a record is about: of a state, which of its fields are others now."""
    if row.kind != "state":
        return row.what
    values = row.value()
    found = changes(values.get("before"), values.get("state"), MOST_CHANGES)
    return "  ".join((row.text, ", ".join(map(_change, found)))).strip() if found else row.text


def _change(change: Change) -> str:
    path = change.path or "all of it"
    match change.form:
        case "added":
            return f"{path} added {one_line(change.after)}"
        case "removed":
            return f"{path} removed {one_line(change.before)}"
        case _:
            return f"{path} {one_line(change.before)} → {one_line(change.after)}"


def _padded(text: str, place: int) -> str:
    if place >= len(_WIDTHS):
        return text
    blank = " " * max(0, _WIDTHS[place] - cell_len(text))
    return blank + text if place in _RIGHT else text + blank


def _moment(row: Row, *, dated: bool) -> str:
    date = f"{row.at:%Y-%m-%d} " if dated else ""
    return f"{date}{row.at:%H:%M:%S}.{row.at.microsecond // 1000:03}"


def _peer(row: Row) -> str:
    comes = row.kind in INCOMING or row.kind == "state"
    if row.peer:
        return ("←" if comes else "→") + row.peer
    return "←outside" if comes and row.span and not row.cause else ""


def lines_of(records: Sequence[TraceRecord], room: int | None, slow: Slow) -> list[list[Cell | str]]:
    """Records with their titles."""
    return [list[Cell | str](titles()), *(record_line(record, room, slow) for record in records)]
