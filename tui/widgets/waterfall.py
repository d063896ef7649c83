"""The waterfall of a story: a span a line, indented by cause, with a bar of waiting and work on one axis of time."""

from __future__ import annotations

from collections.abc import Callable

from textual.binding import Binding

from tui.format import cut, elide
from tui.keys import MOVE
from tui.spans import Spans, fit
from tui.tracing.bars import Axis, bar_line
from tui.tracing.slow import Slow, brief
from tui.tracing.story import Bar, Story
from tui.widgets.long_table import LongTable
from tui.widgets.table import Column, place

__all__ = ["Waterfall"]

DEEPEST = 10
"""Levels that are indented; deeper ones say how deep they are."""
BARS = "bars"


class Waterfall(LongTable[Bar]):
    """Spans of a story. It may look at a part of the time only."""

    BINDINGS = [Binding("space", "open", "open", show=False, group=MOVE)]  # noqa: RUF012 - Textual declares it so

    def __init__(self, slow: Callable[[], Slow]) -> None:
        self.story = Story()
        self.axis = Axis(0.0, 1.0)
        self._slow = slow
        super().__init__(
            [
                Column("who", "PROCESS", self._who, 11, most=20, weight=2),
                Column("title", "SPAN", self._title, 18, most=48, weight=3),
                Column("waited", "WAITED", lambda bar, _: [(brief(bar.waited), slow().wait_tone(bar.waited))], 6, right=True),
                Column("took", "TOOK", lambda bar, _: [(brief(bar.took), slow().work_tone(bar.took))], 6, right=True),
                Column(BARS, "", lambda bar, cells: bar_line(bar, self.axis, cells, slow()), 20, weight=6),
            ],
            id="waterfall",
        )  # fmt: skip

    def tell(self, story: Story) -> None:
        """Show a story, from its first moment to its last."""
        self.story, self.axis = story, Axis(story.starts, story.ends)
        self.look_at(story.bars)

    def look_between(self, starts: float, ends: float) -> None:
        """Look at a part of the time."""
        self.axis = Axis(starts, ends)
        self.refresh()

    def _who(self, bar: Bar, cells: int) -> Spans:
        return (
            [(elide(bar.who, cells), "text" if bar.name else "muted")]
            if bar.who
            else [("nobody yet", "faint")]
        )

    def _title(self, bar: Bar, cells: int) -> Spans:
        deep = min(bar.depth, DEEPEST)
        before = f"{' ' * (deep - 1)}└ " if deep else ""
        if bar.depth > DEEPEST:
            before = f"{' ' * (DEEPEST - 1)}⋯{bar.depth} "
        if bar.orphan:
            before += "? "
        return [
            (before, "faint"),
            (cut(bar.message or bar.title, max(0, cells - len(before))), "bad" if bar.failed else "text"),
        ]

    def _title_line(self) -> Spans:
        out: Spans = [("  ", "text")]
        for column, cells in place(self.columns, self.scrollable_content_region.width - 3, self.widths):
            if column.key == BARS:
                out.extend(self.axis.line(cells, self.story.starts))
            else:
                out.extend(fit([(column.title, "muted")], cells, right=column.right))
            out.append((" ", "text"))
        return out
