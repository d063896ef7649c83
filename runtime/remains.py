"""What is left of processes that have ended: coroutines that were cancelled, steps that stand still. A node waits for both."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .scheduler import Scheduler

__all__ = ["GRACE_S", "await_cancelled", "await_parked"]

log = logging.getLogger("observer")
GRACE_S: Final = 5.0
"""Seconds that a stopping node gives to what does not stop by itself."""


async def await_cancelled(sched: Scheduler) -> None:
    """Wait for cancelled coroutines to clean up; cancel those again that swallow it."""
    deadline = sched.loop.time() + GRACE_S
    while sched.lingering and sched.loop.time() < deadline:
        await asyncio.wait(sched.lingering, timeout=0.2)
        for task in list(sched.lingering):
            task.cancel()
    for task in sched.lingering:
        log.error("node %s: a coroutine does not end although it was cancelled: %r", sched.node.name, task)


async def await_parked(sched: Scheduler) -> None:
    """Wait until the steps that stand still have ended, or are zombies: each turn throws into one, 20 times at most.

    And so for the threads and the OS processes of processes that have ended.
    """
    while sched.workers.at_work() or sched.lanes or (sched.block is not None and sched.block.cells):  # noqa: ASYNC110 - nothing tells when the last is gone
        await asyncio.sleep(0)
    if sched.block is not None:
        sched.block.close()
        while sched.block.patrolled:  # noqa: ASYNC110 - a thread ends
            await asyncio.sleep(0.001)
