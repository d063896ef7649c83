"""The question before anything is changed: what is at stake, how a script would do it, No by default."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from tui.spans import Spans, width

from .painted import Painted, zone_of

CELLS = 64
"""Cells for the text, where the screen has them."""


class Question(Painted):
    """Title, stakes, the command line's words for it, and the two answers."""

    def __init__(self, title: str, twin: str) -> None:
        super().__init__()
        self._title = title
        self._twin = twin
        self.stakes: Sequence[Spans] = ()
        self.yes = False
        self.ready = True
        """Whether Yes can be said."""

    def paint(self, cells: int) -> list[Spans]:
        """All lines."""
        lines: list[Spans] = [[(self._title, "strong")], [], *self.stakes, []]
        lines.append([("$ ", "faint"), (self._twin, "muted")])
        lines.append([])
        no: Spans = [("[ No ]" if not self.yes else "  No  ", "mark" if not self.yes else "muted")]
        yes: Spans = [
            ("[ Yes ]" if self.yes else "  Yes  ", "bad" if self.yes else "muted" if self.ready else "faint")
        ]
        keys: Spans = [("n", "accent"), ("/", "faint"), ("y", "accent"), (" · ←→ Enter · Esc", "faint")]
        gap = " " * max(2, cells - width(no) - width(yes) - width(keys) - 2)
        line = len(lines)
        self.zones = [
            zone_of(line, 0, no, "screen.answer(False)"),
            zone_of(line, width(no) + 2, yes, "screen.answer(True)"),
        ]
        lines.append([*no, ("  ", "text"), *yes, (gap, "text"), *keys])
        return lines


class Confirm(ModalScreen[bool]):
    """Yes or No. Whatever is not an explicit Yes is No."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "yes"),
        Binding("n,escape,q", "answer(False)", "no"),
        Binding("left,right,tab,shift+tab", "turn", "the other answer", show=False),
        Binding("enter", "chosen", "as marked"),
    ]

    def __init__(self, title: str, twin: str, stakes: Sequence[Spans], *, ready: bool = True) -> None:
        """`ready`: whether Yes can be said before more is known of what is at stake. Optional. Defaults to True."""
        super().__init__()
        self._question = Question(title, twin)
        self._question.stakes, self._question.ready = stakes, ready

    def compose(self) -> ComposeResult:
        """A box in the middle."""
        with Vertical(id="dialog"):
            yield self._question

    def on_mount(self) -> None:
        """As high as its text."""
        self._fit()

    def show_stakes(self, stakes: Sequence[Spans], *, ready: bool = True) -> None:
        """What is at stake, now that the node has said it; and whether it can be done at all."""
        self._question.stakes, self._question.ready = stakes, ready
        if self.is_mounted:
            self._fit()

    def _fit(self) -> None:
        self._question.styles.height = len(self._question.stakes) + 6
        self._question.repaint()

    def action_answer(self, yes: bool) -> None:
        """Close with this answer; what cannot be done is not answered with Yes."""
        if self._question.ready or not yes:
            self.dismiss(yes)

    def action_turn(self) -> None:
        """Mark the other answer."""
        self._question.yes = self._question.ready and not self._question.yes
        self._question.repaint()

    def action_chosen(self) -> None:
        """Close with the marked answer."""
        self.dismiss(self._question.yes)

    def on_click(self, event: events.Click) -> None:
        """A click beside the box is No."""
        if event.widget is self:
            self.dismiss(result=False)
