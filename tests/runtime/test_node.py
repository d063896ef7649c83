"""The node: what it starts, what it refuses, and that it leaves nothing behind."""

import asyncio

import pytest

from runtime import (
    AlreadyRegistered,
    ChildError,
    ChildSpec,
    Exit,
    Name,
    Node,
    NodeError,
    NotRegistered,
    Reply,
    Server,
    StartError,
    Supervisor,
)
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import end_of, quiet


class Worker(Server):
    def init(self, name="worker"):
        self.resource("diary").append(f"start {name}")
        return name

    def handle_call(self, message, caller, name):
        return Reply((name, message), name)


class Careful(Worker):
    """Says when it stops."""

    trap_exits = True

    def terminate(self, reason, name):
        self.resource("diary").append(f"stop {name} {reason}")


@virtual_time
async def test_children_start_in_order_and_stop_in_reverse():
    diary = []
    async with virtual_node(resources={"diary": diary}) as node:
        await node.start(Supervisor([ChildSpec(name, Careful, name) for name in "ab"]))
        await node.start(ChildSpec("c", Careful, "c"))
        inner = Supervisor([ChildSpec(name, Careful, name) for name in "de"])
        await node.start(Supervisor([ChildSpec("inner", inner), ChildSpec("f", Careful, "f")]))
    assert diary == [f"start {name}" for name in "abcdef"] + [f"stop {name} shutdown" for name in "fedcba"]


@virtual_time
async def test_a_child_that_does_not_stop_is_killed_after_its_time_and_the_others_still_get_theirs():
    class Stays(Careful):
        async def terminate(self, reason, name):
            await asyncio.Event().wait()

    loop, diary = asyncio.get_running_loop(), []
    async with virtual_node(resources={"diary": diary}) as node:
        await node.start(
            Supervisor(
                [
                    ChildSpec("a", Careful, "a"),
                    ChildSpec("b", Stays, "b", shutdown=3),
                    ChildSpec("c", Stays, "c", shutdown="brutal_kill"),
                ]
            )
        )
        before, b = loop.time(), node.whereis("b")
    assert loop.time() - before == pytest.approx(3, abs=0.5)
    assert b._process.reason == "killed"
    assert diary[-1] == "stop a shutdown"


@virtual_time
async def test_processes_without_a_supervisor_are_stopped_too():
    async def waits(process, trap):
        process.trap_exits = trap
        await asyncio.Event().wait()

    async with virtual_node() as node:
        pids = [node.spawn(waits, False), node.spawn(waits, True)]
        await quiet(node)
    assert [pid._process.reason for pid in pids] == ["shutdown", "killed"]


@virtual_time
async def test_stop_can_be_called_twice_and_by_several_at_once():
    async with virtual_node() as node:
        await asyncio.gather(node.stop(), node.stop())
        await node.stop()


@virtual_time
async def test_stop_before_the_start_does_nothing():
    await virtual_node().stop()


@virtual_time
async def test_run_forever_ends_when_the_node_is_stopped():
    async with virtual_node() as node:
        asyncio.get_running_loop().call_later(100, lambda: tasks.append(asyncio.ensure_future(node.stop())))
        tasks = []
        await node.run_forever()


@virtual_time
async def test_a_node_is_used_once():
    node = virtual_node()
    async with node:
        pass
    with pytest.raises(NodeError, match="has been used before; make a new Node"):
        async with node:
            """Never."""


@virtual_time
async def test_a_node_that_has_not_started_says_how_it_is_started():
    node = virtual_node("later")
    for refused in (node.start(Supervisor([])), node.run_forever()):
        with pytest.raises(NodeError, match="node later is not running; use `async with Node"):
            await refused
    for refused in (lambda: node.spawn(quiet), lambda: node.scheduler):
        with pytest.raises(NodeError, match="is not running"):
            refused()


@virtual_time
async def test_nothing_is_spawned_after_the_stop():
    node = virtual_node()
    async with node:
        pass
    with pytest.raises(NodeError, match="is not running"):
        node.spawn(quiet)


@pytest.mark.parametrize("name", ["", "-x", "a b", "a/b", "ü", "x" * 65, ".hidden"])
def test_a_node_is_named_with_letters_digits_and_few_signs(name):
    with pytest.raises(ValueError, match=r"use letters, digits, `_`, `\.` and `-`, 64 at most"):
        Node(name)


@virtual_time
async def test_only_trees_and_child_specs_are_started():
    async with virtual_node() as node:
        for wrong in (Worker, "worker", None):
            with pytest.raises(TypeError, match=r"node\.start takes a Supervisor\(…\) or a ChildSpec\(…\)"):
                await node.start(wrong)


@virtual_time
async def test_a_start_that_fails_says_which_child_and_why_down_the_tree():
    class Broken(Server):
        def init(self):
            raise OSError("no disk")

    async with virtual_node() as node:
        inner = Supervisor([ChildSpec("disk", Broken)])
        with pytest.raises(
            StartError, match=r"its child 'inner' did not start: its child 'disk' did not start: OSError"
        ):
            await node.start(Supervisor([ChildSpec("inner", inner)], name="top"))
        assert len(node.table) == 1
        assert await node.start(Supervisor([], name="top"))  # the id is free


@virtual_time
async def test_two_trees_of_one_name_are_refused():
    async with virtual_node() as node:
        await node.start(Supervisor([], name="top"))
        with pytest.raises(ChildError, match="already_started"):
            await node.start(Supervisor([], name="top"))


@virtual_time
async def test_a_name_that_a_living_process_has_is_refused_and_leaves_nothing_behind():
    async with virtual_node(resources={"diary": []}) as node:
        first = await node.start(Supervisor([ChildSpec("alice", Worker)]))
        with pytest.raises(StartError, match=r"the name 'alice' belongs to <0\.\d+\.0>"):
            await node.start(Supervisor([ChildSpec("alice", Worker)]))
        other = await node.start(Supervisor([]))
        with pytest.raises(StartError) as error:
            await Supervisor.start_child(other, ChildSpec("alice", Worker))
        assert type(error.value.reason) is AlreadyRegistered
        assert node.whereis("alice").alive
        assert len(node.table) == 4  # the root, two supervisors, alice
        assert first.alive


@virtual_time
async def test_named_is_an_address_and_whereis_a_pid_or_none():
    async with virtual_node(resources={"diary": []}) as node:
        assert node.whereis("alice") is None
        address = node.named("alice")
        assert type(address) is Name
        with pytest.raises(NotRegistered):
            await address.call("hello")
        pid = await node.start(ChildSpec("alice", Worker, "Alice"))
        assert node.whereis("alice") == pid
        assert await address.call("hello") == ("Alice", "hello")


@virtual_time
async def test_a_tree_that_gives_up_ends_run_forever_with_an_error_that_names_the_child():
    async with virtual_node(resources={"diary": []}) as node:
        top = await node.start(
            Supervisor([ChildSpec("a", Worker)], max_restarts=2, max_seconds=5, name="top")
        )
        for _ in range(3):
            node.named("a").cast("no handler: a crash")
            await quiet(node)
        with pytest.raises(
            NodeError, match=r"<0\.2\.0> top has given up: child a: more than 2 restarts in 5 s"
        ):
            await node.run_forever()
        assert not top.alive


@virtual_time
async def test_a_nested_supervisor_that_gives_up_leaves_it_to_its_parent():
    async with virtual_node(resources={"diary": []}) as node:
        inner = Supervisor([ChildSpec("a", Worker)], max_restarts=0)
        top = await node.start(Supervisor([ChildSpec("inner", inner)], max_restarts=1))
        for expected in (True, False):
            node.named("a").cast("no handler: a crash")
            await quiet(node)
            assert top.alive is expected
        with pytest.raises(NodeError):
            await node.run_forever()


@virtual_time
async def test_restarts_that_lie_further_apart_than_the_window_never_add_up():
    async with virtual_node(resources={"diary": []}) as node:
        top = await node.start(Supervisor([ChildSpec("a", Worker)], max_restarts=1, max_seconds=5))
        for _ in range(10):
            node.named("a").cast("no handler: a crash")
            await asyncio.sleep(5.1)
        assert top.alive
        node.named("a").cast("no handler: a crash")
        await asyncio.sleep(4.9)
        node.named("a").cast("no handler: a crash")
        await quiet(node)
        assert not top.alive


@virtual_time
async def test_a_top_child_that_is_restarted_too_often_takes_the_node_down():
    async with virtual_node(resources={"diary": []}) as node:
        await node.start(ChildSpec("a", Worker))
        for _ in range(4):
            node.named("a").cast("no handler: a crash")
            await quiet(node)
        with pytest.raises(NodeError, match="child a: more than 3 restarts in 5 s"):
            await node.run_forever()


@virtual_time
async def test_two_nodes_live_in_one_loop_and_processes_of_both_talk():
    async with (
        virtual_node("a", resources={"diary": []}) as one,
        virtual_node("b", resources={"diary": []}) as two,
    ):
        first, second = await one.start(ChildSpec("w", Worker, 1)), await two.start(ChildSpec("w", Worker, 2))
        assert await asyncio.gather(first.call("x"), second.call("y")) == [(1, "x"), (2, "y")]
        assert one.incarnation != two.incarnation


@virtual_time
async def test_an_error_in_the_hosts_block_stops_the_node_and_is_its_own():
    diary = []
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the block is what is tested
        async with virtual_node(resources={"diary": diary}) as node:
            await node.start(ChildSpec("w", Careful, "w"))
            raise ZeroDivisionError
    assert diary == ["start w", "stop w shutdown"]


@virtual_time
async def test_cancelling_the_host_stops_the_node():
    diary = []

    async def host():
        async with virtual_node(resources={"diary": diary}) as node:
            await node.start(ChildSpec("w", Careful, "w"))
            await node.run_forever()

    task = asyncio.ensure_future(host())
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert diary == ["start w", "stop w shutdown"]


@virtual_time
async def test_exits_that_reach_the_root_from_strangers_do_not_end_the_node():
    async def pokes(process, root):
        process.link(root)
        process.exit(root, "shutdown")
        raise ValueError("a linked process crashes")

    async with virtual_node() as node:
        await end_of(node.spawn(pokes, node.root.pid))
        await quiet(node)
        assert node.root.alive
        node.root.pid.cast("hello")
        node.root.pid.send(Exit(None, "x"))
        with pytest.raises(TypeError, match="not for a supervisor"):
            await node.root.pid.call("hello")
        await quiet(node)
        assert node.root.alive
