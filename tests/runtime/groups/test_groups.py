"""Process groups: members, monitors, broadcasts."""

import asyncio

import pytest

from runtime import Down, Groups, Joined, Left, NodeError, NoProcess, Reply, Server
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import Obeys, end_of, quiet, serve

WORKERS = Groups("workers")


@virtual_time
async def test_members_are_listed_in_the_order_in_which_they_joined_each_as_often_as_it_did():
    async with virtual_node() as node:
        one, two = await serve(node, Obeys), await serve(node, Obeys)
        for pid in (two, one, two):
            WORKERS.join(pid, "g")
        assert WORKERS.get_members(node, "g") == [two, one, two]
        assert WORKERS.which_groups(node) == ["g"]


@virtual_time
async def test_one_leave_undoes_one_join():
    async with virtual_node() as node:
        one = await serve(node, Obeys)
        for _ in range(2):
            WORKERS.join(one, "g")
        assert WORKERS.leave(one, "g")
        assert WORKERS.get_members(node, "g") == [one]
        assert WORKERS.leave(one, "g")
        assert not WORKERS.leave(one, "g")
        assert WORKERS.which_groups(node) == []


@virtual_time
async def test_scopes_have_nothing_to_do_with_each_other():
    async with virtual_node() as node:
        one = await serve(node, Obeys)
        WORKERS.join(one, "g")
        assert Groups("others").get_members(node, "g") == []
        assert Groups("workers").get_members(node, "g") == [one]


@pytest.mark.parametrize("reason", ["normal", "kill", "oops"])
@virtual_time
async def test_a_process_that_ends_has_left_at_once(reason):
    async with virtual_node() as node:
        one, two = await serve(node, Obeys), await serve(node, Obeys)
        for pid in (one, two):
            WORKERS.join(pid, "g")
        one._process.handle.exit(one, reason)
        assert WORKERS.get_members(node, "g") == [two]


@virtual_time
async def test_the_dead_join_nothing():
    async with virtual_node() as node:
        one = await serve(node, Obeys)
        one.cast("normal")
        await end_of(one)
        with pytest.raises(NoProcess):
            WORKERS.join(one, "g")
        assert WORKERS.which_groups(node) == []


# --- monitors -----------------------------------------------------------------------------------------


@virtual_time
async def test_a_monitor_is_told_who_is_there_and_then_of_joins_and_leaves():
    async with virtual_node() as node:
        boss, one, two = [await serve(node, Obeys) for _ in range(3)]
        WORKERS.join(one, "g")
        ref, members = WORKERS.monitor(boss, "g")
        assert members == [one]
        WORKERS.join(two, "g")
        WORKERS.join(two, "other")
        WORKERS.leave(one, "g")
        assert await boss.call("seen") == (Joined(ref, "g", (two,)), Left(ref, "g", (one,)))


@virtual_time
async def test_an_end_is_one_leave_for_each_group_with_a_pid_for_each_membership():
    async with virtual_node() as node:
        boss, one = await serve(node, Obeys), await serve(node, Obeys)
        for group in ("a", "b", "a"):
            WORKERS.join(one, group)
        ref, members = WORKERS.monitor_scope(boss)
        assert members == {"a": [one, one], "b": [one]}
        one._process.handle.exit(one, "kill")
        assert await boss.call("seen") == (Left(ref, "a", (one, one)), Left(ref, "b", (one,)))


@virtual_time
async def test_the_leave_comes_before_the_down():
    async with virtual_node() as node:
        boss, one = await serve(node, Obeys), await serve(node, Obeys)
        WORKERS.join(one, "g")
        down = await boss.call(("monitor", one))
        ref, _ = WORKERS.monitor(boss, "g")
        one.cast("oops")
        await end_of(one)
        assert await boss.call("seen") == (Left(ref, "g", (one,)), Down(down, one, "oops"))


@virtual_time
async def test_a_process_that_monitors_its_own_group_is_told_of_its_own_join_but_not_of_its_end():
    async with virtual_node() as node:
        one = await serve(node, Obeys)
        ref, members = WORKERS.monitor(one, "g")
        WORKERS.join(one, "g")
        assert members == []
        assert await one.call("seen") == (Joined(ref, "g", (one,)),)
        one._process.handle.exit(one, "kill")
        table = node.registry.tables[WORKERS]
        assert not table._monitors
        assert not table._monitoring


@virtual_time
async def test_nothing_is_missed_by_a_monitor_that_begins_while_others_join():
    """Whoever monitors knows, at any time, exactly who is a member."""

    class Follows(Server):
        def init(self):
            _, members = WORKERS.monitor(self, "g")
            return frozenset(members)

        def handle_call(self, message, caller, members):
            return Reply(members, members)

        def handle_info(self, message, members):
            pids = frozenset(message.pids)
            return members | pids if type(message) is Joined else members - pids

    async with virtual_node() as node:
        followers, members = [], []
        for number in range(20):
            members.append(await serve(node, Obeys))
            WORKERS.join(members[-1], "g")
            followers.append(await serve(node, Follows))
            if number % 3 == 0:
                members.pop(0).cast("oops")
        await quiet(node)
        for follower in followers:
            assert await follower.call("members") == frozenset(WORKERS.get_members(node, "g"))


@virtual_time
async def test_demonitor_flushes_what_has_come_already():
    async with virtual_node() as node:
        boss, one = await serve(node, Obeys), await serve(node, Obeys)
        ref, _ = WORKERS.monitor(boss, "g")
        other, _ = WORKERS.monitor(boss, "g")
        WORKERS.join(one, "g")
        assert WORKERS.demonitor(boss, ref)
        assert not WORKERS.demonitor(boss, ref)
        WORKERS.leave(one, "g")
        assert await boss.call("seen") == (Joined(other, "g", (one,)), Left(other, "g", (one,)))


@virtual_time
async def test_a_selective_receive_passes_over_nothing_when_what_it_has_looked_at_is_flushed(seen):
    async def selective(process):
        seen.append(await process.receive(match=str))

    async with virtual_node() as node:
        boss, one = node.spawn(selective), await serve(node, Obeys)
        ref, _ = WORKERS.monitor(boss, "g")
        WORKERS.join(one, "g")
        await quiet(node)
        assert WORKERS.demonitor(boss, ref)
        boss.send("text")
        assert await end_of(boss) == "normal"
    assert seen == ["text"]


@virtual_time
async def test_a_monitor_goes_with_its_process():
    async with virtual_node() as node:
        boss, one = await serve(node, Obeys), await serve(node, Obeys)
        WORKERS.monitor(boss, "g")
        boss.cast("normal")
        await end_of(boss)
        WORKERS.join(one, "g")
        assert not node.registry.tables[WORKERS]._monitors


# --- broadcasts ---------------------------------------------------------------------------------------


@virtual_time
async def test_a_broadcast_goes_to_each_membership_but_not_to_whom_it_leaves_out():
    async with virtual_node() as node:
        one, two = await serve(node, Obeys), await serve(node, Obeys)
        for pid in (one, two, two):
            WORKERS.join(pid, "g")
        assert WORKERS.broadcast(node, "g", "all") == 3
        assert WORKERS.broadcast(node, "g", "some", but=one) == 2
        assert await one.call("seen") == ("all",)
        assert await two.call("seen") == ("all", "all", "some", "some")


async def test_other_threads_look_and_broadcast_but_do_not_join():
    async with virtual_node() as node:
        one = await serve(node, Obeys)
        WORKERS.join(one, "g")

        def elsewhere():
            for change in (WORKERS.join, WORKERS.leave, WORKERS.monitor):
                with pytest.raises(NodeError, match="lives in another thread"):
                    change(one, "g")
            assert WORKERS.broadcast(node, "g", "news") == 1
            return WORKERS.get_members(node, "g"), WORKERS.which_groups(node)

        assert await asyncio.to_thread(elsewhere) == ([one], ["g"])
        await quiet(node)
        assert await one.call("seen") == ("news",)
