"""How a process is met between two messages, at no cost while there is no upgrade: its class's handlers are shadowed by doors.

    runtime ── handle_cast ──> door ──┬─ TRACK ─> the old handler; then what it left is migrated, and kept as the process's move
                                      │           (a process that has to be held: its message goes back, and it is suspended)
                                      ├─ SWAP ──> the process is swapped, if nobody has yet; then the new handler
                                      └─ OVER ──> the new handler

The doors stand on the old class itself, which is looked up for every message. After the upgrade they stay there: a turn that a parked step
has interrupted goes on with the handle that it began with. No process has that class any more, so nobody pays for it; they are taken
down when the class comes back (`clear`). The machinery behind them says what to do (`Keeper`); this file only stands in the way.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import Any, Final, Protocol

from ..preemption.guards import boundary
from ..process import Process

__all__ = ["Doors", "Keeper", "clear"]

_HANDLERS: Final = ("handle_call", "handle_cast", "handle_info", "handle_continue")
_MISSING: Final[Any] = object()


class Keeper(Protocol):
    """What stands behind the doors."""

    def enters(self, process: Process) -> bool:
        """A message of `process` is about to be handled; whether the old code may."""
        ...

    def leaves(self, process: Process, result: Any) -> None:
        """The old code has returned `result`."""
        ...

    def swapped(self, process: Process, message: Any) -> Any:
        """See that the process runs the new code; its message, as the new code knows it."""
        ...


class Doors:
    """The doors of one transaction."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper: Keeper | None = keeper
        self._swap = False
        self._classes: set[type] = set()

    def put(self, kind: type) -> None:
        """Stand in the way of a class's handlers."""
        if kind in self._classes:
            return
        self._classes.add(kind)
        clear(kind)
        for name, original in [(name, getattr(kind, name)) for name in _HANDLERS]:
            door: Any = self._door(name, original)
            door.behind = vars(kind).get(name, _MISSING)
            setattr(kind, name, door)

    def swap(self) -> None:
        """From now on, whoever comes is swapped."""
        self._swap = True

    def over(self) -> None:
        """Everybody has been swapped."""
        self._keeper = None
        self._classes.clear()

    def remove(self) -> None:
        """Out of the way: the classes are as they were."""
        for kind in self._classes:
            clear(kind)
        self._classes.clear()

    def _door(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        if name == "handle_call":

            @boundary
            def handle_call(handle: Any, message: Any, caller: Any, state: Any, /) -> Any:
                return self._pass(handle, name, original, message, (caller,), state)

            return handle_call

        @boundary
        def handle(handle: Any, message: Any, state: Any, /) -> Any:
            return self._pass(handle, name, original, message, (), state)

        return handle

    @boundary
    def _pass(
        self, handle: Any, name: str, original: Any, message: Any, caller: tuple[Any, ...], state: Any
    ) -> Any:
        process: Process = handle._process
        keeper = self._keeper
        if self._swap:
            if keeper is not None:
                message = keeper.swapped(process, message)
            return getattr(process.handle, name)(message, *caller, process.state)
        if keeper is None or get_ident() != process.sched.thread or handle is not process.handle:
            return original(handle, message, *caller, state)
        if not keeper.enters(process):
            return None
        result = original(handle, message, *caller, state)
        keeper.leaves(process, result)
        return result


def clear(kind: type) -> None:
    """Take the doors of a class down: it is the current one, or about to have others."""
    for name in _HANDLERS:
        door: Any = vars(kind).get(name)
        if not hasattr(door, "behind"):
            continue
        if door.behind is _MISSING:
            delattr(kind, name)
        else:
            setattr(kind, name, door.behind)
