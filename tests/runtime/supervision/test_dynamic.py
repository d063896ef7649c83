"""DynamicSupervisor: children by the thousands, by pid. Elixir's rules."""

import asyncio
import gc
import math
import sys

import pytest

from runtime import ChildError, ChildSpec, DynamicSupervisor, Pid, Reply, Server, StartError, Supervisor
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import Obeys, end_of, quiet


class Echo(Server):
    trap_exits = True

    def init(self, *args):
        return args

    def handle_call(self, message, caller, args):
        return Reply(args, args)

    def handle_cast(self, message, args):
        raise RuntimeError(message)


class Lingers(Echo):
    async def terminate(self, reason, args):
        await asyncio.sleep(args[0])


class Unlucky(Server):
    def init(self):
        raise OSError("no")


def spec(number=1, behaviour=Obeys, *args, **options):
    return ChildSpec(number, behaviour, *args, **options)


async def crowd(node, **options):
    return await node.start(DynamicSupervisor("crowd", **options))


async def pids(top):
    return [child.pid for child in await DynamicSupervisor.which_children(top)]


@virtual_time
async def test_ids_need_not_be_unique():
    async with virtual_node() as node:
        top = await crowd(node)
        first = await DynamicSupervisor.start_child(top, spec(7))
        second = await DynamicSupervisor.start_child(top, spec(7))
        listed = await DynamicSupervisor.which_children(top)
        assert [child.pid for child in listed] == [first, second]
        assert listed[0].id == 7
        assert listed[1].id[0] == 7
        counts = await DynamicSupervisor.count_children(top)
        assert (counts.specs, counts.active, counts.workers) == (2, 2, 2)


@virtual_time
async def test_a_name_still_belongs_to_one():
    async with virtual_node() as node:
        top = await crowd(node)
        first = await DynamicSupervisor.start_child(top, spec("alice"))
        with pytest.raises(ChildError, match="already_started"):
            await DynamicSupervisor.start_child(top, spec("alice"))
        assert (await DynamicSupervisor.start_child(top, spec("alice", register=False))).alive
        assert node.whereis("alice") == first


@pytest.mark.parametrize(
    ("restart", "reason", "back"),
    [
        ("permanent", "normal", True),
        ("permanent", "boom", True),
        ("transient", "boom", True),
        ("transient", "normal", False),
        ("transient", "shutdown", False),
        ("temporary", "boom", False),
    ],
)
def test_who_is_not_restarted_is_forgotten(restart, reason, back):
    @virtual_time
    async def scene():
        async with virtual_node() as node:
            top = await crowd(node)
            pid = await DynamicSupervisor.start_child(top, spec(restart=restart))
            pid.cast(reason)
            await end_of(pid)
            await quiet(node)
            left = await pids(top)
            assert (len(left) == 1 and left[0].alive and left[0] != pid) if back else left == []

    scene()


@virtual_time
async def test_a_child_is_terminated_by_pid_and_forgotten():
    async with virtual_node() as node:
        top = await crowd(node)
        pid = await DynamicSupervisor.start_child(top, spec())
        await DynamicSupervisor.terminate_child(top, pid)
        assert not pid.alive
        assert await pids(top) == []
        for stranger in (pid, top, "alice"):
            with pytest.raises(ChildError, match="not_found"):
                await DynamicSupervisor.terminate_child(top, stranger)


@virtual_time
async def test_a_pid_of_before_a_restart_means_nobody():
    async with virtual_node() as node:
        top = await crowd(node)
        pid = await DynamicSupervisor.start_child(top, spec())
        pid.cast("boom")
        await end_of(pid)
        await quiet(node)
        with pytest.raises(ChildError, match="not_found"):
            await DynamicSupervisor.terminate_child(top, pid)
        assert len(await pids(top)) == 1


@virtual_time
async def test_one_more_than_max_children_is_refused():
    async with virtual_node() as node:
        top = await crowd(node, max_children=1)
        pid = await DynamicSupervisor.start_child(top, spec())
        with pytest.raises(ChildError, match="max_children"):
            await DynamicSupervisor.start_child(top, spec())
        await DynamicSupervisor.terminate_child(top, pid)
        assert (await DynamicSupervisor.start_child(top, spec())).alive


@virtual_time
async def test_extra_arguments_come_before_the_childs_own_and_are_no_ones_but_the_childs():
    shared = [0]
    async with virtual_node() as node:
        top = await crowd(node, extra_arguments=("db", shared))
        pid = await DynamicSupervisor.start_child(top, spec(1, Echo, 5))
        shared.append(1)
        assert await pid.call("args") == ("db", [0], 5)
        pid.cast("boom")
        await end_of(pid)
        await quiet(node)
        (successor,) = await pids(top)
        assert await successor.call("args") == ("db", [0], 5)


@virtual_time
async def test_a_child_that_does_not_start_is_not_kept():
    async with virtual_node() as node:
        top = await crowd(node)
        with pytest.raises(StartError, match="OSError"):
            await DynamicSupervisor.start_child(top, spec(1, Unlucky))
        assert await pids(top) == []


@virtual_time
async def test_too_many_restarts_end_it():
    async with virtual_node() as node:
        top = await crowd(node, max_restarts=1)
        other = await DynamicSupervisor.start_child(top, spec(2))
        for _ in range(2):
            pid = await DynamicSupervisor.start_child(top, spec())
            pid.cast("boom")
            await end_of(pid)
            await quiet(node)
        assert await end_of(top) == "shutdown"
        assert not other.alive


@virtual_time
async def test_children_are_stopped_at_the_same_time_each_with_its_own_limit():
    async with virtual_node() as node:
        top = await crowd(node)
        patient = [await DynamicSupervisor.start_child(top, spec(n, Lingers, 3.0)) for n in range(100)]
        hasty = await DynamicSupervisor.start_child(top, spec(500, Lingers, 9.0, shutdown=1.0))
        endless = await DynamicSupervisor.start_child(top, spec(501, Lingers, 4.0, shutdown=math.inf))
        brutal = await DynamicSupervisor.start_child(top, spec(502, Lingers, 9.0, shutdown="brutal_kill"))
        began = node.scheduler.clock()
        await Supervisor.terminate_child(node.root.pid, "crowd")
        assert node.scheduler.clock() - began == pytest.approx(4.0, abs=0.1)
        assert {await end_of(pid) for pid in patient} == {"shutdown"}
        assert (await end_of(endless), await end_of(hasty), await end_of(brutal)) == (
            "shutdown",
            "killed",
            "killed",
        )
        killed = {end.old: end.lived_s for end in node.ledger.history if end.kind == "killed"}
        assert killed[hasty.number] == pytest.approx(1.0, abs=0.1)


@virtual_time
async def test_what_makes_no_sense_there_is_refused_and_it_lives():
    async with virtual_node() as node:
        top = await crowd(node)
        for verb in (Supervisor.restart_child, Supervisor.delete_child):
            with pytest.raises(TypeError, match=r"not for a supervisor of this kind \(DynamicSupervisor\)"):
                await verb(top, "alice")
        with pytest.raises(ValueError, match="a DynamicSupervisor has no significant children"):
            await DynamicSupervisor.start_child(top, spec(significant=True, restart="transient"))
        with pytest.raises(TypeError, match="start_child takes a ChildSpec"):
            await DynamicSupervisor.start_child(top, "alice")
        assert top.alive
    with pytest.raises(ValueError, match="max_children=-1"):
        DynamicSupervisor(max_children=-1)
    with pytest.raises(ValueError, match="max_restarts"):
        DynamicSupervisor(max_restarts=-1)


@virtual_time
async def test_it_hangs_in_a_tree_like_any_child():
    async with virtual_node() as node:
        await node.start(Supervisor([ChildSpec("rooms", DynamicSupervisor()), ChildSpec("b", Obeys)]))
        pid = await DynamicSupervisor.start_child(node.named("rooms"), spec())
        rooms = node.whereis("rooms")
        assert pid._process.ancestors[0] == rooms.number
        node.whereis("rooms")._process.handle.exit(rooms, "kill")
        assert await end_of(pid) == "killed"
        await quiet(node)
        assert node.whereis("rooms") != rooms
        assert isinstance(node.whereis("rooms"), Pid)


@virtual_time
async def test_what_one_child_costs_does_not_depend_on_how_many_there_are():
    """Counted in lines that run, so that a busy machine fails nothing: without ticks, and without collections."""
    async with virtual_node(time_slicing=False) as node:
        top = await crowd(node)

        async def one(number):
            pid = await DynamicSupervisor.start_child(top, spec(number, Counts))
            pid.cast("count")
            await quiet(node)
            lines = Lines()
            with lines:
                await DynamicSupervisor.terminate_child(top, pid)
                pid = await DynamicSupervisor.start_child(top, spec(number, Counts))
            return lines.made

        few = await one(0)
        for number in range(1, 1000):
            pid = await DynamicSupervisor.start_child(top, spec(number, Counts))
            pid.cast("count")
        await quiet(node)
        assert await one(1000) <= few + 20


class Counts(Server):
    counters = ("things",)

    def init(self):
        return 0

    def handle_cast(self, message, state):
        self.count("things")
        return state


class Lines:
    """Counts the lines that run."""

    made = 0

    def _trace(self, frame, event, arg):
        self.made += 1
        return self._trace

    def __enter__(self):
        gc.disable()
        sys.settrace(self._trace)

    def __exit__(self, *_):
        sys.settrace(None)
        gc.enable()
