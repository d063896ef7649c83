"""What a killed supervisor leaves behind, and whether it can be replaced."""

from __future__ import annotations

import asyncio

from runtime import ChildSpec, Node, Server, Supervisor
from runtime.exits import signal
from tests.support.eventually import eventually


class Slow(Server):
    """Traps exits, and takes its time to go."""

    trap_exits = True

    def init(self):
        return 0

    async def terminate(self, reason, state):
        for _ in range(20):
            await asyncio.sleep(0)


async def test_a_killed_tree_is_replaced_although_its_children_need_time_to_free_their_names():
    inner = Supervisor([ChildSpec("slow", Slow), ChildSpec("slower", Slow)])
    tree = Supervisor([ChildSpec("inner", inner)], name="tree")
    async with Node("t", introspection=False) as node:
        await node.start(tree)
        before = node.whereis("tree"), node.whereis("inner"), node.whereis("slow")
        signal(before[0]._process, "kill")

        def replaced():
            after = [node.whereis(name) for name in ("tree", "inner", "slow", "slower")]
            return all(after) and not set(before) & set(after)

        await eventually(replaced)
        await eventually(lambda: node.ledger.restarts)  # counted once the whole tree has started
        assert node.ledger.restarts == 1
