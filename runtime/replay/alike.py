"""Whether two values are the same, part by part, without asking their classes: `__eq__` may leave out what matters, or be slow.

    different(recorded, replayed, same)   the paths at which they differ, as `tracing.changes` writes them: `log[1].text`

Fields of dataclasses that are declared `compare=False` are left out: that is how a class says that they do not matter.
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (it walks values of any type)

from __future__ import annotations

import dataclasses
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
MOST: Final = 100
"""Paths that are looked for."""
DEEPEST: Final = 150


def different(recorded: Any, replayed: Any, same: Same) -> list[str]:
    """The paths at which they differ, 100 at most; empty for the value itself. None, if they are the same.

    Args:
        recorded: a value.
        replayed: another.
        same: whether two identities of the runtime are one.
    """
    walker = _Walker(same)
    walker.compare("", recorded, replayed, 0)
    return walker.found


class _Walker:
    def __init__(self, same: Same) -> None:
        self.found: list[str] = []
        self._same = same
        self._seen: set[tuple[int, int]] = set()

    def compare(self, path: str, a: Any, b: Any, depth: int) -> None:
        if len(self.found) >= MOST:
            return
        kind = type(a)
        if kind is not type(b) or depth > DEEPEST:
            self.found.append(path)
        elif is_identity(a):
            self._say(path, self._same(a, b))
        elif kind in ATOMS:
            self._say(path, a == b or (kind is float and a != a and b != b))  # noqa: PLR0124 - not a number
        elif (id(a), id(b)) not in self._seen:
            self._seen.add((id(a), id(b)))
            self._parts(path, a, b, kind, depth + 1)

    def _say(self, path: str, same: bool) -> None:
        if not same:
            self.found.append(path)

    def _parts(self, path: str, a: Any, b: Any, kind: Any, depth: int) -> None:
        if issubclass(kind, dict):
            self._dicts(path, a, b, depth)
        elif issubclass(kind, list | deque | tuple) and not hasattr(kind, "_fields"):
            self._lists(path, list(a), list(b), depth)
        elif issubclass(kind, set | frozenset):
            self._say(path, len(a) == len(b) and not self._unmatched(list(a), list(b), depth))
        elif hasattr(kind, "_fields") and issubclass(kind, tuple):
            names: tuple[str, ...] = getattr(kind, "_fields", ())
            before, after = list(zip(names, a, strict=False)), list(zip(names, b, strict=False))
            self._fields(path, before, after, depth)
        else:
            self._objects(path, a, b, kind, depth)

    def _objects(self, path: str, a: Any, b: Any, kind: Any, depth: int) -> None:
        left_out = (
            {field.name for field in dataclasses.fields(kind) if not field.compare}
            if hasattr(kind, "__dataclass_fields__")
            else set[str]()
        )
        before = [(name, item) for name, item in attributes(a) if name not in left_out]
        after = [(name, item) for name, item in attributes(b) if name not in left_out]
        if issubclass(kind, BaseException):
            before.append(("args", a.args))
            after.append(("args", b.args))
        if before or after or left_out:
            self._fields(path, before, after, depth)
        else:
            self._say(path, _equal(a, b))

    def _fields(self, path: str, a: list[tuple[str, Any]], b: list[tuple[str, Any]], depth: int) -> None:
        before, after = dict(a), dict(b)
        for name in (*before, *(name for name in after if name not in before)):
            self._part(_named(path, name), before, after, name, depth)

    def _lists(self, path: str, a: list[Any], b: list[Any], depth: int) -> None:
        before, after = dict(enumerate(a)), dict(enumerate(b))
        for place in range(max(len(a), len(b))):
            self._part(f"{path}[{place}]", before, after, place, depth)

    def _part(self, path: str, before: dict[Any, Any], after: dict[Any, Any], key: Any, depth: int) -> None:
        if key in before and key in after:
            self.compare(path, before[key], after[key], depth)
        else:
            self._say(path, same=False)

    def _dicts(self, path: str, a: Any, b: Any, depth: int) -> None:
        left = [key for key in dict.keys(b) if key not in a]
        for key, item in dict.items(a):
            where = _named(path, _label(key))
            if key in b:
                self.compare(where, item, dict.__getitem__(b, key), depth)
                continue
            match = next((other for other in left if self._matches(key, other, depth)), None)
            if match is None:
                self._say(where, same=False)
            else:
                left.remove(match)
                self.compare(where, item, dict.__getitem__(b, match), depth)
        for key in left:
            self._say(_named(path, _label(key)), same=False)

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
        trial.compare("", a, b, depth)
        return not trial.found


def _equal(a: Any, b: Any) -> bool:
    """Objects without parts that can be seen."""
    try:
        if bool(a == b):
            return True
        return pickle.dumps(a, 5) == pickle.dumps(b, 5)
    except Exception:
        return False


def _label(key: Any) -> str:
    if type(key) is str:
        return key
    shown = walk(key).value
    return str(shown["$text"]) if isinstance(shown, dict) and "$text" in shown else str(shown)


def _named(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
