"""The base of the small widgets: their lines are spans, and parts of a line can be clicked.

data changed -> repaint() -> paint(cells) -> lines of spans -> strips in the theme's colours
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from tui.spans import Span, Spans, fit, width
from tui.theme import Palette, palette

Zone = tuple[int, int, int, str]
"""A line, its first cell, the cell after its last, and the action that a click there runs."""


def strip(spans: Iterable[Span], colours: Palette, base: Style, over: Style | None = None) -> Strip:
    """The spans as one line; `over` is laid under all of them, as for a row with the cursor."""
    ground = base + over if over else base
    return Strip([Segment(text, ground + colours.style(tone)) for text, tone in spans if text])


class Painted(Widget):
    """A widget that paints lines of spans. Subclasses say `paint`."""

    can_focus = False

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._lines: list[Spans] | None = None
        self._painted_for = (0, 0)
        self.zones: list[Zone] = []

    def paint(self, cells: int) -> list[Spans]:
        """The lines to show, each in so many cells. May fill `zones`."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Paint again: what it shows has changed."""
        self._lines = None
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line (Textual's line API)."""
        size = (self.size.width, self.size.height)
        if self._lines is None or self._painted_for != size:
            self.zones = []
            self._lines = self.paint(size[0])
            self._painted_for = size
        base = self.rich_style
        if y >= len(self._lines):
            return Strip.blank(size[0], base)
        return strip(fit(self._lines[y], size[0]), palette(self), base)

    async def on_click(self, event: events.Click) -> None:
        """Run the action under the pointer."""
        for line, start, end, action in self.zones:
            if event.y == line and start <= event.x < end:
                event.stop()
                await self.run_action(action)
                return


def zone_of(line: int, start: int, label: Spans, action: str) -> Zone:
    """The zone that a label takes on a line."""
    return (line, start, start + width(label), action)
