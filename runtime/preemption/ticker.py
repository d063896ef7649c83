"""The timer: a signal every millisecond while steps run, every ten while only the host does, none while all is idle.

Linux has timers with a signal and a thread of one's own choice (`timer_create`): a free real-time signal, aimed at the
main thread. Elsewhere it is the one interval timer of the OS process (`setitimer`), and only if SIGALRM is free. There is one ticker
for all nodes of the OS process. It never survives `fork`, `exec` or the end of the interpreter: a signal without its
handler would end whoever gets it.

Each tick asks for the next. So they are rare while C code does not come back to the interpreter: each writes a byte to the loop's
wake-up file descriptor, and a full one loses the signals of the host. But one does come again unasked: a tick that arrives just
before a call that blocks is only handled when that returns.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, Final, Protocol

__all__ = ["FAST_S", "OFF", "SLOW_S", "Ticker", "Unavailable", "ticker"]

FAST_S: Final = 0.001
"""Seconds between ticks while a step runs: one time slice."""
SLOW_S: Final = 0.01
"""Seconds between ticks while the hub runs: with a wake-up file descriptor every signal wakes the loop."""
RARE_S: Final = 0.05
"""Seconds between ticks while a step is held for long."""
AGAIN_S: Final = 1.0
"""Seconds to the next tick once the OS process was about to become another: it did not, if there is one."""
OFF: Final = 0.0

_MONOTONIC: Final = 1
_SIGEV_THREAD_ID: Final = 4

IDLE_TICKS: Final = 3
"""Ticks that nobody needs, before there are no more."""

OnTick = Callable[[FrameType | None], bool]
"""Told the interrupted frame; whether it needs further ticks."""


class Unavailable(Exception):  # noqa: N818 - a fact about the platform, not a mistake
    """Raised when there is no timer to be had; the text says why."""


class _Timer(Protocol):
    signal: int
    what: str
    survives_exec: bool

    def set(self, seconds: float) -> None:
        """One tick in so many seconds; 0 for none."""

    def delete(self) -> None: ...


class _SigEvent(ctypes.Structure):
    """`struct sigevent` of 64-bit Linux, with SIGEV_THREAD_ID."""

    _fields_ = (
        ("value", ctypes.c_void_p),
        ("signo", ctypes.c_int),
        ("notify", ctypes.c_int),
        ("thread", ctypes.c_int),
        ("pad", ctypes.c_int * 11),
    )


class _TimeSpec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _TimerSpec(ctypes.Structure):
    _fields_ = (("interval", _TimeSpec), ("first", _TimeSpec))


class _ThreadTimer:
    """`timer_create` with a real-time signal that nobody uses, for the calling thread only."""

    survives_exec = False

    def __init__(self, thread: int) -> None:
        if not sys.platform.startswith("linux") or sys.maxsize < 2**32:
            raise Unavailable("no timers with a signal of their own on this platform")
        try:
            library = ctypes.PyDLL(None, use_errno=True)
            self._settime, self._delete = library.timer_settime, library.timer_delete
            create = library.timer_create
        except (AttributeError, OSError) as error:
            raise Unavailable(f"the C library has no timer_create ({error})") from None
        self.signal = _free_signal()
        self.what = f"a timer with real-time signal {self.signal}"
        self._id = ctypes.c_void_p()
        event = _SigEvent(None, self.signal, _SIGEV_THREAD_ID, thread)
        if create(_MONOTONIC, ctypes.byref(event), ctypes.byref(self._id)):
            raise Unavailable(f"timer_create failed: {os.strerror(ctypes.get_errno())}")
        self._specs: dict[float, Any] = {}

    def set(self, seconds: float) -> None:
        spec = self._specs.get(seconds)
        if spec is None:
            first, again = (_TimeSpec(int(time), int(time % 1 * 1e9)) for time in (seconds, _again(seconds)))
            spec = self._specs[seconds] = ctypes.byref(_TimerSpec(again, first))
        self._settime(self._id, 0, spec, None)

    def delete(self) -> None:
        self._delete(self._id)


class _IntervalTimer:
    """`setitimer(ITIMER_REAL)`, where nobody else uses SIGALRM."""

    what = "the interval timer (SIGALRM)"
    survives_exec = True

    def __init__(self) -> None:
        self.signal = getattr(signal, "SIGALRM", 0)
        if not self.signal:
            raise Unavailable("this platform has no timer signals")
        if signal.getsignal(self.signal) != signal.SIG_DFL or signal.getitimer(signal.ITIMER_REAL)[0]:
            raise Unavailable("SIGALRM belongs to the host")

    def set(self, seconds: float) -> None:
        signal.setitimer(signal.ITIMER_REAL, seconds, _again(seconds))

    def delete(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _again(seconds: float) -> float:
    """When a signal comes again whose tick is not handled: it came just before a call that blocks, and did not end that."""
    return RARE_S if 0 < seconds < RARE_S else seconds


def _free_signal() -> int:
    """The highest real-time signal with the default disposition.

    The interpreter handles low numbers first, so none has to wait behind a tick that switches away.
    """
    for number in range(getattr(signal, "SIGRTMAX", 0), getattr(signal, "SIGRTMIN", 1) - 1, -1):
        if signal.getsignal(number) == signal.SIG_DFL:
            return number
    raise Unavailable("no real-time signal is free")


class Ticker:
    """Calls every subscriber, in the main thread, at each tick."""

    def __init__(self) -> None:
        self.pace = OFF
        self._on_tick: list[OnTick] = []
        self._timer: _Timer | None = None
        self._hooked = False
        self._unneeded = 0

    @property
    def what(self) -> str:
        """Which timer it is, in words; empty while there is none."""
        return self._timer.what if self._timer is not None else ""

    def subscribe(self, on_tick: OnTick, thread: int) -> None:
        """Call `on_tick` at each tick from now on. Only from the main thread.

        Raises:
            Unavailable: there is no timer to be had.
        """
        if self._timer is None:
            self._timer = _make_timer(thread)
            self.pace = OFF
            signal.signal(self._timer.signal, self._tick)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {self._timer.signal})
            self._hook()
        self._on_tick.append(on_tick)

    def unsubscribe(self, on_tick: OnTick) -> None:
        """The reverse; with the last subscriber timer and signal handler are gone."""
        if on_tick in self._on_tick:
            self._on_tick.remove(on_tick)
        if not self._on_tick and self._timer is not None:
            self._timer.delete()
            signal.signal(self._timer.signal, signal.SIG_DFL)
            self._timer = None

    def fast(self) -> None:
        """A step runs."""
        self._unneeded = 0  # a tick that comes in the middle of this must not be the last one
        self._set(FAST_S)

    def slow(self) -> None:
        """Only the hub runs."""
        self._set(SLOW_S)

    def rare(self) -> None:
        """A step is held for long."""
        self._set(RARE_S)

    def off(self) -> None:
        """All is idle."""
        self._set(OFF)

    def exec(self) -> None:
        """This OS process is about to become another, unless that fails."""
        if self._timer is not None:
            self._set(OFF if self._timer.survives_exec else AGAIN_S)

    def _set(self, period_s: float) -> None:
        if self._timer is not None:
            self._timer.set(period_s)
            self.pace = period_s
        else:  # a forked child: its steps are not sliced
            self.pace = FAST_S

    def _tick(self, _signum: int, frame: FrameType | None) -> None:
        if self.pace and self._timer is not None:
            self._timer.set(self.pace)
        needed = False
        for on_tick in self._on_tick:
            needed = on_tick(frame) or needed
        if needed:
            self._unneeded = 0
            return
        self._unneeded += 1
        if self._unneeded > IDLE_TICKS:
            self.off()

    def _hook(self) -> None:
        if not self._hooked:
            self._hooked = True
            atexit.register(self.off)
            # A signal that is pending while another image is loaded would end it.
            sys.addaudithook(lambda event, _args: self.exec() if event == "os.exec" else None)
            os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        """In a forked child: timers are not inherited, and the nodes of the parent are not sliced here."""
        if self._timer is not None:
            signal.signal(self._timer.signal, signal.SIG_DFL)
            self._timer = None
            self._on_tick.clear()


def _make_timer(thread: int) -> _Timer:
    try:
        return _ThreadTimer(thread)
    except Unavailable:
        return _IntervalTimer()


ticker: Final = Ticker()
"""The one of this OS process."""
