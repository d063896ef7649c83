"""Stack: where the process stands, innermost frame first. Works while the loop is stuck."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from runtime.port.contract import Frame, PortRequest, Stack, StackQuery
from tui.format import clean, cut, elide, ending, plural
from tui.spans import Spans
from tui.widgets.table import Column, Table
from tui.widgets.tabs import Tab

from .part import Part, Subject, read_at


class StackPart(Part):
    """The stack, live."""

    tab = Tab("stack", "x", "Stack")
    asks = StackQuery
    live = True

    def content(self) -> Table[Any]:
        """One frame a row."""
        return Table[Frame](
            [
                Column("function", "FUNCTION", _function, 12, most=32, weight=1),
                Column("where", "WHERE", _where, 26, most=70, weight=3),
                Column("source", "SOURCE", _source, 20, weight=3, rank=1),
            ],
            empty="no frames", id="stack-table",
        )  # fmt: skip

    def request(self, subject: Subject) -> PortRequest[Any]:
        """Its stack."""
        return StackQuery(process=subject.pid)

    def show(self, answer: BaseModel) -> None:
        """Frames, innermost first."""
        if not isinstance(answer, Stack):
            return
        rows = {str(place): frame for place, frame in enumerate(reversed(answer.frames))}
        self.table.empty = clean(answer.note) or "no frames: it is not in a step"
        self.table.show(list(rows), rows)
        order: Spans = [(f"{plural(len(rows), 'frame')}, innermost first", "muted")] if rows else []
        self.say(read_at(answer.at, *([order] if order else []), again=False))


def _function(frame: Frame, cells: int) -> Spans:
    return [(elide(clean(frame.function, 200), cells), "strong")]


def _where(frame: Frame, cells: int) -> Spans:
    return [(ending(f"{clean(frame.file, 300)}:{frame.line}", cells), "muted")]


def _source(frame: Frame, cells: int) -> Spans:
    return [(cut(clean(frame.source.strip()), cells), "text")]
