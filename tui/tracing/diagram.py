"""A sequence diagram, line by line: lifelines by process, arrows with their labels, returns, notes.

    outside        dispatcher       reviewer-1
    ├── Review ─────▶┃                │        a call, somebody waits
    │                ┃─ Check(a) ────▷│        a message nobody waits for
    │                │                ┃✗ crash OverBudget
    │◀╌╌ 'ok' ╌╌╌╌╌╌╌┃                │        an answer

A lifeline is thick while its process is at work. Only the lines on screen are made.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len

from tui.format import Tone, cut, elide
from tui.spans import Spans

from .story import Step, Story

__all__ = ["NARROWEST", "lane_cells", "lanes_line", "lanes_within", "step_line"]

NARROWEST: Final = 17
WIDEST: Final = 32
_LINES: Final = {"arrow": "─", "return": "╌", "open": "─", "birth": "═"}
_HEADS: Final = {"arrow": ("◀", "▶"), "return": ("◀", "▶"), "open": ("◁", "▷"), "birth": ("◀", "▶")}
_TONES: Final[dict[str, Tone]] = {"arrow": "accent", "return": "muted", "open": "text", "birth": "accent"}

Glyphs = list[tuple[str, Tone]]


def lane_cells(cells: int, lanes: int) -> int:
    """How wide a lane is: all of them side by side where that leaves enough for labels."""
    return max(NARROWEST, min(WIDEST, cells // max(1, lanes)))


def _centre(lane: int, first: int, wide: int) -> int:
    """Where a lifeline stands; lanes begin with it after half the width of a short title."""
    return (lane - first) * wide + wide // 3


def lanes_within(cells: int, lanes: int) -> int:
    """How many lifelines there is room for."""
    return sum(_centre(lane, 0, lane_cells(cells, lanes)) < cells for lane in range(lanes))


def lanes_line(story: Story, first: int, cells: int) -> Spans:
    """The titles of the lanes from `first` on."""
    wide = lane_cells(cells, len(story.lanes))
    out: Spans = []
    used = 0
    for lane in range(first, len(story.lanes)):
        room = min(wide, cells - used)
        if room < 4:
            break
        pid = story.lanes[lane]
        title = elide(story.lane_title(pid), room - 2)
        middle = max(1, _centre(lane, first, wide) - used - cell_len(title) // 2)
        before = max(0, min(middle, room - cell_len(title) - 1))
        out.append(
            (" " * before + title + " " * (room - before - cell_len(title)), "title" if pid else "muted")
        )
        used += room
    return out


def step_line(story: Story, step: Step, first: int, cells: int) -> Spans:
    """One line of the diagram, from lane `first` on."""
    wide = lane_cells(cells, len(story.lanes))
    glyphs: Glyphs = [(" ", "text")] * cells
    last = min(len(story.lanes), first + cells // wide + 1)
    for lane in range(first, last):
        at = _centre(lane, first, wide)
        if at < cells:
            glyphs[at] = ("┃", "accent") if _works(story.busy[lane], step.mono) else ("│", "faint")
    source, target = _centre(step.source, first, wide), _centre(step.target, first, wide)
    if step.form in {"note", "bad"} or step.source == step.target:
        _note(glyphs, step, source)
    else:
        _arrow(glyphs, step, source, target)
    return _runs(glyphs)


def _works(busy: Sequence[tuple[float, float]], mono: float) -> bool:
    """Whether a process is at work at a moment."""
    at = bisect_right(busy, (mono, float("inf"))) - 1
    return at >= 0 and busy[at][0] <= mono <= busy[at][1]


def _note(glyphs: Glyphs, step: Step, at: int) -> None:
    marks: dict[str, tuple[str, Tone]] = {"bad": ("✗ ", "bad"), "note": ("◆ ", "warn")}
    mark, tone = marks.get(step.form, ("↺ ", "text"))
    if not 0 <= at < len(glyphs):
        edge = "◂ " if at < 0 else ""
        at = -1 if at < 0 else max(0, len(glyphs) - 3 - cell_len(step.text))
        mark = edge + mark
    _write(glyphs, at + 1, cut(mark + step.text + " ", max(0, len(glyphs) - at - 1)), tone)


def _arrow(glyphs: Glyphs, step: Step, source: int, target: int) -> None:
    cells = len(glyphs)
    if max(source, target) < 0 or min(source, target) >= cells:
        edge = "◂ " if max(source, target) < 0 else "▸ "
        text = cut(edge + step.text, cells)
        _write(glyphs, 0 if edge == "◂ " else cells - cell_len(text), text, "faint")
        return
    tone, line, heads = _TONES[step.form], _LINES[step.form], _HEADS[step.form]
    right = target > source
    left_end, right_end = min(source, target), max(source, target)
    start, end = max(0, left_end + 1), min(cells - 1, right_end - 1)
    for at in range(start, end + 1):
        glyphs[at] = (line, tone)
    head = end if right else start
    if 0 <= target < cells:
        glyphs[head] = (heads[1] if right else heads[0], tone)
    else:
        glyphs[head] = ("▸" if right else "◂", tone)
    room = end - start - 3
    if room > 2:
        label = f" {cut(step.text, room - 2)} "
        _write(glyphs, start + 1 if right else start + 2, label, "text" if step.form != "return" else "muted")


def _write(glyphs: Glyphs, at: int, text: str, tone: Tone) -> None:
    """Put a text over what is there; a character that is two cells wide takes two."""
    for character in text:
        size = cell_len(character)
        if at < 0 or at + size > len(glyphs):
            return
        glyphs[at] = (character, tone)
        if size == 2:
            glyphs[at + 1] = ("", tone)
        at += max(1, size)


def _runs(glyphs: Glyphs) -> Spans:
    out: Spans = []
    for glyph, tone in glyphs:
        if out and out[-1][1] == tone:
            out[-1] = (out[-1][0] + glyph, tone)
        else:
            out.append((glyph, tone))
    return out
