"""The sequence diagram of a story: a message a line between the lifelines of processes. It scrolls both ways."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.keys import MOVE
from tui.spans import Spans, fit
from tui.tracing.diagram import lane_cells, lanes_line, step_line
from tui.tracing.slow import brief
from tui.tracing.story import Step, Story
from tui.widgets.long_table import LongTable

__all__ = ["Sequence"]

MARGIN = 10
"""Cells for the mark of the cursor, and the time."""


class Sequence(LongTable[Step]):
    """Arrows and notes of a story."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "aside(-1)", "processes to the left", show=False, group=MOVE),
        Binding("right", "aside(1)", "processes to the right", show=False, group=MOVE),
    ]

    def __init__(self) -> None:
        super().__init__([], empty="no messages: this story is of one process alone", id="sequence")
        self.story = Story()
        self.first = 0
        """The lane at the left edge."""

    def tell(self, story: Story) -> None:
        """Show a story."""
        self.story, self.first = story, min(self.first, max(0, len(story.lanes) - 1))
        self.look_at(story.steps)

    @property
    def room(self) -> int:
        """Lanes that are on screen."""
        cells = self.size.width - MARGIN - 1
        return max(1, cells // lane_cells(cells, len(self.story.lanes)))

    def action_aside(self, by: int) -> None:
        """A lane to the left or to the right."""
        self.first = min(max(0, self.first + by), max(0, len(self.story.lanes) - self.room))
        self.refresh()

    def see(self, step: Step) -> None:
        """Scroll sideways until both ends of an arrow are on screen, or its beginning."""
        for lane in (step.target, step.source):
            if lane < self.first:
                self.first = lane
            elif lane >= self.first + self.room:
                self.first = lane - self.room + 1
        self.refresh()

    def _title_line(self) -> Spans:
        cells = self.size.width - MARGIN - 1
        edge = "◂" if self.first else " "
        more = "▸" if self.first + self.room < len(self.story.lanes) else " "
        return [
            ("  TIME   ", "muted"),
            (edge, "accent"),
            *fit(lanes_line(self.story, self.first, cells), cells),
            (more, "accent"),
        ]

    def row_line(self, key: str, here: bool) -> Spans:
        """One line of the diagram."""
        step = self.rows[key]
        cells = self.size.width - MARGIN - 1
        passed = brief(step.mono - self.story.starts)
        return [("▸ " if here else "  ", "mark"), *fit([(passed, "muted")], MARGIN - 3, right=True), (" ", "text"),
                *step_line(self.story, step, self.first, cells)]  # fmt: skip
