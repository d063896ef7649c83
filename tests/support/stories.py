"""Behaviours that say under which story they run; at the top of a module, since another OS process imports them."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from runtime import Reply, Server, TaskDone, trace

__all__ = ["Hears", "Keeps", "Tells", "listens", "said"]


def context() -> Any:
    """Under which story this runs; a plain tuple, that may be sent."""
    return trace.current()


class Hears(Server):
    """Keeps under which stories it has been told something."""

    def init(self):
        return ()

    def handle_call(self, message, caller, state):
        return Reply(state if message == "heard" else context(), state)

    def handle_cast(self, message, state):
        return (*state, (message, context()))

    handle_info = handle_cast


class Tells(Server):
    """Does as it is told, wherever it runs, and tells `hears` first under which story."""

    counters = ("tokens",)

    def init(self, *first):
        if first:
            self.named("hears").cast("init")
        return ()

    def handle_call(self, message, caller, state):
        self._do(message)
        return Reply(context(), state)

    def handle_cast(self, message, state):
        self._do(message)
        return state

    def handle_continue(self, message, state):
        return state

    def handle_info(self, message, state):
        if isinstance(message, TaskDone):
            message = ("cast", "task done")
        self._do(message)
        return state

    def _do(self, what):
        hears = self.named("hears")
        match what:
            case ("cast", text):
                hears.cast(text)
            case ("call", text):
                hears.cast(text)
                self.call(hears, "who")
                hears.cast(text)
            case ("through", name, rest):
                self.named(name).cast(rest)
            case ("call through", name, rest):
                self.call(self.named(name), rest)
                hears.cast("after")
            case ("timer", text):
                self.send_after(0.001, text, hears)
            case ("later", rest):
                self.send_after(0.001, rest)
            case ("task",):
                self.task(asyncio.sleep(0))
            case ("spawn", text):
                self.spawn(spawned, text)
            case ("span", text):
                with trace.span("inside"):
                    hears.cast(text)
            case ("count",):
                self.count("tokens", 3)
            case ("crash",):
                hears.cast("crash")
                raise ValueError("asked to crash")


async def spawned(process: Any, text: str) -> None:
    """Tells, and ends."""
    process.named("hears").cast(text)


async def said(node: Any, *texts: str) -> list[Any]:
    """Wait until `hears` has been told these, in any order; the contexts of all that it was told, by text."""
    from tests.support.eventually import eventually

    async def all_of_them() -> Any:
        heard = await node.named("hears").call("heard")
        found = [text for text, _ in heard]
        return heard if sorted(found) == sorted(texts) else None

    return [context for _, context in await eventually(all_of_them, within=10)]


class Keeps(Server):
    """Whose state changes, and holds what others are not to see."""

    @staticmethod
    def redact(value: Any) -> Any:
        """Nothing but how long it is."""
        return len(value) if isinstance(value, tuple) else value

    def init(self):
        return ("secret",)

    def handle_cast(self, message, state):
        match message:
            case "alive":
                return (*state, threading.Lock())
            case ("flood", times):
                for _ in range(times):
                    self.named("hears").cast("flood")
            case "inner":
                self.spawn(spawned, "from inside")
            case "crash":
                raise ValueError("asked to crash")
        return (*state, message)


async def listens(process: Any) -> None:
    """A coroutine process that goes on with what it receives."""
    while True:
        process.named("hears").cast(await process.receive())
