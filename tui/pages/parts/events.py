"""Events: the last 20 things that happened to the process."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from runtime.port.contract import Event, Events, PortRequest, ProcessEvents
from tui.format import Tone, clean, cut, plural, time_of_day
from tui.output.values import one_line
from tui.spans import Spans
from tui.widgets.table import Column, Table
from tui.widgets.tabs import Tab

from .part import Part, Subject

LOUD: dict[str, Tone] = {
    "crash": "bad", "gave_up": "bad", "zombie": "bad", "ended": "warn", "restarted": "warn", "suspended": "warn",
    "overflow": "warn", "resumed": "accent",
}  # fmt: skip


class EventsPart(Part):
    """Events, newest first."""

    tab = Tab("events", "v", "Events")
    asks = ProcessEvents
    live = True

    def content(self) -> Table[Any]:
        """One event a row."""
        return Table[Event](
            [
                Column("at", "AT", lambda row, _: [(time_of_day(row.at), "muted")], 8),
                Column("kind", "KIND", _kind, 10),
                Column("text", "WHAT", _what, 16, weight=1),
            ],
            empty="nothing has happened to it yet", id="events-table",
        )  # fmt: skip

    def request(self, subject: Subject) -> PortRequest[Any]:
        """Its last events."""
        return ProcessEvents(process=subject.pid)

    def show(self, answer: BaseModel) -> None:
        """Newest first."""
        if isinstance(answer, Events):
            rows = {str(event.seq): event for event in reversed(answer.events)}
            self.table.show(list(rows), rows)
            self.say([(f"the last {plural(len(rows), 'event')}, newest first", "muted")] if rows else [])


def _kind(row: Event, cells: int) -> Spans:
    kind = clean(row.kind, 20)
    return [(cut(kind, cells), LOUD.get(kind, "text"))]


def _what(row: Event, cells: int) -> Spans:
    out: Spans = [(clean(row.text, 300), "text")] if row.text else []
    if row.value is not None:
        out.append(("  " * bool(out) + cut(clean(one_line(row.value), 300), cells), "muted"))
    return out
