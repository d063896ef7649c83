"""Triggers and their dumps, and what a crash report carries of the time before."""

from __future__ import annotations

import pytest

from runtime.port.contract import (
    AuditQuery,
    Code,
    CrashQuery,
    DumpQuery,
    DumpsQuery,
    ForgetTrigger,
    KeepTrigger,
    TraceSessionsQuery,
)
from tests.runtime.introspection.tracing.bank import SECRET
from tests.runtime.introspection.tracing.test_sessions import deposit, failure, listen
from tests.support.eventually import eventually_sync

TRIGGER = "keep 5s before span_end of alice"


def happen(node, name):
    """An event that triggers wait for, as a site offers it."""
    process = node.node.registry.find(name)

    def offer():
        now = node.node.scheduler.clock()
        event = (
            now,
            "span_end",
            process.number,
            name,
            "tool",
            0,
            (7, 8, 0, None),
            (SECRET,),
            None,
            None,
            process.redact,
        )
        node.tap.offer(process, event)

    node.do(offer)


def test_a_trigger_keeps_the_time_before(node, client):
    client.ask(KeepTrigger(text=TRIGGER))
    deposit(node, 5, name="alice")
    listen(node)
    happen(node, "alice")
    (dump,) = eventually_sync(lambda: client.ask(DumpsQuery()).dumps)
    assert (dump.dump, dump.kind, dump.name, dump.trigger) == (1, "span_end", "alice", TRIGGER)
    assert dump.trace == f"{7:032x}"
    assert dump.records == []
    records = client.ask(DumpQuery(dump=1)).records
    assert len(records) == dump.events
    assert [record.kind for record in records][-2:] == ["handled", "span_end"]
    listed = client.ask(TraceSessionsQuery())
    assert [(trigger.text, trigger.dumps) for trigger in listed.triggers] == [(TRIGGER, 1)]
    assert listed.dumps == 1


@pytest.mark.parametrize(
    ("trigger", "note"),
    [
        ("keep 5s before crash of alcie", "nobody is called 'alcie' now"),
        ("keep 5s before crash of under tpo", "nobody is called 'tpo' now"),
        ("keep 5s before crash of behaviour Nope", "no process runs Nope now"),
        ("keep 5s before ended of <0.999.0>", "no process is <0.999.0> now"),
        ("keep 5s before receive of alice when took > 1s", "events of these kinds have no took"),
    ],
)
def test_why_a_trigger_may_keep_nothing_is_told(client, trigger, note):
    (told,) = client.ask(KeepTrigger(text=trigger)).notes
    assert note in told


def test_of_a_trigger_that_may_keep_something_nothing_is_said(client):
    for trigger in (
        "keep 5s before crash",
        TRIGGER,
        "keep 5s before handled of behaviour Account when took > 1s",
    ):
        assert client.ask(KeepTrigger(text=trigger)).notes == []


def test_dumps_are_redacted(node, client):
    client.ask(KeepTrigger(text="keep 5s before span_end of bob"))
    deposit(node, 5)
    listen(node)
    happen(node, "bob")
    eventually_sync(lambda: client.ask(DumpsQuery()).dumps)
    dump = client.ask(DumpQuery(dump=1))
    assert dump.records
    assert SECRET not in str(dump)


def test_a_trigger_that_is_wrong_is_told_with_its_column(client):
    refused = failure(client, KeepTrigger(text="keep 5s before crsh of alice"))
    assert refused.code is Code.BAD_REQUEST
    text, pointer = refused.message.splitlines()[1:3]
    assert text[pointer.index("^") :].startswith("crsh")


def test_a_trigger_is_taken_away_and_what_it_has_kept_stays(node, client):
    client.ask(KeepTrigger(text=TRIGGER))
    happen(node, "alice")
    eventually_sync(lambda: client.ask(DumpsQuery()).dumps)
    client.ask(ForgetTrigger(text=TRIGGER))
    assert client.ask(TraceSessionsQuery()).triggers == []
    assert len(client.ask(DumpsQuery()).dumps) == 1
    refused = failure(client, ForgetTrigger(text=TRIGGER))
    assert refused.code is Code.REFUSED
    assert "set are: none" in refused.message


def test_a_dump_that_is_not_there_is_said(client):
    assert "there are: none" in failure(client, DumpQuery(dump=3)).message


def test_triggers_are_bounded(client):
    for number in range(50):
        client.ask(KeepTrigger(text=f"keep {number + 1}s before crash"))
    assert failure(client, KeepTrigger(text="keep 60s before crash")).code is Code.REFUSED


def test_a_trigger_that_would_fire_all_the_time_needs_force(client):
    refused = failure(client, KeepTrigger(text="keep 5s before receive"))
    assert refused.code is Code.REFUSED
    assert "it fires each second" in refused.message
    assert client.ask(TraceSessionsQuery()).triggers == []
    client.ask(KeepTrigger(text="keep 5s before receive", force=True))
    assert len(client.ask(TraceSessionsQuery()).triggers) == 1
    assert client.ask(AuditQuery()).entries[0].detail == "forced"


def test_who_sets_triggers_is_recorded(client):
    client.ask(KeepTrigger(text='keep 1s before handled when text == "s"'))
    client.ask(ForgetTrigger(text='keep 1s before handled when text == "s"'))
    taken, set_ = client.ask(AuditQuery()).entries
    assert (set_.action, set_.target) == ("keep", "keep 1s before handled when …")
    assert taken.action == "forget"


def test_a_crash_report_carries_the_last_events_of_the_process(node, client):
    deposit(node, 5, 6, name="alice")
    node.do(node.node.named("alice").cast, "crash")
    (report,) = eventually_sync(lambda: client.ask(CrashQuery(process="alice")).reports)
    told = [record.values["message"]["amount"] for record in report.before if record.kind == "handled"]
    assert told == [5, 6]
    assert SECRET not in str(report)


def test_a_crash_report_carries_the_last_events_of_its_story(node, client):
    def work():
        node.node.named("clerk").cast("crash")  # hands it on to alice, who crashes

    node.do(work)
    (report,) = eventually_sync(lambda: client.ask(CrashQuery(process="alice")).reports)
    assert "clerk" in {record.name for record in report.before}
    assert len({record.trace for record in report.before if record.name == "clerk"}) == 1


def test_events_before_a_crash_are_redacted(node, client):
    deposit(node, 5)
    node.do(node.node.named("bob").cast, "crash")
    (report,) = eventually_sync(lambda: client.ask(CrashQuery(process="bob")).reports)
    assert [
        record.values for record in report.before if record.name == "bob" and record.kind == "handled"
    ] == [{"message": "by redact"}]
    assert SECRET not in str(report)
