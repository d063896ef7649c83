"""Any value as plain JSON, bounded and redacted, without running a line of its class's code.

    walk(state) -> Walked(value={"$type": "Chat", "steps": 3, "api_key": {"$redacted": true}}, redacted=1, …)

A user's `__repr__`, property or iterator may raise, hang or print megabytes, and no time limit could stop it here;
so fields are read through the descriptors of the interpreter (`__dict__`, slots), and containers through the
methods of the built-in type, even on a subclass. `contract.Value` lists the marks that stand for what is no JSON.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import re
import time
import types
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePath
from typing import Any, Final

from runtime.caller import Caller
from runtime.pid import Name, Pid, Ref
from runtime.tasks import TaskRef

Mro = tuple[type, ...]

__all__ = ["Limits", "Walked", "clean", "walk"]

_CONTROL: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_WORDS: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_SECRET: Final = frozenset({
    "password", "passwd", "passphrase", "token", "secret", "apikey", "authorization", "cookie", "credential", "privatekey",
    "accesskey",
})  # fmt: skip
_BREATH: Final = 500
"""Items after which the walk sleeps for a moment, so that the loop gets the interpreter."""
_TYPE: Final = type.__dict__
"""The descriptors of `type` itself: reading a class through them runs no code of its metaclass."""
_OWN: Final = (Pid, Name, Ref, TaskRef, Caller)


@dataclass(frozen=True)
class Limits:
    """How much of a value is shown."""

    depth: int = 8
    width: int = 100
    text: int = 2000
    items: int = 5000


@dataclass
class Walked:
    """What a walk has found."""

    value: Any = None
    truncated: bool = False
    redacted: int = 0
    mutable: bool = False
    """Whether something in it can change, so that it may have changed while it was read."""
    items: int = field(default=0, repr=False)


def clean(text: str, limit: int = 2000) -> str:
    """`text` without control characters, direction marks and lone surrogates; cut at `limit` characters."""
    cut = text[:limit]
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", cut) + (
        f"… (+{len(text) - limit})" if len(text) > limit else ""
    )


def walk(value: Any, limits: Limits | None = None) -> Walked:
    """Read `value`. Never raises and never runs its code."""
    walked = Walked()
    walked.value = _Walk(limits or Limits(), walked).visit(value, 0)
    return walked


class _Walk:
    """One walk: where it is, and what it may still spend."""

    def __init__(self, limits: Limits, walked: Walked) -> None:
        self.limits = limits
        self.walked = walked
        self.path: set[int] = set()

    def visit(self, value: Any, depth: int) -> Any:
        kind = type(value)
        atom = _ATOMS.get(id(kind))
        if atom is not None:
            return self._text(value) if kind is str else atom(value)
        walked, kind_name = self.walked, _name(kind)
        walked.items += 1
        if walked.items % _BREATH == 0:
            time.sleep(0.0005)
        if walked.items > self.limits.items or depth >= self.limits.depth:
            walked.truncated = True
            return {"$type": kind_name, "$more": _size(value, kind)}
        if id(value) in self.path:
            return {"$cycle": True}
        self.path.add(id(value))
        try:
            return self._compound(value, kind, depth + 1)
        finally:
            self.path.discard(id(value))

    def _compound(self, value: Any, kind: type, depth: int) -> Any:
        mro = _mro(kind)
        if any(_name(base) in {"SecretStr", "SecretBytes", "Secret"} for base in mro):
            self.walked.redacted += 1
            return {"$redacted": True}
        if issubclass(kind, list | tuple):
            names = _class_attribute(mro, "_fields")
            if issubclass(kind, tuple) and type(names) is tuple:
                return self._named_tuple(value, kind, names, depth)
            base: Any = list if issubclass(kind, list) else tuple
            self.walked.mutable |= base is list
            items = base.__getitem__(value, slice(0, self.limits.width))
            return self._sequence(items, base.__len__(value), depth)
        if issubclass(kind, dict):
            self.walked.mutable = True
            pairs = list(islice(dict.items(value), self.limits.width))
            return self._mapping(
                pairs, dict.__len__(value), depth, {} if kind is dict else {"$type": _name(kind)}
            )
        for base in (set, frozenset, deque):
            if issubclass(kind, base):
                self.walked.mutable |= base is not frozenset
                items = list(islice(base.__iter__(value), self.limits.width))
                return {"$type": _name(base), "$items": self._sequence(items, base.__len__(value), depth)}
        text = _text_of(value, kind, mro)
        if text is not None:
            return {"$type": _name(kind), "$text": self._text(text)}
        return self._object(value, kind, mro, depth)

    def _sequence(self, items: Any, size: int, depth: int) -> list[Any]:
        shown = [self.visit(item, depth) for item in items]
        if size > len(shown):
            self.walked.truncated = True
            shown.append({"$more": size - len(shown)})
        return shown

    def _mapping(
        self, pairs: list[tuple[Any, Any]], size: int, depth: int, shown: dict[str, Any]
    ) -> dict[str, Any]:
        for key, item in pairs:
            name = self._key(key)
            shown[name] = self._field(name, item, depth)
        if size > len(pairs):
            self.walked.truncated = True
            shown["$more"] = size - len(pairs)
        return shown

    def _named_tuple(self, value: Any, kind: type, fields: tuple[Any, ...], depth: int) -> dict[str, Any]:
        names = [name if type(name) is str else "?" for name in fields[: self.limits.width]]
        items = tuple.__getitem__(value, slice(0, self.limits.width))
        pairs = list(zip(names, items, strict=False))
        return self._mapping(pairs, tuple.__len__(value), depth, {"$type": _name(kind)})

    def _object(self, value: Any, kind: type, mro: Mro, depth: int) -> dict[str, Any]:
        fields = _fields(value, mro)
        parameters = _class_attribute(mro, "__dataclass_params__")
        self.walked.mutable |= not getattr(parameters, "frozen", False)
        shown: dict[str, Any] = {"$type": _name(kind)}
        if issubclass(kind, BaseException):
            shown["args"] = self.visit(BaseException.args.__get__(value), depth)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue,reportUnknownArgumentType,reportUnknownMemberType]
        elif not fields:
            shown["$text"] = "no fields to show"
        return self._mapping(fields[: self.limits.width], len(fields), depth, shown)

    def _field(self, name: str, item: Any, depth: int) -> Any:
        if _is_secret(name) and type(item) not in {int, float, bool, type(None)}:
            self.walked.redacted += 1
            return {"$redacted": True}
        return self.visit(item, depth)

    def _key(self, key: Any) -> str:
        if issubclass(type(key), str):
            name = clean(str.__str__(key), 200)
            return "$" + name if name.startswith("$") else name
        shown = self.visit(key, self.limits.depth - 1)
        return clean(shown if isinstance(shown, str) else str(shown), 200)

    def _text(self, text: str) -> str:
        if len(text) > self.limits.text:
            self.walked.truncated = True
        return clean(text, self.limits.text)


def _is_secret(name: str) -> bool:
    words = [word.lower() for word in _WORDS.findall(name)]
    joined = [a + b for a, b in zip(words, words[1:], strict=False)]
    return any(word in _SECRET or word.removesuffix("s") in _SECRET for word in (*words, *joined))


def _int(value: int) -> Any:
    if -(2**256) < value < 2**256:
        return value
    return {"$type": "int", "$text": f"{value.bit_length()} bits"}


def _float(value: float) -> Any:
    finite = value - value == 0
    return value if finite else {"$type": "float", "$text": float.__repr__(value)}


def _bytes(value: bytes) -> Any:
    more = f" (+{len(value) - 64} bytes)" if len(value) > 64 else ""
    return {"$type": "bytes", "$text": bytes.__repr__(value[:64]) + more}


_ATOMS: Final[dict[int, Callable[[Any], Any]]] = {
    id(kind): show
    for kind, show in {
        str: str,
        int: _int,
        bool: bool,
        float: _float,
        type(None): lambda _value: None,
        bytes: _bytes,
        complex: lambda value: {"$type": "complex", "$text": complex.__repr__(value)},
    }.items()
}
"""By the id of the type: hashing a class would run its metaclass."""


def _text_of(value: Any, kind: type, mro: Mro) -> str | None:
    """Text of a value that has no parts, by the code of its built-in base; None for anything else."""
    if any(kind is own for own in _OWN):
        return repr(value)
    if issubclass(kind, enum.Enum):
        return f"{_name(kind)}.{_own_dict(value, mro).get('_name_', '?')}"
    for base, text in _TEXTS:
        if issubclass(kind, base):
            return text(value)
    return None


def _datetime_text(value: datetime.datetime) -> str:
    plain = datetime.datetime.tzinfo.__get__(value) is None  # type: ignore[attr-defined]  # pyright: ignore
    zone = type(datetime.datetime.tzinfo.__get__(value))  # type: ignore[attr-defined]  # pyright: ignore
    if plain or zone.__module__ in {"datetime", "zoneinfo"}:
        return datetime.datetime.isoformat(value)
    return "a time in a zone of its own"


_TEXTS: Final[tuple[tuple[type, Callable[[Any], str]], ...]] = (
    (str, str.__str__),
    (bool, bool.__repr__),
    (
        int,
        lambda value: int.__repr__(value) if int.bit_length(value) < 256 else f"{int.bit_length(value)} bits",
    ),
    (float, float.__repr__),
    (bytes, lambda value: bytes.__repr__(bytes.__getitem__(value, slice(0, 64)))),
    (bytearray, lambda value: f"{bytearray.__len__(value)} bytes"),
    (datetime.datetime, _datetime_text),
    (datetime.date, datetime.date.isoformat),
    (datetime.timedelta, datetime.timedelta.__str__),
    (decimal.Decimal, decimal.Decimal.__str__),
    (uuid.UUID, lambda value: uuid.UUID.__str__(value) if type(value) is uuid.UUID else "a UUID"),
    (PurePath, lambda value: str(value) if type(value).__module__.startswith("pathlib") else "a path"),
    (range, range.__repr__),
    (type, lambda value: f"class {_TYPE['__qualname__'].__get__(value)}"),
    (types.FunctionType, lambda value: f"{value.__module__}.{value.__qualname__}"),
    (types.BuiltinFunctionType, lambda value: f"{value.__module__}.{value.__qualname__}"),
    (
        types.ModuleType,
        lambda value: str(types.ModuleType.__dict__["__dict__"].__get__(value).get("__name__")),
    ),
)


def _name(kind: type) -> str:
    """A class's name, past its metaclass."""
    return str(_TYPE["__name__"].__get__(kind))


def _mro(kind: type) -> Mro:
    return tuple(_TYPE["__mro__"].__get__(kind))


def _class_attribute(mro: Mro, name: str) -> Any:
    """An attribute of a class, past its metaclass and descriptors."""
    for base in mro:
        namespace = _TYPE["__dict__"].__get__(base)
        if name in namespace:
            return namespace[name]
    return None


def _fields(value: Any, mro: Mro) -> list[tuple[str, Any]]:
    """Fields of an object: what stands in its `__dict__` and its slots, dunders left out."""
    fields: dict[str, Any] = {}
    for base in reversed(mro):
        for name, descriptor in list(_TYPE["__dict__"].__get__(base).items()):
            if type(descriptor) is types.MemberDescriptorType and not name.startswith("__"):
                try:
                    fields[name] = descriptor.__get__(value)
                except AttributeError:
                    continue  # an empty slot
    fields.update((name, item) for name, item in _own_dict(value, mro).items() if not name.startswith("__"))
    return list(fields.items())


def _own_dict(value: Any, mro: Mro) -> dict[str, Any]:
    """An object's `__dict__`, copied in one operation, through the interpreter's own descriptor."""
    for base in mro:
        descriptor = _TYPE["__dict__"].__get__(base).get("__dict__")
        if type(descriptor) is types.GetSetDescriptorType and base is not type:
            found = descriptor.__get__(value)
            return {key: item for key, item in dict.copy(found).items() if type(key) is str}
    return {}


def _size(value: Any, kind: type) -> int:
    for base in (list, tuple, dict, set, frozenset, deque):
        if issubclass(kind, base):
            return base.__len__(value)
    return 1
