"""autogen-core: agents of a SingleThreadedAgentRuntime; a call is `send_message`, a cast is published to a topic."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from benchmarks.setting import Figures, Setting, Stopwatch, rate

__all__ = ["call_async", "call_between", "call_host", "cast", "ring", "start_bare"]

core: Final[Any] = import_module("autogen_core")


@dataclass(frozen=True)
class Inc:
    """A message to a counter, and its answer."""

    count: int = 0


@dataclass(frozen=True)
class Call:
    """Asks a counter to call another, `amount` times."""

    amount: int


@dataclass(frozen=True)
class Forward:
    """A message that goes round: how far it still has to go, and where it is."""

    left: int
    at: int = 0


class Counter(core.BaseAgent):  # type: ignore[misc]  # it is untyped where it is not installed
    """A counter."""

    def __init__(self, later: bool = False) -> None:
        core.BaseAgent.__init__(self, "a counter")
        self.count = 0
        self.later = later

    async def on_message_impl(self, message: Any, ctx: Any) -> Any:
        """One more; the count."""
        if isinstance(message, Call):
            for _ in range(message.amount):
                await self.send_message(Inc(), core.AgentId("counter", "other"))
        elif self.later:
            await asyncio.sleep(0)
        self.count += 1
        return Inc(self.count)


class Member(core.BaseAgent):  # type: ignore[misc]
    """A member of a ring; autogen-core has no send without an answer, so a hop is published to the next one's topic."""

    def __init__(self, size: int, done: asyncio.Event) -> None:
        core.BaseAgent.__init__(self, "a member of a ring")
        self.size, self.done = size, done

    async def on_message_impl(self, message: Forward, ctx: Any) -> None:
        """Forward what is left of the way."""
        if message.left:
            following = (message.at + 1) % self.size
            await self.publish_message(
                Forward(message.left - 1, following), core.TopicId("ring", f"m{following}")
            )
        else:
            self.done.set()


@asynccontextmanager
async def _runtime(later: bool = False) -> AsyncGenerator[Any]:
    runtime = core.SingleThreadedAgentRuntime()
    await Counter.register(runtime, "counter", lambda: Counter(later))
    runtime.start()
    yield runtime
    await runtime.stop()


async def _calls(runtime: Any, amount: int) -> float:
    watch, counter = Stopwatch(), core.AgentId("counter", "one")
    for _ in range(amount):
        await runtime.send_message(Inc(), counter)
    return watch.seconds()


async def call_host(setting: Setting) -> Figures:
    """Calls from the main task."""
    async with _runtime() as runtime:
        return {"rate": await rate(lambda amount: _calls(runtime, amount), setting)}


async def call_async(setting: Setting) -> Figures:
    """Calls whose handler gives the loop one turn."""
    async with _runtime(later=True) as runtime:
        return {"rate": await rate(lambda amount: _calls(runtime, amount), setting)}


async def call_between(setting: Setting) -> Figures:
    """Calls from another agent."""
    async with _runtime() as runtime:

        async def work(amount: int) -> float:
            watch = Stopwatch()
            await runtime.send_message(Call(amount), core.AgentId("counter", "one"))
            return watch.seconds()

        return {"rate": await rate(work, setting)}


async def cast(setting: Setting) -> Figures:
    """Messages without an answer; the end is waited for where the counter stands."""
    async with _runtime() as runtime:
        await runtime.add_subscription(core.TypeSubscription("counts", "counter"))
        one = core.AgentId("counter", "one")
        counter = await runtime.try_get_underlying_agent_instance(one, Counter)

        async def work(amount: int) -> float:
            until, watch = counter.count + amount, Stopwatch()
            for left in range(amount, 0, -1000):
                for _ in range(min(left, 1000)):
                    await runtime.publish_message(Inc(), core.TopicId("counts", "one"))
            while counter.count < until:  # noqa: ASYNC110 - the agent knows nothing of this task
                await asyncio.sleep(0)
            return watch.seconds()

        return {"rate": await rate(work, setting)}


async def ring(setting: Setting) -> Figures:
    """A message that goes round."""
    size, done = min(setting.many, 1000), asyncio.Event()
    async with _runtime() as runtime:
        await Member.register(runtime, "member", lambda: Member(size, done))
        await runtime.add_subscription(core.TypeSubscription("ring", "member"))

        async def work(amount: int) -> float:
            done.clear()
            watch = Stopwatch()
            await runtime.publish_message(Forward(amount), core.TopicId("ring", "m0"))
            await done.wait()
            return watch.seconds()

        await work(size)  # an agent is made by its first message
        return {"rate": await rate(work, setting)}


async def start_bare(setting: Setting) -> Figures:
    """Agents are made by their first message; nothing supervises them."""
    numbers = itertools.count()
    async with _runtime() as runtime:

        async def work(amount: int) -> float:
            watch = Stopwatch()
            for number in itertools.islice(numbers, amount):
                await runtime.send_message(Inc(), core.AgentId("counter", f"counter-{number}"))
            return watch.seconds()

        return {"rate": await rate(work, setting)}
