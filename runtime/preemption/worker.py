"""A worker: the greenlet of one step at a time; and what is thrown into it when its process ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from greenlet import greenlet

from .guards import boundary

if TYPE_CHECKING:
    import asyncio

    from tracing.context import Context as Story

    from ..process import Process
    from ..steps import Steps
    from ..threads.lane import Lane
    from .workers import Workers

__all__ = ["Doer", "Killed", "Worker", "Zombie"]


class Doer(Protocol):
    """What has steps: a server, the run queue, a coroutine, an errand of the runtime."""

    def step(self, argument: Any, /) -> None:
        """One step. It never raises."""


class Killed(BaseException):
    """Thrown into the step of a process that has ended, so that its code ends too. Not for `except`."""


class Worker(greenlet):
    """One greenlet of the pool.

    Attributes:
        back: who gets the thread when its step returns, is parked, or waits.
        process: whose step stands still here; None while it runs, or is idle.
        leaf: where to go on: the worker itself, or a greenlet that its step has made.
        steps: the coroutine of which it runs a step; None for a plain step.
        turn: the future that the task of a parked async step awaits.
        given_up: whether its step is to end, although its process has not.
        queued: whether it is to get a slice.
        resumed_at: since when it goes on, by `time.monotonic`; 0 for a step that has not stood still yet.
        owns: whether the status of the process tells of this step (a task beside the process has none).
        critical: the `since` of the step that may not be switched (`self.critical()`).
        blocked: whose step was parked here although it was held: it waits for somebody, and is not held again.
        overdue: whether a tick has found it inside `self.critical()`.
        survived: how many interruptions its step has survived.
        throws: how often `Killed` has been thrown into it.
        awaited: the future that a waiting step waits for.
        began: since when the step runs without having waited, by the scheduler's clock; right while it is parked.
        slices: how many slices it has used up since then.
        spoiled: whether something has been thrown into its step from outside. CPython may then leave the exception that
            the step was handling behind, so the next step gets another worker.
        story: under which the step runs that stands still here.
        renewed: the turn of the run queue in which it got a context of its own; -1 if it has another's.
    """

    __slots__ = (
        "awaited", "back", "began", "blocked", "critical", "given_up", "leaf", "overdue", "owns", "process", "queued", "renewed",
        "resumed_at", "slices", "spoiled", "steps", "story", "survived", "throws", "turn", "workers",
    )  # fmt: skip

    def __init__(self, workers: Workers) -> None:
        super().__init__(parent=workers.hub)
        self.workers = workers
        self.back: greenlet = workers.hub
        self.process: Process | None = None
        self.leaf: greenlet = self
        self.steps: Steps | None = None
        self.turn: asyncio.Future[None] | None = None
        self.given_up = False
        self.queued = False
        self.resumed_at = 0.0
        self.owns = False
        self.critical: float | None = None
        self.overdue = False
        self.blocked: Process | None = None
        self.survived = 0
        self.throws = 0
        self.awaited: asyncio.Future[Any] | None = None
        self.began = 0.0
        self.slices = 0
        self.renewed = -1
        self.story: Story | None = None
        self.spoiled = False

    @boundary
    def run(self, doer: Doer | None, argument: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  # a property in the stubs
        """Steps, one after the other; a step never raises."""
        pool = self.workers.pool
        while doer is not None:
            doer.step(argument)
            doer = argument = None
            if self.spoiled:
                self.parent = self.back
                return
            pool.append(self)
            doer, argument = self.back.switch(None)


class Zombie:
    """What is left of a process whose code does not end.

    Attributes:
        worker: stands in the middle of its step, and is never resumed; or the thread that does not end.
        process: whose it was.
        since: since when, by the scheduler's clock.
    """

    __slots__ = ("process", "since", "worker")

    def __init__(self, worker: Worker | Lane, process: Process, since: float) -> None:
        self.worker = worker
        self.process = process
        self.since = since
