"""A value that was read from a process, as text: one line where it fits, else a field a line.

    {"$type": "Account", "owner": "Ann", "seen": [1, 2, {"$more": 98}]}

    Account(owner='Ann', seen=[1, 2, … 98 more])

The marks (`$type`, `$text`, `$items`, `$more`, `$redacted`, `$cycle`) are the port's;
`runtime.port.contract.Value` defines them.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import JsonValue
from rich.cells import cell_len

from .text import harmless

__all__ = ["one_line", "pretty", "reason_line"]

DEFAULT_ROOM = 100
"""Cells for a line where the reader's terminal is not known."""

_INDENT = 2


@dataclass(frozen=True, slots=True)
class _Group:
    """Parts between brackets, each with what stands before it."""

    opening: str
    parts: list[tuple[str, JsonValue]]
    closing: str


def one_line(value: JsonValue) -> str:
    """The value on one line, whatever its length."""
    shape = _shape(value)
    if isinstance(shape, str):
        return shape
    inside = ", ".join(before + one_line(part) for before, part in shape.parts)
    return shape.opening + inside + shape.closing


def reason_line(value: JsonValue) -> str:
    """Why something has ended, on one line: an exception as it is made, `ValueError('too much')`, without its other fields."""
    if isinstance(value, dict) and isinstance(name := value.get("$type"), str):
        args = value.get("args")
        if isinstance(args, list):
            return f"{harmless(name)}({', '.join(map(one_line, args))})"
    return one_line(value)


def pretty(value: JsonValue, room: int | None = None) -> str:
    """The value in lines of at most `room` cells where its parts allow that."""
    return "\n".join(_lines(value, "", "", 0, room or DEFAULT_ROOM))


def _lines(value: JsonValue, before: str, after: str, indent: int, room: int) -> list[str]:
    margin = " " * indent
    line = f"{margin}{before}{one_line(value)}{after}"
    shape = _shape(value)
    if isinstance(shape, str) or not shape.parts or cell_len(line) <= room:
        return [line]
    result = [f"{margin}{before}{shape.opening}"]
    for label, part in shape.parts:
        result += _lines(part, label, ",", indent + _INDENT, room)
    return [*result, f"{margin}{shape.closing}{after}"]


def _shape(value: JsonValue) -> str | _Group:
    if isinstance(value, list):
        return _Group("[", [("", item) for item in value], "]")
    if not isinstance(value, dict):
        return repr(value)
    return _mark(value) or _Group("{", [(f"{_key(name)!r}: ", item) for name, item in value.items()], "}")


def _mark(value: dict[str, JsonValue]) -> str | _Group | None:
    """A mapping of the port's own making; None for a mapping of the process's."""
    if "$redacted" in value:
        return "<redacted>"
    if "$cycle" in value:
        return "<cycle>"
    if set(value) == {"$more"}:
        return f"… {value['$more']} more"
    kind = value.get("$type")
    name = harmless(kind) if isinstance(kind, str) else ""
    if "$text" in value:
        text = value["$text"]
        shown = harmless(text) if isinstance(text, str) else one_line(text)
        more = f" … {value['$more']} more" if "$more" in value else ""
        return f"{name} {shown}{more}".strip()
    items = value.get("$items")
    if isinstance(items, list):
        return _Group(name + "{", [("", item) for item in items] + _rest(value), "}")
    if name:
        fields = [
            (f"{harmless(_key(key))}=", item) for key, item in value.items() if key not in {"$type", "$more"}
        ]
        return _Group(name + "(", fields + _rest(value), ")")
    if "$more" in value:
        own = [(f"{_key(key)!r}: ", item) for key, item in value.items() if key != "$more"]
        return _Group("{", own + _rest(value), "}")
    return None


def _rest(value: dict[str, JsonValue]) -> list[tuple[str, JsonValue]]:
    return [("", {"$more": value["$more"]})] if "$more" in value else []


def _key(name: str) -> str:
    """A mapping's own key; one that began with `$` was given a second one."""
    return name[1:] if name.startswith("$$") else name
