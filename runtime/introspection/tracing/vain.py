"""Why a session may never take anything, or a trigger keep anything: a pattern that is right, of what is not there.

It is told as far as it is sure when the session opens, or the trigger is set.
Names that nobody has are told apart from these (`TraceSession.nobody`). That nothing is said does not mean that something will come.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from itertools import islice
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from tracing.functions.finding import found
from tracing.functions.sites import parameters
from tracing.pattern import PatternError, classes, never_there
from tracing.pattern.scope import scope

from ..atoms import entry
from ..lookup import pid_text
from ..pace import breathe
from ..text import clean

if TYPE_CHECKING:
    from runtime.node import Node
    from runtime.process import Process
    from tracing.pattern import Pattern
    from tracing.pattern.tree import Whom

__all__ = ["in_vain", "nobody"]

PAGES: Final = 400
"""Parts of the table that are looked at, of some hundred processes each; in a larger one nothing is said of behaviours."""

_SPACE: Final = vars(ModuleType)["__dict__"]
_NAMESPACE: Final = vars(type)["__dict__"]


def in_vain(node: Node, pattern: Pattern) -> list[str]:
    """Sentences; none where nothing is known to be wrong."""
    found = (*_whom(node, pattern), *_functions(pattern), *_condition(pattern), *_classes(pattern))
    return [clean(text, 500) for text in found]


def nobody(node: Node, pattern: Pattern) -> list[str]:
    """The names of a pattern that nobody has now."""
    return [
        clean(one.name)
        for one in pattern.whom
        if one.form in {"name", "under"} and one.name and _named(node, one.name) is None
    ]


def _whom(node: Node, pattern: Pattern) -> Iterator[str]:
    for one in pattern.whom:
        if one.form == "behaviour" and _runs(node, one) is False:
            yield f"no process runs {one.name} now (see `observer ps`); who does counts from then on"
        elif one.form in {"pid", "under"} and one.number and node.table.get(one.number) is None:
            yield f"no process is {pid_text(one.number)} now (see `observer ps`)"
        elif pattern.functions and one.form in {"pid", "name"}:
            process = node.table.get(one.number) if one.number else _named(node, one.name)
            if process is not None and (process.far or process.place == "isolated"):
                who = one.name or pid_text(one.number)
                yield f"{who} lives in another OS process, and functions are traced in the node's own only"


def _named(node: Node, name: str) -> Process | None:
    return node.registry.find(name)


def _runs(node: Node, whom: Whom) -> bool | None:
    """Whether a process has this behaviour; None where there are too many to look at."""
    fits = scope((whom,), lambda _: None, 0.0)
    pages = node.table.slices()
    for page in islice(pages, PAGES):
        if fits is None or any(map(fits, page)):
            return True
        breathe()
    return False if next(pages, None) is None else None


def _functions(pattern: Pattern) -> Iterator[str]:
    for function in pattern.functions:
        if function.arity is None:
            continue
        try:
            counts = {len(parameters(target.function.__code__)) for target in found(pattern, function)}
        except PatternError:  # newer code has come into place meanwhile
            continue
        if counts and function.arity not in counts:
            have = " or ".join(map(str, sorted(counts)))
            yield (
                f"no call of {function.text} fits: it has {have} parameters (self, *rest and **more among them), "
                f"and the pattern asks for {function.arity}"
            )


def _condition(pattern: Pattern) -> Iterator[str]:
    for root, kinds in never_there(pattern).items():
        yield f"the condition never holds: events of these kinds have no {root}; these have: {', '.join(kinds)}"


def _classes(pattern: Pattern) -> Iterator[str]:
    for one in classes(pattern.condition):
        space: Any = sys.modules.get(one.module)
        if not issubclass(type(space), ModuleType):
            yield f"no module {one.module} is loaded in the node now, so nothing is a {one.name} of it"
        elif not _has_class(_SPACE.__get__(space), one.name.split(".")):
            yield f"{one.module} has no class {one.name} now"


def _has_class(space: Mapping[str, Any], names: list[str]) -> bool:
    """Whether a class stands there, by its qualified name; no code of the module runs."""
    for name in names:
        found = entry(space, name)
        if not issubclass(type(found), type):
            return False
        space = _NAMESPACE.__get__(found)
    return True
