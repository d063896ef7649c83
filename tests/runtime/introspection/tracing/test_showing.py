"""Values are redacted on the loop, a little at a time: what takes long is refused, and takes nothing else with it."""

from __future__ import annotations

import asyncio
import time

import pytest

from runtime import Node
from runtime.introspection.tracing.showing import LATE, Showing

MINUTE = 60.0


@pytest.fixture
async def node():
    """On the main thread, where steps can be interrupted."""
    async with Node("shows", introspection=False) as node:
        yield node


async def shown(node, count, redact):
    """The messages of so many events, as they are shown."""
    events = [
        (float(number), "receive", 5, "alice", "", 0, None, (f"message {number}",), None, None, redact)
        for number in range(count)
    ]
    records = await asyncio.to_thread(Showing(node).events, events)
    return [record.values["message"] for record in records]


def busy(seconds):
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass
    return "by redact"


def is_refused(value):
    return isinstance(value, dict) and value["$text"].startswith("not shown")


async def test_a_redact_that_takes_its_time_is_waited_for(node):
    assert await shown(node, 50, lambda _value: busy(0.001)) == ["by redact"] * 50


async def test_a_value_whose_redact_does_not_end_is_refused_and_no_other(node):
    def redact(value):
        return busy(MINUTE if value == "message 7" else 0.0)

    values = await shown(node, 60, redact)
    assert [number for number, value in enumerate(values) if value != "by redact"] == [7]
    assert is_refused(values[7])


async def test_where_redact_never_ends_only_a_few_are_tried(node):
    tried = []

    def redact(value):
        tried.append(value)
        return busy(MINUTE)

    assert all(map(is_refused, await shown(node, 100, redact)))
    assert len(tried) == LATE
