"""The node at a glance, and what is in trouble."""

from __future__ import annotations

import os
import platform

from runtime import ChildSpec, Server, Supervisor, exits
from runtime.form import COMPILED
from runtime.port.contract import History, Kill, NodeQuery, Role, Suspend
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


# --- where it began -----------------------------------------------------------------------------------


def three_levels(**top):
    press = Supervisor([ChildSpec("worker", Worker)], max_restarts=1)
    plant = Supervisor([ChildSpec("press", press)], max_restarts=1)
    return Supervisor([ChildSpec("plant", plant)], name="works", **top)


def crash(node, times):
    """Let the worker crash, one after the other; returns the pids that did."""
    crashed = []
    for _ in range(times):
        eventually_sync(lambda: node.node.whereis("worker") is not None)
        pid = node.node.whereis("worker")
        node.do(pid.cast, "crash")
        eventually_sync(lambda pid=pid: node.node.whereis("worker") != pid)
        crashed.append(str(pid))
    return crashed


def test_of_three_levels_that_gave_up_the_child_at_the_bottom_is_the_root_cause(live):
    node = live(three_levels(max_restarts=1))
    *_, last = crash(node, 8)
    eventually_sync(lambda: gone(node) is not None and gone(node).name == "works")
    assert gone(node).text == "child plant: more than 1 restarts in 5 s"
    cause = node.ask(NodeQuery()).root_cause
    assert (cause.name, cause.pid) == ("worker", last)
    assert cause.text.startswith("ValueError")
    assert 0 <= cause.value < 10
    assert "(" not in node.ask(NodeQuery(), role=Role.VIEWER).root_cause.text


def test_while_supervisors_are_restarted_the_child_at_the_bottom_is_named_with_its_reason(live):
    node = live(three_levels(max_restarts=50))
    crash(node, 5)
    eventually_sync(lambda: node.node.whereis("worker") is not None)
    found = node.ask(NodeQuery()).restarting
    assert (found.name, found.pid) == ("worker", str(node.node.whereis("worker")))
    assert found.value == 5
    assert found.text.startswith("ValueError")
    assert found.text.endswith("press, plant gave up; works: 1 restart in 5 s, 49 left")


def test_a_supervisor_without_a_name_below_names_the_process_that_ended(live):
    press = Supervisor([ChildSpec("worker", Worker, register=False)], max_restarts=0)
    node = live(Supervisor([ChildSpec("press", press)], max_restarts=50, name="works"))
    (worker,) = [it for it in node.node.table if it.child is not None and it.child.id == "worker"]
    node.do(worker.pid.cast, "crash")
    eventually_sync(lambda: node.node.ledger.restarts == 1)
    assert node.ask(NodeQuery()).restarting.pid == str(worker.pid)


def test_the_history_says_because_of_whom_each_supervisor_gave_up(live):
    node = live(three_levels(max_restarts=1))
    *_, last = crash(node, 8)
    eventually_sync(lambda: gone(node) is not None and gone(node).name == "works")
    eventually_sync(lambda: node.node.whereis("works") is None)
    ends = node.ask(History(limit=100)).entries
    newest = {end.child: end for end in reversed(ends)}
    for name in ("press", "plant", "works"):
        assert (newest[name].gave_up.child, newest[name].gave_up.pid) == ("worker", last)
        assert newest[name].gave_up.reason == newest["worker"].reason
        assert newest[name].reason == "shutdown"
    assert newest["worker"].gave_up is None


class Stillborn(Server):
    """Does not start a second time."""

    starts = 0

    def init(self):
        Stillborn.starts += 1
        if Stillborn.starts > 1:
            raise OSError("no paper")
        return 0

    def handle_cast(self, message, state):
        raise ValueError(message)


def test_a_child_below_that_does_not_start_again_is_the_root_cause_too(live):
    Stillborn.starts = 0
    press = Supervisor([ChildSpec("stillborn", Stillborn)], max_restarts=0)
    node = live(Supervisor([ChildSpec("press", press)], max_restarts=2, name="works"))
    node.do(node.node.named("stillborn").cast, "x")
    eventually_sync(lambda: gone(node) is not None and gone(node).name == "works")
    cause = node.ask(NodeQuery()).root_cause
    assert (cause.name, cause.text) == ("stillborn", "OSError('no paper')")


def test_a_supervisor_that_was_killed_has_no_cause_below_it(live):
    node = live(three_levels(max_restarts=0))
    plant = node.node.whereis("worker")._process.parent.parent
    node.do(lambda: exits.signal(plant, "kill", by="test"))
    eventually_sync(lambda: gone(node) is not None and gone(node).name == "works")
    assert node.ask(NodeQuery()).root_cause.name == "plant"
