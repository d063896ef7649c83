"""The node at a glance, and what is in trouble."""

from __future__ import annotations

import os
import platform

from runtime import ChildSpec, Supervisor
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
    assert info.preemption.startswith("off: ")
    assert {"ps", "tree", "kill"} <= set(info.capabilities)
    assert (info.key, info.role) == ("ann", Role.ADMIN)
    assert len(info.incarnation) == 16


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


def test_the_child_that_comes_closest_to_the_limit_is_named(live):
    node = live(Supervisor([ChildSpec("a", Worker), ChildSpec("b", Worker)], max_restarts=5, name="top"))
    for _ in range(2):
        pid = node.node.whereis("b")
        node.ask(Kill(process="b"))
        eventually_sync(lambda pid=pid: node.node.whereis("b") not in {None, pid})
    info = node.ask(NodeQuery())
    assert (info.restarting.name, info.restarting.value) == ("b", 2)
    assert info.restarting.text == "2 restarts in 5 s, 3 left"
    assert info.restarts == 2


def test_work_and_counters_are_summed(live):
    node = live(bank())
    before = node.ask(NodeQuery()).messages_handled
    for name in ("alice", "bob"):
        node.run(node.node.named(name).call(Deposit(2)))
    info = node.ask(NodeQuery())
    assert info.messages_handled == before + 2
    assert info.counters == {"deposits": 2, "tokens": 4}
