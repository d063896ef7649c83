"""Where a step begins: the worker that was idle last is given it. What becomes of a step that stands still, `workers` says."""

from __future__ import annotations

from contextvars import Context
from typing import TYPE_CHECKING, Any

from greenlet import getcurrent

from .ticker import FAST_S, Ticker

if TYPE_CHECKING:
    from ..process import Process
    from ..scheduler import Scheduler
    from .worker import Doer, Worker

__all__ = ["Entrance"]


class Entrance:
    """The way into a step.

    Attributes:
        pool: workers without a step.
        ticker: what ticks while a step runs; nothing does, where steps are not sliced.
    """

    def __init__(self, sched: Scheduler) -> None:
        self.sched = sched
        self.pool: list[Worker] = []
        self.ticker = Ticker()

    def make(self) -> Worker:
        """A new worker."""
        raise NotImplementedError

    def enter(
        self, process: Process | None, now: float, context: Context | None, doer: Doer, argument: Any
    ) -> Worker | None:
        """Run `doer.step(argument)` as a step of `process`, which begins `now`. None when it is over; else where it stands.

        It runs on the worker that was idle last.
        """
        if self.ticker.pace != FAST_S:
            self.ticker.fast()
        sched = self.sched
        running, since = sched.running, sched.since
        pool = self.pool
        worker = pool.pop() if pool else self.make()
        if context is not None:
            worker.gr_context, worker.renewed = context, -1
        elif worker.renewed != sched.turns:  # no other step may stand in the middle of it
            worker.gr_context, worker.renewed = sched.context.copy(), sched.turns
        worker.back = getcurrent()
        sched.running = process
        sched.since = now
        stands: Worker | None = worker.switch(doer, argument)
        sched.running = running
        sched.since = since
        return stands
