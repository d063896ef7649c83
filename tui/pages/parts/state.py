"""State: read on demand, as a tree; what changed since the last reading flashes."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from runtime.port.contract import PortRequest, State, Value
from tui.format import size
from tui.widgets.table import Table
from tui.widgets.tabs import Tab
from tui.widgets.value_tree import ValueTree
from tui.widgets.values import Branch

from .part import FLASH_S, Part, Subject, marks, read_at


class StatePart(Part):
    """The process's state."""

    tab = Tab("state", "s", "State")
    asks = State

    def content(self) -> Table[Any]:
        """A tree."""
        return ValueTree(id="state-tree")

    def request(self, subject: Subject) -> PortRequest[Any]:
        """Its state."""
        return State(process=subject.pid)

    def show(self, answer: BaseModel) -> None:
        """The value; against the one read before, if there is one."""
        if not isinstance(answer, Value):
            return
        before = {"": self.answer.value} if isinstance(self.answer, Value) else {}
        tree = self.query_one(ValueTree)
        tree.show_value([Branch("", answer.value)], before)
        if before:
            self.set_timer(FLASH_S, tree.calm)
        facts = marks(
            truncated=answer.truncated, redacted=answer.redacted, torn=answer.torn, note=answer.note
        )
        self.say(read_at(answer.at, [(size(answer.approx_bytes), "muted")], *facts))

    def reset(self) -> None:
        """Another process."""
        self.query_one(ValueTree).forget()
        super().reset()
