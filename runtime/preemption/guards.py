"""Where a step must not be switched, told from the frames that a tick has interrupted.

    innermost frame ... up to the runtime's frame that called the handler (a boundary)
      a collection of garbage is going on      HOLD: the collector keeps its lists on the C stack
      the runtime itself, and tracing          ITSELF: they end by themselves, soon
      the end of a process, with all it calls  ITSELF: others are told of it there (a host's logging may take its time)
      threading, queue, concurrent             RELUCTANT: they are seldom in the middle for long, but may block
      logging (where it locks), warnings       HOLD: what they lock is locked for the thread, so it would not exclude others
      an import                                HOLD, for long: as above, and half a module is no module
      standard output or error, in a write     HOLD, for long: others would meet a half-written buffer
      asyncio, anyio, contextlib               HOLD, where their own code is innermost: they expect no one in between
      a debugger or tracer                     ITSELF: it is meant to stand still
      a signal handler of the host             ITSELF: it is none of the step's business, and must not end with it
      anything else                            FREE

A HOLD is bounded: when its ticks are used up, the step is interrupted by an exception, so that no guard lets a step own the
node. After a RELUCTANT one it is parked all the same: it waits for somebody, who has to run. What is copied into a message
(`messages`) is FREE although it is the runtime: it may be large, and touches nothing else.

Where the hot path is compiled (see `tools/compiled`), its functions have no frames. A tick cannot come between two lines of them, only
in what they call; and `Worker.run`, which stays Python, is the boundary of every step.
"""

from __future__ import annotations

import gc
import inspect
import logging
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
    "RELUCTANT",
    "Collections",
    "Hold",
    "boundary",
    "hub_may_lend",
    "is_boundary",
    "is_known",
    "may_wait",
    "open_to_switches",
    "to_its_end",
    "verdict",
]

F = TypeVar("F", bound=Callable[..., Any])

FREE: Final = 0
ITSELF: Final = -1
Hold = int
"""The ticks that a step may stay: a positive number. Then it is interrupted."""

BRIEF: Final[Hold] = 20
RELUCTANT: Final = -BRIEF
"""As many ticks; then it is parked."""
LONG: Final[Hold] = 200
"""A terminal behind a slow line takes its time; and who is met in asyncio again and again calls it in a loop."""
IMPORT: Final[Hold] = 5000
"""Large libraries are imported on first use."""

_OURS: Final = frozenset({"runtime", "tracing"})
_HOLDS: Final[dict[str, Hold]] = {
    "logging": BRIEF, "warnings": BRIEF,
    "importlib": IMPORT, "_frozen_importlib": IMPORT, "_frozen_importlib_external": IMPORT, "zipimport": IMPORT,
}  # fmt: skip
"""Modules that must not be left in the middle, with all that they call."""
_WAITING: Final = frozenset({"threading", "queue", "concurrent"})
_OWN: Final = frozenset({"asyncio", "anyio", "sniffio", "contextlib", "weakref", "_weakrefset"})
"""Modules whose own code must not be left in the middle; what they call may."""
_STREAMS: Final = "runtime.preemption.streams"
_CODEC: Final = "runtime.isolation.codec"
"""What crosses into another OS process is pickled in one go, however large it is."""
_DEBUGGERS: Final = frozenset(
    {"bdb", "pdb", "pydevd", "_pydevd_bundle", "_pydev_bundle", "debugpy", "coverage"}
)


def _locking() -> frozenset[CodeType]:
    """The functions of `logging` that lock. The rest of it may be left: who logs in a loop is hardly ever elsewhere."""
    kinds = [vars(item) for item in vars(logging).values() if isinstance(item, type)]
    names = {"acquire", "_acquireLock", "lock", "_lock"}
    return frozenset(
        item.__code__
        for space in (vars(logging), *kinds)
        for item in space.values()
        if inspect.isfunction(item) and names.intersection(item.__code__.co_names)
    )


_LOCKING: Final = _locking()
_SIGNALS: Final = tuple(signal.valid_signals())

_boundaries: Final[set[CodeType]] = set()
_open: Final[set[CodeType]] = set()
_closed: Final[set[CodeType]] = set()


def boundary(function: F) -> F:
    """Decorates the functions of the runtime that call handlers: what stands inside them is a step."""
    _boundaries.add(function.__code__)
    return function


def open_to_switches(function: F) -> F:
    """Decorates functions of the runtime that copy a message: a step may be parked in the copy. What they read before, they read again."""
    _open.add(function.__code__)
    return function


def to_its_end(function: F) -> F:
    """Decorates functions of the runtime that nothing may be raised in, though they call code of the host: the end of a process."""
    _closed.add(function.__code__)
    return function


def is_boundary(code: CodeType) -> bool:
    """Whether it calls handlers: what stands inside it is a step."""
    return code in _boundaries


def is_known(code: CodeType) -> bool:
    """Whether frames are told by this very code object: it must not be exchanged for another that does the same."""
    return code in _boundaries or code in _open or code in _closed or code in _LOCKING


def verdict(frame: FrameType | None, current: greenlet | None = None) -> Hold:
    """FREE, ITSELF, RELUCTANT, or the ticks of a HOLD, for the step whose innermost frame this is.

    `current` is the greenlet that it stands in: if the step has made that, its frames go on in the parent's.
    """
    innermost = frame
    hosts = _of_the_host()
    hold, copies, waits = FREE, False, False
    while frame is not None:
        code = frame.f_code
        if code in _boundaries:
            if frame is innermost:
                return ITSELF
            return hold or (RELUCTANT if waits else FREE)
        if code in _closed:
            return ITSELF
        name = frame.f_globals.get("__name__")
        if type(name) is str:
            root = name.partition(".")[0]
            if root in _DEBUGGERS or code in hosts:
                return ITSELF
            if root in _OURS:
                if name == _STREAMS:
                    hold = max(hold, LONG)
                elif name == _CODEC:
                    hold = max(hold, IMPORT)
                elif name == "runtime.messages":
                    copies = True
                elif not (copies and code in _open):
                    if frame is innermost:
                        return ITSELF
                    hold = max(hold, BRIEF)
            elif root in _HOLDS and (root != "logging" or code in _LOCKING):
                hold = max(hold, _HOLDS[root])
            elif root in _WAITING:
                waits = True
            elif root in _OWN and (frame is innermost or _is_called_back(code)):
                hold = max(hold, LONG)
        frame = frame.f_back
        while frame is None and current is not None:
            current = current.parent
            frame = current.gr_frame if current is not None else None
    return ITSELF  # no step at all


def hub_may_lend(frame: FrameType | None) -> bool:
    """Whether a hub that is blocked here may let a step run meanwhile: not in the middle of the runtime itself."""
    while frame is not None:
        name = frame.f_globals.get("__name__")
        if type(name) is str and name.partition(".")[0] in _OURS:
            return False
        frame = frame.f_back
    return True


def may_wait(frame: FrameType | None) -> bool:
    """Whether a step may stand still here of its own accord: not where it holds what is locked for the thread."""
    while frame is not None and frame.f_code not in _boundaries:
        name = frame.f_globals.get("__name__")
        root = name.partition(".")[0] if type(name) is str else ""
        if root in _HOLDS and (root != "logging" or frame.f_code in _LOCKING):
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
        self._completed = 0
        gc.callbacks.insert(0, self._began)  # callbacks of the host's belong to the collection too
        gc.callbacks.append(self._ended)

    def going_on(self) -> bool:
        """Whether the calling thread is in the middle of a collection."""
        if (
            self._thread == get_ident() and _completed() > self._completed + 1
        ):  # its end was not told: no room for a callback
            self._thread = None
        return self._thread == get_ident()

    def close(self) -> None:
        """Look no more."""
        for callback in (self._began, self._ended):
            if callback in gc.callbacks:
                gc.callbacks.remove(callback)

    def _began(self, phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            self._completed, self._thread = _completed(), get_ident()

    def _ended(self, phase: str, _info: dict[str, int]) -> None:
        if phase == "stop":
            self._thread = None


def _completed() -> int:
    """Collections that are over, as the interpreter counts them."""
    return sum(generation["collections"] for generation in gc.get_stats())
