"""What a record is about, on one line, and what it has only because it was asked for. Told when somebody looks, since values are walked for it."""

from __future__ import annotations

from typing import Final

from pydantic import JsonValue

from tracing.changes import Change, changes
from tui.format import clean
from tui.output.values import one_line

from .row import LONGEST, TOLD, Row

__all__ = ["beside", "told"]

MOST_CHANGES: Final = 5
GAP: Final = "  "


def told(row: Row) -> str:
    """What a record is about: of a state, which of its fields are others now."""
    if row.kind != "state":
        return row.what
    return GAP.join(filter(None, (row.text, clean(_changed(row.value()), LONGEST))))


def beside(row: Row) -> list[str]:
    """Its result, and its state, of which two the changes are told."""
    values = row.value()
    found: list[str] = []
    if "reply" in values and next(label for label in TOLD if label in values) != "reply":
        found.append(clean(f"→ {one_line(values['reply'])}", LONGEST))
    if "state" in values and row.kind != "state":
        changed = _changed(values) if "before" in values else ""
        found.append(clean(changed or f"state {one_line(values['state'])}", LONGEST))
    return found


def _changed(values: dict[str, JsonValue]) -> str:
    return ", ".join(map(_change, changes(values.get("before"), values.get("state"), MOST_CHANGES)))


def _change(change: Change) -> str:
    path = change.path or "all of it"
    match change.form:
        case "added":
            return f"{path} added {one_line(change.after)}"
        case "removed":
            return f"{path} removed {one_line(change.before)}"
        case _:
            return f"{path} {one_line(change.before)} → {one_line(change.after)}"
