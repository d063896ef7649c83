"""The line where a filter or the target of a jump is typed. It takes the footer's place while it is open."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widget import Widget
from textual.widgets import Input, Static

from tui.theme import app_of


class Prompt(Horizontal):
    """A label, an input of one line, and what Enter and Esc do."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel", show=False),
    ]

    class Edited(Message):
        """The text has changed."""

        def __init__(self, purpose: str, text: str) -> None:
            super().__init__()
            self.purpose = purpose
            self.text = text

    class Closed(Message):
        """Enter (`text`) or Esc (None)."""

        def __init__(self, purpose: str, text: str | None) -> None:
            super().__init__()
            self.purpose = purpose
            self.text = text

    def __init__(self) -> None:
        super().__init__(id="prompt")
        self.purpose = ""
        self._before: Widget | None = None

    def compose(self) -> ComposeResult:
        """Label, input, advice."""
        yield Static("", id="prompt-label", markup=False)
        yield Input(id="prompt-input", compact=True, select_on_focus=False)
        yield Static("", id="prompt-advice", markup=False)

    def ask(
        self,
        purpose: str,
        label: str,
        advice: str,
        text: str = "",
        names: tuple[str, ...] = (),
        most: int = 200,
    ) -> None:
        """Open for a purpose, with a text to begin with and names to suggest; for so many characters at most."""
        self.purpose = purpose
        self._before = self.screen.focused
        self.query_one("#prompt-label", Static).update(f" {label} ")
        self.query_one("#prompt-advice", Static).update(f" {advice} ")
        field = self.query_one(Input)
        field.cursor_blink = False
        field.max_length = most
        field.suggester = SuggestFromList(names, case_sensitive=False) if names else None
        with field.prevent(Input.Changed):
            field.value = text
        field.cursor_position = len(text)
        self.screen.add_class("-prompting")
        field.focus()

    def close(self) -> None:
        """Give the keys and the line back."""
        self.screen.remove_class("-prompting")
        before = self._before
        if before is not None:
            before.focus()

    @on(Input.Changed)
    def edited(self, event: Input.Changed) -> None:
        """Pass on what is typed."""
        event.stop()
        self.post_message(self.Edited(self.purpose, event.value))

    @on(Input.Submitted)
    def entered(self, event: Input.Submitted) -> None:
        """Enter."""
        event.stop()
        self.close()
        self.post_message(self.Closed(self.purpose, event.value.strip()))

    def action_cancel(self) -> None:
        """Esc."""
        self.close()
        self.post_message(self.Closed(self.purpose, None))

    def on_descendant_blur(self) -> None:
        """A click elsewhere closes it: a filter stays as it was typed, a jump is given up."""
        screen = self.screen
        if app_of(self).app_focus and screen.has_class("-prompting"):
            screen.remove_class("-prompting")
            typed = self.query_one(Input).value
            self.post_message(self.Closed(self.purpose, typed if self.purpose == "filter" else None))
