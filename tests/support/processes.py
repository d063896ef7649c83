"""What most tests of processes need: start one, wait for its end, look at what was kept of it."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

from runtime import ChildSpec, CrashReport, Node, Pid, ProcessExit, Reply, Server
from runtime.status import READY, RECEIVING, RUNNING
from tests.support.eventually import eventually

__all__ = ["Contrary", "Obeys", "OopsError", "end_of", "quiet", "serve", "the_crash", "three"]

_ids = itertools.count(1)


async def serve(node: Node, behaviour: Any, *args: Any, **options: Any) -> Pid:
    """Start a process under no name, that is not restarted when it ends."""
    settings: dict[str, Any] = {"restart": "temporary", "register": False, **options}
    return await node.start(ChildSpec(("served", next(_ids)), behaviour, *args, **settings))


async def end_of(pid: Pid) -> Any:
    """Wait until a process has ended; its exit reason."""
    await eventually(lambda: not pid.alive)
    return pid._process.reason


async def quiet(node: Node) -> None:
    """Wait until no process of the node has anything to do, or does anything but await."""

    def nothing_to_do() -> bool:
        busy = any(process.status in {READY, RUNNING} for process in node.table)
        woken = any(process.receiver.done() for process in node.table if process.status == RECEIVING)
        return not (busy or woken or node.scheduler.queue)

    await asyncio.sleep(0.001)  # what has been started takes its first steps
    await eventually(nothing_to_do)


def the_crash(node: Node) -> CrashReport:
    """The last crash report that the node keeps."""
    return node.ledger.crashes[-1]


class Obeys(Server):
    """Does to others what it is told, and keeps what it hears of them."""

    def init(self, trap=False):
        self._process.trap_exits = trap
        return ()

    def handle_call(self, message, caller, seen):
        match message:
            case "seen":
                return Reply(seen, seen)
            case (method, *arguments):
                return Reply(getattr(self, method)(*arguments), seen)

    def handle_cast(self, message, seen):
        if isinstance(message, BaseException):
            raise message
        raise ProcessExit(message)

    def handle_info(self, message, seen):
        return (*seen, message)


class OopsError(Exception):
    """An ordinary crash."""


async def three(node, trap=True):
    """A process that traps exits, and two that do not."""
    return await serve(node, Obeys, trap), await serve(node, Obeys), await serve(node, Obeys)


class Contrary:
    """Compares with nothing."""

    def __eq__(self, other):
        raise RuntimeError("not to be compared")

    __hash__ = None
