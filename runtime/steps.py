"""A coroutine, one step at a time, with the node knowing whose step runs.

An asyncio.Task drives `Steps` instead of the coroutine itself. Each step of the coroutine is a step of its process: it runs
on a worker in the context of the task, a loop stuck in it is seen as stuck in *that* process, and each await that is resumed counts
as one reduction.

    task ── send ──> worker ── the coroutine awaits X ──> X
                        └───── parked ──> a future that is done when its turn comes ── send ──> the worker goes on

A cancellation that meets a parked step waits for the step's next await, as it would have had to if nobody had parked it. Only the
end of the process is thrown into the middle.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from contextvars import Context
from typing import TYPE_CHECKING, Any

from .errors import ProcessExit
from .preemption.guards import boundary
from .status import ENDED, RUNNING, SUSPENDED

if TYPE_CHECKING:
    from tracing.context import Context as Story

    from .preemption.worker import Worker
    from .process import Process

__all__ = ["Steps", "steps_of"]


class _Turn(asyncio.Future[None]):
    """What the task of a parked step awaits. It cannot be cancelled: the cancellation stays with the task."""

    def cancel(self, msg: Any = None) -> bool:  # noqa: ARG002 - asyncio's signature
        return False


class Steps(Coroutine[Any, Any, Any]):
    """A coroutine whose steps belong to `process`.

    Args:
        process: whose steps they are.
        coroutine: what is run.
        own: whether a step makes the process RUNNING. False for the tasks of `self.task`, which run beside it.
            Optional. Defaults to True.
        first: a future that the coroutine awaits already; the task is given it instead of a first step.
            Optional. Defaults to none.
        context: the context of its task.
        story: under which it runs, until it changes that itself. Optional. Defaults to none.

    Attributes:
        own: as above.
        story: as above; what it has become, between two steps.
    """

    __slots__ = (
        "_began", "_cancelled", "_cancels", "_context", "_coroutine", "_error", "_first", "_home", "_over", "_process", "_stands", "_task",
        "_value", "own", "story",
    )  # fmt: skip

    def __init__(
        self,
        process: Process,
        coroutine: Coroutine[Any, Any, Any],
        *,
        context: Context,
        own: bool = True,
        first: Any = None,
        story: Story | None = None,
    ) -> None:
        self._process = process
        self._coroutine = coroutine
        self._context = context
        self.own = own
        self._first = first
        self.story = story
        self._value: Any = None
        self._error: BaseException | None = None
        self._stands: Worker | None = None
        self._home: Worker | None = None
        self._over = False
        self._task: asyncio.Task[Any] | None = None
        self._cancelled: BaseException | None = None
        self._cancels = 0
        self._began = 0.0

    def send(self, value: Any) -> Any:
        """Run to the next await."""
        if self._stands is not None or self._over:
            return self._go_on()
        first, self._first = self._first, None
        if first is not None:
            return first
        return self._step(self._coroutine.send, value)

    def throw(self, *error: Any) -> Any:
        """Run to the next await, with an exception."""
        if self._stands is not None or self._over:
            raised = error[0] if isinstance(error[0], BaseException) else error[1] or error[0]()
            self._cancelled = raised
            return self._go_on()
        self._first = None
        return self._step(self._coroutine.throw, *error)

    def _step(self, step: Any, *values: Any) -> Any:
        process = self._process
        sched = process.sched
        self._began = sched.now = now = sched.clock()
        process.reductions += 1
        if self.own and process.status != ENDED:
            process.status = RUNNING
        context = self._context if sched.sliced else None
        if self._home is not None:  # the next to be taken from the pool
            self._home.workers.pool.append(self._home)
            self._home = None
        stands = sched.enter(process, now, context, self, (step, values))
        if stands is None:
            self._keep_home()
        return self._outcome() if stands is None else self._stand(stands)

    @boundary
    def step(self, argument: tuple[Any, tuple[Any, ...]], /) -> None:
        """The step itself; it may be parked in the middle."""
        step, values = argument
        worker = self._process.sched.workers.current()
        if worker is None:
            self._take(step, values)
            return
        worker.steps = self
        self._take(step, values)
        worker.steps = None
        worker.gr_context = None

    @boundary
    def _take(self, step: Any, values: tuple[Any, ...]) -> None:
        sched = self._process.sched
        outer, sched.story = sched.story, self.story
        try:
            self._value = step(*values)
        except BaseException as error:
            self._error = error
        self.story, sched.story = sched.story, outer

    def _outcome(self) -> Any:
        """The step is over: what the task gets of it."""
        process = self._process
        sched = process.sched
        sched.last, sched.last_from, sched.now = process, self._began, sched.clock()
        if self.own and process.status == RUNNING:
            process.status = process.awaiting()
        value, self._value = self._value, None
        error, self._error = self._error, None
        cancelled, self._cancelled = self._cancelled, None
        if cancelled is not None and self._still_cancelled():
            # anyio tells its own cancellations by their text
            if error is None and (value is None or not value.cancel(msg=next(iter(cancelled.args), None))):
                return self._step(self._coroutine.throw, cancelled)
            if isinstance(error, StopIteration):
                error = cancelled
        if error is None:
            return value
        try:
            if isinstance(error, KeyboardInterrupt | SystemExit):
                # A task would hand these on to the loop; they are this process's exit.
                raise ProcessExit(error) from error
            raise error
        finally:
            del error, cancelled

    # --- parked -----------------------------------------------------------------------------------

    def _stand(self, worker: Worker) -> _Turn:
        """The step stands still: what its task awaits."""
        loop = self._process.sched.loop
        self._stands, self._task = worker, asyncio.current_task(loop)
        turn = worker.turn = _Turn(loop=loop)
        turn._asyncio_future_blocking = True
        if self._cancelled is None and self._task is not None:
            # One that the step itself has asked for is still to come.
            self._cancels = self._task.cancelling() - bool(getattr(self._task, "_must_cancel", False))
        return turn

    def _go_on(self) -> Any:
        """Its turn has come."""
        worker, process = self._stands, self._process
        self._stands = None
        if worker is None:  # it has ended in a slice that was lent
            self._over = False
            return self._outcome()
        self._began = process.sched.clock()
        if process.status == SUSPENDED and worker.owns:  # since it was granted this slice
            worker.workers.set_aside(worker)
            return self._stand(worker)
        stands = self._resume(worker)
        if process.status == ENDED and worker.workers.is_zombie(worker):
            raise asyncio.CancelledError(f"{process} has ended")
        if stands is None:
            self._keep_home()
        return self._outcome() if stands is None else self._stand(stands)

    def _resume(self, worker: Worker) -> Worker | None:
        return worker.workers.resume(worker) if self._process.status != ENDED else worker.workers.kill(worker)

    def lend(self, worker: Worker) -> None:
        """A slice from within a blocked call of the hub, as if in a step of its task."""
        loop, outer = self._process.sched.loop, asyncio.current_task()
        if outer is not None:
            asyncio.tasks._leave_task(loop, outer)
        if self._task is not None:
            asyncio.tasks._enter_task(loop, self._task)
        try:
            stands = self._resume(worker)
        finally:
            if self._task is not None:
                asyncio.tasks._leave_task(loop, self._task)
            if outer is not None:
                asyncio.tasks._enter_task(loop, outer)
        if stands is None:
            self._keep_home()
            self._stands, self._over = None, True
        if stands is None or worker.workers.is_zombie(worker):
            turn, worker.turn = worker.turn, None
            if turn is not None:
                turn.set_result(None)

    def _keep_home(self) -> None:
        """A step has just returned. Greenlets that it has made, and that live on, switch to its worker (SQLAlchemy's do)."""
        if self._error is None:
            self._home = self._process.sched.workers.home()

    def belongs_to(self, process: Process) -> None:
        """From now on its steps are those of `process`: who had it before runs something else."""
        self._process = process

    def _still_cancelled(self) -> bool:
        """Whether the task is still to be cancelled: the step may have left a time-out's block meanwhile."""
        return self._task is None or self._task.cancelling() > self._cancels

    def close(self) -> None:
        """Close the coroutine."""
        if self._stands is None:
            self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._coroutine.__await__()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._coroutine, name)  # cr_frame and its kin, for debuggers


def steps_of(task: asyncio.Task[Any] | None) -> Steps | None:
    """What a task drives, where that is the steps of a process."""
    steps: Any = task.get_coro() if task is not None else None
    return steps if type(steps) is Steps else None
