"""The title of a panel: a word and a thin rule."""

from __future__ import annotations

from tui.spans import Spans, spread, width
from tui.widgets.painted import Painted


class Heading(Painted):
    """`TROUBLE ─────────── nothing is wrong`."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self._note: Spans = []

    def show(self, note: Spans) -> None:
        """What stands at the right end."""
        if note != self._note:
            self._note = note
            self.repaint()

    def paint(self, cells: int) -> list[Spans]:
        """One line."""
        left: Spans = [(f" {self._title} ", "title")]
        right: Spans = [(" ", "text"), *self._note, (" ", "text")] if self._note else []
        rule: Spans = [("─" * max(0, cells - width(left) - width(right)), "rule")]
        return [spread([*left, *rule], right, cells) if not right else [*left, *rule, *right]]
