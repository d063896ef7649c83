"""Where a child runs: on the node's loop as most do, on a thread of its own, or in an OS process of its own; and what cannot run there."""

from __future__ import annotations

import functools
import inspect
import sys
from typing import Any, Final, Literal

from ..isolation.limits import Limits

__all__ = ["THREAD", "Place", "check_place", "place_of"]

Place = Literal["thread"] | Limits | None
"""None: on the loop. Limits: in an OS process of its own."""
THREAD: Final = "thread"
_HANDLERS: Final = (
    "init", "handle_call", "handle_cast", "handle_info", "handle_continue", "terminate",
)  # fmt: skip


def place_of(child: Any, *, thread: Any, isolated: Any) -> Place:
    """The place that the options of a spec ask for.

    Raises:
        TypeError: an option is of the wrong kind.
        ValueError: they contradict each other, or this platform cannot do it.
    """
    if not isinstance(thread, bool):
        raise TypeError(f"child {child!r}: thread={thread!r}; it is True or False")
    if not isinstance(isolated, bool | Limits):
        raise TypeError(f"child {child!r}: isolated={isolated!r}; it is True, False or Limits(…)")
    if isolated is False:
        return THREAD if thread else None
    if thread:
        raise ValueError(
            f"child {child!r}: thread=True and isolated=True; an OS process of its own is enough"
        )
    if sys.platform == "win32":
        raise ValueError(
            f"child {child!r}: isolated=True needs POSIX (sessions, resource limits), and this is Windows"
        )
    return Limits() if isolated is True else isolated


def check_place(child: Any, behaviour: Any, place: Place) -> None:
    """Whether `behaviour` can run there.

    Raises:
        ValueError: it cannot; the message says why, and what to do.
    """
    if place is None:
        return
    from ..state_machine.behaviour import StateMachine  # noqa: PLC0415 - a machine's handle can start children

    name = getattr(behaviour, "__qualname__", repr(behaviour))
    if isinstance(place, Limits):
        _check_isolated(child, behaviour, name)
        return
    if inspect.isclass(behaviour) and issubclass(behaviour, StateMachine):
        raise ValueError(
            f"child {child!r}: thread=True is for Server classes, and {name} is a StateMachine. "
            "Let it call a Server with a thread for what blocks, or give it isolated=True"
        )
    if not inspect.isclass(behaviour):
        raise ValueError(
            f"child {child!r}: thread=True is for Server classes, whose plain handlers it runs on a thread; {name} is none. "
            "An async function runs on the loop; give what blocks to asyncio.to_thread"
        )
    coroutines = [each for each in _HANDLERS if inspect.iscoroutinefunction(getattr(behaviour, each, None))]
    if coroutines:
        raise ValueError(
            f"child {child!r}: thread=True runs plain handlers, and {name}.{coroutines[0]} is async. "
            "Write it plainly, with self.wait(…), or leave thread=True out"
        )


def _check_isolated(child: Any, behaviour: Any, name: str) -> None:
    while isinstance(behaviour, functools.partial):
        behaviour = behaviour.func
    if not (inspect.isclass(behaviour) or inspect.iscoroutinefunction(behaviour)):
        raise ValueError(
            f"child {child!r}: a Supervisor is not isolated, since it looks after processes of the node; isolate its children"
        )
    if "<locals>" in behaviour.__qualname__ or "<lambda>" in behaviour.__qualname__:
        raise ValueError(
            f"child {child!r}: another OS process cannot import {name}; let it stand at the top of a module"
        )
