"""The supervision trees, with what is used, summed and no longer there."""

from __future__ import annotations

import pytest

from runtime import ChildSpec, Node, Supervisor
from runtime.introspection import tree as tree_room
from runtime.port.contract import Code, Failure, Kill, TreeQuery
from tests.runtime.introspection.behaviours import Account, Deposit, Worker, bank
from tests.support.eventually import eventually_sync


def root(live_node, **options):
    return live_node.ask(TreeQuery(**options)).roots[0]


def child(live_node, name, **options):
    """A node of the tree by its id."""
    stack = list(live_node.ask(TreeQuery(**options)).roots)
    while stack:
        node = stack.pop()
        if node.id == name:
            return node
        stack += node.children
    raise AssertionError(name)


def test_a_tree_shows_every_supervisor_with_its_strategy_and_every_child(live):
    top = root(live(bank()))
    assert (top.id, top.kind, top.strategy, top.max_restarts, top.max_seconds, top.used) == (
        "bank", "supervisor", "one_for_all", 3, 5.0, 0,
    )  # fmt: skip
    assert top.behaviour == "runtime:Supervisor"
    assert [node.id for node in top.children] == ["alice", "bob", "desks"]
    alice, _, desks = top.children
    assert (alice.kind, alice.restart, alice.status, alice.strategy) == (
        "worker",
        "permanent",
        "waiting",
        None,
    )
    assert alice.behaviour == "tests.runtime.introspection.behaviours:Account"
    assert (desks.kind, desks.strategy, desks.max_restarts) == ("supervisor", "one_for_one", 50)
    assert [node.id for node in desks.children] == ["desk-0", "desk-1", "desk-2"]


def test_a_tree_may_begin_at_any_supervisor(live):
    node = live(bank())
    assert root(node, process="desks").id == "desks"
    top = root(node, process="1")
    assert (top.pid, top.id, [item.id for item in top.children]) == ("<0.1.0>", "bank", ["bank"])


def test_a_process_that_is_no_supervisor_has_no_tree(live):
    with pytest.raises(Failure, match=r"<0.3.0> is no supervisor but .*:Account") as refused:
        live(bank()).ask(TreeQuery(process="alice"))
    assert refused.value.code is Code.REFUSED


def test_restarts_use_up_intensity_and_leave_their_reason(live):
    node = live(bank())
    before = child(node, "desk-1").pid
    for _ in range(2):
        pid = child(node, "desk-1").pid
        node.do(node.node.named("desk-1").cast, "crash")
        eventually_sync(lambda pid=pid: child(node, "desk-1").pid not in {pid, None})
    desk = child(node, "desk-1")
    assert desk.pid != before
    assert (desk.restarts, desk.last_reason) == (2, "ValueError")
    assert 0 <= desk.last_restart_s < 5
    assert child(node, "desks").used == 2
    assert child(node, "bank").used == 0


def test_more_children_than_asked_for_are_counted(live):
    node = live(Supervisor([ChildSpec(n, Worker) for n in range(30)], name="many"))
    top = root(node, children=10)
    assert ([item.id for item in top.children], top.more) == ([str(n) for n in range(10)], 20)


def test_one_answer_lists_only_so_many_children_over_all_supervisors(live):
    teams = [
        ChildSpec(f"team-{t}", Supervisor([ChildSpec((t, n), Worker) for n in range(5)])) for t in range(5)
    ]
    top = root(live(Supervisor(teams, name="teams")), limit=12)
    listed = sum(1 + len(team.children) for team in top.children)
    assert listed == 11
    assert top.more == 3
    assert [team.more for team in top.children] == [0, 1]


def test_every_tree_has_its_row_before_anything_below_it_has(live):
    specs = [Supervisor([ChildSpec((t, n), Worker) for n in range(5)], name=f"team-{t}") for t in range(4)]
    node = live(*specs)
    tree = node.ask(TreeQuery(limit=6))
    assert [(top.id, len(top.children), top.more) for top in tree.roots] == [
        ("team-0", 2, 3), ("team-1", 0, 5), ("team-2", 0, 5), ("team-3", 0, 5),
    ]  # fmt: skip
    few = node.ask(TreeQuery(limit=3))
    assert ([top.id for top in few.roots], few.more) == (["team-0", "team-1", "team-2"], 1)


def test_busy_and_counters_are_summed_upwards(live):
    node = live(bank())
    for name, amount in (("alice", 5), ("bob", 7)):
        node.run(node.node.named(name).call(Deposit(amount)))
    top = root(node)
    assert top.counters == {"deposits": 2, "tokens": 12}
    assert top.children[0].counters == {"deposits": 1, "tokens": 5}
    assert top.children[2].counters == {}
    numbers = {name: node.node.whereis(name).number for name in ("desk-0", "desk-1", "alice")}
    busy = {numbers["desk-0"]: 0.25, numbers["desk-1"]: 0.5, numbers["alice"]: 0.125}
    tree = tree_room.supervision_tree(node.node, TreeQuery(), busy).roots[0]
    assert tree.busy == 0.875
    assert [item.busy for item in tree.children] == [0.125, 0.0, 0.75]


def test_counters_outlive_a_restart(live):
    node = live(Supervisor([ChildSpec("alice", Account, "Alice")], name="bank"))
    node.run(node.node.named("alice").call(Deposit(5)))
    node.ask(Kill(process="alice"))
    eventually_sync(lambda: child(node, "alice").restarts == 1)
    assert child(node, "alice").counters == {"deposits": 1, "tokens": 5}


def test_a_child_that_is_restarting_is_shown_as_such(live):
    class Fragile(Worker):
        broken = False

        def init(self):
            if Fragile.broken:
                raise RuntimeError("not now")
            return super().init()

    node = live(Supervisor([ChildSpec("fragile", Fragile)], name="top", max_restarts=10**6))
    node.do(node.node.whereis("top")._process.pause)  # it will not hear of the end
    Fragile.broken = True
    node.do(node.node.named("fragile").cast, "crash")
    eventually_sync(lambda: node.node.whereis("fragile") is None)
    shown = child(node, "fragile")
    assert (shown.pid, shown.status) == (None, "restarting")
    Fragile.broken = False


def test_a_child_that_has_ended_for_good_and_a_supervisor_that_gave_up(live):
    spec = Supervisor([ChildSpec("worker", Worker)], max_restarts=0)
    node = live(
        Supervisor(
            [ChildSpec("once", Worker, restart="transient"), ChildSpec("fussy", spec, restart="transient")],
            name="top",
        )
    )
    node.do(node.node.named("once").cast, ("exit", "normal"))
    node.do(node.node.named("worker").cast, "crash")
    eventually_sync(lambda: child(node, "once").pid is None and child(node, "fussy").pid is None)
    once, fussy = child(node, "once"), child(node, "fussy")
    assert (once.status, once.last_reason) == ("ended", "normal")
    assert (fussy.status, fussy.last_reason, fussy.strategy, fussy.children) == (
        "ended",
        "shutdown",
        "one_for_one",
        [],
    )
    assert fussy.gave_up == "child worker: more than 0 restarts in 5 s"
    assert once.gave_up is None
    assert child(node, "top").gave_up is None


def test_a_node_that_runs_nothing_has_no_trees(live):
    node = live()
    assert isinstance(node.node, Node)
    tree = node.ask(TreeQuery())
    assert (tree.roots, tree.processes) == ([], 1)


def test_an_id_of_any_class_is_named_by_its_class(live):
    class Odd:
        def __hash__(self):
            return 1

        def __eq__(self, other):
            return self is other

        def __repr__(self):
            raise AssertionError("it ran")

        def __deepcopy__(self, memo):
            return self

    node = live(
        Supervisor([ChildSpec(Odd(), Worker), ChildSpec(("a", 1), Worker), ChildSpec(7, Worker)], name="top")
    )
    assert [item.id for item in root(node).children] == ["<Odd>", "('a', 1)", "7"]
