"""What idle servers cost: supervised by one_for_one and registered, each with a small state of its own.

Counted is the growth of the whole process's resident memory: table, registry, supervisor, names and states.
"""

from __future__ import annotations

import asyncio
import gc
import os
from pathlib import Path

from benchmarks.candidates.observer.nodes import Keeper, open_node, supervisor
from benchmarks.setting import Figures, Setting, Stopwatch
from runtime import ChildSpec, Node, Pid, Supervisor

__all__ = ["idle", "idle_restarted", "populate", "resident"]

_MOST = 100_000
_MOST_RESTARTED = 20_000


def resident() -> int:
    """Bytes of this process that stand in memory.

    Raises:
        OSError: this system has no /proc.
    """
    gc.collect()
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


async def populate(node: Node, many: int) -> tuple[Pid, float]:
    """Start `many` servers below one supervisor; the supervisor, and the seconds that it took."""
    crew = await supervisor(node)
    watch = Stopwatch()
    for number in range(many):
        await Supervisor.start_child(crew, ChildSpec(f"worker_{number}", Keeper, number))
    return crew, watch.seconds()


async def idle(setting: Setting) -> Figures:
    """Servers that have only been started."""
    many = min(setting.many, _MOST)
    async with open_node(setting) as node:
        before = resident()
        await populate(node, many)
        return {"bytes": (resident() - before) / many}


async def idle_restarted(setting: Setting) -> Figures:
    """Servers each of which has crashed once, and has a history."""
    many = min(setting.many, _MOST_RESTARTED)
    async with open_node(setting) as node:
        before = resident()
        await populate(node, many)
        last = f"worker_{many - 1}"
        first_life = node.whereis(last)
        for number in range(many):
            node.named(f"worker_{number}").cast("crash")
            if number % 100 == 0:
                await asyncio.sleep(0)
        while node.whereis(last) in {None, first_life}:  # noqa: ASYNC110 - they crash, and are restarted, in order
            await asyncio.sleep(0.01)
        return {"bytes": (resident() - before) / many}
