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
from tui.output.values import one_line

__all__ = ["INCOMING", "LOUD", "Row", "row_of", "rows_of"]

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
        """Its process: the name where it has one."""
        return self.name or self.pid

    def value(self) -> dict[str, JsonValue]:
        """The values by label."""
        return cast("dict[str, JsonValue]", json.loads(self.values)) if self.values else {}


def row_of(record: TraceRecord, number: int) -> Row:
    """The row of a record. All text of the node's is harmless in it."""
    text = clean(record.text, LONGEST)
    label = next((label for label in TOLD if label in record.values), "")
    told = clean(one_line(record.values[label]), LONGEST) if label else ""
    parts = (told, text) if label == "message" else (text, told)
    what = told if told.startswith(text) else "  ".join(part for part in parts if part)
    pid, name, peer = record.pid or "", clean(record.name or "", 200), record.peer or ""
    return Row(
        number, record.at, record.mono, clean(record.kind, 20), pid, name, text, told, what[:LONGEST], peer, record.trace, record.span,
        record.cause, clean(record.principal or "", 60), record.waited, record.took, _json(record.values),
        "\n".join(record.stack), record.cut,
        " ".join(filter(None, (pid, name, record.kind, what, peer, record.trace))).lower(),
    )  # fmt: skip


def rows_of(records: list[TraceRecord], first: int = 0) -> list[Row]:
    """The rows of records, numbered from `first` on."""
    return [row_of(record, first + place) for place, record in enumerate(records)]


def _json(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) if values else ""
