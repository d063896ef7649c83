"""Records of tracing as lines: when, who, what kind, how long it waited and worked, and what it was about.

    14:02:11.123  <0.42.0>  alice       handled    41 µs   1.2 ms  <0.3.0>  669380  handle_cast  Deposit(amount=5)

    14:02:11.123  <0.42.0>  alice       handled    41 µs   1.2 ms  <0.3.0>  669380  handle_call  Balance()  → 5
        bank.py:31 in handle_call

The columns have fixed widths, since lines of a live session are written one by one. Results and states, which are there because somebody has
asked for them, stand at the end of the line, or beneath it where there is no room; frames of a stack each on a line of their own.
"""

from __future__ import annotations

from typing import Final

from pydantic import JsonValue
from rich.cells import cell_len

from runtime.port.contract import TraceRecord
from tracing.changes import Change, changes
from tui.format import NOTHING, Tone, clean, cut, elide
from tui.tracing.row import INCOMING, LONGEST, LOUD, TOLD, Row, row_of
from tui.tracing.slow import Slow, brief

from .table import Cell
from .values import one_line

__all__ = ["STORY", "record_line", "record_lines", "titles"]

STORY: Final = 8
"""Digits of a trace id that are shown, and enough to ask for its story."""
MOST_CHANGES: Final = 5
_WIDTHS: Final = (12, 10, 14, 10, 8, 8, 11, STORY)
_TITLES: Final = ("WHEN", "PID", "NAME", "KIND", "WAITED", "TOOK", "PEER", "STORY", "WHAT")
_RIGHT: Final = frozenset({4, 5})
_GAP: Final = "  "
_INDENT: Final = "    "


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
    line, used = _columns(row, slow, dated=dated)
    return [*line, _what(row, told(row), room, used)]


def record_lines(record: TraceRecord, room: int | None, slow: Slow) -> list[list[Cell | str]]:
    """A record as a line, with what was asked for beside: its result, its state, its stack. Arguments as for `record_line`."""
    row = row_of(record, record.seq)
    line, used = _columns(row, slow, dated=False)
    about, beside = told(row), _beside(row)
    whole = _GAP.join(filter(None, (about, *beside)))
    if room is None or used + cell_len(whole) <= room:
        about, beside = whole, []
    below = beside if room is None else [cut(part, max(10, room - len(_INDENT))) for part in beside]
    lines: list[list[Cell | str]] = [[*line, _what(row, about, room, used)]]
    lines.extend([_INDENT, part] for part in below)
    lines.extend([_INDENT, Cell(frame, "muted")] for frame in record.stack)
    return lines


def _columns(row: Row, slow: Slow, *, dated: bool) -> tuple[list[Cell | str], int]:
    """All that stands before what a record is about, and how many cells it takes."""
    cells: list[tuple[str, Tone]] = [
        (_moment(row, dated=dated), "muted"),
        (row.pid or NOTHING, "text"),
        (elide(row.name or NOTHING, _WIDTHS[2]), "text"),
        (row.kind, LOUD.get(row.kind, "text")),
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
    return line, used


def _what(row: Row, text: str, room: int | None, used: int) -> Cell:
    tone: Tone = "bad" if LOUD.get(row.kind) == "bad" else "text"
    return Cell(text if room is None else cut(text, max(10, room - used)), tone)


def told(row: Row) -> str:
    """What a record is about: of a state, which of its fields are others now."""
    if row.kind != "state":
        return row.what
    return _GAP.join(filter(None, (row.text, _changed(row.value()))))


def _beside(row: Row) -> list[str]:
    """What a record has only because it was asked for: its result, and its state, of which two the changes are told."""
    values = row.value()
    found: list[str] = []
    if "reply" in values and next(label for label in TOLD if label in values) != "reply":
        found.append(clean(f"→ {one_line(values['reply'])}", LONGEST))
    if "state" in values and row.kind != "state":
        changed = _changed(values) if "before" in values else ""
        found.append(clean(changed or f"state {one_line(values['state'])}", LONGEST))
    return found


def _changed(values: dict[str, JsonValue]) -> str:
    return ", ".join(map(_change, changes(values.get("before"), values.get("state"), MOST_CHANGES)))


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
