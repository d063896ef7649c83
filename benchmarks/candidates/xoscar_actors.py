"""xoscar: actors in one pool of this process; a call is an awaited method, a cast its `tell`."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any, Final

from benchmarks.setting import Figures, Setting, Stopwatch, rate

__all__ = ["call_async", "call_between", "call_host", "cast", "ring", "start_bare"]

xo: Final[Any] = import_module("xoscar")


class Counter(xo.Actor):  # type: ignore[misc]  # it is untyped where it is not installed
    """A counter."""

    def __init__(self) -> None:
        self.count = 0

    def inc(self) -> int:
        """One more; the count."""
        self.count += 1
        return self.count

    async def inc_later(self) -> int:
        """The same, after one turn of the loop."""
        await asyncio.sleep(0)
        self.count += 1
        return self.count

    async def call(self, other: Any, amount: int) -> None:
        """Call another counter."""
        for _ in range(amount):
            await other.inc()


class Member(xo.Actor):  # type: ignore[misc]
    """A member of a ring."""

    def __init__(self) -> None:
        self.following: Any = None
        self.rounds = 0

    def follow(self, following: Any) -> None:
        """Who comes next."""
        self.following = following

    async def forward(self, left: int) -> None:
        """Forward what is left of the way."""
        if left:
            await self.following.forward.tell(left - 1)
        else:
            self.rounds += 1

    def ended(self) -> int:
        """How many rounds have ended here."""
        return self.rounds


@asynccontextmanager
async def _pool() -> AsyncGenerator[str]:
    pool = await xo.create_actor_pool("127.0.0.1", n_process=0)
    try:
        yield pool.external_address
    finally:
        await pool.stop()


async def _calls(method: Any, amount: int) -> float:
    watch = Stopwatch()
    for _ in range(amount):
        await method()
    return watch.seconds()


async def call_host(setting: Setting) -> Figures:
    """Calls from the main task."""
    async with _pool() as address:
        counter = await xo.create_actor(Counter, address=address, uid="counter")
        return {"rate": await rate(lambda amount: _calls(counter.inc, amount), setting)}


async def call_async(setting: Setting) -> Figures:
    """Calls whose method gives the loop one turn."""
    async with _pool() as address:
        counter = await xo.create_actor(Counter, address=address, uid="counter")
        return {"rate": await rate(lambda amount: _calls(counter.inc_later, amount), setting)}


async def call_between(setting: Setting) -> Figures:
    """Calls from another actor."""
    async with _pool() as address:
        counter = await xo.create_actor(Counter, address=address, uid="counter")
        client = await xo.create_actor(Counter, address=address, uid="client")

        async def work(amount: int) -> float:
            watch = Stopwatch()
            await client.call(counter, amount)
            return watch.seconds()

        return {"rate": await rate(work, setting)}


async def cast(setting: Setting) -> Figures:
    """Messages without an answer."""
    async with _pool() as address:
        counter = await xo.create_actor(Counter, address=address, uid="counter")

        async def work(amount: int) -> float:
            watch = Stopwatch()
            for left in range(amount, 0, -1000):
                for _ in range(min(left, 1000)):
                    await counter.inc.tell()
                await counter.inc()
            return watch.seconds()

        return {"rate": await rate(work, setting)}


async def ring(setting: Setting) -> Figures:
    """A message that goes round; its end is asked for, since an actor of xoscar tells nobody but actors."""
    async with _pool() as address:
        size = min(setting.many, 1000)
        members = [await xo.create_actor(Member, address=address, uid=f"member-{i}") for i in range(size)]
        for member, following in zip(members, members[1:] + members[:1], strict=True):
            await member.follow(following)

        async def work(amount: int) -> float:
            last, watch = members[amount % size], Stopwatch()
            before = await last.ended()
            await members[0].forward.tell(amount)
            while await last.ended() == before:  # noqa: ASYNC110 - the same
                await asyncio.sleep(0.001)
            return watch.seconds()

        return {"rate": await rate(work, setting)}


async def start_bare(setting: Setting) -> Figures:
    """Actors of the pool; nothing supervises them."""
    numbers = itertools.count()
    async with _pool() as address:

        async def work(amount: int) -> float:
            watch = Stopwatch()
            for number in itertools.islice(numbers, amount):
                await xo.create_actor(Counter, address=address, uid=f"counter-{number}")
            return watch.seconds()

        return {"rate": await rate(work, setting)}
