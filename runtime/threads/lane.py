"""A lane: the one thread on which the handlers of one process run, in order.

    do(work) ──> its queue ──> the thread: work() ──> the loop: result or exception
    close    ──> idle: it ends at once
                 in a handler: `Killed` is raised there, 20 times at most; what survives is a zombie until it returns

A thread cannot be ended from outside. An exception can be raised in its Python code, and is, where that harms nobody (see
`preemption.guards`); a call that blocks in C is only reached when it returns. The thread is a daemon: it never holds up an exit.
"""

from __future__ import annotations

import asyncio
import ctypes
import queue
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from contextvars import Context, copy_context
from types import CoroutineType, FrameType
from typing import TYPE_CHECKING, Any, Final

from ..errors import BadReturn
from ..preemption.guards import FREE, boundary, to_its_end, verdict
from ..preemption.worker import Killed, Zombie
from ..trace.stories import OUTSIDE

if TYPE_CHECKING:
    from ..process import Process

__all__ = ["Lane"]

THROWS: Final = 20
"""How often what is left is looked at, and thrown into where that may be, before it counts as a zombie."""
PAUSE_S: Final = 0.02
"""Seconds between two looks."""

Job = tuple[Callable[[], Any], Context, asyncio.Future[Any]]


class Lane:
    """The thread of one process. It starts with the first job.

    Attributes:
        process: whose it is.
        busy: whether a job is at work.
        throws: how often its code has been looked at since its process ended.
    """

    def __init__(self, process: Process) -> None:
        self.process: Final = process
        self.busy = False
        self.throws = 0
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._answers: set[Future[Any]] = set()

    @property
    def thread(self) -> threading.Thread | None:
        """The thread; None before its first job."""
        return self._thread

    @property
    def is_current(self) -> bool:
        """Whether the calling thread is this one."""
        return self._thread is threading.current_thread()

    @property
    def frame(self) -> FrameType | None:
        """The innermost frame of the job at work."""
        ident = self._thread.ident if self._thread is not None and self.busy else None
        return sys._current_frames().get(ident) if ident is not None else None

    async def do(self, work: Callable[[], Any]) -> Any:
        """Run `work` on the thread; what it returns, or raises."""
        future = asyncio.get_running_loop().create_future()
        if self._thread is None:
            self._thread = self._start()
        context, entry = copy_context(), self.process.current
        if entry is not None:
            context.run(OUTSIDE.set, entry[5])
        self._jobs.put((work, context, future))
        returned, value = await future
        if returned:
            return value
        raise value

    @to_its_end
    def _start(self) -> threading.Thread:
        """Start the thread; whole, or not at all: `start` waits until it runs, which may take a while on a busy machine."""
        thread = threading.Thread(target=self._run, name=f"observer {self.process!r}", daemon=True)
        thread.start()
        return thread

    def _run(self) -> None:
        threads, ident = self.process.sched.threads, threading.get_ident()
        threads[ident] = self.process
        with suppress(Killed):
            while (job := self._jobs.get()) is not None:
                self.busy = True
                outcome = _outcome(job[1], job[0])
                self.busy = False
                self._post(_settle, job[2], outcome)
                del job, outcome
        self.busy = False
        del threads[ident]
        self._post(self._over)

    def _post(self, work: Callable[..., None], *args: Any) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            self.process.sched.loop.call_soon_threadsafe(work, *args)

    # --- waiting on the thread ----------------------------------------------------------------------

    def answer(self) -> Future[Any]:
        """A future for something that the thread waits for; cancelled when the process ends."""
        future: Future[Any] = Future()
        self._answers.add(future)
        future.add_done_callback(self._answers.discard)
        if self._closed:
            future.cancel()
        return future

    # --- its process has ended ----------------------------------------------------------------------

    def close(self) -> None:
        """End the thread, soon if it can be. From the loop."""
        self._closed = True
        if self._thread is None:
            return
        self._jobs.put(None)
        self.process.sched.lanes.add(self)
        for future in list(self._answers):
            future.cancel()
        if self.busy:
            self._throw()

    def _throw(self) -> None:
        sched = self.process.sched
        if self not in sched.lanes:
            return
        if self.throws >= THROWS:
            sched.lanes.discard(self)
            sched.workers.zombies.append(Zombie(self, self.process, sched.clock()))
            sched.node.ledger.zombie(self.process)
            return
        self.throws += 1
        thread, frame = self._thread, self.frame
        if thread is not None and thread.ident is not None and frame is not None and verdict(frame) == FREE:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Killed))
        del frame
        sched.loop.call_later(PAUSE_S, self._throw)

    def _over(self) -> None:
        """The thread is at its end."""
        sched = self.process.sched
        sched.lanes.discard(self)
        sched.workers.zombies[:] = [item for item in sched.workers.zombies if item.worker is not self]


@boundary
def _outcome(context: Context, work: Callable[[], Any]) -> tuple[bool, Any]:
    """Whether `work` has returned, and what it has returned or raised."""
    try:
        result = context.run(work)
    except BaseException as error:
        return False, error
    if type(result) is CoroutineType:
        result.close()
        mistake = f"{result.__qualname__} is async, and its process has a thread of its own; write it plainly, with self.wait(…)"
        return False, BadReturn(mistake)
    return True, result


def _settle(future: asyncio.Future[Any], outcome: tuple[bool, Any]) -> None:
    if not future.done():
        future.set_result(outcome)
