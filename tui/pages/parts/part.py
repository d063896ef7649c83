"""What the parts of the Process page share: a request, a table or tree to show the answer, a line about it.

live parts       polled while they are visible                 Links, History, Events, Stack
on demand        read when first shown, and again with `r`     State, Mailbox, Crash
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel
from textual.app import ComposeResult
from textual.containers import Vertical

from runtime.port.contract import Failure, PortRequest
from tui.format import clean, time_of_day
from tui.spans import Spans, joined
from tui.widgets.table import Table
from tui.widgets.tabs import Tab
from tui.widgets.text_panel import TextPanel
from tui.widgets.values import TreeRow

FLASH_S = 2.0
"""How long what has changed is marked."""


@dataclass(frozen=True)
class Subject:
    """The process that the page is about. A restarted child keeps its name under a new pid."""

    pid: str
    name: str = ""

    @property
    def lasting(self) -> str:
        """What history is kept under."""
        return self.name or self.pid


class Part(Vertical):
    """One part. Subclasses say what they ask and how they show it."""

    tab: ClassVar[Tab]
    asks: ClassVar[type[PortRequest[Any]]]
    live: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__(id=f"part-{self.tab.id}")
        self.table = self.content()
        self.note: Spans = []
        self.asked = False
        """Whether it was read for this process, or is being read."""
        self.answer: BaseModel | None = None

    def content(self) -> Table[Any]:
        """The widget that shows the answer; made once."""
        raise NotImplementedError

    def request(self, subject: Subject) -> PortRequest[Any]:
        """What to ask about a process."""
        raise NotImplementedError

    def show(self, answer: BaseModel) -> None:
        """Fill the content."""
        raise NotImplementedError

    def count(self) -> str:
        """How many, for the tab. Optional. Defaults to nothing."""
        return ""

    def jump(self, row: object) -> Subject | None:
        """The process that a row opens. Optional. Defaults to none."""
        del row
        return None

    def copied(self) -> str:
        """What `y` copies here: the value under the cursor. Nothing where there are no values."""
        row: object = self.table.current
        if not isinstance(row, TreeRow):
            return ""
        value = row.branch.value
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    # --- shared -------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """The content, and a line about when and how much was read."""
        yield self.table
        yield TextPanel(lambda _: [[(" ", "text"), *self.note]], id=f"note-{self.tab.id}")

    def say(self, note: Spans) -> None:
        """Say this in the line about the answer."""
        self.note = note
        self.query_one(TextPanel).repaint()

    def take(self, answer: BaseModel) -> None:
        """An answer has come."""
        self.show(answer)
        self.answer = answer

    def fail(self, failure: Failure) -> None:
        """It could not be read; what was read before stays."""
        again = "" if self.live else " · r try again"
        self.say([(f"not read: {clean(failure.message)}", "warn"), (again, "muted")])

    def reset(self) -> None:
        """Another process."""
        self.asked, self.answer = False, None
        self.table.cursor = None
        self.table.show([], {})
        self.say([])


def read_at(at: datetime, *facts: Spans, again: bool = True) -> Spans:
    """`read 14:02:11 · 1.2 kB · r read again`."""
    parts: list[Spans] = [[(f"read {time_of_day(at)}", "muted")], *facts]
    if again:
        parts.append([("r", "accent"), (" read again", "muted")])
    return joined(parts, (" · ", "faint"))


def marks(*, truncated: bool, redacted: int, torn: bool, note: str = "") -> list[Spans]:
    """What was left out of a value, hidden in it, or may be wrong with it."""
    out: list[Spans] = []
    if truncated:
        out.append([("cut", "warn")])
    if redacted:
        out.append([(f"redacted {redacted}", "muted")])
    if torn:
        out.append([("torn: it changed while it was read", "warn")])
    if note:
        out.append([(clean(note), "muted")])
    return out
