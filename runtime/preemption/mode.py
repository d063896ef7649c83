"""Which form of time-slicing works here, and why not a better one.

    time-slicing   CPython with its GIL, POSIX, the loop in the main thread
    interrupt      CPython 3.12 and later: a step that holds the loop for too long is ended by an exception
    report only    elsewhere: it is seen and logged, by whom and for how long
    off            Node(time_slicing=False)

In all but the last, steps run on workers, so that `self.wait` works everywhere.
"""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .ticker import Unavailable, ticker

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from .slicer import Slicer
    from .watchdog import Watchdog
    from .workers import Workers

__all__ = ["Mode", "choose"]

Name = Literal["time-slicing", "interrupt", "report only", "off"]


@dataclass(slots=True)
class Mode:
    """How a node keeps one step from starving the others.

    Attributes:
        name: which form it is.
        why: what it rests on, or why it is not time-slicing.
        workers: the greenlets of its steps; None without any.
        slicer: what parks steps; None but in time-slicing.
        watchdog: what looks after steps from another thread; None but in the two forms between.
    """

    name: Name
    why: str
    workers: Workers | None = None
    slicer: Slicer | None = None
    watchdog: Watchdog | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.why}"

    def stop(self) -> None:
        """End it: timer, signal handler, threads, idle workers."""
        if self.slicer is not None:
            self.slicer.stop()
        if self.watchdog is not None:
            self.watchdog.stop()
        if self.workers is not None:
            self.workers.close()


def choose(sched: Scheduler, *, time_slicing: bool) -> Mode:
    """The best that works for this scheduler, started."""
    if not time_slicing:
        return Mode("off", "asked for with time_slicing=False")
    from .workers import Workers  # noqa: PLC0415 - greenlet, only for who wants it

    workers = Workers(sched)
    hindrance = _hindrance()
    if not hindrance:
        from .slicer import Slicer  # noqa: PLC0415

        slicer = Slicer(sched, workers)
        try:
            slicer.start()
        except Unavailable as unavailable:
            hindrance = str(unavailable)
        else:
            return Mode("time-slicing", f"1 ms slices by {ticker.what}", workers, slicer)
    from .watchdog import Watchdog, can_interrupt  # noqa: PLC0415

    name: Name = "interrupt" if can_interrupt() else "report only"
    return Mode(name, hindrance, workers, None, Watchdog(sched, interrupts=can_interrupt()))


def _hindrance() -> str:
    """Why there can be no slices; empty if nothing speaks against them."""
    if sys.implementation.name != "cpython":
        return f"{sys.implementation.name} is not CPython"
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        return "this CPython runs without its GIL"
    if threading.current_thread() is not threading.main_thread():
        return "the loop is not in the main thread, where signals arrive"
    return ""
