"""Executing modules aside: by the machinery of imports, against each other, and nobody sees them before they are put in place.

    execute(sources)    the old modules out of sys.modules, their import locks held
                        import each by name: a finder serves exactly these, from the sources given; so the import statements
                        themselves decide the order, and circular imports work as they always do
                        whatever happens: the old ones back, the parents' attributes too
    Modules.install()   the new ones in place

It is one stretch on the loop: nobody else there can see it, and other threads that import one of these modules wait.
"""

from __future__ import annotations

import importlib
import importlib.util
import linecache
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Final

from . import versions
from .source import Source

__all__ = ["Modules", "execute"]

_MISSING: Final[Any] = object()


class Modules:
    """Modules that belong together: one version of each.

    Attributes:
        of: by name, in the order in which they were executed.
        companions: modules that were imported by them for the first time.
        executed_s: how long it took.
    """

    def __init__(self, of: Mapping[str, ModuleType], companions: Mapping[str, ModuleType]) -> None:
        self.of: Final = dict(of)
        self.companions: Final = dict(companions)
        self.executed_s = 0.0

    def install(self) -> None:
        """Put them in place."""
        for name, module in (*self.companions.items(), *self.of.items()):
            if name in self.companions and name in sys.modules:
                continue
            sys.modules[name] = module
            parent, _, child = name.rpartition(".")
            if parent:
                holder = self.of.get(parent) or sys.modules.get(parent)
                if holder is not None:
                    setattr(holder, child, module)
        for module in self.of.values():
            linecache.checkcache(getattr(module, "__file__", None))


class _Loader(SourceFileLoader):
    """Executes a code object that is given to it: no file is read again, and no pyc at all."""

    def __init__(
        self, source: Source, children: Mapping[str, ModuleType], done: dict[str, ModuleType]
    ) -> None:
        super().__init__(source.module, source.path)
        self._source = source
        self._children = children
        self._done = done

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - it is the loader of one
        return self._source.code

    def exec_module(self, module: ModuleType) -> None:
        for name, child in self._children.items():  # what is loaded already is not bound again by an import
            setattr(module, name, child)
        super().exec_module(module)
        module.__loader__ = SourceFileLoader(self._source.module, self._source.path)
        if module.__spec__ is not None:
            module.__spec__.loader = module.__loader__
        self._done[self._source.module] = module


class _Finder(MetaPathFinder):
    """Finds the modules of one transaction, and no others."""

    def __init__(self, sources: Mapping[str, Source], old: Mapping[str, ModuleType]) -> None:
        self._sources = sources
        self._old = old
        self.done: dict[str, ModuleType] = {}

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the protocol's
        target: ModuleType | None = None,  # noqa: ARG002 - the protocol's
    ) -> ModuleSpec | None:
        source = self._sources.get(fullname)
        if source is None:
            return None
        where: Any = getattr(self._old[fullname], "__path__", None)
        children = _children(fullname, self._sources) if where is not None else {}
        return importlib.util.spec_from_file_location(
            fullname,
            source.path,
            loader=_Loader(source, children, self.done),
            submodule_search_locations=list(where) if where is not None else None,
        )


def _complete(modules: Mapping[str, ModuleType]) -> None:
    """Let models that wait for a class which stands below them find it now: later they would find the old one of its name."""
    for module in modules.values():
        for item in list(vars(module).values()):
            if getattr(item, "__pydantic_complete__", True) is False and item.__module__ == module.__name__:
                item.model_rebuild(raise_errors=False)


def _children(package: str, besides: Mapping[str, Any]) -> dict[str, ModuleType]:
    """The modules of a package that are loaded, and stay."""
    found: dict[str, ModuleType] = {}
    for name, module in list(sys.modules.items()):
        parent, _, child = name.rpartition(".")
        if parent == package and name not in besides:
            found[child] = module
    return found


def execute(sources: Mapping[str, Source]) -> Modules:
    """Execute `sources`, by module name, aside.

    Raises:
        BaseException: what a module raised. Everything is as it was before.
    """
    old = {name: sys.modules[name] for name in sources}
    attributes = _attributes(sources)
    before = dict(sys.modules)
    finder = _Finder(sources, old)
    began = time.perf_counter()
    importlib.invalidate_caches()
    with ExitStack() as locks:
        for name in sorted(sources):
            _lock(locks, name)
        for name in sources:
            del sys.modules[name]
        for holder, child, _ in attributes:  # else `from package import module` would find the old one
            vars(holder).pop(child, None)
        sys.meta_path.insert(0, finder)
        locks.enter_context(versions.unseen())
        try:
            for name in sorted(sources):
                importlib.import_module(name)
            _complete(finder.done)
            made = Modules(finder.done, _companions(before, sources))
        finally:
            sys.meta_path.remove(finder)
            for name in _companions(before, sources):
                sys.modules.pop(name, None)
            for name in sources:
                sys.modules.pop(name, None)
            sys.modules.update(old)
            _restore(attributes)
    made.executed_s = time.perf_counter() - began
    return made


def _lock(locks: ExitStack, name: str) -> None:
    """Hold a module's import lock. It is re-entrant, so the imports of this thread go on."""
    bootstrap: Any = vars(importlib)["_bootstrap"]
    locks.enter_context(bootstrap._ModuleLockManager(name))


def _attributes(names: Iterable[str]) -> list[tuple[ModuleType, str, Any]]:
    """What the packages of these modules have under their names."""
    found: list[tuple[ModuleType, str, Any]] = []
    for name in names:
        parent, _, child = name.rpartition(".")
        holder = sys.modules.get(parent) if parent else None
        if holder is not None:
            found.append((holder, child, vars(holder).get(child, _MISSING)))
    return found


def _restore(attributes: Iterable[tuple[ModuleType, str, Any]]) -> None:
    for holder, child, value in attributes:
        if value is not _MISSING:
            setattr(holder, child, value)
        elif hasattr(holder, child):
            delattr(holder, child)


def _companions(before: Mapping[str, Any], sources: Mapping[str, Source]) -> dict[str, ModuleType]:
    """Modules of the same folders that are new: a library may stay loaded, a module of the agents' own may not."""
    folders = {str(Path(source.path).parent) for source in sources.values()}
    found: dict[str, ModuleType] = {}
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if name in before or name in sources or not isinstance(path, str):
            continue
        parents = {str(parent) for parent in Path(path).parents}
        if folders & parents and "site-packages" not in path:
            found[name] = module
    return found
