"""The node at a glance, and what is in trouble."""

from __future__ import annotations

import os
import platform

from runtime import ChildSpec, Supervisor
from runtime.form import COMPILED
from runtime.port.contract import Kill, NodeQuery, Role, Suspend
from tests.runtime.introspection.behaviours import Deposit, Worker, bank
from tests.support.eventually import eventually_sync


def test_a_healthy_node_has_no_trouble(live):
    info = live(bank()).ask(NodeQuery())
    assert (info.name, info.host, info.port, info.pid) == ("bank", None, None, os.getpid())
    assert (info.python, info.processes, info.mailbox_total) == (platform.python_version(), 8, 0)
    assert (info.deepest, info.oldest, info.busiest, info.last_crash, info.restarting, info.running) == (
        None,
    ) * 6
    assert info.statuses == {"waiting": 8}
    assert info.uptime_s >= 0
    assert info.rss_bytes > 1_000_000
    assert info.preemption.endswith(": the loop is not in the main thread, where signals arrive")
    assert {"ps", "tree", "kill"} <= set(info.capabilities)
    assert (info.key, info.role) == ("ann", Role.ADMIN)
    assert len(info.incarnation) == 16


def test_the_version_says_whether_the_hot_path_is_compiled(live):
    assert live(bank()).ask(NodeQuery()).version.endswith("(compiled)") == COMPILED


def test_the_deepest_mailbox_and_the_oldest_message_are_named(live):
    node = live(bank())
    for name in ("alice", "bob"):
        node.ask(Suspend(process=name))
    node.do(lambda: node.node.named("bob").cast("old"))
    node.do(lambda: [node.node.named("alice").cast(n) for n in range(5)])
    info = node.ask(NodeQuery())
    assert (info.deepest.name, info.deepest.value) == ("alice", 5)
    assert (info.oldest.name, info.oldest.pid) == ("bob", str(node.node.whereis("bob")))
    assert info.mailbox_total == 6
    assert info.statuses == {"waiting": 6, "suspended": 2}


def test_the_last_crash_has_its_reason_and_for_a_viewer_no_value(live):
    node = live(bank())
    node.do(node.node.named("desk-1").cast, ("label", "La\x1bbel"))
    node.do(node.node.named("desk-1").cast, "crash")
    eventually_sync(lambda: node.ask(NodeQuery()).last_crash)
    crash = node.ask(NodeQuery()).last_crash
    assert (crash.name, crash.text) == ("desk-1", "ValueError('hunter2')")
    assert 0 <= crash.value < 10
    assert node.ask(NodeQuery(), role=Role.VIEWER).last_crash.text == "ValueError"
    assert node.ask(NodeQuery()).crashes == 1
    node.ask(Kill(process="desk-2"))
    assert node.ask(NodeQuery()).last_crash.name == "desk-1"  # a kill is no crash


def test_the_child_that_ends_most_often_is_named_with_what_is_left_of_its_supervisors_budget(live):
    node = live(Supervisor([ChildSpec("a", Worker), ChildSpec("b", Worker)], max_restarts=5, name="top"))
    times = []
    for _ in range(2):
        pid = node.node.whereis("b")
        node.ask(Kill(process="b"))
        eventually_sync(lambda pid=pid: node.node.whereis("b") not in {None, pid})
        eventually_sync(lambda: node.node.ledger.restarts > len(times))
        times.append(node.ask(NodeQuery()).restarting.text)
    info = node.ask(NodeQuery())
    b = str(node.node.whereis("b"))
    assert (info.restarting.name, info.restarting.pid, info.restarting.value) == ("b", b, 2)
    assert times == ["top: 1 restart in 5 s, 4 left", "top: 2 restarts in 5 s, 3 left"]
    assert info.restarts == 2


def fussy(name="fussy", **options):
    return Supervisor([ChildSpec("worker", Worker)], max_restarts=0, name=name, **options)


def gone(node):
    return node.ask(NodeQuery()).gave_up


def test_a_tree_that_gave_up_stays_in_trouble_until_it_is_started_again(live):
    node = live(fussy())
    pid = str(node.node.whereis("fussy"))
    node.do(node.node.named("worker").cast, "crash")
    eventually_sync(lambda: gone(node) is not None and node.node.whereis("fussy") is None)
    assert (gone(node).name, gone(node).pid) == ("fussy", pid)
    assert gone(node).text == "child worker: more than 0 restarts in 5 s"
    assert 0 <= gone(node).value < 10
    assert node.ask(NodeQuery(), role=Role.VIEWER).gave_up.text == gone(node).text
    node.run(Supervisor.restart_child(node.node.root.pid, "fussy"))
    assert gone(node) is None


def test_a_tree_that_gave_up_and_is_deleted_is_no_trouble(live):
    node = live(fussy())
    node.do(node.node.named("worker").cast, "crash")
    eventually_sync(lambda: gone(node) is not None and node.node.whereis("fussy") is None)
    node.run(Supervisor.delete_child(node.node.root.pid, "fussy"))
    assert gone(node) is None


def test_a_supervisor_that_its_own_supervisor_has_replaced_is_no_trouble(live):
    node = live(Supervisor([ChildSpec("inner", fussy(None))], name="top"))
    before = node.node.whereis("worker")
    node.do(node.node.named("worker").cast, "crash")
    eventually_sync(lambda: node.node.whereis("worker") not in {None, before})
    eventually_sync(lambda: gone(node) is None)
    assert node.node.ledger.restarts == 1


def test_of_supervisors_that_gave_up_together_the_outermost_is_named_and_its_return_clears_both(live):
    node = live(Supervisor([ChildSpec("inner", fussy(None))], max_restarts=0, name="top"))
    node.do(node.node.named("worker").cast, "crash")
    eventually_sync(lambda: gone(node) is not None and gone(node).name == "top")
    eventually_sync(lambda: node.node.whereis("top") is None)
    assert len(node.node.ledger.given_up) == 2
    node.run(Supervisor.restart_child(node.node.root.pid, "top"))
    assert node.node.ledger.given_up == {}


def test_work_and_counters_are_summed(live):
    node = live(bank())
    before = node.ask(NodeQuery()).messages_handled
    for name in ("alice", "bob"):
        node.run(node.node.named(name).call(Deposit(2)))
    info = node.ask(NodeQuery())
    assert info.messages_handled == before + 2
    assert info.counters == {"deposits": 2, "tokens": 4}
