"""Which modules the node runs, which files are newer, and who still runs old code. Safe from any thread."""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (behaviours of any kind)

from __future__ import annotations

import hashlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..coroutine import CoroutineProcess
from ..errors import CodeError
from ..pid import pid_text
from . import versions
from .affected import behaviour_of, is_far
from .records import ModuleInfo, OldCode
from .source import HASH, path_of
from .translation import named

if TYPE_CHECKING:
    from ..node import Node
    from ..process import Process

__all__ = ["every_module", "is_stale", "look_again", "old_code"]

_OWN: Final = frozenset({"runtime", "tracing"})
_LOOKED: dict[str, tuple[float, bool]] = {}


def every_module(node: Node, previous: dict[str, str]) -> tuple[ModuleInfo, ...]:
    """The modules of behaviours that run, and those with an earlier version to go back to."""
    current: dict[str, int] = {}
    old: dict[str, int] = {}
    for process in node.table:
        behaviour = behaviour_of(process)
        name = getattr(behaviour, "__module__", None)
        if not isinstance(name, str) or name.partition(".")[0] in _OWN:
            continue
        current.setdefault(name, 0)
        which = old if _is_old(behaviour) else current
        which[name] = which.get(name, 0) + 1
    names = sorted({*current, *old, *previous} & {*sys.modules})
    return tuple(_module(name, current.get(name, 0), old.get(name, 0), previous.get(name)) for name in names)


def _module(name: str, processes: int, on_old: int, previous: str | None) -> ModuleInfo:
    running = versions.of(name)
    path = path_of(running.module) or ""
    on_disk = _hash(path)
    known = running.source.hash if running.source is not None else None
    return ModuleInfo(
        module=name,
        version=running.name,
        hash=known,
        declared=running.declared is not None,
        path=path,
        on_disk=on_disk,
        stale=bool(path) and on_disk != known,
        processes=processes,
        on_old=on_old,
        previous=previous,
        loaded_at=running.loaded_at,
    )


def _hash(path: str) -> str | None:
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:HASH] if path else None
    except OSError:
        return None


def is_stale(name: str) -> bool:
    """Whether the file differs from what runs; as of a second ago at most."""
    at, known = _LOOKED.get(name, (0.0, False))
    now = time.monotonic()
    if now - at < 1.0:
        return known
    try:
        stale = name.partition(".")[0] not in _OWN and name != "__main__" and _module(name, 0, 0, None).stale
    except CodeError:
        stale = False
    _LOOKED[name] = (now, stale)
    return stale


def look_again(name: str) -> None:
    """What is known of the staleness of a module is out of date."""
    _LOOKED.pop(name, None)


def old_code(node: Node) -> tuple[OldCode, ...]:
    """The processes whose behaviour is not the one that is in place under its name."""
    return tuple(
        _old(process, behaviour_of(process)) for process in node.table if _is_old(behaviour_of(process))
    )


def _old(process: Process, behaviour: Any) -> OldCode:
    why = "it keeps the old code until it ends"
    if is_far(process):
        why = "it gets the new code at its next receive in its OS process if it has called continue_with, else when it ends"
    elif isinstance(process, CoroutineProcess):
        if process.newer is not None:
            why = "it gets the new code at its next receive"
        elif process.again is None:
            why = "it has not called continue_with, and keeps the old code until it ends"
    return OldCode(
        pid=pid_text(process.number),
        name=process.name,
        behaviour=process.behaviour,
        module=behaviour.__module__,
        version=_version(behaviour),
        why=why,
    )


def _version(behaviour: Any) -> str:
    """The version of the code that a class or a function is of."""
    space: Any = getattr(behaviour, "__globals__", None)
    if space is None:
        functions = (getattr(item, "__globals__", None) for item in vars(behaviour).values())
        space = next((found for found in functions if found is not None), {})
    spec = space.get("__spec__")
    return str(space.get("__version__") or getattr(spec, "loader_state", None) or versions.UNKNOWN)


def _is_old(behaviour: Any) -> bool:
    name, qualname = getattr(behaviour, "__module__", None), getattr(behaviour, "__qualname__", "")
    if not isinstance(name, str) or "<locals>" in qualname or name.partition(".")[0] in _OWN:
        return False
    try:
        module = versions.of(name).module
    except CodeError:
        return False
    return named(module, qualname) is not behaviour and versions.of(name).loaded_at is not None
