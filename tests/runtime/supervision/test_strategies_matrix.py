"""All strategies with all restart types and all exit reasons: after one child has ended, which ones are new, and which are gone.

Three children, of which the middle one ends. What is expected follows from two rules of OTP's supervisor manual,
which `comes_back` and `goes_along` state.
"""

import asyncio

import pytest

from runtime import ChildSpec, Down, Node, ProcessExit, Server, Stop, Supervisor
from tests.support.eventually import eventually

STRATEGIES = ("one_for_one", "one_for_all", "rest_for_one")
RESTARTS = ("permanent", "transient", "temporary")
ENDS = {
    "normally": "normal",
    "with shutdown": "shutdown",
    "with shutdown and a term": ("shutdown", "done"),
    "by a crash": "crash",
    "by a kill": "kill",
}
DISORDERLY = {"by a crash", "by a kill"}


def comes_back(restart, end):
    """Permanent always, temporary never, transient after anything but an orderly end."""
    return restart == "permanent" or (restart == "transient" and end in DISORDERLY)


def goes_along(strategy):
    """Those of a, b, c that are started anew when b is."""
    return {"one_for_one": {"b"}, "one_for_all": {"a", "b", "c"}, "rest_for_one": {"b", "c"}}[strategy]


class Worker(Server):
    def init(self):
        return "working"

    def handle_cast(self, reason, state):
        if reason == "crash":
            raise ValueError("a crash")
        return Stop(reason, state)


async def worker(process):
    """The same as a coroutine process."""
    reason = await process.receive()
    if reason == "crash":
        raise ValueError("a crash")
    raise ProcessExit(reason)


BEHAVIOURS = {"a server": Worker, "a coroutine": worker}


async def let_end(node, pid, end):
    """End the process in the named way. The supervisor's next answer comes after it has dealt with that."""
    reason = ENDS[end]
    if reason == "kill":

        async def killer(process):
            process.exit(pid, "kill")

        node.spawn(killer)
    else:
        pid.cast(reason)
    await eventually(lambda: not pid.alive)


async def pids(supervisor):
    """The children's ids and pids, in the order in which they were started."""
    return {child.id: child.pid for child in await Supervisor.which_children(supervisor)}


async def started(node, strategy, middle="permanent", others="permanent", behaviour=Worker):
    """A running supervisor of a, b, c with generous intensity."""
    children = [
        ChildSpec("a", behaviour, restart=others),
        ChildSpec("b", behaviour, restart=middle),
        ChildSpec("c", behaviour, restart=others),
    ]
    return await node.start(Supervisor(children, strategy=strategy, max_restarts=10, max_seconds=1000))


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("restart", RESTARTS)
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
async def test_when_a_child_ends_the_right_ones_are_started_anew(strategy, restart, end, behaviour):
    async with Node("matrix", introspection=False) as node:
        supervisor = await started(node, strategy, middle=restart, behaviour=BEHAVIOURS[behaviour])
        before = await pids(supervisor)
        await let_end(node, before["b"], end)
        after = await pids(supervisor)
        new = {name for name, pid in after.items() if pid is not None and pid != before[name]}
        assert new == (goes_along(strategy) if comes_back(restart, end) else set())


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("restart", RESTARTS)
@pytest.mark.parametrize("end", ENDS)
async def test_a_child_that_stays_down_is_kept_unless_it_is_temporary(strategy, restart, end):
    async with Node("matrix", introspection=False) as node:
        supervisor = await started(node, strategy, middle=restart)
        await let_end(node, (await pids(supervisor))["b"], end)
        after = await pids(supervisor)
        counts = await Supervisor.count_children(supervisor)
        if comes_back(restart, end):
            assert after["b"].alive
            assert (counts.specs, counts.active) == (3, 3)
        elif restart == "transient":
            assert after["b"] is None
            assert (counts.specs, counts.active) == (3, 2)
        else:
            assert "b" not in after
            assert (counts.specs, counts.active) == (2, 2)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("others", RESTARTS)
async def test_of_the_children_that_go_along_only_the_temporary_are_forgotten(strategy, others):
    async with Node("matrix", introspection=False) as node:
        supervisor = await started(node, strategy, others=others)
        before = await pids(supervisor)
        await let_end(node, before["b"], "by a crash")
        after = await pids(supervisor)
        along = goes_along(strategy) - {"b"}
        for name in along:
            assert not before[name].alive
            assert (name in after) == (others != "temporary")
        for name in {"a", "c"} - along:
            assert after[name] == before[name]


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("restart", RESTARTS)
@pytest.mark.parametrize("end", ENDS)
async def test_only_an_end_that_is_followed_by_a_restart_counts(strategy, restart, end):
    async with Node("matrix", introspection=False) as node:
        child = ChildSpec("b", Worker, restart=restart)
        inner = Supervisor([child], strategy=strategy, max_restarts=0, max_seconds=1000)
        outer = await node.start(Supervisor([ChildSpec("inner", inner, restart="temporary")]))
        before = await pids(outer)
        await let_end(node, (await pids(before["inner"]))["b"], end)
        await eventually(lambda: before["inner"].alive != comes_back(restart, end))
        assert ("inner" in await pids(outer)) != comes_back(restart, end)


@pytest.mark.parametrize("restart", RESTARTS)
async def test_a_supervisor_that_gives_up_ends_with_shutdown_so_only_a_permanent_one_is_restarted(restart):
    async with Node("matrix", introspection=False) as node:
        inner = Supervisor([ChildSpec("b", Worker)], max_restarts=0, max_seconds=1000)
        outer = await node.start(Supervisor([ChildSpec("inner", inner, restart=restart)]))
        before = await pids(outer)
        await let_end(node, (await pids(before["inner"]))["b"], "by a crash")
        await eventually(lambda: not before["inner"].alive)
        after = await pids(outer)
        if restart == "permanent":
            assert after["inner"].alive
        else:
            assert after == ({"inner": None} if restart == "transient" else {})


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_a_killed_supervisor_takes_its_children_along_and_is_restarted_with_new_ones(strategy):
    async with Node("matrix", introspection=False) as node:
        inner = Supervisor([ChildSpec("x", Worker), ChildSpec("y", Worker)], strategy=strategy)
        outer = await node.start(Supervisor([ChildSpec("inner", inner)]))
        old = (await pids(outer))["inner"]
        workers = await pids(old)
        await let_end(node, old, "by a kill")
        await eventually(lambda: not any(pid.alive for pid in workers.values()))
        new = (await pids(outer))["inner"]
        assert new != old
        assert all(pid.alive for pid in (await pids(new)).values())


class Witness(Server):
    """A worker that writes its starts and stops into a list that the test holds."""

    trap_exits = True

    def init(self, name):
        self.resource("diary").append(f"start {name}")
        return name

    def handle_cast(self, reason, name):
        return Stop(reason, name)

    def terminate(self, reason, name):
        self.resource("diary").append(f"stop {name}")


ORDERS = {
    "one_for_one": ["stop b", "start b"],
    "one_for_all": ["stop b", "stop d", "stop c", "stop a", "start a", "start b", "start c", "start d"],
    "rest_for_one": ["stop b", "stop d", "stop c", "start b", "start c", "start d"],
}


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_those_that_go_along_stop_in_reverse_order_and_start_in_order(strategy):
    diary = []
    async with Node("matrix", introspection=False, resources={"diary": diary}) as node:
        tree = Supervisor([ChildSpec(name, Witness, name) for name in "abcd"], strategy=strategy)
        supervisor = await node.start(tree)
        assert diary == ["start a", "start b", "start c", "start d"]
        diary.clear()
        await let_end(node, (await pids(supervisor))["b"], "normally")
        await pids(supervisor)
        assert diary == ORDERS[strategy]


async def test_a_node_that_stops_stops_the_children_in_reverse_order():
    diary = []
    async with Node("matrix", introspection=False, resources={"diary": diary}) as node:
        await node.start(Supervisor([ChildSpec(name, Witness, name) for name in "abc"]))
        diary.clear()
    assert diary == ["stop c", "stop b", "stop a"]


async def test_a_supervisor_that_gives_up_says_shutdown_and_not_what_its_child_died_of():
    reasons, watching = [], asyncio.Event()
    async with Node("matrix", introspection=False) as node:
        inner = Supervisor([ChildSpec("b", Worker)], max_restarts=0, max_seconds=1000)
        outer = await node.start(Supervisor([ChildSpec("inner", inner, restart="temporary")]))
        supervisor = (await pids(outer))["inner"]

        async def watch(process):
            process.monitor(supervisor)
            watching.set()
            reasons.append((await process.receive(match=Down)).reason)

        node.spawn(watch)
        await watching.wait()
        await let_end(node, (await pids(supervisor))["b"], "by a crash")
        await eventually(lambda: reasons)
    assert reasons == ["shutdown"]
