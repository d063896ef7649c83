"""Hot code upgrade of 10,000 agents: how long it takes, each agent's pause, and what a neighbour feels of it."""

from __future__ import annotations

import asyncio
import gc
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from benchmarks.candidates.observer.nodes import open_node, supervisor
from benchmarks.setting import Figures, Setting, Stopwatch, percentiles
from runtime import ChildSpec, Node, Plan, Supervisor

__all__ = ["upgrade", "upgrade_turns"]

_SLEEP_S: Final = 0.002
_SHARE: Final = 100
"""A million servers are so many times more than the agents of this measure."""
_MODULE: Final = "upgraded_agents"
_SOURCE: Final = """
from dataclasses import dataclass
from runtime import Reply, Server

@dataclass(frozen=True)
class State:
    total: int = 0
    name: str = "agent"

class Agent(Server[State]):
    def init(self, number):
        return State(number)

    def handle_call(self, message, caller, state):
        return Reply(VERSION, State(state.total + 1, state.name))

    @staticmethod
    def code_change(version, state):
        return State(state["total"], state["name"])
"""


class _Fleet:
    """Agents whose module can be edited."""

    def __init__(self, node: Node, folder: Path) -> None:
        self._node: Final = node
        self._file: Final = folder / f"{_MODULE}.py"
        self._version = 0
        _ = node.code  # its first use imports it

    async def start(self, count: int) -> None:
        """Start them."""
        self.edit()
        sys.path.insert(0, str(self._file.parent))
        agents: Any = import_module(_MODULE)
        crew = await supervisor(self._node)
        for number in range(count):
            await Supervisor.start_child(crew, ChildSpec(number, agents.Agent, number, register=False))

    def edit(self) -> None:
        """Write the next version to disk."""
        self._version += 1
        self._file.write_text(_SOURCE.replace("VERSION", str(self._version)), encoding="utf-8")


async def upgrade(setting: Setting) -> Figures:
    """A plan, its application and the way back, beside somebody who sleeps 2 ms again and again."""
    async with open_node(setting) as node:
        with tempfile.TemporaryDirectory() as folder:
            fleet = _Fleet(node, Path(folder))
            await fleet.start(setting.many // _SHARE)
            gc.collect()  # what is due after the start is none of the upgrade's
            alone = await _lateness(asyncio.sleep(setting.seconds))
            fleet.edit()
            figures, late = {"alone_ms": percentiles(alone)["p99"] * 1e3}, list[float]()
            for what, work in _steps(node):
                watch = Stopwatch()
                late += await _lateness(work())
                figures[f"{what}_s"] = watch.seconds()
            done = node.code.history[0]
            assert done.processes == setting.many // _SHARE
            figures |= {"pause_p99_us": done.pauses.p99 * 1e6, "pause_max_us": done.pauses.longest * 1e6}
            spread = percentiles(late, scale=1e3)
            return figures | {"late_p99_ms": spread["p99"], "late_max_ms": spread["max"]}


async def upgrade_turns(setting: Setting) -> Figures:
    """The same, on a loop that does nothing else: its longest turn. The collector, which comes when it likes, is off."""
    async with open_node(setting) as node:
        with tempfile.TemporaryDirectory() as folder:
            fleet = _Fleet(node, Path(folder))
            await fleet.start(setting.many // _SHARE)
            gc.collect()
            gc.disable()
            figures = {"alone_ms": await _longest_turn(asyncio.sleep(setting.seconds)) * 1e3}
            fleet.edit()
            for what, work in _steps(node):
                figures[f"{what}_ms"] = await _longest_turn(work()) * 1e3
            return figures


def _steps(node: Node) -> Iterator[tuple[str, Callable[[], Coroutine[Any, Any, Any]]]]:
    """One after the other: the dry run, doing it, and the way back."""
    plans: list[Plan] = []

    async def plan() -> None:
        plans.append(await node.code.plan(_MODULE))

    yield "plan", plan
    yield "apply", lambda: node.code.apply(plans[0])
    yield "rollback", lambda: node.code.rollback(_MODULE)


async def _lateness(work: Awaitable[Any]) -> list[float]:
    """How late a sleeper wakes, again and again, while `work` is done."""
    doing, samples = asyncio.ensure_future(work), list[float]()
    while not doing.done():
        watch = Stopwatch()
        await asyncio.sleep(_SLEEP_S)
        samples.append(max(0.0, watch.seconds() - _SLEEP_S))
    await doing
    return samples


async def _longest_turn(work: Awaitable[Any]) -> float:
    """The longest processor time between two turns of the loop while `work` is done: what else the machine does is left out."""
    doing, longest = asyncio.ensure_future(work), 0.0
    while not doing.done():
        began = time.thread_time()
        await asyncio.sleep(0)
        longest = max(longest, time.thread_time() - began)
    await doing
    return longest
