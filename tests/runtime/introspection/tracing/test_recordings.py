"""Recording and replaying through a real port: raw values stay on the node."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from runtime import ChildSpec, Server
from runtime.form import COMPILED
from runtime.port import keys
from runtime.port.client import Client, find
from runtime.port.contract import (
    AuditQuery,
    Code,
    Record,
    RecordingsQuery,
    RecordWait,
    Replay,
    Role,
    StopTrace,
    TraceLimits,
    TraceRead,
    TraceSessionsQuery,
)
from runtime.replay import fetch, write
from tests.runtime.introspection.tracing import bank
from tests.runtime.introspection.tracing.bank import SECRET
from tests.runtime.introspection.tracing.test_sessions import ROOT, deposit, failure, listen
from tests.support.eventually import eventually_sync
from tracing.store import Store

agents = []
replays = pytest.mark.skipif(COMPILED, reason="the compiled form replays nothing, and says so")


class Agent(Server):
    """It waits, as for a model."""

    def init(self):
        return 0

    async def handle_cast(self, message, state):
        if message:
            agents.append(asyncio.Event())
            await agents[-1].wait()
        return state + 1


@pytest.fixture
def recorded(node, client):
    """Three deposits to alice, kept as `three`."""
    session = client.ask(Record(process="alice", limits=TraceLimits(count=1000, seconds=60, queue=1000)))
    listen(node)
    deposit(node, 1, 2, 3, name="alice")
    eventually_sync(lambda: node.tap.sessions[0].waiting >= 3)
    client.ask(StopTrace(session=session.session))
    answer = client.ask(RecordWait(session=session.session, name="three", wait_s=5))
    assert answer.over
    return answer.recording


@replays
def test_a_recording_is_replayed_as_it_was(recorded, client):
    assert recorded.text == "3 steps of alice; stopped by key owner"
    report = client.ask(Replay(what="three"))
    assert report.identical
    assert (report.steps, report.done, report.same, report.name) == (3, 3, 3, "alice")
    assert client.ask(Replay(what=str(recorded.recording))).identical


@replays
def test_the_report_says_what_was_replayed_and_in_which_file_it_is(recorded, client, home, node, tmp_path):
    store = home / "traces" / "bank.sqlite"
    assert store.exists()
    assert client.ask(Replay(what="three")).source == f"recording three, in {store}"
    kept = Store(store)
    path = tmp_path / "three.record"
    write(path, fetch("three", kept))
    kept.close()
    assert client.ask(Replay(what=str(path))).source == f"the file {path}"
    node.do(node.node.named("alice").cast, "crash")
    eventually_sync(lambda: node.node.ledger.crashed)
    assert client.ask(Replay(what="crash alice")).source == "crash alice, of the flight recorder"


@replays
def test_a_recording_may_have_a_name_like_a_path(node, client):
    session = client.ask(Record(process="alice"))
    listen(node)
    deposit(node, 1, name="alice")
    eventually_sync(lambda: node.node.whereis("alice")._process.state["balance"] == 1)
    client.ask(StopTrace(session=session.session))
    assert client.ask(RecordWait(session=session.session, name="before/after", wait_s=10)).recording
    assert client.ask(Replay(what="before/after")).identical


@replays
def test_changed_code_shows_where_it_differs(recorded, client, tmp_path):
    source = Path(bank.__file__).read_text(encoding="utf-8")
    changed = tmp_path / "bank.py"
    changed.write_text(source.replace('state["balance"] + amount}', 'state["balance"] + 2 * amount}'))
    report = client.ask(Replay(what="three", code=str(changed), module=bank.__name__))
    assert not report.identical
    assert (report.first, report.differences) == (1, 3)
    (difference,) = report.differing[0].differences
    assert difference.what == "state"
    assert [(change.path, change.before, change.after) for change in difference.changes] == [
        ("balance", 1, 2)
    ]
    assert SECRET not in str(report)


def test_recordings_are_listed_also_by_others(recorded, connect):
    (listed,) = connect().ask(RecordingsQuery()).recordings
    assert (listed.recording, listed.name, listed.text) == (recorded.recording, "three", recorded.text)


def test_a_recording_is_a_session_like_any_other(node, client, connect):
    other = connect()
    session = other.ask(Record(process="alice"))
    assert session.session in {each.session for each in client.ask(TraceSessionsQuery()).sessions}
    assert failure(other, TraceRead(session=session.session)).code is Code.BAD_REQUEST
    assert failure(client, RecordWait(session=session.session, name="x")).code is Code.REFUSED
    other.close()
    eventually_sync(lambda: not node.tap.sessions)
    assert client.ask(RecordingsQuery()).recordings == []


async def idle(process):
    await process.receive()


@replays
def test_who_is_in_an_async_handler_is_a_server_all_the_same(node, client):
    agent = node.run(node.node.start(ChildSpec("agent", Agent)))
    node.do(agent.cast, 1)
    eventually_sync(lambda: agent._process.coroutine is not None)
    session = client.ask(Record(process="agent", limits=TraceLimits(seconds=60)))
    node.do(agent.cast, 0)
    node.do(agents.pop().set)
    eventually_sync(lambda: agent._process.state == 2)
    client.ask(StopTrace(session=session.session))
    assert client.ask(RecordWait(session=session.session, name="one", wait_s=5)).recording is not None
    assert client.ask(Replay(what="one")).identical


def test_a_coroutine_process_is_refused(node, client):
    pid = node.do(node.node.spawn, idle)
    refused = failure(client, Record(process=str(pid)))
    assert refused.code is Code.REFUSED
    assert "a coroutine process has its state in local variables" in refused.message


def test_a_recording_ends_at_its_limits(node, client):
    session = client.ask(Record(process="alice", limits=TraceLimits(seconds=0.1)))
    listen(node)
    deposit(node, 1, name="alice")
    answer = client.ask(RecordWait(session=session.session, name="short", wait_s=10))
    assert answer.session.end.cause == "time"
    assert answer.recording.text.startswith("1 step of alice")


@replays
def test_a_recording_ends_with_its_process(node, client):
    session = client.ask(Record(process="alice"))
    listen(node)
    deposit(node, 1, name="alice")
    node.do(node.node.named("alice").cast, "crash")
    answer = client.ask(RecordWait(session=session.session, name="until the end", wait_s=10))
    assert answer.session.end.text == "stopped by the end of its process"
    assert answer.recording.text.startswith("2 steps of alice")
    assert client.ask(Replay(what="until the end")).identical


def test_where_nothing_was_handled_nothing_is_kept(client):
    session = client.ask(Record(process="alice", limits=TraceLimits(seconds=0.1)))
    answer = client.ask(RecordWait(session=session.session, name="nothing", wait_s=10))
    assert answer.over
    assert answer.recording is None


@replays
def test_the_last_step_before_a_crash_is_replayed_though_nobody_recorded_it(node, client):
    node.do(node.node.named("alice").cast, "crash")
    eventually_sync(lambda: node.node.ledger.crashed)
    report = client.ask(Replay(what="crash alice"))
    assert report.identical
    assert report.steps >= 1


@pytest.mark.parametrize("what", ["nothing of this name", "crash nobody", "dump 7", "999"])
def test_what_is_not_there_is_said(client, what):
    refused = failure(client, Replay(what=what))
    assert refused.code is Code.REFUSED


def test_code_that_is_not_there_is_said(recorded, client):
    assert failure(client, Replay(what="three", code="/nowhere/bank.py")).code is Code.REFUSED


@replays
def test_replaying_runs_code_and_so_is_an_admins(recorded, client):
    keys.add("op", Role.OPERATOR)
    with Client(find("bank"), key="op") as operator:
        assert failure(operator, Replay(what="three")).code is Code.DENIED
    client.ask(Replay(what="three"))
    done, denied = client.ask(AuditQuery()).entries[:2]
    assert (done.action, done.target, done.outcome) == ("replay", "three", "ok")
    assert (denied.action, denied.key) == ("replay", "op")


def test_while_the_loop_is_stuck_a_replay_is_given_up(recorded, node, client, monkeypatch):
    monkeypatch.setattr("runtime.introspection.tracing.recordings.DEADLINE_S", 0.2)
    gate = threading.Event()
    node.post(gate.wait, 10)
    try:
        assert failure(client, Replay(what="three", deadline_s=0.2)).code is Code.TIMEOUT
    finally:
        gate.set()


def test_a_node_that_nobody_records_on_does_not_import_what_replays():
    code = "import sys, runtime.introspection.service; sys.exit('runtime.replay' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    assert subprocess.run([sys.executable, "-c", code], env=environment).returncode == 0
