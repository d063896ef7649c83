"""Rolling back by itself, if crashes rise; off unless asked for."""

import asyncio

import pytest

from runtime import ChildSpec, CodeError, Guard, Node, Server, Supervisor
from runtime.code import guard as guards
from tests.support.agents_code import Folder
from tests.support.agents_sources import COUNTER
from tests.support.eventually import eventually

SLOW = COUNTER.replace(
    "        def handle_cast",
    """
        async def handle_info(self, gate, state):
            await gate.wait()
            return state

        def handle_cast""",
)
NEST = """
    from runtime import Reply, Server

    async def bird(process):
        pass

    class Nest(Server):
        def init(self):
            return 1

        def handle_call(self, message, caller, state):
            self.spawn(bird)
            return Reply("bred", state)
"""
PRICES = """
    def price():
        return 1
"""
SHOP = """
    import prices
    from runtime import Reply, Server

    class Shop(Server):
        def init(self):
            return 1

        def handle_call(self, message, caller, state):
            return Reply(prices.price(), state)

        def handle_cast(self, message, state):
            try:
                return prices.price()
            except KeyError:
                raise LookupError("no price")

    class Apart(Server):
        def init(self):
            return 1

        def handle_cast(self, message, state):
            return 1 / 0
"""


async def crashing(disk, node, source=COUNTER, **options):
    """A counter that crashes at each cast, from the next upgrade on."""
    counter = disk.load("counter", source)
    await node.start(
        Supervisor([ChildSpec("counter", counter.Counter, **options)], max_restarts=1000, name="top")
    )
    disk.edit("counter", "return State(state.total + 1)", "return 1 / 0")


async def crash(node, times, name="counter"):
    for _ in range(times):
        before = node.whereis(name)
        node.named(name).cast("crash")
        await eventually(lambda before=before: node.whereis(name) not in {None, before})


def kinds(node):
    return [(entry.kind, entry.by, entry.done) for entry in node.code.history]


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
    assert await before.call("version") == 1


async def test_fewer_crashes_do_not(disk, node):
    await crashing(disk, node)
    await node.code.apply("counter", guard=Guard(crashes=3, seconds=0.2))
    await crash(node, 2)
    await eventually(lambda: not len(node.code._guards))
    await crash(node, 2)
    assert kinds(node) == [("upgrade", "host", True)]


async def test_without_a_guard_nothing_is_rolled_back(disk, node):
    await crashing(disk, node)
    await node.code.apply("counter")
    await crash(node, 5)
    assert kinds(node) == [("upgrade", "host", True)]


async def test_more_crashes_count_than_reports_are_kept(disk, node):
    await crashing(disk, node)
    await node.code.apply("counter", guard=Guard(crashes=120, seconds=30))
    await crash(node, 119)
    assert kinds(node) == [("upgrade", "host", True)]
    await crash(node, 1)
    await eventually(lambda: kinds(node)[1:] == [("rollback", "guard", True)])


async def test_crashes_all_at_once_are_all_counted(disk, node):
    counter = disk.load("counter", COUNTER)
    pids = [
        await node.start(ChildSpec(number, counter.Counter, restart="temporary", register=False))
        for number in range(150)
    ]
    disk.edit("counter", "return State(state.total + 1)", "return 1 / 0")
    await node.code.apply("counter", guard=Guard(crashes=120, seconds=30))
    for pid in pids:
        pid.cast("crash")
    await eventually(lambda: kinds(node)[1:] == [("rollback", "guard", True)])


async def test_crashes_count_from_the_moment_of_the_change_on(disk, node):
    """Before all processes are through, there may have been enough."""
    counter = disk.load("counter", SLOW)
    pids = [
        await node.start(ChildSpec(number, counter.Counter, restart="temporary", register=False))
        for number in range(50)
    ]
    disk.edit("counter", "return State(state.total + 1)", "return 1 / 0")
    seen = []

    class Told:
        def __init__(self, begin):
            self.begin = begin

        def __call__(self, *args):
            self.begin(*args)
            seen.append(node.code.busy)
            for pid in pids:
                pid.cast("crash")

    node.code._guards.begin = Told(node.code._guards.begin)
    upgrade = await node.code.apply("counter", guard=Guard(crashes=50, seconds=30))
    assert (seen, upgrade.done) == (["upgrade"], True)
    await eventually(lambda: kinds(node)[1:] == [("rollback", "guard", True)])


@pytest.mark.parametrize("where", [{}, {"thread": True}, {"isolated": True}])
async def test_who_crashes_in_code_of_the_modules_counts_whatever_it_is_itself_and_nobody_else(
    disk, node, where
):
    disk.load("prices", PRICES)
    shop = disk.load("shop", SHOP)
    children = [ChildSpec("shop", shop.Shop, **where), ChildSpec("apart", shop.Apart)]
    await node.start(Supervisor(children, max_restarts=100))
    await node.code.plan("prices")  # it knows the source that runs
    disk.edit("prices", "return 1", "return {}['price']")
    await node.code.apply("prices", guard=Guard(crashes=2, seconds=30))
    await crash(node, 5, "apart")
    assert kinds(node) == [("upgrade", "host", True)]
    await crash(node, 2, "shop")
    await eventually(lambda: kinds(node)[1:] == [("rollback", "guard", True)])
    await node.named("shop").call("price")
    assert await node.named("shop").call("price") == 1


@pytest.mark.parametrize("where", [{"thread": True}, {"isolated": True}])
async def test_who_runs_elsewhere_counts_too(disk, node, where):
    await crashing(disk, node, **where)
    await node.code.apply("counter", guard=Guard(crashes=2, seconds=30))
    await crash(node, 2)
    await eventually(lambda: kinds(node)[1:] == [("rollback", "guard", True)])


async def test_processes_that_an_isolated_one_has_started_over_there_count(disk, node):
    nest = disk.load("nest", NEST)
    pid = await node.start(ChildSpec("nest", nest.Nest, isolated=True))
    disk.edit("nest", "pass", "1 / 0")
    await node.code.apply("nest", guard=Guard(crashes=2, seconds=30))
    for _ in range(2):
        await pid.call("breed")
    await eventually(lambda: kinds(node)[1:] == [("rollback", "guard", True)])


async def test_who_was_killed_has_not_crashed(disk, node):
    await crashing(disk, node)
    await node.code.apply("counter", guard=Guard(crashes=1, seconds=30))
    before = node.whereis("counter")
    await node.start(ChildSpec("killer", Killer, before, restart="temporary"))
    await eventually(lambda: node.whereis("counter") not in {None, before})
    assert not before._process.alive
    assert len(node.code._guards) == 1
    assert kinds(node) == [("upgrade", "host", True)]


class Killer(Server):
    def init(self, target):
        self.exit(target, "kill")
        return 1


# --- what goes on beside it --------------------------------------------------------------------------


async def test_it_waits_for_a_plan_that_is_under_way(disk, node):
    await crashing(disk, node)
    await node.code.apply("counter", guard=Guard(crashes=2, seconds=30))
    node.code._claim("plan")
    with node.code._alone():
        await crash(node, 2)
        await asyncio.sleep(3 * guards.LOOK_S)
        assert kinds(node) == [("upgrade", "host", True)]
    await eventually(lambda: kinds(node)[1:] == [("rollback", "guard", True)])


async def test_who_rolls_back_by_hand_before_it_is_the_only_one(disk, node):
    await crashing(disk, node)
    await node.code.apply("counter", guard=Guard(crashes=2, seconds=30))
    await crash(node, 1)
    await node.code.rollback("counter", by="alice")
    await eventually(lambda: not len(node.code._guards))
    assert kinds(node)[1:] == [("rollback", "alice", True)]


async def test_a_newer_upgrade_of_its_modules_ends_it(disk, node):
    await crashing(disk, node)
    await node.code.apply("counter", guard=Guard(crashes=1, seconds=30))
    disk.edit("counter", "return 1 / 0", "return [][0]")
    await node.code.apply("counter")
    await eventually(lambda: not len(node.code._guards))
    await crash(node, 3)
    assert kinds(node) == [("upgrade", "host", True)] * 2


async def test_an_upgrade_of_another_module_leaves_it_alone(disk, node):
    await crashing(disk, node)
    disk.load("prices", PRICES)
    await node.code.apply("counter", guard=Guard(crashes=2, seconds=30))
    await node.code.apply("prices", guard=Guard(crashes=1, seconds=30))
    assert len(node.code._guards) == 2
    await crash(node, 2)
    await eventually(lambda: len(kinds(node)) == 3)
    assert kinds(node)[2] == ("rollback", "guard", True)
    assert [step.module for step in node.code.history[2].steps] == ["counter"]


async def test_where_there_is_no_way_back_any_more_nobody_watches(disk, node):
    await crashing(disk, node)
    await node.code.apply("counter", guard=Guard(crashes=1, seconds=30))
    node.code.purge("counter")
    await eventually(lambda: not len(node.code._guards))
    await crash(node, 2)
    assert kinds(node) == [("upgrade", "host", True)]


async def test_a_rollback_is_not_guarded(disk, node):
    await crashing(disk, node)
    await node.code.apply("counter")
    plan = await node.code.plan_rollback("counter")
    with pytest.raises(CodeError, match="a rollback is not guarded"):
        await node.code.apply(plan, guard=Guard())


@pytest.mark.parametrize("wrong", [{"crashes": 0}, {"seconds": 0}, {"seconds": float("nan")}])
def test_a_guard_that_could_never_fire_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Guard(**wrong)


# --- refused ---------------------------------------------------------------------------------------------


async def test_a_rollback_that_is_refused_is_tried_again_at_the_next_crash(disk, node, monkeypatch):
    monkeypatch.setattr(guards, "AGAIN_S", 0.05)
    gate = asyncio.Event()
    node.resources["gate"] = gate
    source = SLOW.replace("await gate.wait()", 'await self.resource("gate").wait()')
    await crashing(disk, node, source)
    slow = await node.start(ChildSpec("slow", disk.load("counter").Counter))
    await node.code.apply("counter", guard=Guard(crashes=2, seconds=30), deadline=0.1)
    slow.send("step")
    await eventually(lambda: slow._process.current is not None)
    await crash(node, 2)
    await eventually(lambda: kinds(node)[1:] == [("rollback", "guard", False)])
    gate.set()
    await eventually(lambda: slow._process.current is None)
    await crash(node, 1)
    await eventually(lambda: kinds(node)[2:] == [("rollback", "guard", True)])
    assert "3 crashes within" in node.code.history[-1].reason


async def test_what_was_chosen_for_late_steps_holds_for_the_rollback(disk, node):
    node.resources["gate"] = asyncio.Event()
    source = SLOW.replace("await gate.wait()", 'await self.resource("gate").wait()')
    await crashing(disk, node, source)
    slow = await node.start(ChildSpec("slow", disk.load("counter").Counter))
    await node.code.apply("counter", guard=Guard(crashes=1, seconds=30), deadline=0.1, overdue="kill")
    slow.send("step")
    await eventually(lambda: slow._process.current is not None)
    await crash(node, 1)
    await eventually(lambda: kinds(node)[1:] == [("rollback", "guard", True)])
    assert not slow._process.alive


# --- nothing is left ---------------------------------------------------------------------------------------


async def test_nothing_of_it_is_left_when_it_is_over(disk, node):
    await crashing(disk, node)
    before = len(node.root.watchers)
    for number in range(3):
        disk.edit("counter", "return Reply(1, state)", f"return Reply(1, state)  # {number}")
        await node.code.apply("counter", guard=Guard(crashes=3, seconds=30))
        await eventually(lambda: len(node.root.watchers) == before + 1)
    await crash(node, 3)
    await eventually(lambda: not len(node.code._guards))
    assert kinds(node)[-1] == ("rollback", "guard", True)
    assert len(node.root.watchers) == before
    assert not node.ledger.crash_watchers


async def test_crashes_while_the_node_stops_are_nobodys_fault(tmp_path):
    disk = Folder(tmp_path)
    source = COUNTER.replace(
        "        def handle_cast",
        "        def terminate(self, reason, state):\n            pass\n\n        def handle_cast",
    ).replace("class Counter(Server[State]):", "class Counter(Server[State]):\n        trap_exits = True")
    try:
        async with Node("upgraded", introspection=False) as node:
            counter = disk.load("counter", source)
            await node.start(Supervisor([ChildSpec(number, counter.Counter) for number in range(5)]))
            disk.edit("counter", "pass\n", "1 / 0\n")
            await node.code.apply("counter", guard=Guard(crashes=1, seconds=30))
        assert node.ledger.crashed == 5
        assert kinds(node) == [("upgrade", "host", True)]
        told, _, _ = node.ledger.recorder.since(1, 1000)
        assert not [event for event in told if "guard" in event.text]
        assert not len(node.code._guards)
    finally:
        disk.close()
