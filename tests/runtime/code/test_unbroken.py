"""An upgrade goes on whoever stops waiting for it, and ends with its node."""

import asyncio
import sys

import pytest

from runtime import ChildSpec, CodeError, Node, Server, UpgradeRefused
from tests.support.agents_sources import COUNTER
from tests.support.eventually import eventually

WAITING = COUNTER.replace(
    "        def handle_cast",
    """
        async def handle_info(self, message, state):
            await self.resource("gate").wait()
            return state

        def handle_cast""",
)


class Lingers(Server):
    """Takes its time to end."""

    trap_exits = True

    def init(self):
        return 0

    async def terminate(self, reason, state):
        await self.resource("end").wait()


@pytest.fixture
async def under_way(disk):
    """A node, a module, and an upgrade that waits for a step that does not end."""
    async with Node(
        "stops", introspection=False, resources={"gate": asyncio.Event(), "end": asyncio.Event()}
    ) as node:
        module = disk.load("counter", WAITING)
        pid = await node.start(ChildSpec("waits", module.Counter))
        pid.send("wait")
        await eventually(lambda: pid._process.current is not None)
        disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
        before = asyncio.all_tasks()
        upgrade = asyncio.ensure_future(node.code.apply("counter"))
        await eventually(lambda: hasattr(module.Counter.handle_cast, "behind"))
        yield node, module, upgrade, before


async def test_an_upgrade_that_is_under_way_is_refused_when_the_node_stops_and_leaves_nothing(under_way):
    node, module, upgrade, before = under_way
    await node.stop()
    with pytest.raises((UpgradeRefused, CodeError), match=r"node (stops|stops has ended)"):
        await upgrade
    assert sys.modules["counter"] is module
    assert not hasattr(module.Counter.handle_cast, "behind")
    assert node.code.busy is None
    assert asyncio.all_tasks() - before == {asyncio.current_task()}


async def test_an_upgrade_is_refused_as_soon_as_the_node_begins_to_stop(disk):
    ends = asyncio.Event()
    resources = {"gate": asyncio.Event(), "end": ends}
    async with Node("stops", introspection=False, resources=resources) as node:
        module = disk.load("counter", WAITING)
        await node.start(ChildSpec("lingers", Lingers))
        pid = await node.start(ChildSpec("waits", module.Counter, shutdown="brutal_kill"))
        pid.send("wait")
        await eventually(lambda: pid._process.current is not None)
        disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
        upgrade = asyncio.ensure_future(node.code.apply("counter"))
        await eventually(lambda: hasattr(module.Counter.handle_cast, "behind"))
        stopping = asyncio.ensure_future(node.stop())
        with pytest.raises(UpgradeRefused, match="the node stops"):
            await upgrade
        assert not stopping.done()
        ends.set()
        await stopping
    assert sys.modules["counter"] is module


async def test_whatever_it_is_about_it_ends_with_the_node(disk, monkeypatch):
    planning = asyncio.Event()

    async def plan(_self):
        planning.set()
        await asyncio.Event().wait()

    monkeypatch.setattr("runtime.code.upgrades.Planning.plan", plan)
    async with Node("stops", introspection=False) as node:
        module = disk.load("counter", COUNTER)
        await node.start(ChildSpec("counter", module.Counter))
        upgrade = asyncio.ensure_future(node.code.apply("counter"))
        await planning.wait()
    with pytest.raises(CodeError, match="node stops has ended"):
        await upgrade
    assert node.code.busy is None


async def test_who_stops_waiting_does_not_stop_it(under_way):
    node, module, upgrade, _ = under_way
    upgrade.cancel()
    await eventually(upgrade.done)
    assert node.code.busy == "upgrade"
    node.resources["gate"].set()
    await eventually(lambda: node.code.history)
    assert node.code.history[-1].done
    assert sys.modules["counter"] is not module


async def test_nothing_of_it_is_left_on_the_node_when_it_is_over(under_way):
    node, _, upgrade, _ = under_way
    node.resources["gate"].set()
    await upgrade
    await eventually(lambda: not node.root.watchers)


async def test_a_node_that_has_stopped_changes_no_code(disk):
    async with Node("stopped", introspection=False) as node:
        module = disk.load("counter", COUNTER)
        await node.start(ChildSpec("counter", module.Counter))
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    for ask in (node.code.plan, node.code.apply, node.code.rollback):
        with pytest.raises(CodeError, match="node stopped is not running"):
            await ask("counter")
    assert node.code.busy is None
