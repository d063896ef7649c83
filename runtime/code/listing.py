"""Which modules the node runs, which files are newer, and who still runs old code. Safe from any thread."""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (behaviours of any kind)

from __future__ import annotations

import hashlib
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

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

__all__ = ["Tally", "code_of", "every_module", "is_stale", "look_again", "mark_of", "old_code"]

_OWN: Final = frozenset({"runtime", "tracing"})
_LOOKED: dict[str, tuple[float, bool]] = {}


class Tally:
    """How many processes run the current, and an older, version of each module: one pass over the table.

    What a process runs is looked at once for each behaviour, since a million processes share a few.

    Args:
        pages: the processes, some at a time.
        listed: how many of those on old code are told one by one.
    """

    def __init__(self, pages: Iterable[list[Process]], listed: int = 0) -> None:
        self.current: Final[dict[str, int]] = {}
        self.old: Final[dict[str, int]] = {}
        self.on_old: Final[list[OldCode]] = []
        self._known: Final[dict[int, tuple[str, bool, Any]]] = {}
        for page in pages:
            behaviours = list(map(behaviour_of, page))
            numbers = list(map(id, behaviours))
            for number, behaviour in dict(zip(numbers, behaviours, strict=True)).items():
                if number not in self._known:
                    self._known[number] = (_foreign(behaviour), _is_old(behaviour), behaviour)
            for number, count in Counter(numbers).items():
                self._count(number, count)
            if len(self.on_old) < listed and any(self._known[number][1] for number in numbers):
                found = zip(page, behaviours, numbers, strict=True)
                self.on_old.extend(
                    _old(process, kind) for process, kind, number in found if self._known[number][1]
                )
        del self.on_old[listed:]
        self._known.clear()  # an old class is not to live on for it

    def _count(self, number: int, count: int) -> None:
        name, is_old, _ = self._known[number]
        if name:
            self.current.setdefault(name, 0)
            which = self.old if is_old else self.current
            which[name] = which.get(name, 0) + count


def _foreign(behaviour: Any) -> str:
    """The module of a behaviour; empty for the runtime's own."""
    name = getattr(behaviour, "__module__", None)
    return name if isinstance(name, str) and name.partition(".")[0] not in _OWN else ""


def every_module(tally: Tally, previous: dict[str, str]) -> tuple[ModuleInfo, ...]:
    """The modules of behaviours that run, and those with an earlier version to go back to."""
    names = sorted({*tally.current, *previous} & {*sys.modules})
    return tuple(
        _module(name, tally.current.get(name, 0), tally.old.get(name, 0), previous.get(name))
        for name in names
    )


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


def mark_of(process: Process) -> Literal["stale", "old"] | None:
    """What is to be said of a process's code: that it is older than what is in place, or than the file on disk. A few microseconds."""
    behaviour = behaviour_of(process)
    name = _foreign(behaviour)
    if not name:
        return None
    if _is_old(behaviour):
        return "old"
    return "stale" if is_stale(name) else None


def code_of(process: Process) -> tuple[OldCode, str] | None:
    """The code of a process, and the version that is in place; `why` is empty where it is the same. None for the runtime's own."""
    behaviour = behaviour_of(process)
    name = _foreign(behaviour)
    if not name or name not in sys.modules:
        return None
    found, current = _old(process, behaviour), versions.of(name).name
    return (found, current) if _is_old(behaviour) else (replace(found, version=current, why=""), current)


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
    name, qualname = _foreign(behaviour), getattr(behaviour, "__qualname__", "")
    if not name or not qualname or "<locals>" in qualname:
        return False
    running = versions.upgraded(name)
    return running is not None and named(running.module, qualname) is not behaviour
