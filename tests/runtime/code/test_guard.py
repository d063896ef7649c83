"""Rolling back by itself, if crashes rise; off unless asked for."""

import asyncio

from runtime import ChildSpec, Guard, Supervisor
from tests.support.agents_sources import COUNTER
from tests.support.eventually import eventually


async def crashing(disk, node):
    counter = disk.load("counter", COUNTER)
    await node.start(Supervisor([ChildSpec("counter", counter.Counter)], max_restarts=50))
    disk.edit("counter", "return State(state.total + 1)", "return 1 / 0")


async def crash(node, times):
    for _ in range(times):
        before = node.whereis("counter")
        node.named("counter").cast("crash")
        await eventually(lambda before=before: node.whereis("counter") not in {None, before})


async def test_too_many_crashes_after_an_upgrade_roll_it_back(disk, node):
    await crashing(disk, node)
    await node.code.apply("counter", guard=Guard(crashes=3, seconds=30))
    await crash(node, 3)
    await eventually(lambda: node.code.history[-1].kind == "rollback")
    entry = node.code.history[-1]
    assert (entry.by, entry.done) == ("guard", True)
    assert "3 crashes within" in entry.reason
    before = node.whereis("counter")
    node.named("counter").cast("no crash")
    await asyncio.sleep(0.01)
    assert node.whereis("counter") == before


async def test_fewer_crashes_do_not(disk, node):
    await crashing(disk, node)
    await node.code.apply("counter", guard=Guard(crashes=3, seconds=0.2))
    await crash(node, 2)
    await eventually(node.code._watch._task.done)
    await crash(node, 2)
    assert [entry.kind for entry in node.code.history] == ["upgrade"]


async def test_without_a_guard_nothing_is_rolled_back(disk, node):
    await crashing(disk, node)
    await node.code.apply("counter")
    await crash(node, 5)
    assert [entry.kind for entry in node.code.history] == ["upgrade"]
