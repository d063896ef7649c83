"""30,000 records and 30,000 spans in the console: no turn of its loop is so long that a key would wait for it.

`python -m benchmarks --only frames` has the figures, beside a real node.
"""

from __future__ import annotations

import pytest

from benchmarks.candidates.observer.walk import Walk
from runtime.port.contract import Timeline, TraceRecords, parse_answer
from runtime.port.contract.documents import answer_document
from tests.support.crew import crew
from tests.support.fake_node import FakeClient
from tests.support.trace_nodes import record, traced

MANY = 30_000
LONGEST_S = 0.15
"""Of computing in one turn: five times what it takes, as machines differ; a turn that copies or draws everything takes longer."""


def story(count):
    """A story of so many spans of forty agents, each of which has caused three others."""
    return [
        record(
            n + 1, n / 1000, "handled", f"<0.{n % 40 + 10}.0>", text="handle_cast", peer=f"<0.{n // 3 % 40 + 10}.0>", span=f"{n + 1:016x}",
            cause=f"{(n - 1) // 3 + 1:016x}" if n else "", waited=0.002, took=0.001,
            values={"message": {"$type": "Review", "n": n}, "before": {"$type": "S", "a": n}, "state": {"$type": "S", "a": n + 1}},
        )
        for n in range(count)
    ]  # fmt: skip


class Wire(FakeClient):
    """Its answers pass through the documents of the port, as a real client's do."""

    def ask(self, request, timeout=None):
        answer = super().ask(request, timeout)
        if isinstance(answer, TraceRecords | Timeline):
            return parse_answer(
                request, answer_document(answer.model_copy(update={"records": list(answer.records)}))
            )
        return answer


@pytest.mark.timeout(400)
async def test_no_turn_is_long_while_they_arrive_and_while_one_looks_at_them():
    node = traced(crew())
    node.tracing.story = story(MANY)
    walk = Walk(lambda: Wire(node), MANY, lambda: node.tracing.take(node.tracing.story))
    steps = [(name, taken.longest()) async for name, taken in walk.steps()]
    assert [name for name, _ in steps] == ["arriving", "scrolling", "telling", "walking"]
    assert {name: round(longest, 3) for name, longest in steps if longest > LONGEST_S} == {}
