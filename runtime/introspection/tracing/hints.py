"""A pattern while it is being typed: what is wrong with it, why it would be refused, and what could come next on this node."""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownLambdaType=false
# (it looks into classes and modules of any kind)

from __future__ import annotations

import sys
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from runtime.port.contract import CheckPattern, PatternCheck
from tracing.pattern import PatternError, complete, parse, trigger_dangers
from tracing.tap import Refused
from tracing.triggers import read_trigger

from ..lookup import behaviour_text
from ..pace import breathe, settled
from ..passes import Passes
from ..shapes import class_attribute
from ..text import clean

if TYPE_CHECKING:
    from runtime.node import Node

__all__ = ["Hints"]

NAMES: Final = 10_000
"""Names of processes among which words are looked for."""
PARTS: Final = 2_000
"""Names of one module, and of one class."""
_OWN: Final = frozenset({"runtime", "tracing", "tui"})
_FUNCTIONS: Final = (types.FunctionType, staticmethod, classmethod)
_NAMESPACE: Final = vars(type)["__dict__"]
_MODULE_NAMESPACE: Final = vars(types.ModuleType)["__dict__"]


@dataclass(frozen=True, slots=True)
class _Told:
    """What the processes of a node tell by their classes: names only, since old classes are not to live on for it."""

    behaviours: frozenset[str]
    classes: frozenset[str]
    fields: frozenset[str]


class Hints:
    """Looks at patterns. For the threads of the port."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._passes: Passes[_Told] = Passes()

    def checked(self, request: CheckPattern) -> PatternCheck:
        """What is wrong with a pattern, or what could come next. Never fails."""
        text = request.pattern
        if request.trigger:
            return _trigger(text)
        column = len(text) if request.column is None else min(request.column - 1, len(text))
        found = complete(text[:column], _Known(self._node, self._passes))
        words = [clean(word, 200) for word in found.words if word.isprintable()]
        try:
            why = self._node.scheduler.listening.tap.dangers(parse(text))
        except Refused as refused:
            why = [str(refused)]
        except PatternError as error:
            return _wrong(error).model_copy(update={"words": words, "start": found.start})
        return PatternCheck(legal=list(found.legal), words=words, start=found.start, dangers=why)


def _trigger(text: str) -> PatternCheck:
    try:
        return PatternCheck(dangers=trigger_dangers(read_trigger(text).pattern))
    except PatternError as error:
        return _wrong(error)


def _wrong(error: PatternError) -> PatternCheck:
    return PatternCheck(
        problem=clean(error.problem), column=error.column, legal=[clean(each) for each in error.legal]
    )


class _Known:
    """What a node knows by name, found without running code of the user's."""

    def __init__(self, node: Node, passes: Passes[_Told]) -> None:
        self._node = node
        self._passes = passes

    def names(self) -> Iterable[str]:
        return settled(lambda: self._node.registry.some(NAMES))

    def behaviours(self) -> Iterable[str]:
        return self._told().behaviours

    def modules(self) -> Iterable[str]:
        return [
            name
            for name in settled(lambda: list(sys.modules))
            if (not name.startswith("_") or name == "__main__")
            and name.partition(".")[0] not in _OWN | sys.stdlib_module_names
        ]

    def functions(self, module: str) -> Iterable[str]:
        found: Any = sys.modules.get(module)
        if not issubclass(type(found), types.ModuleType):
            return
        for name, value in _own(_MODULE_NAMESPACE.__get__(found), module):
            if type(value) is types.FunctionType:
                yield name
            else:
                yield from _methods(name, value)

    def classes(self) -> Iterable[str]:
        return self._told().classes

    def fields(self) -> Iterable[str]:
        return self._told().fields

    def _told(self) -> _Told:
        return self._passes.get("", None, self._look)[0]

    def _look(self) -> _Told:
        """A pass over the table."""
        kinds: set[type] = set()
        behaviours: set[str] = set()
        for page in self._node.table.slices():
            kinds.update(type(process.handle) for process in page)
            behaviours.update(process.behaviour for process in page)
            breathe()
        messages = {message for kind in kinds for message in _accepted(kind)}
        return _Told(
            frozenset(behaviour_text(each) for each in behaviours if not each.startswith("runtime.")),
            frozenset(_class_text(message) for message in messages),
            frozenset(field for message in messages for field in _fields(message)),
        )


def _accepted(behaviour: type) -> Iterator[type]:
    """Classes of messages that a behaviour declares."""
    accepts = class_attribute(behaviour, "accepts")
    if type(accepts) is tuple:
        yield from (each for each in accepts if issubclass(type(each), type))


def _fields(message: type) -> Iterator[str]:
    for name in ("__dataclass_fields__", "__pydantic_fields__"):
        fields = class_attribute(message, name)
        if type(fields) is dict:
            yield from (field for field in fields if type(field) is str)


def _class_text(kind: type) -> str:
    return f"{_text(kind, '__module__')}:{_text(kind, '__qualname__')}"


def _text(kind: type, name: str) -> str:
    value = (
        class_attribute(kind, name) if name == "__module__" else type.__dict__["__qualname__"].__get__(kind)
    )
    return value if type(value) is str else ""


def _own(namespace: dict[Any, Any], module: str) -> Iterator[tuple[str, Any]]:
    """Functions and classes that are made in a module, by name."""
    for name, value in settled(lambda: list(islice(namespace.items(), PARTS))):
        if type(name) is not str:
            continue
        if type(value) is types.FunctionType:
            if value.__module__ == module:
                yield name, value
        elif issubclass(type(value), type) and _text(value, "__module__") == module:
            yield name, value


def _methods(name: str, kind: type) -> Iterator[str]:
    namespace = _NAMESPACE.__get__(kind)
    for method, value in settled(lambda: list(islice(namespace.items(), PARTS))):
        if type(method) is str and type(value) in _FUNCTIONS and not method.startswith("__"):
            yield f"{name}.{method}"
