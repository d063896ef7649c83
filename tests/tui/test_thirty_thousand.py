"""30,000 records and 30,000 spans in the console: no turn of its loop is so long that a key would wait for it.

`python -m tests.tui.test_thirty_thousand` prints the figures.
"""

from __future__ import annotations

import asyncio
import sys

import pytest

from runtime.port.contract import Timeline, TraceRecords, parse_answer
from runtime.port.contract.documents import answer_document
from tests.support.crew import crew
from tests.support.eventually import eventually
from tests.support.fake_node import FakeClient
from tests.support.trace_nodes import TRACE, record, traced
from tests.support.turns import turns
from tui.app import ObserverApp
from tui.pages.timeline import TimelinePage

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


class Walk:
    """A console that a session floods, and an operator who looks at what has come."""

    def __init__(self, count):
        self.count = count
        self.node = traced(crew())
        self.node.tracing.story = story(count)
        self.app = ObserverApp(lambda: Wire(self.node), interval=0.5)

    async def arrive(self, pilot):
        """All records come."""
        self.app.trace("all messages")
        await eventually(lambda: self.node.tracing.session is not None)
        self.node.tracing.take(self.node.tracing.story)
        await eventually(lambda: self.app.tracer.log.taken == self.count, within=120)

    async def scroll(self, pilot):
        """Through the list, with a filter and back."""
        for _ in range(3):
            await pilot.press("pageup", "pageup", "up")
        await pilot.press("home", "end", "slash", *"agent", "escape", "enter", "up", "escape")

    async def tell(self, pilot):
        """The story is read and drawn."""
        self.app.open_story(trace=TRACE)

        def told():
            page = self.app.page
            return (
                isinstance(page, TimelinePage) and len(page.story.bars) == self.count and page.reading is None
            )

        await eventually(told, within=120)

    async def walk(self, pilot):
        """Through the waterfall and the diagram."""
        await pilot.press(
            "pagedown",
            "pagedown",
            "end",
            "home",
            "s",
            "s",
            "z",
            "z",
            "v",
            "pagedown",
            "right",
            "end",
            "left",
            "enter",
            "escape",
        )

    async def run(self):
        """Each step with its turns."""
        async with self.app.run_test(size=(120, 40)) as pilot:
            await eventually(lambda: self.app.session.node is not None)
            for step in (self.arrive, self.scroll, self.tell, self.walk):
                with turns() as taken:
                    await step(pilot)
                yield step.__name__, taken


@pytest.mark.timeout(400)
async def test_no_turn_is_long_while_they_arrive_and_while_one_looks_at_them():
    steps = [(name, taken.longest()) async for name, taken in Walk(MANY).run()]
    assert [name for name, _ in steps] == ["arrive", "scroll", "tell", "walk"]
    assert {name: round(longest, 3) for name, longest in steps if longest > LONGEST_S} == {}


async def main(count):
    """Print the figures."""
    async for name, taken in Walk(count).run():
        print(f"{name:<8}{taken.line()}", flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else MANY))
