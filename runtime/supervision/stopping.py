"""How a supervisor stops children: one after the other, or all at once.

    in_order     the last started first, each given its time before the next is asked     Supervisor
    at_once      all are asked, then waited for                                           DynamicSupervisor

Who does not end in time is killed. Both let others have the loop between children: there may be 100,000.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .. import exits
from ..scheduler import TURN_S
from ..status import ENDED

if TYPE_CHECKING:
    from ..process import Process
    from .child import Child

__all__ = ["at_once", "ended", "in_order"]


async def in_order(supervisor: Process, children: Iterable[Child], blame: str) -> None:
    """Shut `children` down, the last first."""
    clock = supervisor.sched.clock
    until = clock() + TURN_S
    for child in reversed(list(children)):
        process = _asked(supervisor, child, blame)
        if process is not None:
            await ended(process, supervisor, child.terms.shutdown)
            child.blame = None
        child.process = None
        if clock() >= until:
            await asyncio.sleep(0)
            until = clock() + TURN_S


async def at_once(supervisor: Process, children: Iterable[Child], blame: str) -> None:
    """Shut `children` down at the same time. The order of their ends is theirs."""
    clock = supervisor.sched.clock
    until = clock() + TURN_S
    waiting: list[tuple[Child, Process]] = []
    for child in list(children):
        process = _asked(supervisor, child, blame)
        if process is not None and process.status != ENDED:
            waiting.append((child, process))
        else:
            child.process = None
        if clock() >= until:
            await asyncio.sleep(0)
            until = clock() + TURN_S
    over = [_end_of(process, supervisor, child.terms.shutdown) for child, process in waiting]
    for (child, _), end in zip(waiting, over, strict=True):
        await end
        child.process = child.blame = None


def _asked(supervisor: Process, child: Child, blame: str) -> Process | None:
    """The process of a child that has been told to shut down; None if none runs."""
    process = child.process
    if process is None or process.status == ENDED:
        return None
    child.blame = blame
    exits.unlink(supervisor, process)
    exits.signal(process, "kill" if child.terms.shutdown == "brutal_kill" else "shutdown", supervisor)
    return process


async def ended(process: Process, supervisor: Process, limit: Any) -> None:
    """Wait until a process has ended; kill it when `limit` seconds have passed."""
    if process.status != ENDED:
        await _end_of(process, supervisor, limit)


def _end_of(process: Process, supervisor: Process, limit: Any) -> asyncio.Future[None]:
    """Done when a process that is alive has ended. Its time runs from now on, whoever waits for it."""
    loop = process.sched.loop
    over: asyncio.Future[None] = loop.create_future()
    expiry = None if limit == math.inf else loop.call_later(limit, exits.signal, process, "kill", supervisor)

    def told(_reason: Any) -> None:
        if expiry is not None:
            expiry.cancel()
        if not over.done():
            over.set_result(None)

    exits.watch(process, told)
    return over
