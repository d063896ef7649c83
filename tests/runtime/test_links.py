"""Links: what ends together."""

import asyncio
import threading
from itertools import pairwise

import pytest

from runtime import ChildSpec, Exit, Node, ProcessExit, Supervisor
from runtime.exits import link
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import Obeys, OopsError, end_of, quiet, serve, three


@pytest.mark.parametrize("reason", [OopsError("x"), "oops", "shutdown", ("shutdown", 1)], ids=repr)
@virtual_time
async def test_a_link_carries_an_abnormal_end_both_ways(reason):
    for direction in ("linked", "linking"):
        async with virtual_node() as node:
            _, one, other = await three(node)
            await one.call(("link", other))
            first, second = (one, other) if direction == "linking" else (other, one)
            first.cast(reason)
            assert await end_of(second) == reason


@virtual_time
async def test_a_link_carries_a_kill_as_killed():
    async with virtual_node() as node:
        boss, one, other = await three(node)
        await one.call(("link", other))
        await boss.call(("exit", one, "kill"))
        assert await end_of(one) == "killed"
        assert await end_of(other) == "killed"


@virtual_time
async def test_a_normal_end_leaves_the_linked_alone():
    async with virtual_node() as node:
        boss, one, other = await three(node)
        await one.call(("link", other))
        await one.call(("link", boss))
        one.cast("normal")
        await end_of(one)
        await quiet(node)
        assert other.alive
        assert await boss.call("seen") == (Exit(one, "normal"),)


@virtual_time
async def test_who_traps_exits_gets_a_message_instead_of_dying():
    async with virtual_node() as node:
        boss, one, _ = await three(node)
        await boss.call(("link", one))
        error = OopsError("x")
        one.cast(error)
        await end_of(one)
        assert await boss.call("seen") == (Exit(one, error),)
        assert boss.alive


@virtual_time
async def test_a_link_that_is_undone_carries_nothing():
    async with virtual_node() as node:
        _, one, other = await three(node)
        await one.call(("link", other))
        await other.call(("unlink", one))
        await other.call(("unlink", one))  # once more has no effect
        one.cast("oops")
        await end_of(one)
        assert other.alive


@virtual_time
async def test_a_link_twice_is_one_link():
    async with virtual_node() as node:
        boss, one, _ = await three(node)
        for _ in range(3):
            await boss.call(("link", one))
        one.cast("oops")
        await end_of(one)
        assert await boss.call("seen") == (Exit(one, "oops"),)


@virtual_time
async def test_a_link_with_oneself_has_no_effect():
    async with virtual_node() as node:
        boss, *_ = await three(node)
        await boss.call(("link", boss))
        assert not [other for other in boss._process.links if other is boss._process]


@virtual_time
async def test_a_link_with_the_dead_is_an_exit_signal_noproc():
    async with virtual_node() as node:
        boss, one, other = await three(node)
        one.cast("normal")
        await end_of(one)
        await boss.call(("link", one))
        assert await boss.call("seen") == (Exit(one, "noproc"),)
        with pytest.raises(Exception, match="noproc"):
            await other.call(("link", one))
        assert await end_of(other) == "noproc"


@virtual_time
async def test_a_link_with_a_name_that_nobody_has_is_noproc_as_well():
    async with virtual_node() as node:
        boss, *_ = await three(node)
        await boss.call(("link", "nobody"))
        assert await boss.call("seen") == (Exit(None, "noproc"),)


@virtual_time
async def test_many_links_are_as_good_as_few():
    async with virtual_node() as node:
        boss = await serve(node, Obeys, True)
        others = [await serve(node, Obeys) for _ in range(20)]
        for other in others:
            await boss.call(("link", other))
        for other in others[::2]:
            await boss.call(("unlink", other))
        boss.cast("oops")
        await end_of(boss)
        assert [other.alive for other in others] == [True, False] * 10


async def test_a_chain_of_100_000_links_ends_without_recursion():
    async with Node("t", introspection=False) as node:
        specs = [ChildSpec(n, Obeys, register=False, restart="temporary") for n in range(100_000)]
        top = await node.start(Supervisor(specs))
        chain = [process for process in node.table if process.parent is top._process]
        for one, other in pairwise(chain):
            link(one, other)
        chain[0].handle.exit(chain[0].pid, "shutdown")
        assert {process.reason for process in chain} == {"shutdown"}
        assert (await Supervisor.count_children(top)).specs == 0


@virtual_time
async def test_two_that_kill_each_other_through_their_links_both_end():
    class Strikes(Obeys):
        trap_exits = True

        def handle_info(self, message, seen):
            raise ProcessExit("revenge")

        def terminate(self, reason, seen):
            self.resource("said").append(reason)

    said = []
    async with virtual_node(resources={"said": said}) as node:
        one, other = await serve(node, Strikes), await serve(node, Strikes)
        one._process.trap_exits = other._process.trap_exits = True
        await one.call(("link", other))
        one.cast("oops")
        assert await end_of(one) == "oops"
        assert await end_of(other) == "revenge"
    assert said == ["oops", "revenge"]


def test_two_nodes_in_two_threads_do_not_mix_their_signals():
    async def run(outcomes):
        async with Node("t", introspection=False) as node:
            for _ in range(200):
                pids = [await serve(node, Obeys) for _ in range(5)]
                for one, other in pairwise(pids):
                    link(one._process, other._process)
                pids[0].cast("shutdown")
                await end_of(pids[-1])
            outcomes.append([node._sched.thread, threading.get_ident()])

    outcomes = []
    threads = [threading.Thread(target=lambda: asyncio.run(run(outcomes))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 2
