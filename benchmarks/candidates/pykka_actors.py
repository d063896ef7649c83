"""pykka: one thread for each actor; a call is `ask`, a cast is `tell`."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from benchmarks.setting import Figures, Setting, Stopwatch, rate

__all__ = ["call_between", "call_host", "cast", "ring", "start_bare"]

pykka: Final[Any] = import_module("pykka")
_THREADS: Final = 200


@dataclass(frozen=True)
class Call:
    """Asks a counter to call another, `amount` times."""

    counter: Any
    amount: int


class Counter(pykka.ThreadingActor):  # type: ignore[misc]  # it is untyped where it is not installed
    """A counter."""

    def __init__(self) -> None:
        pykka.ThreadingActor.__init__(self)
        self.count = 0

    def on_receive(self, message: Any) -> int:
        """One more; the count. A `Call` asks it to call another."""
        if isinstance(message, Call):
            for _ in range(message.amount):
                message.counter.ask("inc")
        self.count += 1
        return self.count


class Member(pykka.ThreadingActor):  # type: ignore[misc]
    """A member of a ring."""

    def __init__(self, done: threading.Event) -> None:
        pykka.ThreadingActor.__init__(self)
        self.done = done
        self.following: Any = None

    def on_receive(self, message: Any) -> None:
        """Forward what is left of the way."""
        if not isinstance(message, int):
            self.following = message
        elif message:
            self.following.tell(message - 1)
        else:
            self.done.set()


async def call_host(setting: Setting) -> Figures:
    """Calls from the main thread."""
    counter = Counter.start()

    async def work(amount: int) -> float:
        watch = Stopwatch()
        for _ in range(amount):
            counter.ask("inc")
        return watch.seconds()

    return {"rate": await rate(work, setting)}


async def call_between(setting: Setting) -> Figures:
    """Calls from another actor."""
    counter, client = Counter.start(), Counter.start()

    async def work(amount: int) -> float:
        watch = Stopwatch()
        client.ask(Call(counter, amount))
        return watch.seconds()

    return {"rate": await rate(work, setting)}


async def cast(setting: Setting) -> Figures:
    """Messages without an answer."""
    counter = Counter.start()

    async def work(amount: int) -> float:
        watch = Stopwatch()
        for left in range(amount, 0, -1000):
            for _ in range(min(left, 1000)):
                counter.tell("inc")
            counter.ask("inc")
        return watch.seconds()

    return {"rate": await rate(work, setting)}


async def ring(setting: Setting) -> Figures:
    """A message that goes round."""
    done = threading.Event()
    members = [Member.start(done) for _ in range(min(setting.many, 1000))]
    for member, following in zip(members, members[1:] + members[:1], strict=True):
        member.tell(following)

    async def work(amount: int) -> float:
        done.clear()
        watch = Stopwatch()
        members[0].tell(amount)
        await asyncio.to_thread(done.wait)
        return watch.seconds()

    return {"rate": await rate(work, setting)}


async def start_bare(setting: Setting) -> Figures:
    """Actors with their threads; nothing supervises them."""

    async def work(amount: int) -> float:
        watch = Stopwatch()
        started = [Counter.start() for _ in range(amount)]
        took = watch.seconds()
        for counter in started:
            counter.stop()
        return took

    return {"rate": await rate(work, setting, most=_THREADS)}
