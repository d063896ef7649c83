"""Calls, casts, and a ring of processes."""

from __future__ import annotations

import asyncio
from typing import Any

from benchmarks.candidates.observer.nodes import DONE, Client, Counter, LaterCounter, Member, one, open_node
from benchmarks.setting import Figures, Setting, Stopwatch, rate
from runtime import Address, ChildSpec, CoroutineHandle, Pid

__all__ = ["call_async", "call_between", "call_host", "call_plain", "calls", "cast", "casts", "ring"]


async def calls(server: Address, amount: int, message: object = "inc", timeout: float | None = 5.0) -> float:
    """Call a server, one call after the other; the seconds that it took."""
    watch = Stopwatch()
    for _ in range(amount):
        await server.call(message, timeout)
    return watch.seconds()


async def casts(server: Address, amount: int, message: object = "inc") -> float:
    """Casts in bursts of 1,000, each closed by a call, so that mailboxes stay as short as in a living system."""
    watch = Stopwatch()
    for left in range(amount, 0, -1000):
        for _ in range(min(left, 1000)):
            server.cast(message)
        await server.call("inc")
    return watch.seconds()


async def call_host(setting: Setting) -> Figures:
    """Calls from the host's code: the main task."""
    async with open_node(setting) as node:
        server = await one(node, Counter)
        return {"rate": await rate(lambda amount: calls(server, amount), setting)}


async def call_async(setting: Setting) -> Figures:
    """Calls whose handler is async and gives the loop one turn."""
    async with open_node(setting) as node:
        server = await one(node, LaterCounter)
        return {"rate": await rate(lambda amount: calls(server, amount), setting)}


async def call_between(setting: Setting) -> Figures:
    """Calls from a coroutine process."""
    async with open_node(setting) as node:
        server, answers = await one(node, Counter), node.resources
        answers[DONE] = asyncio.Queue[float]()

        async def client(process: CoroutineHandle, amount: int) -> None:
            process.resource(DONE).put_nowait(await calls(server, amount))

        async def work(amount: int) -> float:
            node.spawn(client, amount)
            took: float = await answers[DONE].get()
            return took

        return {"rate": await rate(work, setting)}


async def call_plain(setting: Setting) -> Figures:
    """Calls from a plain handler, with `self.call`."""
    async with open_node(setting) as node:
        server, answers = await one(node, Counter), asyncio.Queue[float]()
        client = await node.start(ChildSpec("client", Client))
        node.resources[DONE] = answers

        async def work(amount: int) -> float:
            client.cast((server, amount))
            return await answers.get()

        return {"rate": await rate(work, setting)}


async def cast(setting: Setting) -> Figures:
    """Messages without an answer."""
    async with open_node(setting) as node:
        server = await one(node, Counter)
        return {"rate": await rate(lambda amount: casts(server, amount), setting)}


async def ring(setting: Setting) -> Figures:
    """A message that goes round, by casts."""
    async with open_node(setting) as node:
        done: Any = asyncio.Event()
        node.resources[DONE] = done
        members: list[Pid] = [
            await node.start(ChildSpec(number, Member)) for number in range(min(setting.many, 1000))
        ]
        for member, following in zip(members, members[1:] + members[:1], strict=True):
            member.cast(following)

        async def work(amount: int) -> float:
            done.clear()
            watch = Stopwatch()
            members[0].cast(amount)
            await done.wait()
            return watch.seconds()

        return {"rate": await rate(work, setting)}
