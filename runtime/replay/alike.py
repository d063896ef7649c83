"""Whether two values are the same, part by part, without asking their classes: `__eq__` may leave out what matters, or be slow.

    different(recorded, replayed, same)   the paths at which they differ, as `tracing.changes` writes them: `log[1].text`

Fields of dataclasses that are declared `compare=False` are left out: that is how a class says that they do not matter.
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (it walks values of any type)

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from ..code.translation import attributes
from ..introspection.values import walk
from ..messages import ATOMS
from .shadows import is_identity

__all__ = ["different"]

Same = Callable[[Any, Any], bool]
Way = tuple[Any, Any] | None
"""From the value to a part: the way to what holds it, and its place, name or key there."""
MOST: Final = 100
"""Paths that are looked for."""
DEEPEST: Final = 150
_PLAIN: Final = frozenset({int, str, bytes, bool, type(None)})
"""What most values are made of, and can be compared at once."""


def different(recorded: Any, replayed: Any, same: Same) -> list[str]:
    """The paths at which they differ, 100 at most; empty for the value itself. None, if they are the same.

    Args:
        recorded: a value.
        replayed: another.
        same: whether two identities of the runtime are one.
    """
    walker = _Walker(same)
    walker.compare(None, recorded, replayed, 0)
    return walker.found


class _Walker:
    def __init__(self, same: Same) -> None:
        self.found: list[str] = []
        self._same = same
        self._seen: set[tuple[int, int]] = set()

    def compare(self, way: Way, a: Any, b: Any, depth: int) -> None:
        kind = type(a)
        if len(self.found) >= MOST:
            return
        if kind is not type(b) or depth > DEEPEST:
            self._say(way, same=False)
        elif is_identity(a):
            self._say(way, self._same(a, b))
        elif kind in ATOMS:
            self._say(way, a == b or (kind is float and a != a and b != b))  # noqa: PLR0124 - not a number
        elif (id(a), id(b)) not in self._seen:
            self._seen.add((id(a), id(b)))
            self._parts(way, a, b, kind, depth + 1)

    def _say(self, way: Way, same: bool) -> None:
        if not same:
            self.found.append(_path(way))

    def _parts(self, way: Way, a: Any, b: Any, kind: Any, depth: int) -> None:
        if issubclass(kind, dict):
            self._dicts(way, a, b, depth)
        elif issubclass(kind, set | frozenset):
            self._say(way, len(a) == len(b) and not self._unmatched(list(a), list(b), depth))
        elif hasattr(kind, "_fields") and issubclass(kind, tuple):
            names: tuple[str, ...] = getattr(kind, "_fields", ())
            self._named(way, list(zip(names, a, strict=False)), list(zip(names, b, strict=False)), depth)
        elif issubclass(kind, list | deque | tuple):
            self._lists(way, a, b, depth)
        else:
            self._objects(way, a, b, kind, depth)

    def _objects(self, way: Way, a: Any, b: Any, kind: Any, depth: int) -> None:
        left_out = _left_out(kind)
        before = [(name, item) for name, item in attributes(a) if name not in left_out]
        after = [(name, item) for name, item in attributes(b) if name not in left_out]
        if issubclass(kind, BaseException):
            before.append(("args", a.args))
            after.append(("args", b.args))
        if before or after or left_out:
            self._named(way, before, after, depth)
        else:
            self._say(way, _equal(a, b))

    def _named(self, way: Way, a: list[tuple[str, Any]], b: list[tuple[str, Any]], depth: int) -> None:
        before, after = dict(a), dict(b)
        for name, item in before.items():
            if name in after:
                self.compare((way, name), item, after[name], depth)
            else:
                self._say((way, name), same=False)
        for name in after.keys() - before.keys():
            self._say((way, name), same=False)

    def _lists(self, way: Way, a: Any, b: Any, depth: int) -> None:
        for place, (item, other) in enumerate(zip(a, b, strict=False)):
            if item is other or (type(item) is type(other) and type(item) in _PLAIN and item == other):
                continue
            self.compare((way, place), item, other, depth)
        for place in range(min(len(a), len(b)), max(len(a), len(b))):
            self._say((way, place), same=False)

    def _dicts(self, way: Way, a: Any, b: Any, depth: int) -> None:
        left = [key for key in dict.keys(b) if key not in a]
        for key, item in dict.items(a):
            if key in b:
                other = dict.__getitem__(b, key)
                if type(item) is type(other) and type(item) in _PLAIN and item == other:
                    continue
                self.compare((way, _Key(key)), item, other, depth)
                continue
            match = next((other for other in left if self._matches(key, other, depth)), None)
            if match is None:
                self._say((way, _Key(key)), same=False)
            else:
                left.remove(match)
                self.compare((way, _Key(key)), item, dict.__getitem__(b, match), depth)
        for key in left:
            self._say((way, _Key(key)), same=False)

    def _unmatched(self, a: list[Any], b: list[Any], depth: int) -> list[Any]:
        """Those of `a` that have no counterpart in `b`."""
        known = {item for item in b if type(item) in ATOMS and not is_identity(item)}
        rest = [item for item in b if item not in known]
        missing: list[Any] = []
        for item in a:
            if type(item) in ATOMS and item in known:
                continue
            match = next(
                (place for place, other in enumerate(rest) if self._matches(item, other, depth)), None
            )
            if match is None:
                missing.append(item)
            else:
                del rest[match]
        return missing

    def _matches(self, a: Any, b: Any, depth: int) -> bool:
        """Whether two keys are the same; they may hold placeholders."""
        trial = _Walker(self._same)
        trial.compare(None, a, b, depth)
        return not trial.found


class _Key:
    """A key of a dict, on the way to a part of it; shown only where something differs there."""

    __slots__ = ("key",)

    def __init__(self, key: Any) -> None:
        self.key = key

    def __str__(self) -> str:
        if type(self.key) is str:
            return self.key
        shown = walk(self.key).value
        return str(shown["$text"]) if isinstance(shown, dict) and "$text" in shown else str(shown)


def _left_out(kind: type[Any]) -> frozenset[str]:
    """Fields that do not matter to a class."""
    fields: dict[str, Any] = getattr(kind, "__dataclass_fields__", {})
    return frozenset([name for name, field in fields.items() if not field.compare])


def _equal(a: Any, b: Any) -> bool:
    """Objects without parts that can be seen."""
    try:
        if bool(a == b):
            return True
        return pickle.dumps(a, 5) == pickle.dumps(b, 5)
    except Exception:
        return False


def _path(way: Way) -> str:
    steps: list[str] = []
    while way is not None:
        way, step = way
        steps.append(f"[{step}]" if type(step) is int else f".{step}")
    return "".join(reversed(steps)).removeprefix(".")
