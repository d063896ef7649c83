"""Who lives in a town in chaos: cells, plain and async, and a registrar who hears of every end."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from runtime import CallError, Down, Exit, Groups, Joined, Left, Pid, ProcessExit, Registry, Reply, Server

__all__ = ["ADDRESSES", "TOWN", "AsyncCell", "Cell", "Registrar"]

ADDRESSES: Registry[Any, None] = Registry("addresses")
"""Every cell has one, by its specification."""
TOWN = Groups("town")
"""Every cell joins one group of it, at its birth."""


class Registrar(Server):
    """Monitors every cell from its birth on, and the group of all. Nothing happens to it."""

    def init(self) -> tuple[()]:
        """It remembers nothing."""
        TOWN.monitor(self, "cells")
        return ()

    def handle_cast(self, pid: Pid, state: Any) -> Any:
        """Monitor `pid`."""
        self.monitor(pid)
        return state

    def handle_info(self, message: Any, state: Any) -> Any:
        """One has joined, left, or ended."""
        world = self.resource("world")
        with self.critical():
            match message:
                case Joined(pids=pids):
                    world.joined(pids)
                case Left(pids=pids):
                    world.left(pids)
                case Down(pid=pid, reason=reason):
                    world.died(pid, reason)
        return state


class _Doing(Server):
    """What both kinds of cells do."""

    trap_exits = True
    counters = ("taken",)

    def init(self) -> list[Any]:
        """The state is what has leaked."""
        with self.critical():
            self.resource("world").born(self.pid)
            TOWN.join(self, "cells")
            self.resource("registrar").cast(self.pid)
        return []

    def handle_info(self, message: Any, state: list[Any]) -> list[Any]:
        """A monitor, or a link, tells."""
        world = self.resource("world")
        with self.critical():
            match message:
                case Down(ref=ref, pid=pid, reason=reason):
                    world.down(ref)
                    world.reason(pid, reason)
                case Exit(pid=Pid() as pid, reason=reason):
                    world.exit(self.pid, pid)
                    world.reason(pid, reason)
        return state

    def obey(self, message: Any, state: list[Any]) -> None:
        """Do at once what needs no wait."""
        world = self.resource("world")
        match message:
            case ("number", sender, number):
                with self.critical():
                    if world.take(self.pid, sender, number):
                        self.count("taken")
            case ("send", times):
                for _ in range(times):
                    with self.critical():
                        if self.pid.alive:
                            world.send(self.pid.number, world.anybody())
            case ("flood", to, times):
                for _ in range(times):
                    with self.critical():
                        if self.pid.alive:
                            world.send(self.pid.number, to)
            case ("watch", whom):
                with self.critical():
                    world.watching[self.monitor(whom)] = (self.pid, whom)
            case ("link", whom) if whom.number != self.pid.number:
                self.join(whom)
            case ("leak", size):
                state.append(bytearray(size))
            case ("spin", seconds):
                until = time.perf_counter() + seconds
                while time.perf_counter() < until:
                    pass
            case "crash":
                raise RuntimeError("chaos")
            case "stop":
                raise ProcessExit("shutdown")

    def join(self, whom: Pid) -> None:
        """Link with another, both of which trap exits."""
        world = self.resource("world")
        with self.critical():
            if not (self.pid.alive and whom.alive) or whom in world.linked[self.pid]:
                return
            self.link(whom)
            world.linked[self.pid].add(whom)
            world.linked[whom].add(self.pid)


class Cell(_Doing):
    """A cell of plain handlers."""

    def handle_call(self, message: Any, caller: Any, state: list[Any]) -> Any:
        """Answer with what was asked."""
        return Reply(message, state)

    def handle_cast(self, message: Any, state: list[Any]) -> list[Any]:
        """Obey; or ask another."""
        match message:
            case ("ask", whom, question):
                try:
                    answer = self.call(whom, question, timeout=1.0)
                except CallError:
                    return state
                self.heard(question, answer)
            case _:
                self.obey(message, state)
        return state

    def heard(self, question: Any, answer: Any) -> None:
        """An answer, which is the question."""
        world = self.resource("world")
        with self.critical():
            world.answers += 1
            if answer != question:
                world.fail(f"{self.pid} asked {question} and heard {answer}")


class AsyncCell(Cell):
    """A cell of async handlers."""

    async def handle_call(self, message: Any, caller: Any, state: list[Any]) -> Any:
        """Answer with what was asked, a moment later."""
        await asyncio.sleep(0)
        return Reply(message, state)

    async def handle_cast(self, message: Any, state: list[Any]) -> list[Any]:
        """Obey; or ask another."""
        match message:
            case ("ask", whom, question):
                try:
                    answer = await whom.call(question, timeout=1.0)
                except CallError:
                    return state
                self.heard(question, answer)
            case ("number", *_):
                self.obey(message, state)
            case _:
                await asyncio.sleep(0)
                self.obey(message, state)
        return state
