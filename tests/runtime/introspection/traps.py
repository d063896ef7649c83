"""User code that must not run, and how a value is shown."""

from __future__ import annotations

import json

from runtime.introspection.values import Limits, walk

ran: list[str] = []
"""What user code has run."""


def show(value, **limits):
    """The value as it is shown, having been through JSON."""
    return json.loads(json.dumps(walk(value, Limits(**limits)).value, allow_nan=False))


def trap(name):
    def method(*_args, **_kwargs):
        ran.append(name)
        raise RuntimeError(name)

    return method


TRAPS = {
    name: trap(name)
    for name in (
        "__repr__", "__str__", "__format__", "__len__", "__iter__", "__getitem__", "__contains__", "__eq__", "__bool__",
        "__index__", "__int__", "__float__", "__lt__", "__reduce_ex__", "__getattribute__", "__getattr__", "__dir__",
        "__sizeof__", "__call__", "__instancecheck__", "__subclasscheck__", "__missing__", "keys", "items", "values",
        "get", "copy", "__reversed__", "__add__", "__mod__", "__length_hint__", "__fspath__", "__copy__", "__deepcopy__",
        "isoformat", "utcoffset", "year", "hex", "as_tuple", "tolist", "startswith", "lower", "encode", "model_dump",
    )
}  # fmt: skip
HASH = {"__hash__": trap("__hash__")}


class Evil(type):
    """A metaclass that must never be asked."""

    armed = False

    def __getattribute__(cls, name):
        if Evil.armed:
            ran.append(f"metaclass {name}")
        return super().__getattribute__(name)

    def __eq__(cls, other):
        ran.append("metaclass __eq__")
        return True

    def __hash__(cls):
        if Evil.armed:
            ran.append("metaclass __hash__")
        return super().__hash__()

    def __instancecheck__(cls, instance):
        ran.append("metaclass __instancecheck__")
        return True

    def __subclasscheck__(cls, subclass):
        ran.append("metaclass __subclasscheck__")
        return True

    def __repr__(cls):
        ran.append("metaclass __repr__")
        return "?"


def evil_class(name, *bases, **namespace):
    return type(name, bases, {**TRAPS, **namespace})
