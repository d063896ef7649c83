"""What a session may cost a living node: fuses under load, a session that fails, sessions beside each other, and the tap at any moment."""

from __future__ import annotations

import asyncio
import math
import random
import threading
import time

import pytest

from runtime import ChildSpec, Node, Reply, Server, StateMachine, Supervisor, trace
from runtime.state_machine.results import KeepState, NextState
from tests.support.eventually import eventually
from tests.support.listening import heard, kinds, listen, tap_of
from tracing.limits import Limits
from tracing.session import Session

MILLION = 1e-6


@pytest.fixture
async def node():
    async with Node("fuses", introspection=False) as node:
        await node.start(Supervisor([ChildSpec(name, Counts) for name in ("one", "two")], name="counting"))
        yield node


class Counts(Server):
    """Counts what it handles."""

    def init(self):
        return 0

    def handle_call(self, message, caller, count):
        return Reply(count, count) if message == "how many" else Reply(count + 1, count + 1)

    def handle_cast(self, message, count):
        if message == "go on":
            self.named("two").cast("from one")
        return count + 1

    handle_info = handle_cast


def a_million_a_second(node, session, seconds=0.3):
    """Offer events at this rate, by their own times; how many were offered until the session stopped, and in how many seconds."""
    tap, process = tap_of(node), node.whereis("one")._process
    began = session.began
    event = ("receive", process.number, "one", "", 0, None, ("message",), 0.0, None, None)
    for number in range(int(seconds / MILLION)):
        tap.offer(process, (began + number * MILLION, *event))
        if session.stopped is not None:
            return number * MILLION
    return math.inf


@pytest.mark.parametrize(
    ("pattern", "cause"),
    [("all receive", "rate"), ("all receive when message == 5", "work"), ("pid 9 receive", "work")],
)
async def test_a_million_events_a_second_trip_the_fuse_within_a_tenth(node, pattern, cause):
    session = tap_of(node).open(
        pattern.replace("pid 9", "<0.9.0>"), Limits(count=1_000_000, queue=100_000), force=True
    )
    began = time.perf_counter()
    assert a_million_a_second(node, session) <= 0.1
    assert session.stopped.cause == cause
    assert session.stopped.at - session.began <= 0.1
    assert time.perf_counter() - began < 5, "and what is offered until then is soon looked at"


async def test_messages_of_the_node_trip_it_too(node):
    session = tap_of(node).open("all messages", Limits(count=1_000_000, rate=2_000))
    for _ in range(50_000):
        node.named("one").cast("message")
        if session.stopped is not None:
            break
    assert session.stopped.cause == "rate"
    assert session.stopped.at - session.began < 1.0, (
        "0.1 s where the machine does not stand still meanwhile; see above"
    )
    assert await node.named("one").call("how many") > 0


@pytest.mark.parametrize(
    ("limits", "cause"),
    [
        ({"count": 10}, "count"),
        ({"queue": 10}, "queue"),
        ({"seconds": 0.05, "count": 100_000, "rate": 1e6, "queue": 100_000}, "time"),
    ],
)
async def test_each_limit_ends_it_and_the_node_goes_on(node, limits, cause):
    session = tap_of(node).open("all messages", Limits(**limits))
    sent = 0
    while session.stopped is None:
        node.named("one").cast("message")
        sent += 1
        await asyncio.sleep(0)
    assert session.stopped.cause == cause
    assert await node.named("one").call("how many") == sent
    await eventually(lambda: tap_of(node).sessions == ())


async def test_a_silent_session_ends_in_time(node):
    session = tap_of(node).open("all crash", Limits(seconds=0.05))
    await eventually(lambda: session.stopped)
    assert session.stopped.cause == "time"
    await eventually(lambda: tap_of(node).sessions == ())
    assert not node.scheduler.traced


class BrokenMatcher:
    """As of a pattern, and fails."""

    kinds = frozenset({"receive", "handled", "send"})
    free = frozenset()
    pattern = type("Pattern", (), {"show": frozenset(), "functions": ()})()

    def accepts(self, _subject, _event):
        raise RuntimeError("broken")


async def test_a_session_that_fails_is_taken_out_and_the_step_goes_on(node):
    other = listen(node, "all messages")
    broken = tap_of(node).add(lambda number, now: Session(number, BrokenMatcher(), Limits(), None, now))
    for _ in range(10):
        node.named("one").cast("message")
    assert await node.named("one").call("how many") == 10
    assert broken.stopped.cause == "defect"
    assert other.stopped is None
    assert len(heard(other, "receive")) == 11


async def test_one_session_ends_and_another_hears_all(node):
    small, wide = tap_of(node).open("all send", Limits(count=3)), listen(node, "all send")
    for _ in range(10):
        node.named("one").cast("message")
    await node.named("one").call("how many")
    assert small.stopped.cause == "count"
    assert (small.taken, len(heard(wide))) == (3, 10)
    assert kinds(heard(wide)) == {"send"}


# --- on and off in the middle of everything ------------------------------------------------------------------


class Parks(Counts):
    """Overruns, and stands still now and then: its steps are parked in the middle."""

    def handle_cast(self, message, count):
        if message == "spin":
            until = time.perf_counter() + 0.003
            while time.perf_counter() < until:
                pass
        elif message == "wait":
            self.wait(asyncio.sleep(0.0005))
        return super().handle_cast(message, count)


class Asks(Counts):
    async def handle_cast(self, message, count):
        await asyncio.sleep(0)
        if message == "ask":
            await self.named("two").call("counted")
        return count + 1

    handle_info = handle_cast


class Turns(StateMachine):
    def init(self):
        return NextState("on", 0)

    def on(self, event, count):
        if event.message == "how many":
            return KeepState(count, reply=count)
        return NextState("off", count + 1)

    def off(self, event, count):
        if event.message == "how many":
            return KeepState(count, reply=count)
        return NextState("on", count + 1)


KINDS = {"plain": Counts, "parks": Parks, "async": Asks, "machine": Turns}
MESSAGES = {
    "plain": ["count", "go on"],
    "parks": ["count", "spin", "wait"],
    "async": ["count", "ask"],
    "machine": ["count"],
}
PATTERNS = ["all events", "all messages", "all handled", "all state, raised", "all lifecycle", "all crash"]


@pytest.mark.parametrize("flight", [0, 1000])
@pytest.mark.parametrize("sliced", [True, False])
@pytest.mark.parametrize("seed", range(3))
async def test_no_message_is_lost_whenever_somebody_begins_or_ends_to_listen(flight, sliced, seed):
    dice = random.Random(seed)
    names = [name for name in KINDS if sliced or name != "parks"]
    async with Node("toggled", introspection=False, flight=flight, time_slicing=sliced) as node:
        await node.start(Supervisor([ChildSpec(name, KINDS[name]) for name in names]))
        await node.start(ChildSpec("two", Counts))
        tap, sessions, expected = tap_of(node), [], dict.fromkeys([*names, "two"], 0)
        for _ in range(150):
            for _ in range(dice.randrange(8)):
                name = dice.choice(names)
                message = dice.choice(MESSAGES[name])
                send = dice.choice([node.named(name).cast, node.named(name).send])
                send(message)
                expected[name] += 1
                expected["two"] += message in {"go on", "ask"}
            if sessions and dice.random() < 0.5:
                tap.stop(sessions.pop(dice.randrange(len(sessions))))
            elif len(sessions) < 5:
                work = dice.choice([lambda call: call(), asyncio.to_thread])
                opened = work(lambda: tap.open(dice.choice(PATTERNS), Limits(count=1_000_000), force=True))
                sessions.append(await opened if asyncio.iscoroutine(opened) else opened)
            if dice.random() < 0.5:
                await asyncio.sleep(dice.choice([0, 0, 0.001]))

        async def all_handled():
            return {
                name: await node.named(name).call("how many", timeout=20) for name in expected
            } == expected

        await eventually(all_handled, within=20)
        assert all(session.stopped is None for session in sessions)
        assert node.ledger.crashed == 0


async def test_a_session_that_is_opened_just_after_another_has_ended_elsewhere_hears_all():
    async with Node("reopened", introspection=False, flight=0) as node:
        counts, first = await node.start(ChildSpec("one", Counts)), listen(node, "all receive")
        stops = threading.Thread(target=lambda: tap_of(node).stop(first))
        stops.start()
        stops.join(10)  # what it has posted to the loop is still to come
        second = listen(node, "all receive")
        await asyncio.sleep(0)
        await counts.call("count")
        assert len(heard(second)) == 1


class Makes(Counts):
    """Says in a task of its own, which asyncio makes, and of which nobody is told, under which story it runs."""

    def handle_cast(self, message, count):
        self.resource("made").append(asyncio.ensure_future(current_story()))
        return count + 1


class Ends(Counts):
    """Ends a session in its own step."""

    def handle_cast(self, message, count):
        self.resource("end")()
        return count + 1


async def current_story():
    return trace.current()


@pytest.mark.parametrize("sliced", [True, False])
async def test_whose_turn_comes_after_a_step_that_ended_a_session_is_not_in_the_story_of_that_step(sliced):
    made, ears = [], []
    resources = {"made": made, "end": lambda: tap_of(node).stop(ears.pop())}
    async with Node("ended", introspection=False, time_slicing=sliced, resources=resources) as node:
        ends, makes = await node.start(ChildSpec("ends", Ends)), await node.start(ChildSpec("makes", Makes))
        ears.append(listen(node))
        ends.cast("end")
        makes.cast("make")
        await eventually(lambda: made)
        assert await made[0] is None
