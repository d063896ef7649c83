"""What a tick does: nothing, park the step, hold it a little longer, interrupt it, or help a hub that is stuck.

a step runs       its first tick: it has begun a moment ago, and gets the rest of its slice
                  a later one, at a place that the guards free: parked
                  ... that they hold: wait for the next tick; when these are used up: `Interrupted` is raised in it
the hub runs      tick slowly; when nothing stands still and nothing runs: no more ticks
                  it is blocked, and steps are parked: one of them may hold the lock that it waits for, so each gets a
                  slice from within the hub's blocked call
"""

from __future__ import annotations

import asyncio
import threading
import time
from types import FrameType
from typing import TYPE_CHECKING, Final

from greenlet import getcurrent, greenlet

from ..errors import Interrupted
from . import streams
from .guards import BRIEF, FREE, ITSELF, LONG, RELUCTANT, Collections, Hold, hub_may_lend, verdict
from .ticker import FAST_S, RARE_S, SLOW_S, ticker
from .worker import Worker
from .workers import Workers

if TYPE_CHECKING:
    from ..scheduler import Scheduler

__all__ = ["Slicer"]

ENOUGH: Final = 3
"""Interruptions that a step survives; then it is parked even where it should not be, for it would own the node."""
ROOM: Final = 20
"""Frames that a tick needs; a step that recurses to the limit has none left."""
STUCK_S: Final = 0.01
"""Seconds between the two ticks that find the hub at the same place; it is blocked there, unless it computes."""


class Slicer:
    """Slices the steps of one node.

    Attributes:
        parks: how many times a step has been parked.
        interrupts: how many steps have been interrupted by an exception.
        rescues: how often slices were lent from within a blocked call of the hub.
    """

    def __init__(self, sched: Scheduler, workers: Workers) -> None:
        self._sched: Final = sched
        self._workers: Final = workers
        self._collections: Collections | None = None
        self._seen: float | None = None
        self._held = 0.0
        """What is used up of the time that a step may be held: 1 is all of it."""
        self._ticks = 0
        """The ticks, of a millisecond each, that have met the present slice where it is held."""
        self._cramped = 0
        self._place: tuple[int, int, int] | None = None
        self._since = 0.0
        self._cpu_at = 0.0
        self.parks = 0
        self.interrupts = 0
        self.rescues = 0

    def start(self) -> None:
        """Begin.

        Raises:
            Unavailable: there is no timer to be had.
        """
        ticker.subscribe(self.tick, threading.get_native_id())
        self._workers.ticker = ticker
        streams.guard()
        self._collections = Collections()

    def stop(self) -> None:
        """End."""
        ticker.unsubscribe(self.tick)
        streams.release()
        if self._collections is not None:
            self._collections.close()
            self._collections = None

    def tick(self, frame: FrameType | None) -> bool:
        """One tick, in the greenlet and the frame that it has interrupted. Whether further ticks are needed.

        Raises:
            Interrupted: in the step that has stayed too long where it must not be switched.
        """
        current = getcurrent()
        try:
            _room(ROOM)
        except RecursionError:  # it is over soon; else it climbs and falls at the limit, for ever
            self._cramped += 1
            if self._cramped < BRIEF or type(current) is not Worker:
                return True
            self._cramped = 0
            current.spoiled = True
            raise Interrupted("its step stayed at the limit of recursion for 20 ms") from None
        self._cramped = 0
        worker = _worker_of(current)
        if worker is None:
            return self._tick_of_hub(frame)
        if worker.workers is self._workers and self._sched.running is not None:
            self._tick_of_step(worker, current, frame)
        return True

    def _tick_of_step(self, worker: Worker, current: greenlet, frame: FrameType | None) -> None:
        since = self._sched.since
        if since is not self._seen:
            self._seen = since
            self._held, self._ticks = 0.0, 0
            if ticker.pace != FAST_S:  # a tick of the hub came between looking at the pace and the step
                ticker.fast()
            if not worker.resumed_at or time.monotonic() - worker.resumed_at < FAST_S / 2:
                return
        hold = self._verdict(worker, current, frame)
        if hold == FREE or (worker.survived >= ENOUGH and hold != ITSELF and not self._collecting()):
            self._park(worker, current)
        elif hold == RELUCTANT:
            self._count()
            if self._ticks >= BRIEF or worker.blocked is self._sched.running:
                worker.blocked = self._sched.running
                self._park(worker, current)
        elif hold != ITSELF:
            self._held += self._count() / hold  # an import may hold it for longer than what follows it
            if self._held > 1 - 1e-9:
                self._held = 0.0
                worker.survived += 1
                worker.spoiled = True
                self.interrupts += 1
                raise Interrupted(
                    f"its step held the node for {hold} ms where it must not be switched ({_place(frame)}); "
                    "do this beside the process: asyncio.to_thread"
                )

    def _park(self, worker: Worker, current: greenlet) -> None:
        self.parks += 1
        self._workers.park(worker, current)

    def _count(self) -> int:
        """The ticks of a millisecond since the last one.

        The longer a hold is, the rarer they are: nobody reads the wake-up descriptor meanwhile.
        """
        ticks = max(1, round(ticker.pace / FAST_S))
        self._ticks += ticks
        if self._ticks >= LONG and ticker.pace < RARE_S:
            ticker.rare()
        elif self._ticks >= BRIEF and ticker.pace < SLOW_S:
            ticker.slow()
        return ticks

    def _verdict(self, worker: Worker, current: greenlet, frame: FrameType | None) -> Hold:
        hold = verdict(frame, current)
        if (
            hold != ITSELF and self._collecting()
        ):  # not in what notes its end: an exception there makes it endless
            return BRIEF
        if hold == FREE and worker.critical is not None and worker.critical is self._sched.since:
            worker.overdue = True
            return BRIEF
        return hold

    def leave(self, worker: Worker, frame: FrameType) -> None:
        """`self.critical()` is over on `worker`, whose step goes on in `frame`: what it has held up is due.

        Raises:
            Killed: its process has ended meanwhile.
        """
        overdue, worker.overdue = worker.overdue, False
        if overdue and self._verdict(worker, worker, frame) == FREE:
            self._park(worker, worker)

    def _collecting(self) -> bool:
        return self._collections is not None and self._collections.going_on()

    # --- the hub ----------------------------------------------------------------------------------

    def _tick_of_hub(self, frame: FrameType | None) -> bool:
        if self._sched.clock() < self._sched.inline_until:
            return True  # calls may still run at once, and nobody looks at the pace then
        if self._sched.scheduled and not self._workers.parked:
            return True  # a turn is due, or has looked at the pace already and is about to begin a step
        if ticker.pace != SLOW_S:
            ticker.slow()
        workers = self._workers
        if not workers.standing():
            return False
        if self._blocked(frame) and hub_may_lend(frame):
            self.rescues += 1
            workers.lend()
        return True

    def _blocked(self, frame: FrameType | None) -> bool:
        """Whether the hub stands where it stood at the tick before, though it has something to do, and does not compute either."""
        sched = self._sched
        busy = sched.scheduled or asyncio.current_task(sched.loop) is not None  # else it waits for events
        place = (sched.turns, id(frame), frame.f_lasti if frame is not None else 0)
        now, cpu = time.monotonic(), time.thread_time()
        if not busy or place != self._place:
            self._place = place if busy else None
            self._since, self._cpu_at = now, cpu
            return False
        waited, computed = now - self._since, cpu - self._cpu_at
        return waited >= STUCK_S / 2 and computed < waited / 2


def _worker_of(current: greenlet | None) -> Worker | None:
    """The worker that `current` is, or whose step has made it (as SQLAlchemy makes greenlets of its own)."""
    while current is not None and type(current) is not Worker:
        current = current.parent
    return current


def _room(frames: int) -> None:
    """Raises RecursionError unless there is room for that many frames."""
    if frames:
        _room(frames - 1)


def _place(frame: FrameType | None) -> str:
    if frame is None:
        return "unknown"
    return f"{frame.f_globals.get('__name__', '?')}:{frame.f_code.co_name}, line {frame.f_lineno}"
