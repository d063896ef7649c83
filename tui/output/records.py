"""Records of tracing as lines: when, who, what kind, how long it waited and worked, and what it was about.

    14:02:11.123  <0.42.0>  alice       handled    41 µs   1.2 ms  <0.3.0>  669380  handle_cast  Deposit(amount=5)

    14:02:11.123  <0.42.0>  alice       handled    41 µs   1.2 ms  <0.3.0>  669380  handle_call  Balance()  → 5
        bank.py:31 in handle_call

The columns have fixed widths, since lines of a live session are written one by one; in a narrow terminal there are fewer. Results and
states, which are there because somebody has asked for them, stand at the end of the line, or beneath it where there is no room; frames of
a stack each on a line of their own.
"""

from __future__ import annotations

from typing import Final

from rich.cells import cell_len

from runtime.port.contract import TraceRecord
from tui.format import NOTHING, Tone, cut, elide
from tui.tracing.row import INCOMING, LOUD, Row, moment, row_of
from tui.tracing.slow import Slow, brief
from tui.tracing.told import beside, told

from .table import Cell

__all__ = ["STORY", "record_line", "record_lines", "titles"]

STORY: Final = 8
"""Digits of a trace id that are shown, and enough to ask for its story."""
_TITLES: Final = ("WHEN", "PID", "NAME", "KIND", "WAITED", "TOOK", "PEER", "STORY")
_WIDTHS: Final = (12, 10, 14, 10, 8, 8, 11, STORY)
_RIGHT: Final = frozenset({4, 5})
_PID: Final = 1
_GIVE_WAY: Final = (7, _PID, 6)
"""Columns that go where room is short, the first first: without pids, whoever has no name is told by it."""
_WHAT: Final = 24
"""Cells that what a record is about shall have."""
_GAP: Final = "  "
_INDENT: Final = "    "


def titles(room: int | None) -> list[Cell]:
    """The line above the records, in a terminal of so many cells; None for no limit."""
    padded = [_padded(_TITLES[place], place) for place in _places(room)]
    return [Cell(_GAP.join([*padded, "WHAT"]), "muted")]


def record_line(record: TraceRecord, room: int | None, slow: Slow) -> list[Cell | str]:
    """A record as a line.

    Args:
        record: which.
        room: cells of the terminal; None for no limit.
        slow: from when on times are coloured.
    """
    row = row_of(record, record.seq)
    line, used = _columns(row, slow, room)
    return [*line, _what(row, told(row), room, used)]


def record_lines(record: TraceRecord, room: int | None, slow: Slow) -> list[list[Cell | str]]:
    """A record as a line, with what was asked for beside: its result, its state, its stack. Arguments as for `record_line`."""
    row = row_of(record, record.seq)
    line, used = _columns(row, slow, room)
    about, asked = told(row), beside(row)
    whole = _GAP.join(filter(None, (about, *asked)))
    if room is None or used + cell_len(whole) <= room:
        about, asked = whole, []
    below = asked if room is None else [cut(part, max(10, room - len(_INDENT))) for part in asked]
    lines: list[list[Cell | str]] = [[*line, _what(row, about, room, used)]]
    lines.extend([_INDENT, part] for part in below)
    lines.extend([_INDENT, Cell(frame, "muted")] for frame in record.stack)
    return lines


def _places(room: int | None) -> list[int]:
    """Which columns there is room for."""
    places = list(range(len(_WIDTHS)))
    for place in _GIVE_WAY:
        if room is None or sum(_WIDTHS[it] + len(_GAP) for it in places) + _WHAT <= room:
            break
        places.remove(place)
    return places


def _columns(row: Row, slow: Slow, room: int | None) -> tuple[list[Cell | str], int]:
    """All that stands before what a record is about, and how many cells it takes."""
    places = _places(room)
    cells: list[tuple[str, Tone]] = [
        (moment(row), "muted"),
        (row.pid or NOTHING, "text"),
        (elide((row.name if row.pid and _PID in places else row.who) or NOTHING, _WIDTHS[2]), "text"),
        (row.kind, LOUD.get(row.kind, "text")),
        (brief(row.waited) if row.waited is not None else "", slow.wait_tone(row.waited)),
        (brief(row.took) if row.took is not None else "", slow.work_tone(row.took)),
        (_peer(row), "muted"),
        (row.trace[:STORY], "muted"),
    ]
    line: list[Cell | str] = []
    used = 0
    for place in places:
        text, tone = cells[place]
        padded = _padded(text, place)
        used += cell_len(padded) + len(_GAP)
        line += [Cell(padded, tone), _GAP]
    return line, used


def _what(row: Row, text: str, room: int | None, used: int) -> Cell:
    tone: Tone = "bad" if LOUD.get(row.kind) == "bad" else "text"
    return Cell(text if room is None else cut(text, max(10, room - used)), tone)


def _padded(text: str, place: int) -> str:
    blank = " " * max(0, _WIDTHS[place] - cell_len(text))
    return blank + text if place in _RIGHT else text + blank


def _peer(row: Row) -> str:
    other = row.peer or row.beyond
    return ("←" if row.kind in INCOMING else "→") + other if other else ""
