"""Workers: the greenlets on which steps run, so that a step can stand still while others go on.

    enter(step) ──switch──> worker ── returns ──────────> back, None
                              │
                              ├── a tick parks it ──────> back, itself ──> resume: one slice in each turn of the loop
                              ├── it waits ─────────────> back, itself ──> resume: when what it waits for is there
                              └── its process ends ─> `Killed` is thrown into it, 20 times at most; then it is a zombie

Workers are pooled: a switch there and back takes about half a microsecond, a new greenlet eight. The last reference to a
worker that stands in the middle of a step is never dropped: the interpreter would hang throwing GreenletExit into it.
"""

from __future__ import annotations

import atexit
import ctypes
import sys
import time
import weakref
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from greenlet import getcurrent, greenlet

from ..status import ENDED, PARKED, RUNNING, SUSPENDED
from ..trace.telling import tell
from .entrance import Entrance
from .errand import Errand
from .ticker import FAST_S
from .worker import Killed, Worker, Zombie

if TYPE_CHECKING:
    from ..process import Process
    from ..scheduler import Scheduler

__all__ = ["THROWS", "Workers"]

THROWS: Final = 20
"""How often `Killed` is thrown into what is left of a process."""


_NEAR: Final = 40
"""Workers at the end of the pool among which those are that a step has just used for calls."""


class Workers(Entrance):
    """The workers of one node.

    Attributes:
        hub: the greenlet of the event loop.
        parked: those that wait for a slice.
        aside: those that were parked, and whose process is suspended.
        granted: the one whose task takes the slice of this turn.
        zombies: what is left of processes whose code does not end.
        going_on: the step that has stood still before and has the thread now, and whose it is; for observers.
    """

    def __init__(self, sched: Scheduler) -> None:
        super().__init__(sched)
        self.hub: greenlet = getcurrent()
        self.parked: Final[deque[Worker]] = deque()
        self.aside: Final[list[Worker]] = []
        self.granted: Worker | None = None
        self.zombies: Final[list[Zombie]] = []
        self.going_on: tuple[Worker, Process] | None = None
        self._taken = False
        self.made: Final[weakref.WeakSet[Worker]] = weakref.WeakSet()
        self._maker: greenlet | None = self.hub
        self._nursery = greenlet(self._bear, self.hub)
        self._idle_refs: Final = self._references()
        _all.add(self)

    # --- a step is over ---------------------------------------------------------------------------

    def home(self) -> Worker | None:
        """The worker whose step has just returned, out of the pool, if greenlets that the step has made live on.

        Their parent is to run the steps that follow, for it is there that they switch to. Else None.
        """
        pool = self.pool
        if not pool or sys.getrefcount(pool[-1]) <= self._idle_refs:
            return None
        # A worker on which it has called somebody else refers to it, too: as `back`, and where it stands.
        inner = sum(other.back is pool[-1] for other in pool[-_NEAR:-1])
        if sys.getrefcount(pool[-1]) - 2 * inner <= self._idle_refs:
            return None
        return pool.pop()

    def _references(self) -> int:
        """How many references there are to a worker that is idle, and that nobody else knows."""
        self.pool.append(self.make())
        return sys.getrefcount(self.pool[-1])

    def current(self) -> Worker | None:
        """The worker that has the thread; None for the hub, and for greenlets that are not of this pool."""
        current = getcurrent()
        return current if type(current) is Worker else None

    def make(self) -> Worker:
        """A new worker, idle, in no pool."""
        if self._nursery.dead:
            # For code that its node has not survived. Not to be used again: an idle worker would keep the node.
            worker = Worker(self)
            worker.spoiled = True
        else:
            self._maker = getcurrent()
            self._nursery.switch()
            self._maker = self.hub
            worker = self.pool.pop()
        self.made.add(worker)
        return worker

    def _bear(self) -> None:
        """Make workers, on a greenlet of its own: a worker keeps for life the depth of recursion at which it has begun."""
        while self._maker is not None:
            worker = Worker(self)
            worker.back = getcurrent()
            worker.switch(Errand(_nothing), ())
            worker.back = self.hub
            del worker
            self._maker.switch()

    # --- it stands still, and goes on -------------------------------------------------------------

    def park(self, worker: Worker, leaf: greenlet) -> None:
        """Leave the step that runs on `worker` where it is. Called in the middle of it; returns when it goes on.

        Raises:
            Killed: its process has ended meanwhile.
        """
        sched = self.sched
        process = sched.running
        assert process is not None
        if not worker.resumed_at or not worker.began:
            worker.began, worker.slices = sched.since, 0
        worker.slices += 1
        self._hold(worker, process, PARKED)
        worker.leaf = leaf
        process.reductions += 1
        self.queue(worker)
        worker.back.switch(worker)

    def queue(self, worker: Worker) -> None:
        """Let a step that stands still have slices."""
        if not worker.queued:
            self._forget(worker)
            worker.queued = True
            self.parked.append(worker)
        self.sched.kick()

    def wait(self, worker: Worker, status: int) -> None:
        """Leave the step that runs on `worker` until it is resumed; its process has `status` meanwhile.

        Raises:
            Killed: its process has ended meanwhile.
        """
        process = self.sched.running
        assert process is not None
        worker.began = 0.0
        self._hold(worker, process, status)
        worker.leaf = worker
        worker.back.switch(worker)

    def _hold(self, worker: Worker, process: Process, status: int) -> None:
        sched = self.sched
        worker.process = process
        worker.story = sched.story
        worker.owns = process.status == RUNNING and (worker.steps is None or worker.steps.own)
        if worker.owns:
            process.status = SUSPENDED if status == PARKED and process.held else status
        process.holds(worker)
        sched.last, sched.last_from, sched.now = process, sched.since, sched.clock()

    def slice(self) -> None:
        """Give the parked step that has waited longest a slice. From the hub, once in each turn of the loop."""
        if self._taken:  # by the task to which it was granted
            self._taken = False
            return
        worker = self.parked.popleft()
        worker.queued = False
        process = worker.process
        assert process is not None
        if process.status == SUSPENDED and worker.owns:
            self.set_aside(worker)
        elif worker.turn is not None:
            turn, worker.turn = worker.turn, None
            turn.set_result(None)
            self._taken, self.granted = True, worker
        elif process.status == ENDED or worker.given_up:
            self.kill(worker)
        else:
            if (
                self.sched.tap is not None
            ):  # told when it goes on: a tick, in the middle of anything, is no place for it
                tell(process, "parked", f"slice {worker.slices}", context=worker.story)
            self.resume(worker)

    def give_up(self, worker: Worker) -> None:
        """Nobody waits for the step any more that stands here; its process lives on."""
        worker.given_up = True
        self.queue(worker)

    def set_aside(self, worker: Worker) -> None:
        """No slices for a parked step, until `unpause`."""
        self._forget(worker)
        self.aside.append(worker)

    def resume(self, worker: Worker, error: BaseException | None = None) -> Worker | None:
        """Let a step go on where it stood, or raise `error` there. None when it has returned; else where it stands."""
        sched, process = self.sched, worker.process
        assert process is not None
        process.lets_go(worker)
        self._forget(worker)
        worker.process = None
        if worker.owns and process.status != ENDED:
            process.status = RUNNING
        if self.ticker.pace != FAST_S:
            self.ticker.fast()
        running, since, story = sched.running, sched.since, sched.story
        worker.back = getcurrent()
        sched.running = process
        sched.story = worker.story
        sched.since = sched.now = sched.clock()
        worker.resumed_at = time.monotonic()
        leaf = worker.leaf
        outer, self.going_on = self.going_on, (worker, process)
        worker.spoiled = worker.spoiled or error is not None
        stands: Worker | None = leaf.switch() if error is None else leaf.throw(error)
        self.going_on = outer
        worker.resumed_at = 0.0
        sched.running = running
        sched.since = since
        sched.story = story
        return stands

    def _forget(self, worker: Worker) -> None:
        """It stands in no line any more."""
        if worker.queued:
            worker.queued = False
            self.parked.remove(worker)
        if worker in self.aside:
            self.aside.remove(worker)
        if worker is self.granted:
            self.granted = None

    def standing(self) -> list[Worker]:
        """All that have been parked: those that wait for a slice, and those that get none at present."""
        return [*self.parked, *self.aside, *([] if self.granted is None else [self.granted])]

    def lend(self) -> None:
        """From within a blocked call of the hub: a slice for each step that has been parked.

        A step of a task runs outside its task's own step; the task finds the outcome when its turn comes.
        """
        for worker in self.standing():
            steps, process = worker.steps, worker.process
            if process is None:  # it has gone on meanwhile
                continue
            if steps is not None:
                steps.lend(worker)
            elif process.status == ENDED or worker.given_up:
                self.kill(worker)
            else:
                self.resume(worker)

    # --- its process has ended --------------------------------------------------------------------

    def kill(self, worker: Worker) -> Worker | None:
        """Throw `Killed` into what is left of a process, once. None when that was the end of it."""
        process = worker.process
        assert process is not None
        if self.is_zombie(worker):
            return worker
        if worker.throws >= THROWS:
            process.lets_go(worker)
            self._forget(worker)
            self.zombies.append(Zombie(worker, process, self.sched.clock()))
            self.sched.node.ledger.zombie(process)
            return worker
        worker.throws += 1
        stands = self.resume(worker, Killed(f"{process} has ended"))
        if stands is None:
            worker.throws = 0
            worker.given_up = False
        return stands

    def at_work(self) -> bool:
        """Whether a step that stands still is to have a slice, or has been granted one and not begun it."""
        return bool(self.parked) or self.granted is not None

    def is_zombie(self, worker: Worker) -> bool:
        """Whether its step has survived all that was thrown into it."""
        return any(zombie.worker is worker for zombie in self.zombies)

    def close(self) -> None:
        """End the idle workers, and who makes them. What still stands in the middle of a step stays as it is."""
        while self.pool:
            worker = self.pool.pop()
            worker.parent = getcurrent()
            worker.switch(None, None)
        self._maker = None
        if not self._nursery.dead:
            # What stands still is no garbage: it would keep the node, and all that its recorder has.
            self._nursery.parent = getcurrent()
            self._nursery.switch()
        self.keep()

    def keep(self) -> None:
        """Never let the interpreter end a step that stands still: throwing GreenletExit into it may not return."""
        for worker in list(self.made):
            if worker and worker not in self.pool:
                _immortal(worker)
                _immortal(worker.leaf)


def _nothing() -> None:
    """The first step of a worker."""


def _immortal(item: Any) -> None:
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(item))


_all: Final[weakref.WeakSet[Workers]] = weakref.WeakSet()


def _keep_all() -> None:
    for workers in list(_all):
        workers.keep()


atexit.register(_keep_all)
