"""A coroutine, one step at a time, with the node knowing whose step runs.

An asyncio.Task drives `Steps` instead of the coroutine itself. Each `send` marks the process as running for as long
as its code has the thread, so that a loop stuck in an async handler is seen as stuck in *that* process, and counts
one reduction for each await that is resumed.
"""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import TYPE_CHECKING, Any

from .errors import ProcessExit
from .status import ENDED, RUNNING

if TYPE_CHECKING:
    from .process import Process

__all__ = ["Steps"]


class Steps(Coroutine[Any, Any, Any]):
    """A coroutine whose steps belong to `process`.

    Args:
        process: whose steps they are.
        coroutine: what is run.
        own: whether a step makes the process RUNNING. False for the tasks of `self.task`, which run beside it.
            Optional. Defaults to True.
        first: a future that the coroutine awaits already; the task is given it instead of a first step.
            Optional. Defaults to none.
    """

    __slots__ = ("_coroutine", "_first", "_own", "_process")

    def __init__(
        self, process: Process, coroutine: Coroutine[Any, Any, Any], *, own: bool = True, first: Any = None
    ) -> None:
        self._process = process
        self._coroutine = coroutine
        self._own = own
        self._first = first

    def send(self, value: Any) -> Any:
        """Run to the next await."""
        first, self._first = self._first, None
        if first is not None:
            return first
        return self._step(self._coroutine.send, value)

    def throw(self, *error: Any) -> Any:
        """Run to the next await, with an exception."""
        self._first = None
        return self._step(self._coroutine.throw, *error)

    def _step(self, step: Any, *values: Any) -> Any:
        process = self._process
        sched = process.sched
        outer, since = sched.running, sched.since
        sched.running = process
        sched.since = sched.now = began = sched.clock()
        process.reductions += 1
        if self._own and process.status != ENDED:
            process.status = RUNNING
        try:
            return step(*values)
        except (KeyboardInterrupt, SystemExit) as error:
            # A task would hand these on to the loop; they are this process's exit.
            raise ProcessExit(error) from error
        finally:
            sched.running, sched.since = outer, since
            sched.last, sched.last_from, sched.now = process, began, sched.clock()
            if self._own and process.status == RUNNING:
                process.status = process.awaiting()

    def close(self) -> None:
        """Close the coroutine."""
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._coroutine.__await__()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._coroutine, name)  # cr_frame and its kin, for debuggers
