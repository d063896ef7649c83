"""A million processes: how long they take to start, what they weigh, and what it costs to look at them."""

from __future__ import annotations

import asyncio
import os
import sys

from benchmarks.candidates.observer.console import console
from benchmarks.candidates.observer.memory import populate, resident
from benchmarks.candidates.observer.nodes import Counter, open_node
from benchmarks.setting import Figures, Setting, Stopwatch
from runtime import ChildSpec

__all__ = ["million"]


async def million(setting: Setting) -> Figures:
    """All of it with one node, for it takes a while to fill."""
    async with open_node(setting) as node:
        before = resident()
        _, started = await populate(node, setting.many)
        gigabytes = (resident() - before) / 1e9
        await node.start(ChildSpec("one", Counter))
        quiet = await _longest_turn(setting)
        async with console("poll", "0") as lines:
            await lines.next()
            watched = await _longest_turn(setting)
        command = await _observer_ps()
        return {
            "gigabytes": gigabytes, "start_s": started, "quiet_ms": quiet * 1e3, "watched_ms": watched * 1e3, "ps_s": command,
        }  # fmt: skip


async def _longest_turn(setting: Setting) -> float:
    """The longest time between two turns of the loop, which does nothing else."""
    whole, longest = Stopwatch(), 0.0
    while whole.seconds() < setting.seconds * 10:
        turn = Stopwatch()
        await asyncio.sleep(0)
        longest = max(longest, turn.seconds())
    return longest


async def _observer_ps() -> float:
    """Seconds of `observer ps --sort reductions --desc --limit 20 --json`, from its start to its end."""
    watch = Stopwatch()
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tui", "ps", "--sort", "reductions", "--desc", "--limit", "20", "--json",
        stdout=asyncio.subprocess.DEVNULL, env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    code = await child.wait()
    if code:
        raise RuntimeError(f"`observer ps` ended with {code}; what it wrote stands above")
    return watch.seconds()
