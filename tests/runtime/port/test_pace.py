"""The right of way of a request, and what the loop gives it."""

from __future__ import annotations

import pytest

from runtime.port import pace
from runtime.port.pace import WAY_S, give_way, hurry, right_of_way
from tests.support.eventually import eventually
from tests.support.processes import serve
from tests.support.slicing import Does, parked, sliced, spin


@pytest.fixture
def clock(monkeypatch):
    """Time stands still, unless it is moved."""
    now = [100.0]
    monkeypatch.setattr(pace.time, "monotonic", lambda: now[0])
    yield now
    give_way()


def test_a_request_has_the_right_of_way_until_it_is_answered(clock):
    assert not right_of_way()
    hurry()
    assert right_of_way()
    give_way()
    assert not right_of_way()


def test_no_request_has_it_for_long(clock):
    hurry()
    clock[0] += WAY_S * 0.9
    assert right_of_way()
    clock[0] += WAY_S * 0.2
    assert not right_of_way()


async def test_what_is_posted_while_the_loop_breathes_comes_before_the_next_slice():
    done, between = [], []

    def job(process):
        spin(lambda: done)

    async with sliced(job=job) as node:
        pid = await serve(node, Does)
        pid.cast("job")
        worker = await parked(node, pid)
        breathe = node.scheduler._breathe

        def posts():
            breathe()
            before = worker.slices
            node.scheduler.loop.call_soon_threadsafe(lambda: between.append(worker.slices - before))

        node.scheduler._breathe = posts
        await eventually(lambda: len(between) >= 5)
        done.append(True)
        assert between[:5] == [0, 0, 0, 0, 0]


async def test_the_loop_breathes_until_a_request_is_through(monkeypatch):
    ways = iter([True, True, True, False])
    slept = []
    done = []
    async with sliced(job=lambda process: spin(lambda: done)) as node:
        pid = await serve(node, Does)
        pid.cast("job")
        await parked(node, pid)
        done.append(True)
        monkeypatch.setattr("runtime.scheduler.right_of_way", lambda: next(ways, False))
        monkeypatch.setattr("runtime.scheduler.time.sleep", slept.append)
        node.scheduler._turned = node.scheduler._breathed = 0.0
        monkeypatch.setattr("runtime.scheduler.PAUSE_S", float("inf"))
        node.scheduler._breathe()
        assert len(slept) == 4
