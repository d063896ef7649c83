"""What a crash report carries of the time before, and what it costs."""

from __future__ import annotations

import time

import pytest

from runtime import ChildSpec, Node, Server, Supervisor
from runtime.trace import before
from tests.support.eventually import eventually


class Agent(Server):
    def init(self):
        return 0

    def handle_cast(self, message, count):
        if message == "crash":
            raise ValueError("asked to crash")
        return count + 1


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    import logging

    monkeypatch.setattr(logging.getLogger("observer"), "disabled", True)


def agents(count):
    return Supervisor(
        [ChildSpec(f"agent-{number}", Agent) for number in range(count)], max_restarts=10_000, max_seconds=1
    )


async def crashes(node, *names):
    for name in names:
        node.named(name).cast("crash")
    ledger = node.ledger
    await eventually(lambda: ledger.crashed >= len(names))
    return list(ledger.crashes)


async def test_the_last_messages_of_the_process_are_told_in_order():
    async with Node("bank", introspection=False) as node:
        await node.start(agents(2))
        for number in range(30):
            node.named("agent-0").cast(number)
            node.named("agent-1").cast("another's")
        (report,) = await crashes(node, "agent-0")
        handled = [event[7][0] for event in report.before if event[1] == "handled"]
        assert handled[-20:] == list(range(10, 30))
        assert "another's" not in handled


async def test_without_a_flight_recorder_there_is_nothing_before():
    async with Node("bank", introspection=False, flight=0) as node:
        await node.start(agents(1))
        node.named("agent-0").cast(1)
        (report,) = await crashes(node, "agent-0")
        assert report.before == []


async def test_a_wave_of_crashes_looks_at_little(monkeypatch):
    async with Node("bank", introspection=False) as node:
        await node.start(agents(100))
        flight = node.scheduler.listening.flight
        for _ in range(12_000):
            flight.keep((node.scheduler.clock(), "span_end", 10**9, None, "", 0, None, (), None, None, None))
        looked = []
        newest = flight.newest
        monkeypatch.setattr(flight, "newest", lambda most: looked.append(most) or newest(most), raising=False)
        began = time.perf_counter()
        await crashes(node, *(f"agent-{number}" for number in range(100)))
        assert len(looked) >= 100
        short = looked.count(before.FEW)
        assert short > len(looked) - 2 - (time.perf_counter() - began) / before.WAVE_S


async def test_reports_that_the_node_forgets_let_go_of_what_was_before():
    async with Node("bank", introspection=False) as node:
        await node.start(agents(1))
        node.named("agent-0").cast(1)
        (first,) = await crashes(node, "agent-0")
        assert first.before
        for number in range(node.ledger.crashes.maxlen):
            node.ledger.crashes.append(first) if number else None
        node.named("agent-0").cast("crash")
        await eventually(lambda: node.ledger.crashed == 2)
        assert first.before == []
