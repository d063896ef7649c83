"""Without workers: steps run where they are called, to their end. For `Node(time_slicing=False)`.

Same face as `Workers`, as far as there is something to do; no step ever stands still.
"""

from __future__ import annotations

from collections import deque
from contextvars import Context
from typing import TYPE_CHECKING, Any, Final

from .guards import boundary

if TYPE_CHECKING:
    from ..process import Process
    from ..scheduler import Scheduler
    from .worker import Doer, Worker, Zombie

__all__ = ["Direct"]


class Direct:
    """Runs steps on the stack of the loop."""

    def __init__(self, sched: Scheduler) -> None:
        self.sched: Final = sched
        self.parked: Final[deque[Worker]] = deque()
        self.zombies: Final[list[Zombie]] = []
        self.going_on: tuple[Worker, Process] | None = None

    @boundary
    def enter(
        self, process: Process | None, now: float, context: Context | None, doer: Doer, argument: Any
    ) -> None:
        """Run `doer.step(argument)` as a step of `process`, which begins `now`."""
        sched = self.sched
        running, since = sched.running, sched.since
        sched.running = process
        sched.since = now
        if context is None:
            doer.step(argument)
        else:
            context.run(doer.step, argument)
        sched.running = running
        sched.since = since

    def current(self) -> None:
        """No step has a worker."""

    def home(self) -> None:
        """Nor has a coroutine."""

    def slice(self) -> None:
        """Nothing is ever parked."""

    def at_work(self) -> bool:
        """No step stands still."""
        return False

    def close(self) -> None:
        """Nothing to end."""
