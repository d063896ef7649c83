"""Ten thousand stories that wander over processes, with crashes at random: each span has its cause, and each story is whole."""

from __future__ import annotations

import asyncio
import logging
import random

import pytest

from runtime import CallError, ChildSpec, Node, Reply, Server, Supervisor, trace
from runtime.status import IDLE, RECEIVING
from tests.support.eventually import eventually
from tests.support.listening import heard, listen, records
from tracing.story import orphans, spans


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(logging.getLogger("observer"), "disabled", True)


RUNS = 10_000
AT_A_TIME = 40
NAMES = ("plain-1", "plain-2", "plain-3", "async-1", "async-2")
DEEPEST = 2


class Wanders(Server):
    """Does what a seed says: up to two things that go on elsewhere, or it crashes."""

    def init(self):
        return 0

    def handle_call(self, message, caller, state):
        self.handle_cast(message, state)
        return Reply("done", state)

    def handle_cast(self, message, state):
        for what, name, next_ in plan(*message):
            if what == "call":
                try:
                    self.call(self.named(name), next_)
                except CallError:
                    continue
            else:
                act(self, what, name, next_)
        return state + 1

    def handle_info(self, message, state):
        return self.handle_cast(message, state) if isinstance(message, tuple) else state


class WandersAsync(Wanders):
    async def handle_call(self, message, caller, state):
        await self.handle_cast(message, state)
        return Reply("done", state)

    async def handle_cast(self, message, state):
        for what, name, next_ in plan(*message):
            if what == "call":
                try:
                    await self.named(name).call(next_)
                except CallError:
                    continue
            else:
                act(self, what, name, next_)
        return state + 1

    async def handle_info(self, message, state):
        return await self.handle_cast(message, state) if isinstance(message, tuple) else state


def plan(seed, depth):
    """What a step does: what, with whom, and with which seed that goes on."""
    dice = random.Random(seed)
    kinds = ("cast", "cast", "send", "call", "spawn", "timer", "task", "span", "crash")
    for _ in range(dice.randrange(depth == 0, 3) if depth < DEEPEST else 0):
        yield dice.choice(kinds), dice.choice(NAMES), (dice.getrandbits(32), depth + 1)


async def wanders(process, name, message):
    process.named(name).cast(message)


def act(process, what, name, message):
    target = process.named(name)
    match what:
        case "cast":
            target.cast(message)
        case "send":
            target.send(message)
        case "spawn":
            process.spawn(wanders, name, message)
        case "timer":
            process.send_after(0.0, message, target)
        case "task":
            process.task(wanders(process, name, message))
        case "span":
            with trace.span("tool"):
                target.cast(message)
        case "crash":
            raise ValueError("at random")


def nothing_goes_on(node):
    return not node.scheduler.queue and all(
        process.status in {IDLE, RECEIVING}
        and not process.mailbox
        and not (process.extra and (process.extra.timers or process.extra.tasks))
        for process in node.table
    )


async def wander(runs, at_a_time, places, settled=0.0):
    """Let so many stories happen; how many there were, how many spans they had, and how many of those have failed."""
    children = [
        ChildSpec(name, Wanders if "plain" in name else WandersAsync, **places.get(name, {}))
        for name in NAMES
    ]
    stories, seen, failed = set(), 0, 0
    async with Node("wanders", introspection=False) as node:
        await node.start(Supervisor(children, max_restarts=1_000_000, max_seconds=1))
        for batch in range(0, runs, at_a_time):
            ears = listen(node, "all messages, handled, raised, spawn, crash, spans")
            for seed in range(batch, batch + at_a_time):
                node.named(NAMES[seed % len(NAMES)]).cast((seed, 0))
            await eventually(lambda: nothing_goes_on(node), within=20)
            await asyncio.sleep(settled)
            assert ears.stopped is None
            found = spans(records(heard(ears)))
            node.scheduler.listening.tap.stop(ears)
            assert orphans(found) == []
            stories |= {span.trace for span in found if not span.cause}
            seen += len(found)
            failed += sum(span.failed for span in found)
    return len(stories), seen, failed


async def test_there_is_no_orphan_among_ten_thousand_stories_with_crashes():
    stories, seen, failed = await wander(RUNS, AT_A_TIME, {})
    assert stories >= RUNS * 0.99, "a story for each, but for those whose process had just crashed"
    assert seen > 2 * RUNS
    assert failed > RUNS / 20


async def test_nor_where_some_have_a_thread_or_an_os_process_of_their_own():
    places = {"plain-2": {"thread": True}, "plain-3": {"isolated": True}}
    stories, seen, failed = await wander(80, 10, places, settled=0.1)
    assert stories >= 70
    assert seen > 160
    assert failed
