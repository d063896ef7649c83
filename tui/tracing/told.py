"""What a record is about, on one line, and what it has only because it was asked for. Told when somebody looks, since values are walked for it."""

from __future__ import annotations

from typing import Final

from pydantic import JsonValue

from tracing.changes import Change, changes
from tui.format import clean
from tui.output.values import one_line

from .row import LONGEST, TOLD, Row

__all__ = ["beside", "comparable", "told"]

MOST_CHANGES: Final = 5
GAP: Final = "  "


def told(row: Row) -> str:
    """What a record is about: of a state, which of its fields are others now."""
    if row.kind != "state":
        return row.what
    values = row.value()
    changed = _changed(values) if comparable(values) else _state(values)
    return GAP.join(filter(None, (row.text, clean(changed, LONGEST))))


def comparable(values: dict[str, JsonValue]) -> bool:
    """Whether a state and the one before it are both there, and neither was left out, which the limit of a record does to large ones."""
    both = (values.get("before"), values.get("state"))
    return {"before", "state"} <= values.keys() and not any(
        isinstance(each, dict) and each.keys() == {"$text"} for each in both
    )


def beside(row: Row) -> list[str]:
    """Its result, and its state, of which two the changes are told."""
    values = row.value()
    found: list[str] = []
    if "reply" in values and next(label for label in TOLD if label in values) != "reply":
        found.append(clean(f"→ {one_line(values['reply'])}", LONGEST))
    if "state" in values and row.kind != "state":
        changed = _changed(values) if comparable(values) else ""
        found.append(clean(changed or _state(values), LONGEST))
    return found


def _state(values: dict[str, JsonValue]) -> str:
    return f"state {one_line(values['state'])}" if "state" in values else ""


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
