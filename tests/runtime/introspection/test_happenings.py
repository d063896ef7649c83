"""What happened: restart history, events of a process, the node's feed, crash reports."""

from __future__ import annotations

import threading
import time

import pytest

from runtime import ChildSpec, Supervisor
from runtime.introspection.happenings import feed
from runtime.port.contract import (
    CrashQuery,
    Failure,
    Feed,
    History,
    Info,
    Kill,
    ProcessEvents,
    Resume,
    Role,
    State,
    Suspend,
)
from tests.runtime.introspection.behaviours import Account, Deposit, Mutable, Redacting, Worker, bank
from tests.support.eventually import eventually_sync


@pytest.fixture
def node(live):
    return live(bank())


def crash(node, name):
    """Crash a worker, and wait for its successor."""
    pid = node.node.whereis(name)
    node.do(node.node.named(name).cast, "crash")
    eventually_sync(lambda: node.node.whereis(name) not in {None, pid})
    return str(pid)


# --- restart history --------------------------------------------------------------------------------


def test_a_restart_stands_in_the_history_with_its_reason_and_its_successor(node):
    old = crash(node, "desk-1")
    entry = node.ask(History()).entries[0]
    assert (entry.child, entry.old_pid, entry.new_pid) == ("desk-1", old, str(node.node.whereis("desk-1")))
    assert (entry.reason, entry.by, entry.lost) == ("ValueError('hunter2')", None, 0)
    assert entry.supervisor == str(node.node.whereis("desks"))
    assert 0 <= entry.lived_s < 10


def test_a_viewer_reads_reasons_without_values(node):
    old = crash(node, "desk-1")
    assert node.ask(History(), role=Role.VIEWER).entries[0].reason == "ValueError"
    with pytest.raises(Failure) as failure:
        node.ask(Info(process=old), role=Role.VIEWER)
    assert "hunter2" not in failure.value.message
    assert all("hunter2" not in event.text for event in node.ask(Feed(), role=Role.VIEWER).events)


def test_the_newest_stands_first_and_a_limit_holds(node):
    for name in ("desk-0", "desk-1", "desk-0"):
        crash(node, name)
    assert [entry.child for entry in node.ask(History()).entries] == ["desk-0", "desk-1", "desk-0"]
    assert len(node.ask(History(limit=2)).entries) == 2


def test_one_childs_history_goes_by_its_name_and_by_every_pid_that_it_had(node):
    old = crash(node, "desk-0")
    crash(node, "desk-1")
    new = str(node.node.whereis("desk-0"))
    for process in ("desk-0", old, new):
        assert [entry.child for entry in node.ask(History(process=process)).entries] == ["desk-0"]
    assert [entry.child for entry in node.ask(History(process="desks")).entries] == ["desk-1", "desk-0"]
    assert len(node.ask(History(process="bank")).entries) == 2
    assert len(node.ask(History(process="1")).entries) == 0
    assert node.ask(History(process="alice")).entries == []


def test_siblings_that_were_stopped_say_because_of_whom(node):
    node.ask(Kill(process="alice"))
    eventually_sync(lambda: any(entry.child == "bob" for entry in node.ask(History()).entries))
    entries = {entry.child: entry for entry in node.ask(History()).entries}
    assert (entries["bob"].by, entries["bob"].reason) == ("sibling alice", "shutdown")


def test_the_history_of_nobody_is_an_error(node):
    with pytest.raises(Failure, match="no process is named 'nobody'"):
        node.ask(History(process="nobody"))


# --- events of a process ----------------------------------------------------------------------------


def test_the_last_events_of_a_process_are_told_oldest_first(node):
    node.run(node.node.named("alice").call(Deposit(5)))
    node.do(node.node.named("alice").cast, "hello")
    node.ask(Suspend(process="alice"))
    node.ask(Resume(process="alice"))
    events = node.ask(ProcessEvents(process="alice")).events
    assert [event.kind for event in events] == ["started", "call", "cast", "note", "note"]
    started, call, cast, suspended, _ = events
    assert (started.text, started.value) == ("", None)
    assert call.value == {"message": {"$type": "Deposit", "amount": 5, "tags": []}, "reply": 5}
    assert cast.value == "hello"
    assert (suspended.text, suspended.value) == ("suspended", None)
    assert [event.seq for event in events] == [0, 1, 2, 3, 4]
    assert events == sorted(events, key=lambda event: event.at)


def test_only_twenty_events_are_kept_and_a_limit_holds(node):
    node.do(lambda: [node.node.named("alice").cast(n) for n in range(100)])
    eventually_sync(lambda: node.row("alice").mailbox == 0)
    assert [event.value for event in node.ask(ProcessEvents(process="alice")).events] == list(range(80, 100))
    assert [event.value for event in node.ask(ProcessEvents(process="alice", limit=2)).events] == [98, 99]


def test_the_first_message_of_a_process_says_from_whom_it_came(node):
    async def sender(process):
        node.node.named("alice").cast("hi")

    pid = node.do(node.node.spawn, sender)
    event = eventually_sync(lambda: node.ask(ProcessEvents(process="alice")).events[1:])[0]
    assert event.text == f"from {pid}"


# --- the feed ---------------------------------------------------------------------------------------


def test_the_feed_tells_what_began_ended_crashed_and_was_restarted(node):
    cursor = node.ask(Feed()).cursor
    old = crash(node, "desk-1")
    page = node.ask(Feed(cursor=cursor))
    kinds = [(event.kind, event.pid) for event in page.events]
    new = str(node.node.whereis("desk-1"))
    assert kinds == [("ended", old), ("crash", old), ("started", new), ("restarted", new)]
    assert {event.name for event in page.events} == {"desk-1"}
    first = node.ask(Feed(limit=6)).events
    assert {event.name for event in first if event.kind == "started"} == {
        "bank (root)",
        "bank",
        "alice",
        "bob",
        "desks",
    }
    assert page.missed == 0
    assert node.ask(Feed(cursor=page.cursor)).events == []


def test_the_feed_waits_for_the_first_event(node):
    cursor = node.ask(Feed()).cursor
    timer = threading.Timer(0.2, lambda: node.ask(Suspend(process="alice")))
    timer.start()
    began = time.monotonic()
    events = node.ask(Feed(cursor=cursor, wait_s=10)).events
    assert 0.1 < time.monotonic() - began < 5
    assert [(event.kind, event.name) for event in events] == [("suspended", "alice")]
    timer.join()


def test_the_feed_comes_back_empty_when_the_time_is_over(node):
    cursor = node.ask(Feed()).cursor
    page = node.ask(Feed(cursor=cursor, wait_s=0.05))
    assert (page.events, page.cursor) == ([], cursor)


def test_the_feed_does_not_hold_up_a_node_that_stops(node):
    cursor = node.ask(Feed()).cursor
    began = time.monotonic()
    threading.Timer(0.1, node.introspection.stop).start()
    feed(node.node, Feed(cursor=cursor, wait_s=30), node.introspection.stopping)
    assert time.monotonic() - began < 5


def test_a_slow_reader_is_told_how_much_it_missed(node):
    cursor = node.ask(Feed()).cursor
    node.do(lambda: [node.node.ledger.recorder.record("started", 1) for _ in range(2500)])
    page = node.ask(Feed(cursor=cursor, limit=5000))
    assert page.missed == 500
    assert len(page.events) == 2000


# --- crash reports ----------------------------------------------------------------------------------


def test_a_crash_report_has_what_one_needs_to_know(node):
    node.do(
        lambda: [
            node.node.named("desk-1").cast(message)
            for message in (("doing", "x"), "crash", {"token": "t"}, 2)
        ]
    )
    report = eventually_sync(lambda: (node.ask(CrashQuery()).reports or [None])[0])
    assert (report.name, report.reason) == ("desk-1", "ValueError('hunter2')")
    assert report.behaviour == "tests.runtime.introspection.behaviours:Worker"
    assert report.traceback.startswith("Traceback")
    assert 'raise ValueError("hunter2")' in report.traceback
    assert "runtime/server_process.py" not in report.traceback
    assert report.last_message == "crash"
    assert report.last_state == {"$type": "Steps", "done": 0}
    assert report.state_note == ""
    assert report.mailbox_sample == [{"token": {"$redacted": True}}, 2]
    assert (report.lost, report.redacted) == (2, 1)
    assert report.ancestors == [str(node.node.whereis("desks")), str(node.node.whereis("bank")), "<0.1.0>"]


def test_crashes_of_one_child_go_by_its_name_and_by_every_pid(node):
    old = crash(node, "desk-0")
    crash(node, "desk-1")
    for process in ("desk-0", old, str(node.node.whereis("desk-0"))):
        assert [report.pid for report in node.ask(CrashQuery(process=process)).reports] == [old]
    assert node.ask(CrashQuery(process="alice")).reports == []
    assert len(node.ask(CrashQuery(process="desks")).reports) == 2
    assert len(node.ask(CrashQuery(limit=1)).reports) == 1


def test_a_childs_own_report_outlives_the_nodes_list(node):
    old = crash(node, "desk-0")
    node.do(node.node.ledger.crashes.clear)
    assert [report.pid for report in node.ask(CrashQuery(process="desk-0")).reports] == [old]


def test_a_state_that_may_be_half_changed_is_said_to_be(live):
    node = live(Supervisor([ChildSpec("m", Mutable)], name="top"))
    node.do(lambda: node.node.named("m").send("x"))
    node.do(node.node.named("m").cast, "two")
    node.ask(Kill(process="m"))
    eventually_sync(lambda: node.node.whereis("m"))
    report = node.ask(CrashQuery(process="m")).reports[0]
    assert (report.reason, report.state_note) == ("killed", "may be half-changed: the state is mutable")


def test_a_report_goes_through_the_behaviours_own_redact(live, monkeypatch):
    monkeypatch.setattr(Redacting, "mode", "ok")
    node = live(Supervisor([ChildSpec("shy", Redacting, "hunter2")], name="top"))
    node.do(node.node.named("shy").cast, "crash")
    report = eventually_sync(lambda: (node.ask(CrashQuery()).reports or [None])[0])
    assert (report.last_state, report.last_message) == ("redacted", "redacted")
    monkeypatch.setattr(Redacting, "mode", "raise")
    with pytest.raises(Failure, match="nothing is shown"):
        node.ask(CrashQuery())


def test_reasons_run_none_of_their_code(live):
    ran: list[str] = []

    class Evil(Exception):  # noqa: N818 - it is one
        @property
        def args(self):
            ran.append("args")
            return ()

        @property
        def __class__(self):
            ran.append("__class__")
            return dict

        def __str__(self):
            ran.append("__str__")
            return "?"

        __repr__ = __str__

    class Reason:
        def __eq__(self, other):
            ran.append("__eq__")
            return True

        __hash__ = None

    node = live(Supervisor([ChildSpec("w", Worker, restart="temporary")], name="top"))
    process = node.node.whereis("w")._process
    report = None

    def end():
        nonlocal report
        from runtime.crash import report as report_of

        report = report_of(process, Evil("x"), None)
        node.node.ledger.crashes.append(report)
        node.node.ledger.crashes.append(report_of(process, ("shutdown!", Reason()), None))

    node.do(end)
    ran.clear()
    reports = node.ask(CrashQuery()).reports
    assert [item.reason for item in reports] == ["('shutdown!', <Reason>)", "Evil('x')"]
    assert ran == []


def test_counters_are_read_while_others_count(live):
    node = live(Supervisor([ChildSpec("alice", Account, "x")], name="top"))
    node.run(node.node.named("alice").call(Deposit(3)))
    assert node.ask(State(process="alice")).value["balance"] == 3
