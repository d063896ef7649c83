"""Actors as one writes them by hand: a task that reads an asyncio.Queue; a call carries a future.

No supervision, no time-outs, no copies, no introspection: the floor that asyncio itself sets.
"""

from __future__ import annotations

import asyncio
from typing import Any

from benchmarks.setting import Figures, Setting, Stopwatch, rate

__all__ = ["call_async", "call_between", "call_host", "cast", "ring", "start_bare"]

Letters = asyncio.Queue[tuple[str, Any]]


class Counter:
    """A counter behind a queue."""

    def __init__(self) -> None:
        self.letters: Letters = asyncio.Queue()
        self.task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        count = 0
        while True:
            kind, answer = await self.letters.get()
            if kind == "later":
                await asyncio.sleep(0)
            count += 1
            if answer is not None:
                answer.set_result(count)

    async def call(self, kind: str = "inc") -> int:
        """One more; the count."""
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.letters.put_nowait((kind, answer))
        return await answer


async def _calls(counter: Counter, amount: int, kind: str = "inc") -> float:
    watch = Stopwatch()
    for _ in range(amount):
        await counter.call(kind)
    return watch.seconds()


async def call_host(setting: Setting) -> Figures:
    """Calls from the main task."""
    counter = Counter()
    return {"rate": await rate(lambda amount: _calls(counter, amount), setting)}


async def call_between(setting: Setting) -> Figures:
    """Calls from another task."""
    counter = Counter()
    return {"rate": await rate(lambda amount: asyncio.create_task(_calls(counter, amount)), setting)}


async def call_async(setting: Setting) -> Figures:
    """Calls whose handler gives the loop one turn."""
    counter = Counter()
    return {"rate": await rate(lambda amount: _calls(counter, amount, "later"), setting)}


async def cast(setting: Setting) -> Figures:
    """Messages without an answer."""
    counter = Counter()

    async def work(amount: int) -> float:
        watch = Stopwatch()
        for left in range(amount, 0, -1000):
            for _ in range(min(left, 1000)):
                counter.letters.put_nowait(("inc", None))
            await counter.call()
        return watch.seconds()

    return {"rate": await rate(work, setting)}


async def _forward(letters: asyncio.Queue[int], following: asyncio.Queue[int], done: asyncio.Event) -> None:
    while True:
        left = await letters.get()
        if left:
            following.put_nowait(left - 1)
        else:
            done.set()


async def ring(setting: Setting) -> Figures:
    """A message that goes round."""
    queues: list[asyncio.Queue[int]] = [asyncio.Queue() for _ in range(min(setting.many, 1000))]
    done = asyncio.Event()
    tasks = [
        asyncio.create_task(_forward(letters, following, done))
        for letters, following in zip(queues, queues[1:] + queues[:1], strict=True)
    ]

    async def work(amount: int) -> float:
        done.clear()
        watch = Stopwatch()
        queues[0].put_nowait(amount)
        await done.wait()
        return watch.seconds()

    figures = {"rate": await rate(work, setting)}
    assert not any(task.done() for task in tasks)
    return figures


async def start_bare(setting: Setting) -> Figures:
    """A task for each actor, each in its first `get`."""

    async def work(amount: int) -> float:
        watch = Stopwatch()
        started = [Counter() for _ in range(amount)]
        await asyncio.sleep(0)
        took = watch.seconds()
        for counter in started:
            counter.task.cancel()
        await asyncio.gather(*(counter.task for counter in started), return_exceptions=True)
        return took

    return {"rate": await rate(work, setting, most=20_000)}
