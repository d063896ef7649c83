"""A record as the console keeps it: what is shown of it as plain text, and its values as JSON text until somebody looks at them.

Tens of thousands are kept, so each is one object without parts that the garbage collector would have to walk.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from pydantic import JsonValue

from runtime.port.contract import TraceRecord
from tui.format import Tone, clean
from tui.output.values import one_line, reason_line

__all__ = ["INCOMING", "LOUD", "Row", "moment", "row_of", "rows_of"]

LOUD: Final[dict[str, Tone]] = {
    "crash": "bad", "raised": "bad", "gave_up": "bad", "zombie": "bad", "function_raise": "bad", "ended": "warn",
    "restarted": "warn", "suspended": "warn", "overflow": "warn", "parked": "warn", "operator": "accent",
    "code_changed": "accent", "resumed": "accent", "spawn": "accent",
}  # fmt: skip
"""Kinds that need an eye, and how much."""

INCOMING: Final = frozenset({"receive", "handle", "handled", "raised", "state", "spawn"})
"""Kinds whose other process is where it came from; of the others it is where it goes."""

TOLD: Final = ("message", "reply", "reason", "result", "arguments", "amount", "attributes", "detail")
"""Labels of values, the first of which is told in the list."""

NODES: Final = frozenset({"node_started", "operator", "code_changed"})
"""Kinds that are the node's own where they have no process; others are the host's."""

LONGEST: Final = 240
"""Characters of what is told of one value."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record.

    Attributes:
        number: rises by one with every record of a log.
        told: its most telling value, on one line.
        what: its text, and that.
        found: what a filter looks at, in lower case.
        values: JSON of the values by label.
        stack: frames, innermost last, one a line.

    The others are those of `TraceRecord`; times are seconds.
    """

    number: int
    at: datetime
    mono: float
    kind: str
    pid: str
    name: str
    text: str
    told: str
    what: str
    peer: str
    trace: str
    span: str
    cause: str
    principal: str
    waited: float | None
    took: float | None
    values: str
    stack: str
    cut: bool
    found: str

    @property
    def who(self) -> str:
        """Its process: the name where it has one; empty where it is none, as of what a timer sends."""
        nobody = "the node" if self.kind in NODES else "" if self.cause else "outside"
        return self.name or self.pid or nobody

    @property
    def beyond(self) -> str:
        """`outside` where the other process is none, but whoever has called the node from there; empty where that is not known."""
        came = self.kind in INCOMING and self.span and not self.cause
        return "outside" if not self.peer and (came or self.kind == "reply") else ""

    def value(self) -> dict[str, JsonValue]:
        """The values by label."""
        return cast("dict[str, JsonValue]", json.loads(self.values)) if self.values else {}


def row_of(record: TraceRecord, number: int) -> Row:
    """The row of a record. All text of the node's is harmless in it."""
    text = clean(record.text, LONGEST)
    label = next((label for label in TOLD if label in record.values), "")
    told = _said(label, record.values.get(label))
    has_raised = label == "message" and record.kind == "raised" and "reason" in record.values
    raised = _said("reason", record.values["reason"]) if has_raised else ""
    parts = (raised, told, text) if label == "message" else (text, told)
    what = told if told.startswith(text) and not raised else "  ".join(filter(None, parts))
    pid, name, peer = record.pid or "", clean(record.name or "", 200), record.peer or ""
    return Row(
        number, record.at, record.mono, clean(record.kind, 20), pid, name, text, told, what[:LONGEST], peer, record.trace, record.span,
        record.cause, clean(record.principal or "", 60), record.waited, record.took, _json(record.values),
        "\n".join(record.stack), record.cut,
        " ".join(filter(None, (pid, name, record.kind, what, peer, record.trace))).lower(),
    )  # fmt: skip


def _said(label: str, value: JsonValue) -> str:
    """A value on one line; no word of arguments that are none."""
    if not label or (label == "arguments" and not value):
        return ""
    return clean(reason_line(value) if label == "reason" else one_line(value), LONGEST)


def moment(row: Row) -> str:
    """The time of day, to the millisecond."""
    return row.at.strftime("%H:%M:%S.") + f"{row.at.microsecond // 1000:03}"


def rows_of(records: list[TraceRecord], first: int = 0) -> list[Row]:
    """The rows of records, numbered from `first` on."""
    return [row_of(record, first + place) for place, record in enumerate(records)]


def _json(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) if values else ""
