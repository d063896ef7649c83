"""One transaction's view of two versions of some modules: what runs, and what would.

A draft stands behind a `Plan`. It holds the module objects of both, so it is kept only as long as it may be applied or undone.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any, Final, Literal

from .sealed import Modules
from .source import Source
from .translation import Translation, named
from .versions import Running

__all__ = ["Draft"]


class Draft:
    """Old and new versions of some modules.

    Attributes:
        id: of its plan.
        kind: `upgrade` or `rollback`.
        asked: the modules that were named; the others are dependants.
        old: what runs, by module name.
        sources: of the new versions; None where that is not known.
        modules: the new ones.
        translation: from the old ones, and any older, to the new ones.
    """

    def __init__(
        self,
        id: str,  # noqa: A002 - as in the plan
        kind: Literal["upgrade", "rollback"],
        asked: tuple[str, ...],
        old: dict[str, Running],
        sources: dict[str, Source | None],
        modules: Modules,
    ) -> None:
        self.id: Final = id
        self.kind: Final[Literal["upgrade", "rollback"]] = kind
        self.asked: Final = asked
        self.old: Final = old
        self.sources: Final = sources
        self.modules: Final = modules
        self.translation: Final = Translation(modules.of, drop=kind == "rollback")
        self.new: Final = {name: Running(module, sources[name]) for name, module in modules.of.items()}

    @property
    def back(self) -> bool:
        """Whether it goes back to an older version."""
        return self.kind == "rollback"

    def new_of(self, behaviour: Any) -> Any:
        """The counterpart of a class or a function of these modules; None if the new code has none."""
        return named(self.modules.of.get(behaviour.__module__), behaviour.__qualname__)

    def concerns(self, behaviour: Any) -> bool:
        """Whether a class or a function belongs to an older version of these modules."""
        return behaviour.__module__ in self.modules.of and self.new_of(behaviour) is not behaviour

    def replaces(self, behaviour: Any) -> bool:
        """Whether a class, or one that it inherits from, belongs to these modules, in whatever version."""
        return any(base.__module__ in self.modules.of for base in behaviour.__mro__)

    def pairs(self) -> Iterator[tuple[Any, Any]]:
        """Each class and function that is replaced, and by what; None for nothing."""
        for name, running in self.old.items():
            for item in definitions(running.module):
                new = named(self.modules.of[name], item.__qualname__)
                if new is not item:
                    yield item, new


def definitions(module: ModuleType) -> Iterator[Any]:
    """The classes and functions that a module defines, those inside of classes too."""
    seen: set[int] = set()

    def inside(space: dict[str, Any]) -> Iterator[Any]:
        for item in list(space.values()):
            if not isinstance(item, type | FunctionType) or id(item) in seen:
                continue
            if item.__module__ != module.__name__ or "<locals>" in item.__qualname__:
                continue
            seen.add(id(item))
            yield item
            if isinstance(item, type):
                yield from inside(dict(vars(item)))

    yield from inside(vars(module))
