"""Which source each module runs, and whether the file on disk is another.

The source is noted while a module that defines a `Server` is imported (`seen`), and then also read of the modules of the same package
from which it has functions, classes, or the module itself. Of every other module it is read when it is first asked for. These may have
been edited since they were imported, so what was read counts only if the module's functions are those of the file.

One table for the interpreter, since there is one `sys.modules`.
"""

from __future__ import annotations

import sys
import time
import weakref
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final

from ..errors import CodeError
from .source import Source, path_of, read, runs

__all__ = [
    "UNKNOWN",
    "Running",
    "known",
    "newest",
    "of",
    "put",
    "seen",
    "started",
    "supersede",
    "superseded",
    "unseen",
    "upgraded",
]

UNKNOWN: Final = "unknown"
"""The version of a module whose file was changed before anybody looked, and that declares none."""


class Running:
    """The version of a module that is in place.

    Attributes:
        module: the module object.
        source: what it was executed from; None where that is not known.
        loaded_at: when an upgrade put it in place, in seconds since the epoch; None if an import did.
    """

    def __init__(self, module: ModuleType, source: Source | None, loaded_at: float | None = None) -> None:
        self.module: Final = module
        self.source: Final = source
        self.loaded_at: Final = loaded_at
        self._spec: Final = module.__spec__
        if source is not None and self._spec is not None and self._spec.loader_state is None:
            self._spec.loader_state = source.hash  # what functions of an older version can be told by

    @property
    def declared(self) -> str | None:
        """The version that it says it is."""
        version: Any = vars(self.module).get("__version__")
        return version if isinstance(version, str) and version else None

    @property
    def name(self) -> str:
        """What names this version: declared, or the hash of its source."""
        return self.declared or (self.source.hash if self.source is not None else UNKNOWN)

    @property
    def in_place(self) -> bool:
        """Whether the module is still the one that an import finds, and was not executed anew by somebody else."""
        return sys.modules.get(self.module.__name__) is self.module and self.module.__spec__ is self._spec


_running: Final[dict[str, Running]] = {}
_superseded: Final[weakref.WeakKeyDictionary[Any, Any]] = weakref.WeakKeyDictionary()
_beside: Final[dict[str, tuple[ModuleType, Source]]] = {}
"""Sources of modules that define no server, as they were read beside one that does."""
_unseen = False


def seen(name: str) -> None:
    """A `Server` class of the module `name` is being made: note the source, while it is surely the one that is being executed."""
    module = sys.modules.get(name)
    entry = _running.get(name)
    if (
        _unseen
        or module is None
        or name == "__main__"
        or name.startswith("runtime.")
        or (entry is not None and entry.in_place)
    ):
        return
    path = path_of(module)
    if path is not None:
        try:
            _running[name] = Running(module, Source(name, path, Path(path).read_bytes()))
        except OSError:
            return  # it is looked at again when somebody asks
        _read_beside(module)


def _read_beside(module: ModuleType) -> None:
    """Keep the sources of what a module has imported of its own package by now: whoever asks may do so after an edit."""
    root = module.__name__.partition(".")[0]
    held: list[object] = list(vars(module).values())
    names = {item.__name__ if type(item) is ModuleType else _home(item) for item in held}
    for name in names:
        other = sys.modules.get(name) if name.partition(".")[0] == root and name not in _beside else None
        known = _running.get(name)
        if other is not None and (known is None or not known.in_place):
            with suppress(CodeError):
                _beside[name] = other, read(name, other)


def _home(item: object) -> str:
    """The module of a function or a class; empty for whatever else, which is not even looked at: it may be a proxy."""
    name: object = item.__module__ if type(item) is FunctionType or type(item) is type else None
    return name if type(name) is str else ""


@contextmanager
def unseen() -> Generator[None]:
    """While modules are executed aside, what they define is nothing that runs."""
    global _unseen  # noqa: PLW0603 - as `sys.modules` is one for the interpreter
    _unseen = True
    try:
        yield
    finally:
        _unseen = False


def of(name: str) -> Running:
    """The version of `name` that is in place.

    Raises:
        CodeError: there is no such module.
    """
    entry = _running.get(name)
    if entry is not None and entry.in_place:
        return entry
    module = sys.modules.get(name)
    if module is None:
        raise CodeError(f"no module {name} is loaded; loaded code is reloaded, and new code is imported")
    source = _source_of(name, module)
    entry = Running(module, source)
    if source is not None:
        _running[name] = entry
    return entry


def _source_of(name: str, module: ModuleType) -> Source | None:
    """What a module was executed from, as far as can be told."""
    known = _beside.pop(name, None)
    if known is not None and known[0] is module and runs(module, known[1]):
        return known[1]
    try:
        source = read(name, module)
    except CodeError:
        return None
    return source if runs(module, source) else None


def upgraded(name: str) -> Running | None:
    """The version that an upgrade has put in place; None if none has. Reads no file."""
    entry = _running.get(name)
    return entry if entry is not None and entry.loaded_at is not None and entry.in_place else None


def known() -> dict[str, Running]:
    """The versions that are in place, by module; of those that somebody has looked at."""
    return {name: running for name, running in list(_running.items()) if running.in_place}


def put(running: Running) -> None:
    """A version has been put in place."""
    _running[running.module.__name__] = running


def taken_over(module: ModuleType, source: Source | None) -> Running:
    """The version that an upgrade puts in place now."""
    return Running(module, source, time.time())


# --- what came in the place of what ------------------------------------------------------------------


def supersede(old: Any, new: Any) -> None:
    """Whoever starts `old` from now on starts `new`: specs that hosts hold name behaviours by the object."""
    _superseded.pop(new, None)
    _superseded[old] = weakref.ref(new)


def superseded() -> bool:
    """Whether anything has been."""
    return bool(_superseded)


def started(function: Any) -> Any:
    """The newest version of a function that a process is to run; its source is noted."""
    seen(getattr(function, "__module__", ""))
    return newest(function) if _superseded else function


def newest(behaviour: Any) -> Any:
    """What runs instead of `behaviour` now; itself, where nothing does."""
    try:
        follower = _superseded.get(behaviour)
    except TypeError:  # what cannot be hashed, or referred to weakly, was never superseded
        return behaviour
    while follower is not None:
        behaviour = follower() or behaviour
        follower = _superseded.get(behaviour)
    return behaviour
