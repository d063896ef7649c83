"""Waiting in a plain handler: `self.wait(awaitable)`, and the plain form of `call`.

    wait ──> the awaitable, in a task of its own ── done ──> the worker goes on, with its result or its exception
             meanwhile the process is AWAITING, and the loop does whatever else there is
    call ──> an idle callee answers at once, in a worker of its own; else as above, without a task

About 10 µs. As SQLAlchemy's `await_only` does it: the step stands still on its greenlet.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Awaitable, Coroutine, Generator
from contextlib import contextmanager
from contextvars import copy_context
from threading import get_ident
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import SelfCall
from ..status import AWAITING, ENDED
from ..steps import Steps
from ..work import current
from .guards import may_wait

if TYPE_CHECKING:
    from ..pid import Address
    from ..process import Process
    from .worker import Worker

__all__ = ["call", "critical", "scheduled", "stand_until", "wait", "where_to_stand"]

T = TypeVar("T")


def wait(process: Process, awaitable: Awaitable[T]) -> T:
    """The body of `Handle.wait`, which documents it."""
    if get_ident() != process.sched.thread:
        return process.waits(awaitable)
    try:
        worker = _worker(process, "wait(…)", "await it instead")
    except RuntimeError:
        if inspect.iscoroutine(awaitable):
            awaitable.close()  # it will never be awaited, and need not complain
        raise
    future = scheduled(process, awaitable)
    stand_until(process, worker, future)
    return future.result()


def call(process: Process, target: Address, message: Any, timeout: float | None) -> Any:
    """The body of `Handle.call`, which documents it."""
    if get_ident() != process.sched.thread:
        if target._process is process:
            raise SelfCall(target)
        return process.waits(target.call(message, timeout))
    worker = _worker(process, "self.call(…)", "write `await pid.call(…)` instead")
    if target._process is process:
        raise SelfCall(target)
    asking: Coroutine[Any, Any, Any] = target.call(message, timeout)
    error: BaseException | None = None
    while True:
        try:
            token = current.set((process, process.current))  # its own step waits
            try:
                future = asking.send(None) if error is None else asking.throw(error)
            finally:
                current.reset(token)
        except StopIteration as answer:
            return answer.value
        if future is None:  # it lets others have a turn
            future = process.sched.loop.create_future()
            process.sched.loop.call_soon(_set, future)
        else:
            future._asyncio_future_blocking = False
        try:
            stand_until(process, worker, future)
        except BaseException as thrown:
            error = thrown


@contextmanager
def critical(process: Process) -> Generator[None]:
    """The body of `Handle.critical`, which documents it."""
    sched = process.sched
    if sched.running is not process:
        raise RuntimeError("self.critical() is for the handlers of this process, while they run")
    worker = sched.workers.current()
    if worker is None:  # nothing is ever parked here
        yield
        return
    outer, worker.critical = worker.critical, sched.since
    try:
        yield
    finally:
        worker.critical = outer
    if sched.mode.slicer is not None and worker is sched.workers.current():
        sched.mode.slicer.leave(worker, sys._getframe(2))


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _worker(process: Process, what: str, instead: str) -> Worker:
    """The worker on which the plain step of `process` runs that calls this.

    Raises:
        RuntimeError: it is no plain step of it.
    """
    worker = process.sched.workers.current()
    if not process.sched.sliced:
        raise RuntimeError(f"{what} needs a step that can stand still; this node has time_slicing=False")
    if worker is None or process.sched.running is not process:
        raise RuntimeError(
            f"{what} is for the handlers of this process, while they run; not for hooks or other code"
        )
    if worker.steps is not None:
        raise RuntimeError(f"{what} is for plain handlers; this one is async: {instead}")
    if worker.critical is not None and worker.critical is process.sched.since:
        raise RuntimeError(f"{what} inside `with self.critical()` or in a hook: nobody may come between")
    if _in_finalizer(sys._getframe()):
        raise RuntimeError(f"{what} in a finalizer: whoever drops the last reference would have to wait")
    return worker


def where_to_stand(process: Process) -> Worker | None:
    """The worker on which the step of `process` runs that calls this, plain or async, if it may stand still here; else None."""
    sched = process.sched
    worker = sched.workers.current() if sched.sliced else None
    if worker is None or sched.running is not process:
        return None
    if worker.critical is not None and worker.critical is sched.since:
        return None
    frame = sys._getframe()
    return worker if may_wait(frame) and not _in_finalizer(frame) else None


def scheduled(process: Process, awaitable: Awaitable[T]) -> asyncio.Future[T]:
    """A future of the awaitable: itself if it is one; else a task, whose exits stay with the process."""
    if asyncio.isfuture(awaitable):
        return awaitable
    if not inspect.isawaitable(awaitable):
        raise TypeError(f"wait(…) takes an awaitable: a coroutine, a task, a future; got {awaitable!r}")
    coroutine = awaitable if inspect.iscoroutine(awaitable) else _awaiting(awaitable)
    context = copy_context()
    context.run(current.set, None)
    sched = process.sched
    story = sched.within()
    if story is not None:
        sched.told_to(context, story)
    return sched.task(Steps(process, coroutine, own=False, context=context, story=story), context)


async def _awaiting(awaitable: Awaitable[T]) -> T:
    return await awaitable


def stand_until(process: Process, worker: Worker, future: asyncio.Future[Any]) -> None:
    """Stand still until `future` is done. Raises Killed when the process ends meanwhile."""
    from .worker import Killed  # noqa: PLC0415

    workers = worker.workers
    if process.status == ENDED:
        process.sched.cancel(future)
        raise Killed(f"{process} has ended")
    if future.done():
        return

    def done(_future: asyncio.Future[Any]) -> None:
        if (
            worker.awaited is future and not worker.queued
        ):  # else its process has ended, and it is to be killed
            if worker.turn is None:
                workers.resume(worker)
            else:  # an async step, which goes on in its task
                workers.queue(worker)

    worker.awaited = future
    future.add_done_callback(done)
    try:
        workers.wait(worker, AWAITING)
    except BaseException:  # the process has ended, and nobody is left to be told how it went
        process.sched.cancel(future)
        raise
    finally:
        worker.awaited = None


def _in_finalizer(frame: FrameType | None) -> bool:
    """Whether this frame, or one that has called it, is a `__del__`."""
    while frame is not None:
        if frame.f_code.co_name == "__del__":
            return True
        frame = frame.f_back
    return False
