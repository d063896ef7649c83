"""Values of the old classes into values of the new ones, by structure.

    rebuilt(value)   each instance of a class of these modules becomes one of the class of the same name: the same fields, added
                     ones with their defaults, enum members by name, classes and functions by name. `__init__` does not run.
    plain(value)     each becomes plain data: a dict of its fields, an enum's value. For `code_change` and `message_change`.
    holds(value)     whether there is any

What holds none of them is handed on as it is, the very same object. It looks into containers, dataclasses, models and named tuples of
any module; into nothing else.
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (it walks values of any type)

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from types import FunctionType, ModuleType
from typing import Any, Final

from ..messages import ATOMS
from .schema import fields_of, kind_of, why_not

__all__ = ["Translation", "Untranslatable", "attributes", "named"]

_DEPTH: Final = 150
_CONTAINERS: Final = frozenset({list, tuple, dict, set, frozenset, deque})
_MISSING: Final[Any] = object()


class Untranslatable(Exception):  # noqa: N818 - it is told to the user as a sentence
    """Raised for a value that has no counterpart; the text says which, and why."""


def named(module: ModuleType | None, qualname: str) -> Any:
    """What a module calls `qualname`; None if nothing."""
    found: Any = module
    for part in qualname.split("."):
        found = vars(found).get(part) if found is not None and hasattr(found, "__dict__") else None
        found = getattr(found, "__func__", found)
    return found


class Translation:
    """From any older version of some modules to one version of them.

    Args:
        modules: the modules to translate to, by name.
        drop: whether fields that the target does not have are left out; else a value that has them is refused.
            Optional. Defaults to False.
    """

    def __init__(self, modules: Mapping[str, ModuleType], *, drop: bool = False) -> None:
        self.modules: Final = modules
        self.drop: Final = drop
        self._counterparts: dict[type, type | str | None] = {}
        self._added: dict[type, list[tuple[str, Callable[[], Any]]]] = {}

    # --- what concerns it ---------------------------------------------------------------------------

    def counterpart(self, kind: type) -> type | str | None:
        """The class that `kind` becomes; None where it stays what it is; else why it cannot become anything."""
        found: Any = self._counterparts.get(kind, _MISSING)
        if found is not _MISSING:
            return found  # type: ignore[no-any-return]
        module = self.modules.get(kind.__module__)
        answer: type | str | None = None
        if module is not None:
            new = named(module, kind.__qualname__)
            if new is not kind:
                why = why_not(kind, new, drop=self.drop)
                answer = f"{kind.__qualname__}: {why}" if why is not None else new
        self._counterparts[kind] = answer
        return answer

    def concerns(self, kind: type) -> bool:
        """Whether `kind` is an older version of a class of these modules."""
        return self.counterpart(kind) is not None

    def holds(self, value: Any) -> bool:
        """Whether anything in `value` is of an older version."""
        return _Walk(self, None).holds(value, 0)

    def rebuilt(self, value: Any) -> Any:
        """The value with new classes; itself where nothing in it is old.

        Raises:
            Untranslatable: something in it has no counterpart.
        """
        return self.rebuilder()(value)

    def rebuilder(self) -> Callable[[Any], Any]:
        """As `rebuilt`, for several values: what they share stays shared."""
        walk = _Walk(self, self._rebuild)
        return lambda value: walk.turn(value, 0)

    def plain(self, value: Any) -> Any:
        """The value with plain data in the place of old instances."""
        return _Walk(self, _plain).turn(value, 0)

    def added(self, old: type, new: type) -> list[tuple[str, Callable[[], Any]]]:
        """Fields that only the new class has."""
        found = self._added.get(old)
        if found is None:
            before, after = fields_of(old) or {}, fields_of(new) or {}
            found = [(n, f.default) for n, f in after.items() if n not in before and f.default is not None]
            self._added[old] = found
        return found

    # --- rebuilding ---------------------------------------------------------------------------------

    def _rebuild(self, walk: _Walk, value: Any, depth: int) -> Any:
        kind = type(value)
        new = self.counterpart(kind)
        if not isinstance(new, type):
            raise Untranslatable(str(new))
        which = kind_of(kind)
        if which == "enum":
            return self._member(kind, new, value)
        if which == "namedtuple":
            parts = {name: walk.turn(getattr(value, name), depth) for name in kind._fields}  # pyright: ignore[reportAttributeAccessIssue]
            parts |= {name: make() for name, make in self.added(kind, new)}
            return new._make(parts[name] for name in new._fields)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
        made = _empty(kind, new, value, which, lambda item: walk.turn(item, depth))
        walk.memo[id(value)] = made
        known = fields_of(new) if self.drop else None
        for name, item in attributes(value):
            if known is None or name in known or name not in (fields_of(kind) or {}):
                _put(made, name, walk.turn(item, depth))
        for name, make in self.added(kind, new):
            _put(made, name, make())
        return made

    def _member(self, kind: type, new: type, value: Any) -> Any:
        members: Any = new.__members__  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
        if value._name_ in members:
            return members[value._name_]
        try:
            return new(value._value_)  # a combination of flags
        except ValueError:
            raise Untranslatable(f"{kind.__qualname__} has no member {value._name_} any more") from None


def _put(made: Any, name: str, value: Any) -> None:
    try:
        object.__setattr__(made, name, value)
    except AttributeError as error:
        raise Untranslatable(f"{type(made).__qualname__} cannot hold {name}: {error}") from None


def _empty(kind: type, new: Any, value: Any, which: str, turn: Callable[[Any], Any]) -> Any:
    """An instance of `new` without its attributes."""
    if which == "exception":
        made = new.__new__(new, *[turn(item) for item in value.args])
        made.args = tuple(turn(item) for item in value.args)
        made.__cause__, made.__context__ = value.__cause__, value.__context__
        made.__suppress_context__ = value.__suppress_context__
        return made
    if which == "tuple":
        return tuple.__new__(new, [turn(item) for item in tuple(value)])
    if which != "builtin":
        return object.__new__(new)
    if issubclass(kind, list):
        made = list.__new__(new)
        list.extend(made, [turn(item) for item in list.__iter__(value)])
        return made
    if issubclass(kind, dict):
        made = dict.__new__(new)
        for key, item in dict.items(value):
            dict.__setitem__(made, turn(key), turn(item))
        return made
    if issubclass(kind, set):
        made = set.__new__(new)
        set.update(made, [turn(item) for item in set.__iter__(value)])
        return made
    base: Any = next(base for base in kind.__mro__ if base.__module__ == "builtins")
    if base is frozenset:
        return base.__new__(new, map(turn, value))
    return base.__new__(
        new, base.__getitem__(value, slice(None)) if hasattr(base, "__getitem__") else base(value)
    )


def attributes(value: Any) -> list[tuple[str, Any]]:
    """What an instance holds, in its dict and in its slots; a model's inner attributes too."""
    found: list[tuple[str, Any]] = []
    try:
        space: dict[str, Any] = object.__getattribute__(value, "__dict__")
    except AttributeError:
        space = {}
    found.extend(space.items())
    for base in type(value).__mro__:
        slots: Any = vars(base).get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            name = (
                f"_{base.__name__.lstrip('_')}{slot}"
                if slot.startswith("__") and not slot.endswith("__")
                else slot
            )
            descriptor = vars(base).get(name)
            if name in {"__dict__", "__weakref__"} or descriptor is None:
                continue
            try:
                found.append((name, descriptor.__get__(value)))
            except AttributeError:
                continue  # never set
    return found


def _plain(walk: _Walk, value: Any, depth: int) -> Any:
    kind = type(value)
    which = kind_of(kind)
    if which == "enum":
        return value._value_
    names: Iterable[str] | None = fields_of(kind)
    if names is None and which == "exception":
        return {"args": walk.turn(value.args, depth), **dict(_turned(walk, value, depth))}
    if which == "builtin":
        base = next(base for base in kind.__mro__ if base.__module__ == "builtins")
        return walk.turn(base(value), depth)
    if names is None:
        return dict(_turned(walk, value, depth))
    return {name: walk.turn(getattr(value, name, None), depth) for name in names}


def _turned(walk: _Walk, value: Any, depth: int) -> Iterable[tuple[str, Any]]:
    return [(name, walk.turn(item, depth)) for name, item in attributes(value)]


class _Walk:
    """One walk over a value."""

    def __init__(self, translation: Translation, change: Callable[[_Walk, Any, int], Any] | None) -> None:
        self._translation = translation
        self._change = change
        self.memo: dict[int, Any] = {}
        self._keep: list[Any] = []

    def holds(self, value: Any, depth: int) -> bool:
        kind = type(value)
        if kind in ATOMS:
            return False
        if depth > _DEPTH or id(value) in self.memo:
            return False
        if self._translation.concerns(kind):
            return True
        if isinstance(value, type | FunctionType):
            return self._object(value) is not value
        parts = _parts(value, kind)
        if parts is None:
            return False
        self.memo[id(value)] = value
        self._keep.append(value)
        return any(self.holds(part, depth + 1) for part in parts)

    def turn(self, value: Any, depth: int) -> Any:
        """The value, turned; itself where nothing in it is old."""
        kind = type(value)
        if kind in ATOMS:
            return value
        if id(value) in self.memo:
            return self.memo[id(value)]
        if depth > _DEPTH:
            raise Untranslatable("it is nested too deeply")
        if self._translation.concerns(kind):
            assert self._change is not None
            made = self._change(self, value, depth + 1)
        elif isinstance(value, type | FunctionType):
            made = self._object(value)
            if made is None:
                raise Untranslatable(f"the new code has no {value.__qualname__}")
        else:
            made = self._inside(value, kind, depth + 1)
        self.memo[id(value)] = made
        self._keep.append(value)
        return made

    def _object(self, value: Any) -> Any:
        """A class or a function of these modules: the one that has its name now."""
        module = self._translation.modules.get(value.__module__)
        if module is None or named(module, value.__qualname__) is value:
            return value
        return named(module, value.__qualname__)

    def _inside(self, value: Any, kind: type, depth: int) -> Any:
        """What is itself of no such class, but may hold some."""
        if kind is dict:
            pairs = {self.turn(key, depth): self.turn(item, depth) for key, item in value.items()}
            same = all(a is b and pairs[a] is value[a] for a, b in zip(pairs, value, strict=True))
            return value if same else pairs
        if kind in _CONTAINERS:
            items = [self.turn(item, depth) for item in value]
            if all(new is old for new, old in zip(items, value, strict=True)):
                return value
            return deque(items, value.maxlen) if kind is deque else kind(items)
        parts = _fields(value, kind)
        if parts is None:
            return value
        changed = {name: new for name, old in parts if (new := self.turn(old, depth)) is not old}
        if not changed:
            return value
        if kind_of(kind) == "namedtuple":
            return value._replace(**changed)
        made: Any = object.__new__(kind)
        for name, item in attributes(value):
            object.__setattr__(made, name, changed.get(name, item))
        return made


def _fields(value: Any, kind: type) -> list[tuple[str, Any]] | None:
    if dataclasses.is_dataclass(kind) or hasattr(kind, "__pydantic_fields__"):
        names = fields_of(kind) or {}
    elif issubclass(kind, tuple) and hasattr(kind, "_fields"):
        names = kind._fields  # pyright: ignore[reportAttributeAccessIssue]
    else:
        return None
    return [(name, getattr(value, name, None)) for name in names]


def _parts(value: Any, kind: type) -> Iterable[Any] | None:
    if kind is dict:
        return [*value.keys(), *value.values()]
    if kind in _CONTAINERS:
        return list(value)
    fields = _fields(value, kind)
    return [item for _, item in fields] if fields is not None else None
