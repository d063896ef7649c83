"""What the flight recorder of a living node has when something has gone wrong, what its triggers keep, and that it stays small."""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import sys
import time

import pytest

from runtime import ChildSpec, Node, Reply, Server, Supervisor, exits, trace
from runtime.log import items
from runtime.trace.flown import event_of, glance
from tests.support.eventually import eventually
from tests.support.listening import flown, tap_of
from tracing.flight import glance as glance_at_event


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(logging.getLogger("observer"), "disabled", True)


class Agent(Server):
    def init(self):
        return 0

    def handle_call(self, message, caller, state):
        return Reply(state, state)

    def handle_cast(self, message, state):
        match message:
            case "crash":
                raise ValueError("asked to crash")
            case ("tell", name, rest):
                self.named(name).cast(rest)
            case ("sleep", seconds):
                time.sleep(seconds)
            case "tool":
                with trace.span("tool"):
                    pass
        return state + 1


class AsyncAgent(Agent):
    async def handle_cast(self, message, state):
        await asyncio.sleep(0)
        return super().handle_cast(message, state)


class Far(Agent):
    pass


PLACES = {"plain": {}, "thread": {"thread": True}, "isolated": {"isolated": True}}


@pytest.fixture
async def node():
    async with Node("flight", introspection=False) as node:
        children = [
            ChildSpec("clerk", Agent),
            ChildSpec("alice", Agent),
            ChildSpec("async", AsyncAgent),
            ChildSpec("bob", Agent),
        ]
        await node.start(Supervisor(children, max_restarts=1000, name="agents"))
        yield node


async def the_report(node):
    await eventually(lambda: node.ledger.crashes)
    return node.ledger.crashes[-1]


def messages(events, name):
    return [event[7][0] for event in events if event[1] in {"handled", "raised"} and event[3] == name]


@pytest.mark.parametrize("name", ["alice", "async"])
async def test_a_crash_report_has_what_the_process_did_and_what_its_story_did(node, name):
    for number in range(3):
        node.named(name).cast(number)
    node.named("bob").cast("another story's")
    with trace.story(principal="ann") as story:
        node.named("clerk").cast(("tell", name, "tool"))
        node.named("clerk").cast(("tell", name, "crash"))
    report = await the_report(node)
    assert messages(report.before, name)[:4] == [0, 1, 2, "tool"]
    assert messages(report.before, "clerk") == [("tell", name, "tool"), ("tell", name, "crash")]
    assert {event[1] for event in report.before} >= {"handled", "raised", "span_start", "span_end"}
    assert "another story's" not in str(report.before)
    told = [event for event in report.before if event[3] == "clerk"]
    assert {event[6][0] for event in told} == {story[0]}
    assert {event[6][3] for event in told} == {"ann"}
    assert [event[0] for event in report.before] == sorted(event[0] for event in report.before)


@pytest.mark.parametrize("place", ["thread", "isolated"])
async def test_of_processes_that_run_elsewhere_too(node, place):
    await node.start(ChildSpec("far", Far, **PLACES[place]))
    with trace.story() as story:
        node.named("clerk").cast(("tell", "far", "tool"))
        node.named("clerk").cast(("tell", "far", "crash"))
    report = await the_report(node)
    assert messages(report.before, "clerk") == [("tell", "far", "tool"), ("tell", "far", "crash")]
    assert "tool" in messages(report.before, "far")
    spans = [event for event in report.before if event[1] == "span_end"]
    assert [(event[3], event[4], event[6][0]) for event in spans] == [("far", "tool", story[0])]


async def test_it_has_the_end_the_crash_and_the_restart_in_their_story(node):
    with trace.story() as story:
        node.named("alice").cast("crash")
    await eventually(lambda: flown(node, "restarted"))
    mine = [event for event in flown(node) if event[6] is not None and event[6][0] == story[0]]
    told = [event[1] for event in mine if event[3] == "alice"]
    assert told == ["raised", "ended", "crash", "spawn", "restarted"]


TRIGGERS = {
    "keep 5s before crash of alice": "crash",
    "keep 5s before ended of alice": "crash",
    "keep 5s before handled of alice when took > 20ms": ("sleep", 0.03),
}


@pytest.mark.parametrize("text", TRIGGERS)
async def test_a_trigger_keeps_the_time_before(node, text):
    tap = tap_of(node)
    tap.keep(text)
    node.named("bob").cast("another's")
    node.named("alice").cast(1)
    node.named("clerk").cast(("tell", "alice", TRIGGERS[text]))
    await eventually(lambda: tap.triggers.dumps)
    (dump,) = tap.triggers.dumps
    assert dump.event[1] == text.split()[3]
    assert dump.event[3] == "alice"
    assert messages(dump.events, "alice")[0] == 1
    assert messages(dump.events, "clerk") == [("tell", "alice", TRIGGERS[text])]
    assert messages(dump.events, "bob") == []
    assert dump.events[-1][0] <= dump.event[0]


async def test_a_kill_is_an_exit_that_a_trigger_sees(node):
    tap = tap_of(node)
    tap.keep("keep 5s before ended")
    node.named("alice").cast(1)
    await node.named("alice").call("ready")
    exits.signal(node.whereis("alice")._process, "kill")
    (dump,) = tap.triggers.dumps
    assert (dump.event[3], dump.event[7]) == ("alice", ("killed",))
    assert messages(dump.events, "alice") == [1, "ready"]


async def test_a_quick_handler_is_not_slow(node):
    tap = tap_of(node)
    tap.keep("keep 5s before handled when took > 10s")
    node.named("alice").cast(1)
    await node.named("alice").call("ready")
    assert not tap.triggers.dumps


async def test_a_glance_at_what_is_kept_tells_what_its_event_would(node):
    node.named("alice").cast("tool")
    await node.named("alice").call("ready")
    kept = list(node.scheduler.listening.flight.newest(100))
    assert {type(item[1]) for item in kept} == {str, int}
    for item in kept:
        assert glance_at_event(event_of(item)) == glance(item)


async def test_it_is_bounded(node):
    flight = node.scheduler.listening.flight
    for number in range(30_000):
        node.named("alice").cast(number)
        if number % 1000 == 0:
            await asyncio.sleep(0)
    await node.named("alice").call("ready")
    assert len(flight.last(math.inf, most=10**6)) == 10_000
    before = sys.getsizeof(flight._ring)
    for number in range(20_000):
        node.named("alice").cast(number)
    await node.named("alice").call("ready")
    assert sys.getsizeof(flight._ring) <= before * 1.1
    assert len(flight.last(math.inf, most=10**6)) == 10_000


class Heavy:
    """A state that is big."""


async def test_it_holds_no_state():
    class Holds(Server):
        def init(self):
            return Heavy()

        def handle_cast(self, message, state):
            return Heavy()

    async with Node("light", introspection=False) as node:
        pid = await node.start(ChildSpec("holds", Holds))
        for _ in range(50):
            pid.cast("next")
        await eventually(lambda: len(flown(node, "handled")) >= 50)
        gc.collect()
        assert sum(type(item) is Heavy for item in gc.get_objects()) <= 1


async def test_without_one_nothing_is_kept():
    async with Node("off", introspection=False, flight=0) as node:
        pid = await node.start(ChildSpec("alice", Agent))
        pid.cast("tool")
        await pid.call("ready")
        assert node.scheduler.listening.flight is None
        assert node.scheduler.tap is None
        assert [item[6] for item in items(pid._process.events)] == [None, None], "nor a story made"
