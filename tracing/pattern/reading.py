"""Reading parts of values without running a line of their classes' code.

    part(message, "amount")   a field of a dataclass or of a pydantic model, a key of a dict, a field of a named tuple
    part(message, 0)          an item of a tuple or a list

Properties, `__getattr__`, `__eq__` and iterators of the user's never run: what is read here is read in the middle of a step of
somebody's process. What cannot be read this way is `MISSING`.
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownLambdaType=false
# (it reads values of any type)

from __future__ import annotations

import enum
import types
from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from .tree import PidOf

__all__ = ["MISSING", "Reader", "class_names", "is_class"]

MISSING: Final[Any] = object()
"""What is not there, or cannot be read."""
WIDTH: Final = 1000
"""Keys or items of one container that are looked at."""
ATOMS: Final = frozenset(map(id, (int, float, bool, str, bytes, type(None), Decimal, PidOf)))
"""Classes whose values are compared as they are, by id: hashing a class would run its metaclass."""
_MRO: Final = vars(type)["__mro__"]
_NAMESPACE: Final = vars(type)["__dict__"]
_NAME: Final = vars(type)["__name__"]
_QUALNAME: Final = vars(type)["__qualname__"]
_MODULE: Final = vars(type)["__module__"]
_SLOTS: Final = (types.MemberDescriptorType, types.GetSetDescriptorType)
_CONTAINERS: Final = (tuple, list, dict, set, frozenset, str, bytes)

Get = Callable[[Any, str], Any]


class Reader:
    """Reads parts of values, and remembers how for each class.

    Args:
        atoms: values of these exact classes are compared as what the function gives: a process's pid as `tree.PidOf`. It runs in
            the step. Optional. Defaults to none.
    """

    def __init__(self, atoms: Mapping[type, Callable[[Any], Any]] | None = None) -> None:
        self._atoms: dict[int, tuple[type, Callable[[Any], Any] | None]] = {
            id(kind): (kind, convert) for kind, convert in (atoms or {}).items()
        }
        self._known: dict[int, tuple[type, Get]] = {}  # both by id: hashing a class runs its metaclass

    def part(self, value: Any, step: str | int) -> Any:
        """A part of a value, or MISSING."""
        kind = type(value)
        try:
            if type(step) is int:
                return _item(value, kind, step)
            known = self._known.get(id(kind))
            if known is None:
                known = self._known[id(kind)] = (kind, _how(kind))
            return known[1](value, str(step))
        except Exception:  # it changes on another thread, or breaks a rule of its built-in class
            return MISSING

    def atom(self, value: Any) -> Any:
        """A value as it is compared: a plain number or text, the name of an enum's member, a pid; else MISSING."""
        kind = type(value)
        if id(kind) in ATOMS:
            return value
        if value is MISSING:
            return MISSING
        known = self._atoms.get(id(kind))
        if known is None:
            is_enum = any(base is enum.Enum for base in _MRO.__get__(kind))
            known = self._atoms[id(kind)] = (kind, _member if is_enum else None)
        return MISSING if known[1] is None else known[1](value)

    def items(self, value: Any) -> list[Any]:
        """The items of a built-in container, the keys of a dict, at most 1,000; empty for anything else."""
        base = _container(type(value))
        if base is None or base is str or base is bytes:
            return []
        try:
            return list(islice(base.__iter__(value), WIDTH))
        except Exception:  # it changes on another thread
            return []

    def length(self, value: Any) -> Any:
        """The length of a text or a container, or MISSING."""
        base = _container(type(value))
        return MISSING if base is None else base.__len__(value)


def _member(value: Any) -> Any:
    """The name of an enum's member."""
    name = _dict_get(vars(enum.Enum)["__dict__"].__get__(value), "_name_")
    return name if type(name) is str else MISSING


def class_names(kind: type) -> list[str]:
    """The names of a class and of those that it derives from."""
    return [_NAME.__get__(base) for base in _MRO.__get__(kind)]


def is_class(kind: type, module: str, name: str) -> bool:
    """Whether a class, or one that it derives from, has this qualified name in this module."""
    return any(
        _QUALNAME.__get__(base) == name and type(home := _MODULE.__get__(base)) is str and home == module
        for base in _MRO.__get__(kind)
    )


def _container(kind: type) -> Any:
    mro = _MRO.__get__(kind)
    for base in _CONTAINERS:
        if any(item is base for item in mro):
            return base
    return None


def _item(value: Any, kind: type, index: int) -> Any:
    base = _container(kind)
    if base is not tuple and base is not list:
        return MISSING
    return base.__getitem__(value, index) if -base.__len__(value) <= index < base.__len__(value) else MISSING


def _dict_get(held: Any, name: str) -> Any:
    """An entry of a dict. Looking it up would run `__eq__` of keys that are no plain strings."""
    for key, item in islice(dict.items(held), WIDTH):
        if type(key) is str and key == name:
            return item
    return MISSING


def _attribute(kind: type, name: str) -> Any:
    """What stands in a class under a name, past its metaclass."""
    for base in _MRO.__get__(kind):
        found = _NAMESPACE.__get__(base).get(name, MISSING)
        if found is not MISSING:
            return found
    return MISSING


def _how(kind: type) -> Get:
    """How fields of instances of a class are read."""
    if _container(kind) is dict:
        return _dict_get
    labels = _attribute(kind, "_fields")
    if _container(kind) is tuple and type(labels) is tuple and all(type(label) is str for label in labels):
        places = {label: place for place, label in enumerate(labels)}
        return lambda value, name: tuple.__getitem__(value, places[name]) if name in places else MISSING
    declared: set[str] = set()
    for table in ("__dataclass_fields__", "__pydantic_fields__"):
        found = _attribute(kind, table)
        if type(found) is dict:
            declared |= {name for name in found if type(name) is str}
    descriptors = {name: _slot(kind, name) for name in declared}
    held = _slot(kind, "__dict__")

    def field(value: Any, name: str) -> Any:
        if name not in declared:
            return MISSING
        slot = descriptors[name]
        if slot is not None:
            return slot.__get__(value)
        return MISSING if held is None else _dict_get(held.__get__(value), name)

    return field


def _slot(kind: type, name: str) -> Any:
    """The interpreter's own descriptor of a slot, or of `__dict__`; None where there is none."""
    for base in _MRO.__get__(kind):
        found = _NAMESPACE.__get__(base).get(name, MISSING)
        if type(found) in _SLOTS:
            return found
    return None
