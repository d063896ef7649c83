"""Where a step must not be switched, told from the frames that a tick has interrupted.

    innermost frame ... up to the runtime's frame that called the handler (a boundary)
      a collection of garbage is going on      HOLD: the collector keeps its lists on the C stack
      the runtime itself                       ITSELF: it ends by itself, soon
      logging, threading, queue, warnings      HOLD: what they lock is locked for the thread, so it would not exclude others
      an import                                HOLD, for long: as above, and half a module is no module
      standard output or error, in a write     HOLD, for long: others would meet a half-written buffer
      asyncio, anyio, contextlib               HOLD, where their own code is innermost: they expect no one in between
      a debugger or tracer                     ITSELF: it is meant to stand still
      a signal handler of the host             ITSELF: it is none of the step's business, and must not end with it
      anything else                            FREE

A HOLD is bounded: when its ticks are used up, the step is interrupted by an exception, so that no guard lets a step own the
node. What is copied into a message (`messages`) is FREE although it is the runtime: it may be large, and touches nothing else.
"""

from __future__ import annotations

import gc
import inspect
import signal
import sys
from collections.abc import Callable
from threading import get_ident
from types import CodeType, FrameType
from typing import Any, Final, TypeVar

from greenlet import greenlet

__all__ = [
    "BRIEF",
    "FREE",
    "ITSELF",
    "Collections",
    "Hold",
    "boundary",
    "hub_may_lend",
    "open_to_switches",
    "verdict",
]

F = TypeVar("F", bound=Callable[..., Any])

FREE: Final = 0
ITSELF: Final = -1
Hold = int
"""The ticks that a step may stay: a positive number."""

BRIEF: Final[Hold] = 20
STREAM: Final[Hold] = 200
"""A terminal behind a slow line takes its time."""
IMPORT: Final[Hold] = 5000
"""Large libraries are imported on first use."""

_RUNTIME: Final = "runtime"
_HOLDS: Final[dict[str, Hold]] = {
    "logging": BRIEF, "threading": BRIEF, "queue": BRIEF, "warnings": BRIEF,
    "importlib": IMPORT, "_frozen_importlib": IMPORT, "_frozen_importlib_external": IMPORT, "zipimport": IMPORT,
}  # fmt: skip
"""Modules that must not be left in the middle, with all that they call."""
_OWN: Final = frozenset({"asyncio", "anyio", "sniffio", "contextlib", "concurrent", "weakref", "_weakrefset"})
"""Modules whose own code must not be left in the middle; what they call may."""
_STREAMS: Final = "runtime.preemption.streams"
_DEBUGGERS: Final = frozenset(
    {"bdb", "pdb", "pydevd", "_pydevd_bundle", "_pydev_bundle", "debugpy", "coverage"}
)

_SIGNALS: Final = tuple(signal.valid_signals())

_boundaries: Final[set[CodeType]] = set()
_open: Final[set[CodeType]] = set()


def boundary(function: F) -> F:
    """Decorates the functions of the runtime that call handlers: what stands inside them is a step."""
    _boundaries.add(function.__code__)
    return function


def open_to_switches(function: F) -> F:
    """Decorates functions of the runtime that copy a message: a step may be parked in the copy. What they read before, they read again."""
    _open.add(function.__code__)
    return function


def verdict(frame: FrameType | None, current: greenlet | None = None) -> Hold:
    """FREE, ITSELF, or the ticks of a HOLD, for the step whose innermost frame this is.

    `current` is the greenlet that it stands in: if the step has made that, its frames go on in the parent's.
    """
    innermost = frame
    hosts = _of_the_host()
    hold, copies = FREE, False
    while frame is not None:
        code = frame.f_code
        if code in _boundaries:
            return ITSELF if frame is innermost else hold
        name = frame.f_globals.get("__name__")
        if type(name) is str:
            root = name.partition(".")[0]
            if root in _DEBUGGERS or code in hosts:
                return ITSELF
            if root == _RUNTIME:
                if name == _STREAMS:
                    hold = max(hold, STREAM)
                elif name == "runtime.messages":
                    copies = True
                elif not (copies and code in _open):
                    if frame is innermost:
                        return ITSELF
                    hold = max(hold, BRIEF)
            elif root in _HOLDS:
                hold = max(hold, _HOLDS[root])
            elif root in _OWN and (frame is innermost or _is_called_back(code)):
                hold = max(hold, BRIEF)
        frame = frame.f_back
        while frame is None and current is not None:
            current = current.parent
            frame = current.gr_frame if current is not None else None
    return ITSELF  # no step at all


def hub_may_lend(frame: FrameType | None) -> bool:
    """Whether a hub that is blocked here may let a step run meanwhile: not in the middle of the runtime itself."""
    while frame is not None:
        name = frame.f_globals.get("__name__")
        if type(name) is str and name.partition(".")[0] == _RUNTIME:
            return False
        frame = frame.f_back
    return True


def _is_called_back(code: CodeType) -> bool:
    """Whether it is a plain function: a coroutine or generator that awaits another stands still in a known place."""
    return not code.co_flags & (inspect.CO_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR)


def _of_the_host() -> set[CodeType]:
    """The code of what traces this thread, and of the host's signal handlers: they only happen to run in the middle of a step."""
    functions = [sys.gettrace(), sys.getprofile(), *map(signal.getsignal, _SIGNALS)]
    codes = [
        getattr(getattr(each, "__func__", each), "__code__", None) for each in functions if callable(each)
    ]
    return {code for code in codes if code is not None}


class Collections:
    """Whether this thread is collecting garbage."""

    def __init__(self) -> None:
        self._thread: int | None = None
        gc.callbacks.append(self._changed)

    def going_on(self) -> bool:
        """Whether the calling thread is in the middle of a collection."""
        return self._thread == get_ident()

    def close(self) -> None:
        """Look no more."""
        if self._changed in gc.callbacks:
            gc.callbacks.remove(self._changed)

    def _changed(self, phase: str, _info: dict[str, int]) -> None:
        self._thread = get_ident() if phase == "start" else None
