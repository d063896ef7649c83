"""A story in the terminal: as a waterfall, and as a sequence diagram.

WHO              WHAT               WAITED    TOOK  ╵0          ╵1.0 s
dispatcher       handle_call         41 µs   2.1 s  ░██████████████████
  reviewer-1     handle_cast         0.3 s   1.2 s    ░░░████████✗
"""

from __future__ import annotations

from typing import Final

from rich.cells import cell_len

from tui.format import Tone, cut, elide, plural
from tui.spans import Spans
from tui.tracing.bars import Axis, bar_line
from tui.tracing.diagram import lane_cells, lanes_line, lanes_within, step_line
from tui.tracing.slow import Slow, brief, split_text
from tui.tracing.story import Bar, Story

from .table import Cell
from .writer import Writer

__all__ = ["diagram", "head", "waterfall"]

PIPE: Final = 120
"""Cells of a line where there is no terminal."""
WHO: Final = 22
WHAT: Final = 24
DEEPEST: Final = 8
"""Levels that are indented; deeper ones stand under each other."""


def head(out: Writer, story: Story) -> None:
    """Which story it is, and what it adds up to."""
    whose = f", for {story.principal}" if story.principal else ""
    whole = brief(story.ends - story.starts)
    failed = f", {plural(story.failed, 'failure')}" if story.failed else ""
    out.line(
        Cell(f"story {story.trace}", "strong"),
        f"  {plural(len(story.bars), 'span')} in {whole}{failed}{whose}",
    )
    out.line(*_cells(split_text(story.waited, story.took)))


def waterfall(out: Writer, story: Story, slow: Slow, most: int) -> int:
    """Its spans, each below the one that has caused it: at most so many. How many are left out."""
    room = out.room or PIPE
    drawn = story.bars[:most]
    who = min(WHO, max((_who_cells(bar) for bar in drawn), default=3))
    what = min(WHAT, max((cell_len(bar.title) for bar in drawn), default=4))
    bars = max(10, room - who - what - 24)
    axis = Axis(story.starts, story.ends)
    titles = f"{'WHO':<{who}}  {'WHAT':<{what}}  {'WAITED':>8}  {'TOOK':>8}  "
    out.line(Cell(titles, "muted"), *_cells(axis.line(bars, story.starts)))
    for bar in drawn:
        name = elide("  " * min(bar.depth, DEEPEST) + bar.who, who)
        tone: Tone = "bad" if bar.failed else "text"
        out.line(
            Cell(name + " " * (who - cell_len(name)), tone),
            "  ",
            _fitted(bar.title, what),
            "  ",
            Cell(f"{brief(bar.waited):>8}", slow.wait_tone(bar.waited)),
            "  ",
            Cell(f"{brief(bar.took):>8}", slow.work_tone(bar.took)),
            "  ",
            *_cells(bar_line(bar, axis, bars, slow)),
        )
    return len(story.bars) - len(drawn)


def diagram(out: Writer, story: Story, most: int) -> tuple[int, int]:
    """Who said what to whom, a line for each: at most so many. How many processes there was no room for, and how many lines are left out."""
    lanes = len(story.lanes)
    cells = out.room or max(PIPE, lanes * lane_cells(PIPE, lanes))
    out.line(*_cells(lanes_line(story, 0, cells)))
    for step in story.steps[:most]:
        out.line(*_cells(step_line(story, step, 0, cells)))
    return max(0, lanes - lanes_within(cells, lanes)), max(0, len(story.steps) - most)


def _who_cells(bar: Bar) -> int:
    return 2 * min(bar.depth, DEEPEST) + cell_len(bar.who)


def _fitted(text: str, cells: int) -> str:
    shown = cut(text, cells)
    return shown + " " * (cells - cell_len(shown))


def _cells(spans: Spans) -> list[Cell]:
    return [Cell(text, tone) for text, tone in spans]
