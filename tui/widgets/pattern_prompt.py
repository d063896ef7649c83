"""Where a pattern is typed: what is wrong with it stands under its column, what could come next below that.

    trace  reviewer-1 handlrs when took > 5ms
                      ▲ 'handlrs' is no event; did you mean handlers?
           legal  messages · handlers · states · lifecycle · …
           words  handled · handlers                                   Tab takes it, ↑↓ choose
           ⚠ forced: it takes every event of every process

It knows no grammar: the page asks the node, and says what it has answered with `advise`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from runtime.port.contract import PatternCheck
from tui.format import Tone, clean, cut
from tui.spans import Spans, joined, width
from tui.theme import app_of
from tui.widgets.text_panel import TextPanel

__all__ = ["PatternPrompt"]

LABEL = " trace "
LINES = 4
LONGEST = 2000
"""Characters of a pattern that the node takes."""


class PatternPrompt(Vertical):
    """An input of one line, and four lines of advice."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel", show=False),
        Binding("tab", "take", "take the word", show=False, priority=True),
        Binding("up", "choose(-1)", "the word before", show=False, priority=True),
        Binding("down", "choose(1)", "the next word", show=False, priority=True),
    ]

    class Edited(Message):
        """The text has changed, or the cursor has moved."""

        def __init__(self, text: str, column: int) -> None:
            super().__init__()
            self.text = text
            self.column = column

    class Closed(Message):
        """Enter (`text`) or Esc (None)."""

        def __init__(self, text: str | None, check: PatternCheck | None) -> None:
            super().__init__()
            self.text = text
            self.check = check

    def __init__(self) -> None:
        super().__init__(id="pattern")
        self.check: PatternCheck | None = None
        """What the node says of the text as it is now; None while it has not said so."""
        self.words: Sequence[str] = ()
        self.chosen = 0
        self._before: Widget | None = None

    def compose(self) -> ComposeResult:
        """Label, input, advice."""
        with Horizontal(id="pattern-line"):
            yield Static(LABEL, id="pattern-label", markup=False)
            yield Input(id="pattern-input", compact=True, select_on_focus=False, max_length=LONGEST)
        yield TextPanel(self._advice, id="pattern-advice")

    @property
    def field(self) -> Input:
        """Where one types."""
        return self.query_one("#pattern-input", Input)

    @property
    def opened(self) -> bool:
        """Whether it has the keys."""
        return self.screen.has_class("-patterning")

    def ask(self, text: str) -> None:
        """Open with a text to begin with."""
        if not self.opened:
            self._before = self.screen.focused
        field = self.field
        field.cursor_blink = False
        with field.prevent(Input.Changed):
            field.value = text
        field.cursor_position = len(text)
        self.screen.add_class("-patterning")
        field.focus()
        self._edited()

    def advise(self, check: PatternCheck, words: Sequence[str]) -> None:
        """What the node says of the text as it is now, and what could be typed."""
        self.check, self.words = check, words
        self.chosen = min(self.chosen, max(0, len(words) - 1))
        self._repaint()

    def close(self) -> None:
        """Give the keys back."""
        self.screen.remove_class("-patterning")
        if self._before is not None and self._before.is_attached:
            self._before.focus()

    # --- keys ---------------------------------------------------------------------------------

    @on(Input.Changed)
    def changed(self, event: Input.Changed) -> None:
        """Pass on what is typed."""
        event.stop()
        self._edited()

    def _edited(self) -> None:
        field = self.field
        self.check, self.chosen = None, 0
        self._repaint()
        self.post_message(self.Edited(field.value, field.cursor_position + 1))

    def _repaint(self) -> None:
        self.query_one("#pattern-advice", TextPanel).repaint()

    @on(Input.Submitted)
    def entered(self, event: Input.Submitted) -> None:
        """Enter: use it, unless it is known to be wrong."""
        event.stop()
        text = event.value.strip()
        if self.check is not None and self.check.problem and text:
            app_of(self).bell()
            return
        self.close()
        self.post_message(self.Closed(text or None, self.check))

    def action_cancel(self) -> None:
        """Esc."""
        self.close()
        self.post_message(self.Closed(None, None))

    def action_choose(self, by: int) -> None:
        """Another word."""
        if self.words:
            self.chosen = (self.chosen + by) % len(self.words)
            self._repaint()

    def action_take(self) -> None:
        """Put the chosen word where the last one stands."""
        check, field = self.check, self.field
        if check is None or not self.words:
            return
        word = self.words[min(self.chosen, len(self.words) - 1)]
        whole = not field.value.strip()
        start = 0 if whole else max(0, check.start - 1)
        after = field.value[field.cursor_position :]
        typed = (
            field.value[:start]
            + word
            + ("" if after.startswith(" ") or word.endswith((":", "(", ".")) else " ")
        )
        field.value = typed + after
        field.cursor_position = len(typed)
        self._edited()

    def on_descendant_blur(self) -> None:
        """A click elsewhere gives it up."""
        if app_of(self).app_focus and self.opened:
            self.screen.remove_class("-patterning")
            self.post_message(self.Closed(None, None))

    # --- advice -------------------------------------------------------------------------------

    def _advice(self, cells: int) -> list[Spans]:
        check, margin = self.check, " " * len(LABEL)
        room = cells - len(LABEL) - 1
        if check is None:
            return [[(margin, "text"), ("asking the node …", "faint")]]
        lines: list[Spans] = [self._problem(check, margin, room)]
        if check.legal:
            lines.append(
                [
                    (margin, "text"),
                    ("legal  ", "faint"),
                    (cut(" · ".join(clean(it, 80) for it in check.legal), room - 7), "muted"),
                ]
            )
        if self.words:
            lines.append([(margin, "text"), *self._words(room)])
        lines.extend(
            [(margin, "text"), ("▲ ", "warn"), (cut(clean(danger, 300), room - 2), "warn")]
            for danger in check.dangers[:1]
        )
        return lines[:LINES]

    def _problem(self, check: PatternCheck, margin: str, room: int) -> Spans:
        """A mark under its column, the words beside it: to the left of it where the right is too narrow."""
        if not check.problem:
            force = "Enter asks whether to force it" if check.dangers else "Enter starts"
            return [
                (margin, "text"),
                ("✓ " if not check.dangers else "▲ ", "accent" if not check.dangers else "warn"),
                (f"{force} · Esc", "muted"),
            ]
        before = cell_len(self.field.value[: check.column - 1])
        at = min(max(0, before - round(self.field.scroll_offset.x)), max(0, room - 1))
        text = clean(check.problem, 300)
        tone: Tone = "warn" if self.field.value.strip() else "muted"
        if at + 2 + cell_len(text) <= room or at < room // 2:
            return [(margin + " " * at, "text"), ("▲ ", tone), (cut(text, room - at - 2), tone)]
        left = cut(text, at - 1)
        return [(margin + " " * (at - 1 - cell_len(left)), "text"), (left, tone), (" ▲", tone)]

    def _words(self, room: int) -> Spans:
        """As many as fit, the chosen one among them."""
        label: Spans = [("words  ", "faint")]
        tail: Spans = [("   Tab takes · ↑↓", "faint")]
        left = room - width(label) - width(tail)
        shown: list[Spans] = []
        first = max(0, self.chosen - 3)
        for place, word in enumerate(self.words[first:], first):
            text = cut(clean(word, 80), max(8, left))
            item: Spans = [(text, "badge" if place == self.chosen else "text")]
            if width(joined([*shown, item])) > left:
                break
            shown.append(item)
        return [*label, *joined(shown), *tail]
