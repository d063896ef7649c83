"""The processes that workloads talk to, and those that kill, crash and suspend others meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from random import Random
from typing import Any

from runtime import Call, CallError, ChildSpec, Down, Node, Reply, Server, Supervisor
from runtime.coroutine import CoroutineHandle
from tests.stress.crew import Victim, check
from tests.stress.kit import toil
from tests.stress.workloads.traffic import TILLS

__all__ = ["reaper", "suspends", "town"]


class Till(Server):
    """Counts what each sender sends, and sees that nothing is missing, twice, or out of order."""

    def init(self) -> dict[Any, int]:
        return {}

    def handle_cast(self, message: tuple[int, int], seen: dict[Any, int]) -> dict[Any, int]:
        sender, number = message
        toil(400)
        if number != seen.get(sender, 0):
            seen["disorder"] = seen.get("disorder", 0) + 1
        seen[sender] = seen.get(sender, 0) + 1
        return seen

    def handle_call(self, message: int | str, caller: Any, seen: dict[Any, int]) -> Reply:
        toil(400)
        if message == "audit":
            return Reply((seen.get("disorder", 0), sum(seen.values())), seen)
        return Reply(seen.get(message, 0), seen)


class AsyncTill(Till):
    """The same in async handlers, which stand still between reading and writing."""

    async def handle_cast(self, message: tuple[int, int], seen: dict[Any, int]) -> dict[Any, int]:
        toil(300)
        await asyncio.sleep(0)
        return super().handle_cast(message, seen)

    async def handle_call(self, message: int | str, caller: Any, seen: dict[Any, int]) -> Reply:
        await asyncio.sleep(0)
        return super().handle_call(message, caller, seen)


async def coroutine_till(process: CoroutineHandle) -> None:
    """The same with `receive`."""
    till, seen = Till, {}
    while True:
        message = await process.receive()
        if isinstance(message, Call):
            message.caller.reply(till.handle_call(process, message.message, None, seen).value)
        else:
            till.handle_cast(process, message, seen)


class Echo(Server):
    """Answers what it is asked, some of it slowly."""

    def init(self) -> int:
        return 0

    def handle_call(self, message: Any, caller: Any, state: int) -> Reply:
        toil(8000 if isinstance(message, tuple) else 300)
        return Reply(message, state + 1)


class Relay(Server):
    """Asks another before it answers."""

    def init(self, to: str) -> str:
        return to

    def handle_call(self, message: tuple[str, int], caller: Any, to: str) -> Reply:
        toil(600)
        answer = self.call(to, message[1], timeout=60)
        toil(600)
        return Reply(("relayed", answer), to)


class AsyncRelay(Relay):
    """The same in an async handler."""

    async def handle_call(self, message: tuple[str, int], caller: Any, to: str) -> Reply:
        toil(600)
        answer = await self.named(to).call(message[1], timeout=60)
        toil(600)
        return Reply(("relayed", answer), to)


class Fragile(Server):
    """Crashes when it is asked to, after a while."""

    def init(self) -> int:
        toil(600)
        return 0

    def handle_call(self, message: str, caller: Any, state: int) -> Reply:
        try:
            toil(4000)
            raise RuntimeError(message)
        finally:
            toil(600)


def town() -> Supervisor:
    """All of them, restarted as often as they end."""
    tills = [
        ChildSpec(name, kind)
        for name, kind in zip(TILLS, (Till, Till, AsyncTill, coroutine_till), strict=True)
    ]
    return Supervisor(
        [*tills, ChildSpec("echo", Echo), ChildSpec("relay", Relay, "echo"), ChildSpec("async-relay", AsyncRelay, "echo"),
         ChildSpec("fragile", Fragile), ChildSpec("phoenix", Victim)],
        max_restarts=10**9, max_seconds=1, name="town",
    )  # fmt: skip


async def reaper(process: CoroutineHandle, node: Any, seed: int) -> None:
    """Starts processes, kills them in the middle of their work, and sees that each end is told once and truly."""
    rng = Random(seed)
    root = process._process.sched.node.root.pid
    ordinal = 0
    while True:
        ordinal += 1
        spec = ChildSpec(("victim", seed, ordinal), Victim, restart="temporary", register=False)
        victim = await process.start_child(root, spec)
        ref = process.monitor(victim)
        victim.cast((rng.choice(("plain", "async")), rng.getrandbits(32)))
        await asyncio.sleep(rng.random() / 100)
        toil(rng.randrange(2000))
        way = rng.choice(("kill", "shutdown", "because"))
        process.exit(victim, way)
        process.resource("box")["kills"] += 1
        check(not victim.alive, "a killed process is alive")
        down = await process.receive(match=Down, timeout=30)
        check(
            down.ref == ref and down.reason == ("killed" if way == "kill" else way), f"told {down}, not {way}"
        )
        await _burn(process, rng)


async def _burn(process: CoroutineHandle, rng: Random) -> None:
    """A permanent child is there again, and answers, after each of its deaths."""
    phoenix = process.whereis("phoenix")
    if phoenix is None:
        return
    phoenix.cast((rng.choice(("plain", "async")), rng.getrandbits(32)))
    await asyncio.sleep(rng.random() / 200)
    process.exit(phoenix, "kill")
    process.resource("box")["kills"] += 1
    for _ in range(30_000):
        with contextlib.suppress(CallError):  # another reaper may have killed it once more
            number = rng.getrandbits(16)
            check(await process.named("phoenix").call(number, timeout=30) == number, "the answer of another")
            return
        await asyncio.sleep(0.001)
    check(condition=False, text="it was not restarted")


async def suspends(node: Node, rng: Random, crew: list[Any]) -> None:
    """Suspends processes wherever they are, and resumes them."""
    while True:
        process = rng.choice(crew)._process
        process.pause()
        try:
            await asyncio.sleep(rng.random() / 300)
        finally:
            process.unpause()
        await asyncio.sleep(rng.random() / 100)
