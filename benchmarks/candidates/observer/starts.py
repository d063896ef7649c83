"""Starting servers, and starting one anew after a crash."""

from __future__ import annotations

import itertools

from benchmarks.candidates.observer.nodes import Keeper, Phoenix, open_node, supervisor
from benchmarks.setting import Figures, Setting, Stopwatch, percentiles, rate
from runtime import CallError, ChildSpec, Name, Pid, Supervisor

__all__ = ["restart", "start_bare", "start_supervised"]


async def start_supervised(setting: Setting) -> Figures:
    """`Supervisor.start_child` of a server that is registered by name."""
    return await _starts(setting, register=True)


async def start_bare(setting: Setting) -> Figures:
    """The same without a name: this runtime starts no server that is not supervised."""
    return await _starts(setting, register=False)


async def _starts(setting: Setting, *, register: bool) -> Figures:
    numbers = itertools.count()
    async with open_node(setting) as node:
        crew = await supervisor(node)

        async def work(amount: int) -> float:
            names = [f"worker_{number}" for number in itertools.islice(numbers, amount)]
            watch = Stopwatch()
            for name in names:
                await Supervisor.start_child(crew, ChildSpec(name, Keeper, 0, register=register))
            return watch.seconds()

        return {"rate": await rate(work, setting)}


async def restart(setting: Setting) -> Figures:
    """From the message that crashes a server to the first answer of its successor, asked without pause under its name."""
    async with open_node(setting) as node:
        await Supervisor.start_child(await supervisor(node), ChildSpec("phoenix", Phoenix))
        phoenix = node.named("phoenix")
        return percentiles([await _crash(phoenix) for _ in range(min(setting.many, 200))], scale=1e6)


async def _crash(phoenix: Name) -> float:
    old: Pid = await phoenix.call("who")
    watch = Stopwatch()
    phoenix.cast("crash")
    while True:
        try:
            if await phoenix.call("who") != old:
                return watch.seconds()
        except CallError:  # it is gone, and its successor is not there yet
            pass
