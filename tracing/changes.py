"""What differs between two values, field by field: a state before and after a message.

    changes({"balance": 5, "log": [1]}, {"balance": 7, "log": [1, 2]})
        balance: 5 -> 7
        log[1]: added 2

Values are JSON as it is shown: bounded and redacted, so a secret that has changed does not differ. Items of lists are compared by their place;
the marks of what is shown (`$text`, `$items`, `$more`) are no fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeGuard, TypeVar

from .records import Json

__all__ = ["Change", "changes"]

K = TypeVar("K")
DEEPEST: Final = 50
"""Levels that are looked into; deeper values differ as a whole."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        path: `log[1].text`; empty for the value itself.
        form: `changed`, `added` or `removed`.
        before: None where it was added.
        after: None where it was removed.
    """

    path: str
    form: Literal["changed", "added", "removed"]
    before: Json
    after: Json


def changes(before: Json, after: Json, most: int = 100) -> list[Change]:
    """The differences, in the order of fields, at most so many."""
    found: list[Change] = []
    _compare("", before, after, found, most, 0)
    return found


def _compare(path: str, before: Json, after: Json, found: list[Change], most: int, depth: int) -> None:
    if len(found) >= most:
        return
    if depth < DEEPEST and _has_parts(before) and _has_parts(after):
        for name in (*before, *(name for name in after if name not in before)):
            _part(_named(path, name), before, after, name, found, most, depth)
    elif depth < DEEPEST and isinstance(before, list) and isinstance(after, list):
        old, new = dict(enumerate(before)), dict(enumerate(after))
        for place in range(max(len(before), len(after))):
            _part(f"{path}[{place}]", old, new, place, found, most, depth)
    elif before != after or isinstance(before, bool) != isinstance(after, bool):
        found.append(Change(path, "changed", before, after))


def _has_parts(value: Json) -> TypeGuard[dict[str, Json]]:
    """Whether it is a mapping or an object; what is only text, or told to be more, is one thing."""
    return isinstance(value, dict) and "$text" not in value and value.keys() != {"$more"}


def _part(
    path: str,
    before: Mapping[K, Json],
    after: Mapping[K, Json],
    key: K,
    found: list[Change],
    most: int,
    depth: int,
) -> None:
    if len(found) >= most:
        return
    if key not in after:
        found.append(Change(path, "removed", before[key], None))
    elif key not in before:
        found.append(Change(path, "added", None, after[key]))
    else:
        _compare(path, before[key], after[key], found, most, depth + 1)


def _named(path: str, name: str) -> str:
    if name == "$items":  # of a set: they are the set
        return path
    return f"{path}.{name}" if path else name
