"""Mailbox: the oldest messages, read on demand without taking them out."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from runtime.port.contract import Bound, Letter, Mailbox, MailboxContents, PortRequest
from tui.format import OLDEST_S, clean, duration, number, tone
from tui.limits import bound_text
from tui.output.values import one_line
from tui.spans import Spans
from tui.widgets.table import Table
from tui.widgets.tabs import Tab
from tui.widgets.value_tree import ValueTree
from tui.widgets.values import Branch, parts_of

from .part import Part, Subject, marks, read_at


class MailboxPart(Part):
    """The head of the mailbox."""

    tab = Tab("mailbox", "m", "Mailbox")
    asks = Mailbox

    def __init__(self) -> None:
        super().__init__()
        self.waiting: int | None = None
        """How many messages wait now, as the poll of the process says."""
        self.bound: Bound | None = None
        """The mailbox's limit, if it has one."""

    def content(self) -> Table[Any]:
        """A tree: one message a row, its parts below it."""
        return ValueTree(empty="no message waits", id="mailbox-tree")

    def request(self, subject: Subject) -> PortRequest[Any]:
        """The oldest messages."""
        return Mailbox(process=subject.pid)

    def show(self, answer: BaseModel) -> None:
        """Messages, oldest first."""
        if not isinstance(answer, MailboxContents):
            return
        self.query_one(ValueTree).show_value([_branch(letter) for letter in answer.letters])
        shown: Spans = [(f"{number(len(answer.letters))} of {number(answer.total)}, oldest first", "muted")]
        if self.bound is not None:
            full = answer.total >= self.bound.limit
            shown.append((f" · limit {bound_text(self.bound)}", "warn" if full else "muted"))
        self.say(
            read_at(
                answer.at,
                shown,
                *marks(truncated=False, redacted=answer.redacted, torn=answer.torn, note=answer.note),
            )
        )

    def count(self) -> str:
        """How many wait now."""
        return "" if self.waiting is None else number(self.waiting)

    def reset(self) -> None:
        """Another process."""
        self.waiting = self.bound = None
        self.query_one(ValueTree).forget()
        super().reset()


def _branch(letter: Letter) -> Branch:
    text: Spans = [
        (f"{clean(letter.kind, 8):<5}", "accent"),
        (f"{duration(letter.age_s):>7}  ", tone(letter.age_s, OLDEST_S)),
        (clean(one_line(letter.value), 300) if letter.value is not None else clean(letter.type, 100), "text"),
        (f"  from {clean(letter.sender, 60)}" if letter.sender else "", "muted"),
    ]  # fmt: skip
    return Branch("", letter.value, text=text, children=parts_of(letter.value), open=False)
