"""Trace sessions through a real port: what they bring, what ends them, and whose they are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import runtime
from runtime import ChildSpec, MailboxFull
from runtime.port import keys
from runtime.port.client import Client, find
from runtime.port.contract import (
    AuditQuery,
    Code,
    Failure,
    Ps,
    Role,
    StopTrace,
    Trace,
    TraceLimits,
    TraceRead,
    TraceSessionsQuery,
)
from tests.runtime.introspection.tracing.bank import SECRET, Account, Bank, Deposit, broken, read_all
from tests.support.eventually import eventually_sync

ROOT = Path(runtime.__file__).parent.parent


def open_trace(client, pattern, *, values=True, force=False, **limits):
    return client.ask(Trace(pattern=pattern, limits=TraceLimits(**limits), values=values, force=force))


def listen(node):
    """Wait until the loop has heard of the sessions."""
    node.do(lambda: None)


def deposit(node, *amounts, name="clerk"):
    def work():
        for amount in amounts:
            node.node.named(name).cast(Deposit(amount))

    node.do(work)


def failure(client, request):
    with pytest.raises(Failure) as caught:
        client.ask(request)
    return caught.value


def test_messages_are_told_with_who_sent_them_and_how_long_it_took(node, client):
    session = open_trace(client, "all messages, handled", count=9)
    listen(node)
    deposit(node, 5)
    records, end = read_all(client, session)
    assert end.cause == "count"
    told = {(record.kind, record.name) for record in records}
    assert {
        ("send", None),
        ("receive", "clerk"),
        ("send", "clerk"),
        ("receive", "alice"),
        ("handled", "alice"),
    } <= told
    assert len({record.trace for record in records}) == 1
    sent = next(record for record in records if record.kind == "send" and record.name == "clerk")
    taken = next(record for record in records if record.kind == "receive" and record.name == "alice")
    assert sent.span == taken.span
    assert taken.waited is not None
    assert taken.values["message"]["amount"] == 5
    assert [record.seq for record in records] == list(range(1, 10))


def test_a_wrong_pattern_is_told_with_a_caret_under_its_column(client):
    refused = failure(client, Trace(pattern="alice recieve"))
    assert refused.code is Code.BAD_REQUEST
    text, pointer = refused.message.splitlines()[1:3]
    assert text[pointer.index("^") :] == "recieve"
    assert "here may stand: " in refused.message
    assert "did you mean receive?" in refused.message


def test_a_dangerous_pattern_needs_force(client):
    refused = failure(client, Trace(pattern="all events"))
    assert refused.code is Code.REFUSED
    assert "every event of every process" in refused.message
    assert open_trace(client, "all events", force=True, count=5).pattern == "all events"


def test_names_that_nobody_has_are_told(node, client):
    listen(node)
    session = client.ask(Trace(pattern="alcie, alice, under tpo messages"))
    assert session.nobody == ["alcie", "tpo"]
    assert client.ask(Trace(pattern="all, new messages")).nobody == []


HERE = Account.__module__


@pytest.mark.parametrize(
    ("pattern", "note"),
    [
        ("behaviour Nope messages", "no process runs Nope now"),
        ("<0.999.0> receive", "no process is <0.999.0> now"),
        ("under <0.999.0> receive", "no process is <0.999.0> now"),
        (f"all {HERE}:Account.handle_cast/2", "it has 3 parameters"),
        (f"all {HERE}:Account.handle_cast(_, message)", "and the pattern asks for 2"),
        ("all receive when message is nowhere:Deposit", "no module nowhere is loaded in the node now"),
        (f"all receive when not (message is {HERE}:Deposti)", f"{HERE} has no class Deposti now"),
        ("alice receive when took > 1s", "events of these kinds have no took; these have: "),
    ],
)
def test_why_it_may_take_nothing_is_told(client, pattern, note):
    (told,) = open_trace(client, pattern).notes
    assert note in told


def test_functions_of_an_isolated_process_are_told_to_be_out_of_reach(node, client):
    node.run(node.node.start(ChildSpec("cell", Account, isolated=True)))
    (told,) = open_trace(client, f"cell {HERE}:Account.handle_cast").notes
    assert told.startswith("cell lives in another OS process")
    assert open_trace(client, "cell handled").notes == []


@pytest.mark.parametrize(
    "pattern",
    ["all messages", "behaviour Account handled when took > 1s", f"behaviour {HERE}:Account receive", "<0.1.0> ended",
     f"all {HERE}:Account.handle_cast/3", f"all receive when message is {HERE}:Deposit"],
)  # fmt: skip
def test_where_something_may_come_nothing_is_said(client, pattern):
    assert open_trace(client, pattern).notes == []


def test_a_condition_chooses(node, client):
    session = open_trace(client, "alice receive when message.amount > 10", count=2)
    listen(node)
    deposit(node, 5, 15, 6, 16)
    records, _ = read_all(client, session)
    assert [record.values["message"]["amount"] for record in records] == [15, 16]


def test_reading_waits_for_the_first_record(node, client):
    session = open_trace(client, "alice receive")
    listen(node)
    timer = threading.Timer(0.2, deposit, (node, 1))
    timer.start()
    began = time.monotonic()
    page = client.ask(TraceRead(session=session.session, wait_s=10))
    assert [record.kind for record in page.records] == ["receive"]
    assert not page.over
    assert 0.1 < time.monotonic() - began < 5
    timer.join()


def test_time_ends_a_session_in_which_nothing_happens(client):
    session = open_trace(client, "alice receive", seconds=0.2)
    page = client.ask(TraceRead(session=session.session, wait_s=10))
    assert page.over
    assert page.session.end.cause == "time"
    assert page.session.end.text == "0.2 s are over"


def test_time_ends_a_session_while_the_loop_is_stuck(node, client):
    session = open_trace(client, "alice receive", seconds=0.2)
    listen(node)
    gate = threading.Event()
    node.post(gate.wait, 10)
    try:
        assert client.ask(TraceRead(session=session.session, wait_s=5)).session.end.cause == "time"
    finally:
        gate.set()


def test_the_rate_fuse_ends_a_session_and_what_it_had_is_read(node, client):
    session = open_trace(client, "alice receive", rate=100)
    listen(node)
    deposit(node, *range(500), name="alice")
    records, end = read_all(client, session)
    assert end.cause == "rate"
    assert "100 records a second" in end.text
    assert 0 < len(records) <= 10


def test_a_reader_who_is_too_slow_ends_his_session(node, client):
    session = open_trace(client, "alice receive", queue=50)
    listen(node)
    deposit(node, *range(200), name="alice")
    records, end = read_all(client, session)
    assert end.cause == "queue"
    assert len(records) == 50


def test_sixteen_sessions_and_no_more(node, client, connect):
    for number in range(16):
        open_trace(client if number % 2 else connect(), f"alice receive when message.amount == {number}")
    refused = failure(client, Trace(pattern="alice receive"))
    assert refused.code is Code.REFUSED
    assert "16 sessions are open" in refused.message
    listed = client.ask(TraceSessionsQuery()).sessions
    assert len(listed) == 16
    assert sum(session.mine for session in listed) == 8
    client.ask(StopTrace(session=listed[0].session))
    open_trace(client, "alice receive")


def test_sessions_know_nothing_of_each_other(node, client, connect):
    one, other = open_trace(client, "alice receive", count=1), open_trace(client, "alice receive", count=3)
    listen(node)
    deposit(node, 1, 2, 3)
    assert len(read_all(client, one)[0]) == 1
    assert len(read_all(client, other)[0]) == 3


def test_a_session_is_read_by_its_connection_alone(client, connect):
    session = open_trace(client, "alice receive")
    refused = failure(connect(), TraceRead(session=session.session))
    assert refused.code is Code.REFUSED
    assert "another connection" in refused.message


def test_anybody_may_stop_a_session_and_its_owner_reads_who_did(node, client, connect):
    session = open_trace(client, "alice receive")
    listen(node)
    deposit(node, 1)
    eventually_sync(lambda: node.tap.sessions[0].waiting)
    done = connect().ask(StopTrace(session=session.session))
    assert "1 records" in done.text
    records, end = read_all(client, session)
    assert (end.cause, end.text) == ("asked", "stopped by key owner")
    assert len(records) == 1
    assert failure(client, StopTrace(session=session.session)).code is Code.REFUSED


def test_what_has_ended_is_listed_until_it_has_been_read(node, client):
    session = open_trace(client, "alice receive", count=1)
    listen(node)
    deposit(node, 1)
    ended = eventually_sync(
        lambda: [it for it in client.ask(TraceSessionsQuery()).sessions if it.end is not None]
    )
    assert ended[0].end.cause == "count"
    read_all(client, session)
    assert client.ask(TraceSessionsQuery()).sessions == []
    assert "all of it has been read" in failure(client, TraceRead(session=session.session)).message


def test_functions_are_traced_with_their_arguments_and_results(node, client):
    session = open_trace(client, f"all {Deposit.__module__}:Account.handle_cast -> return", count=2)
    listen(node)
    deposit(node, 5, name="alice")
    records, end = read_all(client, session)
    assert [(record.kind, record.name) for record in records] == [
        ("function_call", "alice"),
        ("function_return", "alice"),
    ]
    assert end.cause == "count"
    assert records[0].values["arguments"]["message"]["amount"] == 5
    assert records[0].values["arguments"]["self"] == {"$type": "Account", "$text": records[0].pid}
    assert SECRET not in str(records)


def test_the_stack_is_that_of_the_users_code(node, client):
    session = open_trace(client, "clerk send, handled -> stack", count=3)
    listen(node)
    deposit(node, 5)
    records, _ = read_all(client, session)
    (first, second, handled) = records
    assert first.stack[-1].endswith(" Clerk.handle_cast")
    assert "bank.py:" in first.stack[-1]
    assert first.stack != second.stack
    assert not any("runtime/" in frame for frame in first.stack if "tests/runtime" not in frame)
    assert handled.stack == []


def test_arguments_of_functions_are_redacted(node, client):
    session = open_trace(client, f"all {Deposit.__module__}:Bank.handle_cast -> return", count=2)
    listen(node)
    deposit(node, 5)
    records, _ = read_all(client, session)
    assert records
    assert SECRET not in str(records)


def test_a_function_that_is_not_there_is_told_with_its_column(client):
    refused = failure(client, Trace(pattern=f"all {Deposit.__module__}:Account.handle_cost"))
    assert refused.code is Code.BAD_REQUEST
    assert "^" in refused.message


def test_sessions_that_nobody_reads_are_forgotten_in_the_end(node, client):
    sessions = [open_trace(client, "alice receive", seconds=0.01) for _ in range(40) if not node.tap.tick()]
    eventually_sync(lambda: not node.tap.sessions)
    open_trace(client, "alice receive")
    listed = client.ask(TraceSessionsQuery()).sessions
    assert len(listed) <= 34
    assert sessions[0].session not in {each.session for each in listed}


def test_a_bounded_mailbox_refuses_while_messages_are_traced(live, home):
    class Small(Account):
        mailbox_limit = 2
        mailbox_policy = "refuse"

    node = live(ChildSpec("small", Small), port=True)
    with Client(find("bank")) as client:
        open_trace(client, "small messages")
        listen(node)

        def work():
            pid = node.node.whereis("small")
            pid._process.pause()
            for number in range(2):
                pid.cast(Deposit(number))
            with pytest.raises(MailboxFull):
                pid.cast(Deposit(3))

        node.do(work)


# --- whose it is ----------------------------------------------------------------------------------------


def test_a_session_ends_with_its_connection(node, connect):
    gone = connect()
    open_trace(gone, "alice receive")
    session = node.tap.sessions[0]
    gone.close()
    eventually_sync(lambda: not node.tap.sessions)
    assert session.stopped.cause == "owner"
    assert node.node.scheduler.tap is None or "receive" not in node.tap.kinds


def test_a_client_that_goes_while_it_waits_for_records_is_noticed(node, connect):
    gone = connect()
    session = open_trace(gone, "alice receive")

    def ask():
        with pytest.raises(Failure):
            gone.ask(TraceRead(session=session.session, wait_s=30))

    waiting = threading.Thread(target=ask)
    waiting.start()
    eventually_sync(lambda: node.node.scheduler.listening.tap.sessions)
    gone.abort()
    waiting.join(10)
    eventually_sync(lambda: not node.tap.sessions, within=2.0)


CLIENT = """
import sys
from runtime.port.client import Client, find
from runtime.port.contract import Trace, TraceRead

client = Client(find("bank"))
client.connect()
session = client.ask(Trace(pattern="alice receive"))
print("open", flush=True)
client.ask(TraceRead(session=session.session, wait_s=30))
"""


def test_a_client_that_is_killed_ends_its_session(node):
    killed = subprocess.Popen(
        [sys.executable, "-c", CLIENT],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    with killed:
        assert killed.stdout.readline() == "open\n"
        assert len(node.tap.sessions) == 1
        killed.send_signal(signal.SIGKILL)
    eventually_sync(lambda: not node.tap.sessions, within=2.0)


def test_sessions_of_others_go_on_where_one_leaves(node, client, connect):
    gone = connect()
    open_trace(gone, "alice receive")
    mine = open_trace(client, "alice receive", count=1)
    gone.close()
    eventually_sync(lambda: len(node.tap.sessions) == 1)
    listen(node)
    deposit(node, 1)
    assert read_all(client, mine)[1].cause == "count"


def test_a_viewer_traces_nothing(node, client):
    keys.add("eve", Role.VIEWER)
    with Client(find("bank"), key="eve") as eve:
        assert failure(eve, Trace(pattern="alice receive")).code is Code.DENIED
        assert failure(eve, TraceSessionsQuery()).code is Code.DENIED
    denied = client.ask(AuditQuery()).entries[0]
    assert (denied.action, denied.key) == ("trace", "eve")


def test_who_opens_and_stops_is_recorded_without_the_values_of_conditions(client):
    session = open_trace(client, f'alice receive when message.api_key == "{SECRET}"')
    client.ask(StopTrace(session=session.session))
    failure(client, Trace(pattern=f'alice recieve "{SECRET}"'))
    wrong, stopped, opened = client.ask(AuditQuery()).entries
    assert (opened.action, opened.target) == ("trace", "alice receive when …")
    assert opened.detail == f"session {session.session}"
    assert (stopped.action, stopped.target, stopped.outcome) == (
        "trace_stop",
        f"session {session.session}",
        "ok",
    )
    assert wrong.outcome == "bad_request"


# --- what is told ---------------------------------------------------------------------------------------


def test_values_can_be_left_out(node, client):
    session = open_trace(client, "all messages, handlers, states -> state, return", values=False, count=12)
    listen(node)
    deposit(node, 5)
    records, _ = read_all(client, session)
    assert all(record.values == {} for record in records)
    assert {record.name for record in records} >= {"clerk", "alice", "bob"}


def test_redaction_applies_to_every_record(node, client):
    session = open_trace(client, "all events -> state, return, stack", force=True, count=1000, seconds=1.0)
    listen(node)
    deposit(node, 5, 6)
    node.run(node.node.named("bob").call("who"))
    node.do(node.node.named("bob").cast, "crash")
    node.do(node.node.named("alice").cast, "crash")
    records, _ = read_all(client, session)
    assert {"send", "receive", "handle", "handled", "state"} <= {record.kind for record in records}
    assert SECRET not in str(records)
    bobs = [
        record
        for record in records
        if record.name == "bob" and record.kind in {"receive", "handle", "handled", "state"}
    ]
    assert bobs
    assert all(value == "by redact" for record in bobs for value in record.values.values())
    to_bob = [
        record
        for record in records
        if record.kind == "send" and record.name == "clerk" and "amount" not in str(record.values)
    ]
    assert to_bob
    assert all(record.values == {"message": "by redact"} for record in to_bob)


def test_where_redact_fails_nothing_is_shown(node, client):
    session = open_trace(client, "bob handlers, states -> state", count=3)
    listen(node)
    broken.set()
    try:
        deposit(node, 5)
        records, _ = read_all(client, session)
    finally:
        broken.clear()
    assert SECRET not in str(records)
    assert all("not shown" in str(value) for record in records for value in record.values.values())


def test_where_the_loop_is_stuck_nothing_is_shown_that_redact_would_hide(node, client):
    session = open_trace(client, "bob receive", count=1)
    listen(node)
    deposit(node, 5)
    eventually_sync(lambda: not node.tap.sessions)
    gate = threading.Event()
    node.post(gate.wait, 10)
    try:
        (record,) = client.ask(TraceRead(session=session.session)).records
    finally:
        gate.set()
    assert "not shown" in str(record.values)
    assert SECRET not in str(record)


def test_large_values_are_cut_and_an_answer_is_bounded(node, client):
    session = open_trace(client, "alice receive", count=2000, size=100_000)
    listen(node)
    wide = [f"{number:0900}" for number in range(40)]

    def work():
        for _ in range(300):
            node.node.named("alice").send(wide)

    node.do(work)
    eventually_sync(lambda: node.tap.sessions[0].waiting >= 300)
    sizes, count = [], 0
    while count < 300:
        page = client.ask(TraceRead(session=session.session, limit=5000), timeout=30)
        assert page.records
        assert all(record.cut and "000" in str(record.values["message"]) for record in page.records)
        count += len(page.records)
        sizes.append(len(page.model_dump_json()))
    assert max(sizes) < 8 << 20


def test_many_records_are_read_while_the_node_goes_on(node, client):
    session = open_trace(client, "alice receive", count=3000, queue=5000, rate=1_000_000)
    listen(node)
    deposit(node, *range(3000), name="alice")
    records, end = read_all(client, session)
    assert len(records) == 3000
    assert end.cause == "count"
    assert client.ask(Ps()).total > 3


def test_redact_at_work_is_told_to_nobody_since_its_arguments_are_what_must_not_be_shown(node, client):
    home = Bank.__module__
    session = open_trace(client, f"all {home}:Bank.handle_cast, {home}:Bank.redact -> return", count=6)
    listen(node)
    records = []
    for number in range(3):
        node.do(lambda: node.node.named("bob").cast("note"))
        while len(records) < 2 * number + 2:
            records += client.ask(TraceRead(session=session.session, wait_s=5.0)).records
    assert {record.text for record in records} == {f"{home}:Bank.handle_cast"}
    assert SECRET not in str(records)
