"""Where steps cannot be sliced: a thread that sees who holds the loop, says so, and (CPython 3.12 and later) ends it.

    looks 20 times a second ──> the same step for 1 s: logged, with its stack, once
                            ──> for 5 s, or its process is to be killed: `Interrupted` is raised in it, by `sys.monitoring` on the code
                                that it runs

Five seconds are the time-out of a call: whoever waits for the process has given up by then. What is in C code, and does not come
back to the interpreter, cannot be reached.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any, Final

from ..errors import Interrupted
from .guards import ITSELF, verdict

if TYPE_CHECKING:
    from ..process import Process
    from ..scheduler import Scheduler

__all__ = ["INTERRUPT_S", "REPORT_S", "Watchdog", "can_interrupt"]

log = logging.getLogger("observer")
PERIOD_S: Final = 0.05
REPORT_S: Final = 1.0
INTERRUPT_S: Final = 5.0
_TOOL: Final = "observer"
_monitoring: Final[Any] = getattr(sys, "monitoring", None)
"""PEP 669; None before CPython 3.12."""


def can_interrupt() -> bool:
    """Whether code that runs in another thread can be interrupted (PEP 669)."""
    return sys.implementation.name == "cpython" and _monitoring is not None


class Watchdog:
    """Looks after the steps of one node, from a thread of its own."""

    def __init__(self, sched: Scheduler, *, interrupts: bool) -> None:
        self._sched: Final = sched
        self._interrupts: Final = interrupts
        self._over = threading.Event()
        self._lock = threading.Lock()
        self.interrupts = 0
        self._thread = threading.Thread(target=self._watch, name="observer-watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, and wait for it."""
        self._over.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def kill(self, process: Process) -> bool:
        """Interrupt `process` if it holds the loop, so that it can be killed. Whether that is possible here."""
        if not self._interrupts:
            return False
        since = self._sched.since
        if self._sched.running is process:
            self._interrupt(process, since, f"{process} is to be killed")
        return True

    def _watch(self) -> None:
        sched, seen, reported, interrupted = self._sched, 0.0, False, 0.0
        while not self._over.wait(PERIOD_S):
            process, since = sched.running, sched.since
            if process is None or since is not seen:
                seen, reported, interrupted = since, False, 0.0
                continue
            held = sched.clock() - since
            if held >= REPORT_S and not reported:
                reported = True
                self._report(process, held)
            if self._interrupts and held >= INTERRUPT_S and held - interrupted >= 1.0:
                interrupted = held
                self._interrupt(process, since, f"its step held the loop for {held:.1f} s")

    def _report(self, process: Process, held: float) -> None:
        frame = sys._current_frames().get(self._sched.thread)
        stack = "".join(traceback.format_stack(frame, 10)) if frame is not None else ""
        log.warning("process %r has held the loop for %.1f s\n%s", process, held, stack)

    def _interrupt(self, process: Process, since: float, why: str) -> None:
        """Raise `Interrupted` in the step, at the next line or jump of the code that it is in."""
        sched, thread, monitoring = self._sched, self._sched.thread, _monitoring
        with self._lock:
            tool = _free_tool()
            if tool is None:
                log.warning("process %r cannot be interrupted: every monitoring tool id is taken", process)
                return
            codes = _running_code(sys._current_frames().get(thread))
            done = threading.Event()

            def reached(_code: CodeType, *_where: object) -> Any:
                if threading.get_ident() != thread or done.is_set():
                    return None  # not DISABLE: that would be for every thread, and for the next time too
                if sched.running is not process or sched.since is not since:
                    done.set()
                    return None  # not DISABLE: that would be for every thread, and for the next time too
                if verdict(sys._getframe(1)) == ITSELF:
                    return None
                done.set()
                self.interrupts += 1
                raise Interrupted(why)

            events = monitoring.events.LINE | monitoring.events.JUMP
            for event in (monitoring.events.LINE, monitoring.events.JUMP):
                monitoring.register_callback(tool, event, reached)
            try:
                for code in codes:
                    monitoring.set_local_events(tool, code, events)
                done.wait(0.5)
            finally:
                for code in codes:
                    monitoring.set_local_events(tool, code, 0)
                for event in (monitoring.events.LINE, monitoring.events.JUMP):
                    monitoring.register_callback(tool, event, None)
                monitoring.free_tool_id(tool)


def _free_tool() -> int | None:
    """A tool id of our own, for as long as an interruption takes."""
    monitoring = _monitoring
    for tool in (4, 3):
        if monitoring.get_tool(tool) is None:
            monitoring.use_tool_id(tool, _TOOL)
            return tool
    return None


def _running_code(frame: FrameType | None) -> list[CodeType]:
    """The code of the step's frames, innermost first, without the runtime's."""
    found: list[CodeType] = []
    while frame is not None and verdict(frame) != ITSELF and len(found) < 50:
        if frame.f_code not in found:
            found.append(frame.f_code)
        frame = frame.f_back
    return found
