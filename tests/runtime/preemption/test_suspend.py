"""Suspending a parked step."""

import asyncio

import pytest

from runtime import exits
from runtime.status import PARKED, STATUSES, SUSPENDED
from tests.support.eventually import eventually
from tests.support.processes import serve
from tests.support.slicing import KINDS, Does, DoesAsync, job_of, parked, sliced, spin


@pytest.fixture
def turns():
    return [0]


def counting(turns, done):
    def job(process):
        def turn():
            turns[0] += 1
            return done

        spin(turn)

    return job


async def stands_still(turns):
    """Whether nothing of it runs any more."""
    before = turns[0]
    for _ in range(30):
        await asyncio.sleep(0.001)
    return turns[0] == before


@KINDS
async def test_a_suspended_step_has_no_slices_and_has_them_again_when_resumed(kind, turns):
    done = []
    async with sliced(job=job_of(kind, counting(turns, done))) as node:
        pid = await serve(node, kind)
        pid.cast("job")
        await parked(node, pid)
        for _ in range(5):
            pid._process.pause()
            assert STATUSES[pid._process.status] == "suspended"
            assert await stands_still(turns)
            pid._process.unpause()
            before = turns[0]
            await eventually(lambda before=before: turns[0] > before)
        done.append(True)
        await eventually(lambda: STATUSES[pid._process.status] == "waiting")


@KINDS
async def test_a_step_that_has_been_granted_its_slice_when_it_is_suspended_stands_still_after_it(kind, turns):
    """The grant and the slice are two callbacks of the loop: suspended between them, after every possible number of turns."""
    done = []
    async with sliced(job=job_of(kind, counting(turns, done))) as node:
        pid = await serve(node, kind)
        pid.cast("job")
        await parked(node, pid)
        for delay in range(12):
            for _ in range(delay):
                await asyncio.sleep(0)
            await eventually(lambda: pid._process.status == PARKED)
            pid._process.pause()
            for _ in range(3):
                await asyncio.sleep(0.001)
            assert await stands_still(turns)
            assert pid._process.status == SUSPENDED
            pid._process.unpause()
        done.append(True)


async def test_a_process_that_is_suspended_in_an_await_stands_still_when_its_step_is_parked(turns):
    done, awaiting = [], asyncio.Event()

    async def job(process):
        await awaiting.wait()
        counting(turns, done)(process)

    async with sliced(job=job) as node:
        pid = await serve(node, DoesAsync)
        pid.cast("job")
        await eventually(lambda: STATUSES[pid._process.status] == "awaiting")
        pid._process.pause()
        awaiting.set()
        await eventually(lambda: pid._process.status == SUSPENDED)
        assert await stands_still(turns)
        pid._process.unpause()
        done.append(True)
        await eventually(lambda: STATUSES[pid._process.status] == "waiting")


@KINDS
async def test_a_suspended_step_can_be_killed(kind, turns):
    async with sliced(job=job_of(kind, counting(turns, []))) as node:
        pid = await serve(node, kind)
        pid.cast("job")
        worker = await parked(node, pid)
        pid._process.pause()
        await stands_still(turns)
        exits.signal(pid._process, "kill")
        assert not pid.alive
        await eventually(lambda: worker in node.scheduler.workers.pool or worker.dead)


async def test_a_node_stops_with_suspended_steps(turns):
    async with sliced(job=counting(turns, [])) as node:
        pid = await serve(node, Does)
        pid.cast("job")
        await parked(node, pid)
        pid._process.pause()
        await stands_still(turns)
    assert not node.scheduler.workers.zombies
