"""History: how often this child was restarted, under every pid it had, and why."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from runtime.port.contract import History, PortRequest, Restarts
from tui.format import plural
from tui.pages.restarts import RestartRow, columns, restart_rows
from tui.widgets.table import Table
from tui.widgets.tabs import Tab

from .part import Part, Subject


class HistoryPart(Part):
    """Restarts of the child, newest first."""

    tab = Tab("history", "h", "History")
    asks = History
    live = True

    def content(self) -> Table[Any]:
        """One restart a row."""
        return Table[RestartRow](columns(child=False), empty="it was never restarted", id="history-table")

    def request(self, subject: Subject) -> PortRequest[Any]:
        """The history of the child."""
        return History(process=subject.lasting)

    def show(self, answer: BaseModel) -> None:
        """Newest first."""
        if isinstance(answer, Restarts):
            rows = restart_rows(answer)
            self.table.show(list(rows), rows)
            self.say([(f"{plural(len(rows), 'end')}, newest first", "muted")] if rows else [])

    def count(self) -> str:
        """How many."""
        return str(len(self.answer.entries)) if isinstance(self.answer, Restarts) else ""

    def jump(self, row: object) -> Subject | None:
        """The process that followed."""
        return Subject(row.entry.new_pid) if isinstance(row, RestartRow) and row.entry.new_pid else None
