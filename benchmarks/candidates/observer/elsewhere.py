"""Servers on the loop, on a thread and in an OS process of their own: how long they take to start, calls, casts."""

from __future__ import annotations

from typing import Any, Final

from benchmarks.candidates.observer.messages import calls, casts
from benchmarks.candidates.observer.nodes import Counter, open_node, supervisor
from benchmarks.setting import Figures, Measured, Setting, Stopwatch, percentiles, rate
from runtime import ChildSpec, Supervisor

__all__ = [
    "elsewhere_call_isolated", "elsewhere_call_loop", "elsewhere_call_thread", "elsewhere_cast_isolated", "elsewhere_cast_loop",
    "elsewhere_cast_thread", "elsewhere_start_isolated", "elsewhere_start_loop", "elsewhere_start_thread",
]  # fmt: skip

STARTS: Final = 12


def _start(**place: Any) -> Measured:
    async def starts(setting: Setting) -> Figures:
        """From `start_child` to the end of `init`; the first start, which imports, is left out."""
        async with open_node(setting) as node:
            crew = await supervisor(node)

            async def one(number: int) -> float:
                watch = Stopwatch()
                await Supervisor.start_child(crew, ChildSpec(number, Counter, **place))
                took = watch.seconds()
                await Supervisor.terminate_child(crew, number)
                return took

            await one(0)
            wanted = max(2, min(STARTS, setting.many // 1000))
            return percentiles([await one(number) for number in range(1, wanted + 1)], scale=1e3)

    return starts


def _call(**place: Any) -> Measured:
    async def called(setting: Setting) -> Figures:
        """Calls from the host's code."""
        async with open_node(setting) as node:
            server = await node.start(ChildSpec("one", Counter, **place))
            return {"rate": await rate(lambda amount: calls(server, amount), setting)}

    return called


def _cast(**place: Any) -> Measured:
    async def told(setting: Setting) -> Figures:
        """Messages without an answer, until they are handled."""
        async with open_node(setting) as node:
            server = await node.start(ChildSpec("one", Counter, **place))
            return {"rate": await rate(lambda amount: casts(server, amount), setting)}

    return told


elsewhere_start_loop, elsewhere_start_thread, elsewhere_start_isolated = (
    _start(),
    _start(thread=True),
    _start(isolated=True),
)
elsewhere_call_loop, elsewhere_call_thread, elsewhere_call_isolated = (
    _call(),
    _call(thread=True),
    _call(isolated=True),
)
elsewhere_cast_loop, elsewhere_cast_thread, elsewhere_cast_isolated = (
    _cast(),
    _cast(thread=True),
    _cast(isolated=True),
)
