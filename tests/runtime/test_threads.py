"""A node belongs to the thread of its loop; what comes from elsewhere is passed on, or refused with the way to go."""

from __future__ import annotations

import asyncio

import pytest

from runtime import ChildSpec, Node, NodeError, NotRegistered, Reply, Server
from tests.support.eventually import eventually


class Sum(Server):
    def init(self):
        return 0

    def handle_call(self, message, caller, total):
        return Reply(total, total)

    def handle_cast(self, number, total):
        return total + number

    def handle_info(self, number, total):
        if number == "crash":
            raise ValueError("asked to")
        return total + number


async def test_casts_and_sends_from_another_thread_arrive_at_once_though_the_loop_sleeps():
    async with Node("t", introspection=False) as node:
        pid = await node.start(ChildSpec("sum", Sum))

        def elsewhere():
            for _ in range(100):
                pid.cast(1)
                node.named("sum").send(1)

        await asyncio.to_thread(elsewhere)
        await eventually(lambda: pid._process.state == 200, within=1.0)


async def test_a_call_from_another_thread_is_refused_and_says_how_to_go_about_it():
    async with Node("t", introspection=False) as node:
        pid = await node.start(ChildSpec("sum", Sum))
        with pytest.raises(NodeError, match="another thread; use asyncio"):
            await asyncio.to_thread(asyncio.run, pid.call("total"))
        loop = asyncio.get_running_loop()
        answer = await asyncio.to_thread(
            lambda: asyncio.run_coroutine_threadsafe(pid.call("total"), loop).result(5)
        )
        assert answer == 0


@pytest.mark.parametrize("operation", ["start", "stop", "spawn"])
async def test_a_node_is_not_started_stopped_or_added_to_from_another_thread(operation):
    async def worker(process):
        await process.receive()

    async with Node("t", introspection=False) as node:

        async def elsewhere():
            if operation == "start":
                await node.start(ChildSpec("sum", Sum))
            elif operation == "stop":
                await node.stop()
            else:
                node.spawn(worker)

        with pytest.raises(NodeError, match="lives in another thread"):
            await asyncio.to_thread(lambda: asyncio.run(elsewhere()))
        assert len(node.table) == 1


async def test_trying_again_at_once_lets_the_supervisor_have_its_turn():
    async with Node("t", introspection=False) as node:
        pid = await node.start(ChildSpec("sum", Sum))
        pid.send("crash")
        await eventually(lambda: not pid.alive)
        for _ in range(1000):
            try:
                assert await node.named("sum").call("total") == 0
                break
            except NotRegistered:
                continue
        else:
            pytest.fail("the supervisor has never had a turn")
