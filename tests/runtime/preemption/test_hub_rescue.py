"""A parked step may hold what host code on the loop waits for, in a call that blocks."""

import asyncio
import threading
import time

import pytest

from runtime import Server
from tests.support.eventually import eventually
from tests.support.processes import serve
from tests.support.slicing import KINDS, Does, DoesAsync, job_of, overrun, parked, sliced, slicer, spin


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
