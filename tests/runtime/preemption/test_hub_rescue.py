"""A parked step may hold what host code on the loop waits for, in a call that blocks."""

import asyncio
import logging
import threading
import time
from types import SimpleNamespace

import pytest
from greenlet import greenlet

from runtime import Server, exits
from runtime.preemption import slicer as module
from runtime.preemption.slicer import Slicer
from runtime.preemption.ticker import FAST_S, Ticker
from tests.support.eventually import eventually
from tests.support.processes import OopsError, serve
from tests.support.slicing import (
    KINDS,
    Does,
    DoesAsync,
    counted,
    job_of,
    overrun,
    parked,
    sliced,
    slicer,
    spin,
)


@KINDS
async def test_a_lock_that_a_parked_step_holds_comes_to_the_host(kind):
    lock = threading.Lock()

    def holds(process):
        with lock:
            overrun(process, 3)
        return "released"

    async with sliced(job=job_of(kind, holds)) as node:
        pid = await serve(node, kind)
        answer = asyncio.ensure_future(pid.call("job", timeout=20))
        await parked(node, pid)
        before = time.monotonic()
        assert lock.acquire(timeout=10), "the host would have hung"
        lock.release()
        assert time.monotonic() - before < 5
        assert slicer(node).rescues > 0
        await answer
        assert asyncio.current_task() is not None


async def test_the_task_of_a_step_that_went_on_inside_the_host_s_call_is_its_own():
    lock = threading.Lock()
    tasks = []

    async def holds(process):
        tasks.append(asyncio.current_task())
        with lock:
            overrun(process, 3)
            tasks.append(asyncio.current_task())
        await asyncio.sleep(0)
        tasks.append(asyncio.current_task())
        return "released"

    async with sliced(job=holds) as node:
        pid = await serve(node, DoesAsync)
        answer = asyncio.ensure_future(pid.call("job", timeout=20))
        await parked(node, pid)
        mine = asyncio.current_task()
        assert lock.acquire(timeout=10)
        assert asyncio.current_task() is mine
        lock.release()
        assert await answer == "released"
        assert len(set(tasks)) == 1


async def test_a_host_that_computes_lends_nothing_in_the_middle_of_the_runtime():
    class Contends(Server):
        def init(self):
            return ()

        def handle_cast(self, message, state):
            with self.resource("lock"):
                overrun(self)
            self.resource("order").append(message)
            return state

    order = []
    async with sliced(lock=threading.Lock(), order=order) as node:
        pids = [await serve(node, Contends) for _ in range(4)]
        for number, pid in enumerate(pids):
            pid.cast(number)
        await eventually(lambda: len(order) == 4, 20)
    assert sorted(order) == [0, 1, 2, 3]


@pytest.mark.parametrize("parkers", [1, 8])
async def test_any_of_the_parked_steps_may_be_the_one_that_holds_it(parkers):
    lock, done = threading.Lock(), []

    def holds(process):
        with lock:
            overrun(process, parkers + 2)

    async with sliced(holds=holds, spin=lambda process: spin(lambda: done)) as node:
        pids = [await serve(node, Does) for _ in range(parkers)]
        for pid in pids:
            pid.cast("spin")
        holder = await serve(node, Does)
        holder.cast("holds")
        await parked(node, holder)
        assert lock.acquire(timeout=10)
        lock.release()
        done.append(True)


async def holder_of(node, lock):
    """A step that stands still, and lets go of the lock in its next slice once something is in the list that this returns."""

    def holds(process):
        with lock:
            spin(lambda: over)

    over = []
    node.resources["holds"] = holds
    pid = await serve(node, Does)
    pid.cast("holds")
    await parked(node, pid)
    return over


async def test_a_callback_of_the_loop_gets_it_too():
    def calls_back():
        over.append(True)
        got.append(lock.acquire(timeout=10))
        done.set()

    got, lock, done = [], threading.Lock(), asyncio.Event()
    async with sliced() as node:
        over = await holder_of(node, lock)
        asyncio.get_running_loop().call_soon(calls_back)
        await done.wait()
    assert got == [True]


async def test_a_greenlet_of_the_host_gets_it_too():
    """As code under SQLAlchemy's `greenlet_spawn`."""
    lock = threading.Lock()
    async with sliced() as node:
        (await holder_of(node, lock)).append(True)
        assert greenlet(lambda: lock.acquire(timeout=10)).switch()
        assert slicer(node).rescues > 0


async def test_a_host_that_is_blocked_in_the_middle_of_the_runtime_lends_nothing():
    """A process ends, and the host's log takes its time."""

    def slow(record):
        time.sleep(0.1)
        return not slept.append(record)

    done, slept, log = [], [], logging.getLogger("observer")
    async with sliced(spin=lambda process: spin(lambda: done)) as node:
        pid, other = await serve(node, Does), await serve(node, Does)
        pid.cast("spin")
        await parked(node, pid)
        before = slicer(node).rescues
        log.addFilter(slow)
        try:
            exits.signal(other._process, OopsError())
        finally:
            log.removeFilter(slow)
        assert slept
        assert slicer(node).rescues == before
        done.append(True)


async def test_a_host_that_waits_for_events_lends_nothing():
    """Only a step that is suspended stands still then, and it is to go on doing so."""
    done = []
    async with sliced(spin=lambda process: spin(lambda: done)) as node:
        pid = await serve(node, Does)
        pid.cast("spin")
        await parked(node, pid)
        pid._process.pause()
        await eventually(lambda: node.scheduler.workers.aside and not node.scheduler.scheduled)
        before = slicer(node).rescues
        with counted() as ticks:
            await eventually(lambda: ticks.count >= 5)
        await asyncio.sleep(0.1)
        assert slicer(node).rescues == before
        pid._process.unpause()
        done.append(True)


# --- told by hand ---------------------------------------------------------------------------------


class Paced(Ticker):
    """A ticker without a timer, that keeps the pace which it is told."""

    def _set(self, period_s):
        self.pace = period_s


class Hub:
    """A slicer that nobody ticks, and a hub that stands where the test says."""

    def __init__(self, monkeypatch):
        self.now = self.cpu = 0.0
        self.sched = SimpleNamespace(
            clock=lambda: self.now,
            inline_until=-1.0,
            loop=asyncio.get_running_loop(),
            scheduled=True,
            turns=1,
        )
        self.workers = SimpleNamespace(parked=[1], standing=lambda: self.workers.parked, lend=list)
        self.slicer = Slicer(self.sched, self.workers)
        self.frame = SimpleNamespace(f_lasti=1, f_globals={"__name__": "host"}, f_back=None)
        clocks = SimpleNamespace(monotonic=lambda: self.now, thread_time=lambda: self.cpu)
        monkeypatch.setattr(module, "time", clocks)
        monkeypatch.setattr(module, "ticker", Paced())

    def tick(self, after=0.01, computing=0.0):
        """A tick so many seconds after the one before, of which it has computed so many. Whether slices were lent."""
        self.now += after
        self.cpu += computing
        before = self.slicer.rescues
        self.slicer._tick_of_hub(self.frame)
        return self.slicer.rescues > before


@pytest.fixture
async def hub(monkeypatch):
    return Hub(monkeypatch)


async def test_blocked_is_who_stands_at_the_same_place_and_does_not_compute(hub):
    assert [hub.tick(), hub.tick(), hub.tick()] == [False, True, True]


async def test_the_first_look_at_a_place_says_nothing(hub):
    for _ in range(3):
        hub.frame = SimpleNamespace(f_lasti=1, f_globals={"__name__": "host"}, f_back=hub.frame)
        assert not hub.tick()


async def test_who_computes_is_not_blocked(hub):
    hub.tick()
    assert not hub.tick(computing=0.008)


async def test_who_has_gone_on_in_the_same_function_is_not_blocked(hub):
    hub.tick()
    hub.frame.f_lasti += 2
    assert not hub.tick()


async def test_who_is_there_again_in_another_turn_is_not_blocked(hub):
    hub.tick()
    hub.sched.turns += 1
    assert not hub.tick()


async def test_two_ticks_in_a_row_are_not_long_enough(hub):
    hub.tick()
    assert not hub.tick(after=0.001)


async def test_while_calls_run_at_once_and_while_a_turn_is_due_the_pace_stays(hub):
    module.ticker.pace = FAST_S
    hub.sched.inline_until = 1.0
    assert hub.slicer._tick_of_hub(hub.frame)
    hub.sched.inline_until, hub.workers.parked = -1.0, []
    assert hub.slicer._tick_of_hub(hub.frame)
    assert module.ticker.pace == FAST_S
    hub.sched.scheduled = False
    assert not hub.slicer._tick_of_hub(hub.frame)
