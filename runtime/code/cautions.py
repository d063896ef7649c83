"""What no machinery can undo, or follow, and a plan therefore names."""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (it looks at values of any type)

from __future__ import annotations

import ast
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, Final

from ..messages import ATOMS
from ..server import Server
from .draft import definitions
from .records import Caution
from .schema import why_not
from .source import path_of

if TYPE_CHECKING:
    from ..process import Process
    from .draft import Draft

__all__ = ["Beside", "Outside", "of_sources"]

_LIBRARY: Final = str(Path(ast.__file__).parent)
_RUNTIME: Final = str(Path(__file__).parent.parent)
_LOOKED_AT: Final = 1000
"""Parts of a container of another module."""
_QUIET: Final = frozenset({
    "dataclass", "staticmethod", "classmethod", "property", "setter", "override", "final", "overload", "abstractmethod",
    "wraps", "contextmanager", "asynccontextmanager", "cached_property", "total_ordering", "unique", "restarts_on_upgrade",
    "field_validator", "model_validator", "runtime_checkable", "cache", "lru_cache", "singledispatch",
})  # fmt: skip
"""Decorators that keep nothing of what they decorate elsewhere."""


def of_sources(draft: Draft) -> Iterator[Caution]:
    """What executing the modules does, and what it does not carry over."""
    for name, source in draft.sources.items():
        if source is not None and not draft.back:
            yield from _side_effects(name, source.tree)
        yield from _state(draft, name)
        yield from _classes(draft, name)


def _side_effects(name: str, tree: ast.Module) -> Iterator[Caution]:
    for node in tree.body:
        match node:
            case ast.Expr(value=ast.Call() as call) | ast.Expr(value=ast.Await(value=ast.Call() as call)):
                yield Caution("side effect", name, f"line {node.lineno}: {ast.unparse(call):.80} runs again")
            case ast.For() | ast.While() | ast.With() | ast.Delete():
                yield Caution("side effect", name, f"line {node.lineno}: a statement that runs again")
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield from _decorators(name, node)
            case _:
                pass


def _decorators(name: str, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Iterator[Caution]:
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        word = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if word not in _QUIET:
            text = f"line {node.lineno}: @{ast.unparse(decorator):.60} gets {node.name} again, and may still keep the old one"
            yield Caution("registry", name, text)


def _state(draft: Draft, name: str) -> Iterator[Caution]:
    old, new = vars(draft.old[name].module), vars(draft.modules.of[name])
    for key, value in list(old.items()):
        if key.startswith("__") or key not in new or new[key] is value or type(value) in ATOMS:
            continue
        if isinstance(value, type | FunctionType | ModuleType | tuple | frozenset):
            continue
        size = f", and holds {len(value)}" if isinstance(value, list | dict | set | deque) else ""
        what = "is again what it was then" if draft.back else "starts anew"
        if size != ", and holds 0":
            yield Caution("module state", name, f"{key} ({type(value).__qualname__}{size}) {what}")


def _classes(draft: Draft, name: str) -> Iterator[Caution]:
    for old in definitions(draft.old[name].module):
        if not isinstance(old, type) or issubclass(old, Server):
            continue
        why = why_not(old, draft.new_of(old), drop=draft.back)
        if why is not None:
            text = f"{old.__qualname__}: {why}; what other modules, timers, tasks and pickles hold of it keeps the old form"
            yield Caution("messages", name, text)


class Beside:
    """What runs beside the processes concerned, and goes on with the old code."""

    def __init__(self) -> None:
        self._tasks = self._timers = 0

    def look(self, process: Process) -> None:
        """Look at a process."""
        if process.extra is not None:
            self._tasks += len(process.extra.tasks or ())
            self._timers += len(process.extra.timers or ())

    def cautions(self) -> Iterator[Caution]:
        """What there is of it."""
        if self._tasks:
            yield Caution("tasks", f"{self._tasks} running", "tasks of `self.task` finish on the old code")
        if self._timers:
            yield Caution(
                "timers", f"{self._timers} running", "the messages of timers keep the classes they had"
            )


class Outside:
    """What modules outside of the transaction hold of it. Looked at one module at a time.

    Attributes:
        modules: names that are bound to an old module object: the module, and the name. They are bound anew.
        names: what was imported by name, which nobody follows: the module, and the names.
        cautions: about these.
    """

    def __init__(self, draft: Draft) -> None:
        self._draft: Final = draft
        self._objects: Final = {
            id(item): item for old in draft.old.values() for item in definitions(old.module)
        }
        self._modules: Final = {id(old.module): name for name, old in draft.old.items()}
        self._installed: Final = any(
            "site-packages" in (path_of(old.module) or "") for old in draft.old.values()
        )
        self.modules: Final[list[tuple[ModuleType, str, str]]] = []
        self.names: Final[dict[str, list[str]]] = {}
        self.cautions: Final[list[Caution]] = []

    def __iter__(self) -> Iterator[None]:
        """Look at one module after the other."""
        for name, module in list(sys.modules.items()):
            if name not in self._draft.modules.of and not self._is_library(module):
                self._look(name, module)
                yield
        for name, found in self.names.items():
            text = f"{', '.join(sorted(found)[:8])}; it keeps the old ones. Plan it as well (dependants=True), or import the module"
            self.cautions.append(Caution("import", name, text))

    def _is_library(self, module: ModuleType) -> bool:
        """Whether it is none that could know of these: no library imports the agents that use it."""
        file: Any = vars(module).get("__file__")
        if not isinstance(file, str):
            return module.__name__ != "__main__"
        if "site-packages" in file:
            return not self._installed
        return file.startswith((_LIBRARY, _RUNTIME))

    def _look(self, name: str, module: ModuleType) -> None:
        for key, value in list(vars(module).items()):
            number = id(value)
            if number in self._modules:
                self.modules.append((module, key, self._modules[number]))
            elif number in self._objects:
                self.names.setdefault(name, []).append(key)
                if isinstance(value, type) and issubclass(value, BaseException):
                    self.cautions.append(
                        Caution("except", name, f"`except {key}` does not catch what the new code raises")
                    )
            elif type(value) in {dict, list, set, tuple}:
                self._look_into(name, key, value)
            elif isinstance(value, type) and value.__module__ == name:
                bases = [base.__qualname__ for base in value.__mro__[1:] if id(base) in self._objects]
                if bases:
                    self.names.setdefault(name, []).append(f"{key}({bases[0]})")

    def _look_into(self, name: str, key: str, value: Any) -> None:
        try:
            parts = list(value.values() if type(value) is dict else value)[:_LOOKED_AT]
        except RuntimeError:  # it changes; another thread is at work
            return
        held = [self._objects[id(part)].__qualname__ for part in parts if id(part) in self._objects]
        if held:
            self.cautions.append(
                Caution("registry", name, f"{key} holds {', '.join(held[:5])}, as they were")
            )

    def rebind(self) -> None:
        """Let names that are bound to old module objects mean the new ones."""
        for module, key, name in self.modules:
            if vars(module).get(key) is self._draft.old[name].module:
                setattr(module, key, self._draft.modules.of[name])
