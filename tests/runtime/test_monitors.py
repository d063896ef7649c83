"""Monitors: who is told of an end, once, and with its reason."""

import pytest

from runtime import ChildSpec, Down, Supervisor
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import Contrary, Obeys, OopsError, end_of, quiet, serve, three


@pytest.mark.parametrize("reason", ["normal", "shutdown", "oops", OopsError("x")], ids=repr)
@virtual_time
async def test_a_monitor_tells_every_end_once(reason):
    async with virtual_node() as node:
        boss, one, _ = await three(node, trap=False)
        ref = await boss.call(("monitor", one))
        one.cast(reason)
        await end_of(one)
        assert await boss.call("seen") == (Down(ref, one, reason),)


@virtual_time
async def test_two_monitors_are_two_messages():
    async with virtual_node() as node:
        boss, one, _ = await three(node)
        refs = [await boss.call(("monitor", one)) for _ in range(2)]
        one.cast("normal")
        await end_of(one)
        assert await boss.call("seen") == tuple(Down(ref, one, "normal") for ref in refs)


@virtual_time
async def test_a_monitor_on_the_dead_or_on_nobody_is_told_noproc_at_once():
    async with virtual_node() as node:
        boss, one, _ = await three(node)
        one.cast("normal")
        await end_of(one)
        first = await boss.call(("monitor", one))
        second = await boss.call(("monitor", "nobody"))
        third = await boss.call(("monitor", node.named("nobody")))
        assert await boss.call("seen") == (
            Down(first, one, "noproc"),
            Down(second, None, "noproc"),
            Down(third, None, "noproc"),
        )


@virtual_time
async def test_a_monitor_by_name_follows_the_process_and_not_the_name():
    async with virtual_node() as node:
        boss, *_ = await three(node)
        await node.start(Supervisor([ChildSpec("child", Obeys)]))
        old = node.whereis("child")
        ref = await boss.call(("monitor", "child"))
        for _ in range(2):
            node.named("child").cast("oops")
            await quiet(node)
        assert await boss.call("seen") == (Down(ref, old, "oops"),)


@virtual_time
async def test_a_monitor_that_is_undone_tells_nothing():
    async with virtual_node() as node:
        boss, one, _ = await three(node)
        ref = await boss.call(("monitor", one))
        assert await boss.call(("demonitor", ref)) is True
        assert await boss.call(("demonitor", ref)) is False
        one.cast("normal")
        await end_of(one)
        assert await boss.call("seen") == ()


@virtual_time
async def test_undoing_a_monitor_takes_back_a_down_that_waits_in_the_mailbox():
    class Flushes(Obeys):
        def handle_cast(self, pid, seen):
            ref = self.monitor(pid)
            self.pid.send(Contrary())
            self.pid.send("before")
            self.exit(pid, "kill")
            self.pid.send("after")
            assert self.demonitor(ref) is True
            return seen

        def handle_info(self, message, seen):
            return (*seen, message if isinstance(message, str) else type(message).__name__)

    async with virtual_node() as node:
        _, one, _ = await three(node)
        flushes = await serve(node, Flushes)
        flushes.cast(one)
        await quiet(node)
        assert await flushes.call("seen") == ("Contrary", "before", "after")


@virtual_time
async def test_a_watcher_that_dies_leaves_no_monitor_behind():
    async with virtual_node() as node:
        boss, one, _ = await three(node)
        await boss.call(("monitor", one))
        assert one._process.watchers
        boss.cast("normal")
        await end_of(boss)
        assert not one._process.watchers
        one.cast("normal")
        await end_of(one)


@virtual_time
async def test_everybody_is_told_in_one_step_so_a_name_is_free_when_the_down_arrives():
    class Looks(Obeys):
        def handle_info(self, message, seen):
            return (*seen, self.whereis("child"))

    async with virtual_node() as node:
        looks = await serve(node, Looks)
        await node.start(ChildSpec("child", Obeys, restart="temporary"))
        await looks.call(("monitor", "child"))
        node.named("child").cast("normal")
        await quiet(node)
        assert await looks.call("seen") == (None,)
