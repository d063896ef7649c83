"""How late a process that sleeps 2 ms wakes up beside processes that never stop; and how fast those can be ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from time import perf_counter

from benchmarks.candidates.observer.console import console
from benchmarks.candidates.observer.nodes import DONE, Spinner, open_node
from benchmarks.setting import Figures, Setting, Skipped, Stopwatch, percentiles
from runtime import ChildSpec, CoroutineHandle, Down, Node, Pid

__all__ = ["kill", "kill_command", "neighbours_0", "neighbours_1", "neighbours_4", "neighbours_16"]

_SLEEP_S = 0.002


async def _neighbours(setting: Setting, *, spinners: int) -> Figures:
    async with _spinning(setting, spinners) as (node, _):
        samples: asyncio.Queue[list[float]] = asyncio.Queue()
        node.resources[DONE] = samples
        node.spawn(_sleeper, setting.seconds * 5)
        return percentiles(await samples.get(), scale=1e3)


neighbours_0 = partial(_neighbours, spinners=0)
neighbours_1 = partial(_neighbours, spinners=1)
neighbours_4 = partial(_neighbours, spinners=4)
neighbours_16 = partial(_neighbours, spinners=16)


@asynccontextmanager
async def _spinning(setting: Setting, spinners: int) -> AsyncGenerator[tuple[Node, list[Pid]]]:
    """A node with processes that spin, since long enough to have been parked."""
    if not setting.slicing and spinners:
        raise Skipped("without time-slicing a spinner holds the loop for ever")
    async with open_node(setting) as node:
        pids = [
            await node.start(ChildSpec(f"spinner-{i}", Spinner, restart="temporary")) for i in range(spinners)
        ]
        for pid in pids:
            pid.cast("spin")
        await asyncio.sleep(0.05)
        yield node, pids


async def _sleeper(process: CoroutineHandle, seconds: float) -> None:
    """Sleep 2 ms, again and again, and note how much longer it was."""
    samples: list[float] = []
    until = perf_counter() + seconds
    while not samples or perf_counter() < until:
        watch = Stopwatch()
        await asyncio.sleep(_SLEEP_S)
        samples.append(max(0.0, watch.seconds() - _SLEEP_S))
    process.resource(DONE).put_nowait(samples)


async def kill(setting: Setting) -> Figures:
    """From `self.exit(pid, "kill")` to the monitor's message, one spinner after the other."""
    async with _spinning(setting, 16) as (node, pids):
        samples: asyncio.Queue[list[float]] = asyncio.Queue()
        node.resources[DONE] = samples

        async def killer(process: CoroutineHandle) -> None:
            found: list[float] = []
            for pid in pids:
                watch = Stopwatch()
                process.monitor(pid)
                process.exit(pid, "kill")
                await process.receive(Down)
                found.append(watch.seconds())
            process.resource(DONE).put_nowait(found)

        node.spawn(killer)
        return _middle_and_worst(await samples.get())


async def kill_command(setting: Setting) -> Figures:
    """From an operator's command, in a process of his own, to the death of the spinner as the node dates it."""
    async with (
        _spinning(setting, 16) as (_, pids),
        console("kill", *map(str, pids)) as lines,
    ):
        return _middle_and_worst([(await lines.next())["done"] for _ in pids])


def _middle_and_worst(samples: list[float]) -> Figures:
    figures = percentiles(samples, scale=1e3)
    return {"p50": figures["p50"], "max": figures["max"]}
