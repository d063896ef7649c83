"""From what a pattern calls a function to the live function.

    bank:pay                 a function of the module
    bank:Account.pay         a method, of the class or inherited; static and class methods too
    bank:Account.balance     a property: its getter (of a cached one, the function)
    bank:*                   every function and method that is defined in the module

What is decorated with `functools.wraps` or `cache` is followed to the function that was decorated: the answer of a cache is no call of it.
An inherited method is the base's: it is traced wherever it is called. `*` leaves out what a class has been given by a
generator (`dataclass`) and the methods that the interpreter calls in the middle of others' work (`__eq__`, `__hash__` …).

Only modules that are loaded are looked into; nothing is imported, and no code of theirs runs: no `__getattr__`, no property.
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (it looks at values of any type)

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import FunctionType, MethodType, ModuleType
from typing import Any, Final, NoReturn

from ..pattern.dangers import AT_ANY_TIME
from ..pattern.errors import PatternError
from ..pattern.tree import Function, Pattern

__all__ = ["Target", "found"]

MOST: Final = 1000
"""Functions of one `*`."""
NEAR: Final = 5
"""Names that are told in the place of a wrong one; of those that are not like it, so many functions and so many methods."""
_ITSELF: Final = "tracing"
_MISSING: Final[Any] = object()
_MRO: Final = vars(type)["__mro__"]
_NAMESPACE: Final = vars(type)["__dict__"]
_QUALNAME: Final = vars(type)["__qualname__"]
_INSIDE: Final[Mapping[type, str]] = {
    staticmethod: "__func__",
    classmethod: "__func__",
    MethodType: "__func__",
    property: "fget",
    functools.cached_property: "func",
    functools.partial: "func",
    functools.partialmethod: "func",
    functools.singledispatchmethod: "func",
    type(functools.cache(len)): "__wrapped__",
}
"""What holds a function, and where."""
_DEEPEST: Final = 50


@dataclass(frozen=True, slots=True)
class Target:
    """A function that a pattern means.

    Attributes:
        function: the live one.
        text: as the pattern calls it; its events are called the same.
        wanted: the part of the pattern.
    """

    function: FunctionType
    text: str
    wanted: Function

    @property
    def home(self) -> str:
        """The module that it is defined in."""
        return str(self.function.__module__)


def found(pattern: Pattern, wanted: Function) -> list[Target]:
    """The functions that a part of a pattern means.

    Raises:
        PatternError: there is no such function, it has no code of Python, or it is one of those that trace.
    """
    module = sys.modules.get(wanted.module)
    if not isinstance(module, ModuleType):
        _no_module(pattern, wanted)
    if wanted.name == "*":
        every = [
            Target(function, f"{wanted.module}:{name}", wanted)
            for name, function in _all(wanted.module, vars(module), "")
        ]
        if not every:
            _wrong(pattern, wanted, f"{wanted.module} defines no function", "MODULE:FUNCTION")
        if len(every) > MOST:
            _wrong(pattern, wanted, f"{wanted.text} is {len(every)} functions", f"{MOST} functions at most")
    else:
        value = _named(pattern, wanted, module)
        function = _function(value)
        if function is None:
            _no_function(pattern, wanted, value)
        every = [Target(function, wanted.text, wanted)]
    for target in every:
        if target.home.partition(".")[0] == _ITSELF:
            _wrong(
                pattern,
                wanted,
                f"{target.home}:{target.function.__qualname__} is what traces",
                "a function of your own",
            )
    return every


# --- by name --------------------------------------------------------------------------------------------


def _named(pattern: Pattern, wanted: Function, module: ModuleType) -> Any:
    value: Any = module
    before = wanted.module
    names = wanted.name.split(".")
    for place, name in enumerate(names):
        part = _part(value, name)
        if part is _MISSING:
            _no_part(pattern, wanted, value, before, names[place:])
        before = f"{before}{':' if value is module else '.'}{name}"
        value = part
    return value


def _part(value: Any, name: str) -> Any:
    for space in _spaces(value):
        if name in space:
            return space[name]
    return _MISSING


def _spaces(value: Any) -> Iterator[Mapping[str, Any]]:
    """The namespaces of a module or a class, in the order in which names are looked up."""
    if isinstance(value, ModuleType):
        yield vars(value)
    elif isinstance(value, type):
        for base in _MRO.__get__(value):
            yield _NAMESPACE.__get__(base)


def _function(value: Any) -> FunctionType | None:
    """The function inside a value; None where there is none with code of Python."""
    last: FunctionType | None = None
    for _ in range(_DEEPEST):
        if type(value) is FunctionType:
            last = value
            value = value.__dict__.get("__wrapped__")
            continue
        held = next(((kind, where) for kind, where in _INSIDE.items() if isinstance(value, kind)), None)
        if held is None:
            break
        kind, where = held
        slot = vars(kind).get(where)
        value = slot.__get__(value) if slot is not None else value.__dict__.get(where)
    return last


def _all(module: str, space: Mapping[str, Any], before: str) -> Iterator[tuple[str, FunctionType]]:
    """The functions that are defined in a namespace of a module, and in the classes there."""
    for name, value in list(space.items()):
        if name in AT_ANY_TIME:
            continue
        if isinstance(value, type):
            own = _NAMESPACE.__get__(value)
            if own.get("__module__") == module and _QUALNAME.__get__(value) == f"{before}{name}":
                yield from _all(module, own, f"{before}{name}.")
            continue
        function = _function(value)
        if function is None or function.__module__ != module or function.__code__.co_filename == "<string>":
            continue
        if function.__qualname__ == f"{before}{name}":  # else it is there under another name too
            yield f"{before}{name}", function


# --- what is wrong --------------------------------------------------------------------------------------


def _wrong(pattern: Pattern, wanted: Function, problem: str, *legal: str) -> NoReturn:
    raise PatternError(pattern.text, wanted.column, problem, legal)


def _no_module(pattern: Pattern, wanted: Function) -> NoReturn:
    modules = dict(sys.modules)
    loaded = [name for name in modules if name]
    near = (
        get_close_matches(wanted.module, loaded, 5)
        or [name for name in loaded if name.rpartition(".")[2] == wanted.module.rpartition(".")[2]][:5]
    )
    first = wanted.name.partition(".")[0]
    fit = [
        f"{name}:{wanted.name}"
        for name in near
        if first == "*" or _part(modules[name], first) is not _MISSING
    ]
    _wrong(
        pattern, wanted, f"no module {wanted.module!r} is loaded here",
        *(fit or (f"{name}:*" for name in near)), "a module that the node has imported",
    )  # fmt: skip


def _no_part(pattern: Pattern, wanted: Function, value: Any, before: str, rest: list[str]) -> NoReturn:
    name = rest[0]
    if isinstance(value, FunctionType):
        _wrong(
            pattern, wanted, f"{name!r} is made anew in each call of {before}, and has no name of its own",
            before, f"{wanted.module}:*",
        )  # fmt: skip
    names = [each for space in _spaces(value) for each in space if not each.startswith("__")]
    callables = [each for each in dict.fromkeys(names) if _function(_part(value, each)) is not None]
    methods = (
        [each for each, _ in _all(before, vars(value), "") if "." in each]
        if isinstance(value, ModuleType)
        else []
    )
    near = _near(rest, callables + methods) or callables[:NEAR] + methods[:NEAR]
    sign = ":" if isinstance(value, ModuleType) else "."
    what = "" if isinstance(value, ModuleType | type) else ", which is no module and no class"
    _wrong(
        pattern, wanted, f"{before} has no {name!r}{what}",
        *(f"{before}{sign}{each}" for each in near), f"{wanted.module}:*",
    )  # fmt: skip


def _near(rest: list[str], names: list[str]) -> list[str]:
    """The names that are like what is left of a wanted one, as a whole or in its last part."""
    near = get_close_matches(".".join(rest), names, NEAR)
    last = {name.rpartition(".")[2] for name in names}
    near += [
        each
        for part in get_close_matches(rest[-1], last, NEAR)
        for each in names
        if each.rpartition(".")[2] == part
    ]
    return list(dict.fromkeys(near))[: 2 * NEAR]


def _no_function(pattern: Pattern, wanted: Function, value: Any) -> NoReturn:
    if isinstance(value, type):
        _wrong(
            pattern, wanted, f"{wanted.text} is a class", f"{wanted.text}.__init__", f"{wanted.text}.METHOD"
        )
    if isinstance(value, ModuleType):
        _wrong(pattern, wanted, f"{wanted.text} is a module", f"{value.__name__}:FUNCTION")
    kind = type(value).__name__
    call = type(_part(type(value), "__call__")) is FunctionType
    if call:
        home = f"{type(value).__module__}:{type(value).__qualname__}.__call__"
        _wrong(pattern, wanted, f"{wanted.text} is an object of the class {kind}", home)
    if callable(value):
        _wrong(
            pattern, wanted, f"{wanted.text} is written in C ({kind}), and has no code to trace",
            "a function that is written in Python", "the function that calls it",
        )  # fmt: skip
    _wrong(pattern, wanted, f"{wanted.text} is no function ({kind})", f"{wanted.module}:FUNCTION")
