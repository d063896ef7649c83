"""Stories through a real port: found by their id or by a process, from sessions and from the flight recorder."""

from __future__ import annotations

import asyncio
import time
from typing import ClassVar

import pytest

from runtime import ChildSpec, Server, trace
from runtime.port.contract import Code, Failure, TimelineQuery
from tests.runtime.introspection.tracing.bank import SECRET, Deposit, read_all
from tests.runtime.introspection.tracing.test_sessions import deposit, failure, listen, open_trace
from tests.support.eventually import eventually_sync


def story(client, **query):
    return client.ask(TimelineQuery(**query))


def handled(client, name):
    """The last story of a process, once the flight recorder has it."""

    def look():
        try:
            found = story(client, process=name)
        except Failure:
            return None
        return found if {"alice", "bob"} <= {record.name for record in found.records} else None

    return eventually_sync(look)


def test_the_flight_recorder_knows_a_story_that_nobody_has_traced(node, client):
    deposit(node, 5)
    found = handled(client, "clerk")
    assert {record.kind for record in found.records} == {"handled"}
    spans = {span.name: span for span in found.spans}
    assert spans["alice"].cause == spans["bob"].cause == spans["clerk"].span
    assert spans["clerk"].cause == ""
    assert spans["alice"].sent < spans["alice"].began < spans["alice"].ended
    assert "no session has taken its messages" in found.note


def test_the_last_story_of_a_process_is_told(node, client):
    deposit(node, 5)
    first = handled(client, "clerk")
    deposit(node, 6)
    second = eventually_sync(
        lambda: next((it for it in [handled(client, "alice")] if it.trace != first.trace), None)
    )
    assert "6" in str([record.values for record in second.records])


def test_a_story_is_found_by_the_beginning_of_its_id(node, client):
    deposit(node, 5)
    found = handled(client, "clerk")
    again = story(client, trace=found.trace[:8])
    assert [(it.kind, it.mono, it.span) for it in again.records] == [
        (it.kind, it.mono, it.span) for it in found.records
    ]
    assert story(client, trace=found.trace).trace == found.trace


def test_each_event_is_told_once_whoever_has_taken_it(node, client, connect):
    one, other = open_trace(client, "all messages, handled", count=10), open_trace(connect(), "all handled")
    listen(node)
    deposit(node, 5)
    eventually_sync(
        lambda: (
            one.session not in {each.number for each in node.tap.sessions}
            or node.tap.sessions[0].waiting >= 9
        )
    )
    found = handled(client, "clerk")
    told = [
        (record.kind, record.pid, record.span)
        for record in found.records
        if record.kind in {"handled", "send", "receive"}
    ]
    assert len(told) == len(set(told)) == 9
    assert other.session != one.session


def test_a_story_outlives_the_session_that_has_taken_it(node, connect, client):
    reader = connect()
    session = open_trace(reader, "all messages", count=6)
    listen(node)
    deposit(node, 5)
    records, _ = read_all(reader, session)
    reader.close()
    eventually_sync(lambda: not node.tap.sessions)
    found = story(client, trace=records[0].trace)
    assert {"send", "receive", "handled"} <= {record.kind for record in found.records}
    assert "no session" not in found.note


def test_values_are_redacted_or_left_out(node, client):
    deposit(node, 5)
    found = handled(client, "clerk")
    assert SECRET not in str(found)
    (bob,) = [record for record in found.records if record.name == "bob"]
    assert bob.values == {"message": "by redact"}
    assert all(record.values == {} for record in story(client, trace=found.trace, values=False).records)


def test_the_newest_records_are_told_and_how_many_are_not(node, client):
    deposit(node, 5)
    whole = handled(client, "clerk")
    found = story(client, trace=whole.trace, limit=1)
    assert found.cut
    assert [record.span for record in found.records] == [whole.records[-1].span]
    assert "left out" in found.note
    assert found.spans[0].orphan == bool(found.spans[0].cause)


def test_one_that_is_missing_is_told_in_the_singular(node, client):
    deposit(node, 5)
    whole = handled(client, "clerk")
    few = story(client, trace=whole.trace, limit=len(whole.records) - 1)
    assert "left out: the first 1 record;" in f"{few.note};"
    last = story(client, trace=whole.trace, limit=1)
    assert "1 span was caused by what is not here" in last.note


def test_of_how_many_records_the_values_are_left_out_is_said(node, client, monkeypatch):
    deposit(node, 5)
    trace = handled(client, "clerk").trace
    monkeypatch.setattr("runtime.introspection.tracing.stories.VALUES", 1)
    found = story(client, trace=trace)
    assert not found.cut
    assert [bool(record.values) for record in found.records] == [False, False, True]
    assert "the values of the first 2 records here are left out" in found.note
    assert "values" not in story(client, trace=trace, values=False).note
    assert "values" not in story(client, trace=trace, limit=1).note


def test_the_story_of_a_process_that_has_ended_is_known(node, client):
    deposit(node, 5)
    found = handled(client, "clerk")
    pid = next(record.pid for record in found.records if record.name == "alice")
    node.do(node.node.named("alice").cast, "crash")
    eventually_sync(lambda: node.node.whereis("alice") is not None and str(node.node.whereis("alice")) != pid)
    assert story(client, process=pid).records


class Agent(Server):
    """It waits, as for a model, where it is told to."""

    doors: ClassVar[list[asyncio.Event]] = []

    def init(self):
        return 0

    async def handle_cast(self, message, state):
        if message == "wait":
            self.doors.append(asyncio.Event())
            await self.doors[-1].wait()
        elif message == "ask":
            self.named("alice").cast(Deposit(1))
            await self.handle_cast("wait", state)
        elif message == "think":
            with trace.span("chat gpt"):
                await self.handle_cast("wait", state)
        elif message == "leave it open":
            trace.span("chat gpt").__enter__()
        elif message == "crash":
            raise ValueError(message)
        return state + 1


@pytest.fixture
def agent(node):
    """At work on a message, after it has handled one; it goes on when it is asked to."""
    agent = node.run(node.node.start(ChildSpec("agent", Agent)))

    def wait(message="wait"):
        before = len(Agent.doors)
        node.do(agent.cast, message)
        eventually_sync(lambda: len(Agent.doors) > before)

    def go_on():
        node.do(Agent.doors[-1].set)

    node.do(agent.cast, "quick")
    return wait, go_on


def test_a_story_that_is_not_over_says_for_how_long_and_which_was_before(node, client, agent):
    wait, go_on = agent
    first = eventually_sync(lambda: known(client, "agent"))
    open_trace(client, "agent messages, handlers")
    listen(node)
    wait()
    found = story(client, process="agent")
    assert found.trace != first.trace
    assert found.note.startswith("it has been at work on this for ")
    assert f"(▒); the story before is {first.trace[:8]}" in found.note
    assert story(client, trace=first.trace[:8]).trace == first.trace
    assert "at work" not in story(client, trace=found.trace).note
    go_on()
    eventually_sync(lambda: "at work" not in story(client, process="agent").note)


def test_where_the_newest_message_is_not_known_yet_that_is_said_when_it_takes_long(
    client, agent, monkeypatch
):
    wait, go_on = agent
    first = eventually_sync(lambda: known(client, "agent"))
    wait()
    found = story(client, process="agent")
    assert (found.trace, "at work" in found.note) == (first.trace, False)
    monkeypatch.setattr("runtime.introspection.tracing.stories._LONG_S", 0.0)
    note = story(client, process="agent").note
    assert note.startswith("it has been at work on a newer message for ")
    assert "handle_cast(str)" in note
    go_on()


def test_a_span_that_is_open_for_long_is_told_until_it_ends(node, client, agent, monkeypatch):
    wait, go_on = agent
    wait("think")
    found = eventually_sync(lambda: known(client, "agent"))
    assert "open" not in found.note
    monkeypatch.setattr("runtime.introspection.tracing.stories._LONG_S", 0.0)
    assert "'chat gpt' of agent has been open for 0." in story(client, trace=found.trace).note
    go_on()
    eventually_sync(lambda: "open" not in story(client, trace=found.trace).note)


def test_a_span_that_a_process_has_left_open_is_over_with_it(node, client, agent, monkeypatch):
    monkeypatch.setattr("runtime.introspection.tracing.stories._LONG_S", 0.0)
    node.do(node.node.named("agent").cast, "leave it open")
    found = eventually_sync(
        lambda: next((it for it in [known(client, "agent")] if it and "open" in it.note), None)
    )
    node.do(node.node.named("agent").cast, "crash")
    eventually_sync(lambda: "open" not in story(client, trace=found.trace).note)


def test_a_session_that_has_taken_one_side_is_not_said_to_have_taken_nothing(node, client):
    open_trace(client, "alice receive, handled")
    listen(node)
    deposit(node, 5)
    found = eventually_sync(
        lambda: next((it for it in [known(client, "alice")] if it and len(it.records) > 1), None)
    )
    assert "no session has taken what was sent: what was never handled is missing" in found.note
    assert "told from times" not in found.note


def test_what_is_known_of_a_newer_message_is_found_by_the_story_that_its_handler_has_begun(
    node, client, agent, monkeypatch
):
    wait, go_on = agent
    monkeypatch.setattr("runtime.introspection.tracing.stories._LONG_S", 0.0)
    first = eventually_sync(lambda: known(client, "agent"))
    wait("ask")
    newer = eventually_sync(lambda: known(client, "alice"))
    found = story(client, process="agent")
    assert found.trace == first.trace != newer.trace
    assert f"of which the story {newer.trace[:8]} knows more" in found.note
    go_on()


def known(client, name):
    try:
        return story(client, process=name)
    except Failure:
        return None


@pytest.mark.parametrize("query", [{}, {"trace": "abcd", "process": "alice"}])
def test_one_story_has_to_be_named(client, query):
    assert failure(client, TimelineQuery(**query)).code is Code.BAD_REQUEST


def test_a_story_that_is_not_known_is_said(client):
    refused = failure(client, TimelineQuery(trace="00000000"))
    assert refused.code is Code.REFUSED
    assert "flight recorder" in refused.message
    assert failure(client, TimelineQuery(process="nobody")).code is Code.NO_PROCESS


def test_several_stories_that_begin_alike_are_told_apart(node, client):
    event = (0.0, "handled", 3, "alice", "", 0, None, (), None, None, None)
    keep = node.node.scheduler.listening.flight.keep
    for number in (0xABCD << 112 | 1, 0xABCD << 112 | 2):
        node.do(keep, (*event[:6], (number, 7, 0, None), *event[7:]))
    refused = failure(client, TimelineQuery(trace="abcd"))
    assert refused.code is Code.BAD_REQUEST
    assert f"{0xABCD << 112 | 1:032x}" in refused.message


def test_a_call_of_the_host_is_a_story(node, client):
    node.run(node.node.named("clerk").call(Deposit(3)))
    found = eventually_sync(
        lambda: next((it for it in [story(client, process="clerk")] if len(it.spans) == 2), None)
    )
    assert [span.name for span in found.spans] == ["clerk", "alice"]


def test_a_long_story_is_read_part_by_part_the_newest_part_first(node, client):
    deposit(node, 5)
    whole = handled(client, "clerk")
    parts, skip, cut = [], 0, True
    while cut:
        part = story(client, trace=whole.trace, limit=2, skip=skip, spans=False)
        assert not part.spans
        parts, skip, cut = [*part.records, *parts], skip + len(part.records), part.cut
    assert "left out" not in part.note
    assert [(it.mono, it.kind, it.span) for it in parts] == [
        (it.mono, it.kind, it.span) for it in whole.records
    ]


def goes_on(node, trace):
    """The story goes on with one more event."""
    event = (
        time.monotonic(),
        "handled",
        3,
        "later",
        "",
        0,
        (int(trace, 16), 7, 0, None),
        (),
        None,
        None,
        None,
    )
    node.do(node.node.scheduler.listening.flight.keep, event)


def test_a_story_that_goes_on_while_it_is_read_is_told_as_it_was_when_reading_began(node, client, connect):
    deposit(node, 5)
    whole = handled(client, "clerk")
    late = story(client, trace=whole.trace, limit=1)
    goes_on(node, whole.trace)
    early = story(client, trace=whole.trace, limit=9, skip=1)
    assert [it.mono for it in (*early.records, *late.records)] == [it.mono for it in whole.records]
    assert [it.span for it in early.records] == [it.span for it in whole.records[:-1]]
    assert len(story(connect(), trace=whole.trace, limit=9, skip=1).records) == len(whole.records)


def test_who_begins_anew_reads_what_has_come_meanwhile(node, client):
    deposit(node, 5)
    whole = handled(client, "clerk")
    story(client, trace=whole.trace, limit=1)
    goes_on(node, whole.trace)
    assert story(client, trace=whole.trace, limit=1).records[0].name == "later"


def test_another_story_than_the_one_that_is_being_read_is_another(node, client):
    deposit(node, 5)
    one = handled(client, "clerk")
    deposit(node, 6)
    other = eventually_sync(
        lambda: next((it for it in [handled(client, "clerk")] if it.trace != one.trace), None)
    )
    story(client, trace=one.trace, limit=1)
    assert story(client, trace=other.trace, limit=9, skip=1).trace == other.trace


def test_a_story_is_remembered_no_longer_than_it_is_read(node, client, connect):
    readings = node.node.scheduler.listening.readings
    deposit(node, 5)
    trace = handled(client, "clerk").trace
    reader = connect()
    for limit, skip, remembered in ((1, 0, 1), (9, 1, 0), (1, 0, 1)):
        story(reader, trace=trace, limit=limit, skip=skip)
        assert len(readings) == remembered
    reader.close()
    eventually_sync(lambda: not readings)


def test_a_story_that_is_being_read_is_let_go_of_with_the_code_that_made_it(node, client):
    deposit(node, 5)
    trace = handled(client, "clerk").trace
    story(client, trace=trace, limit=1)
    node.do(node.node.scheduler.listening.forget)
    assert failure(client, TimelineQuery(trace=trace, skip=1)).code is Code.REFUSED


def test_what_was_taken_is_let_go_of_with_the_code_that_made_it(node, client):
    session = open_trace(client, "all messages", count=6)
    listen(node)
    deposit(node, 5)
    records, _ = read_all(client, session)
    assert story(client, trace=records[0].trace).records
    node.do(node.node.scheduler.listening.forget)
    assert failure(client, TimelineQuery(trace=records[0].trace)).code is Code.REFUSED
