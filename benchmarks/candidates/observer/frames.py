"""A console with 30,000 spans: how long the turns of its loop are, in which it draws and answers keys.

this process: the console <── the port ──> a process of its own: the node (`flood`)
"""

from __future__ import annotations

from typing import Final

from benchmarks.candidates.observer.flood import NODE, flood
from benchmarks.candidates.observer.walk import Walk
from benchmarks.setting import Figures, Setting
from runtime.port.client import Client, find

__all__ = ["frames"]

_SPANS: Final = 30_000
_FEWEST: Final = 60
"""So many are more than a screen of them."""


async def frames(setting: Setting) -> Figures:
    """The longest turn, computing and by the clock; and of each step the longest and the 99th percentile, computing."""
    count = max(_FEWEST, min(_SPANS, setting.many))
    async with flood(count) as node:
        assert node.stdin is not None
        begin = node.stdin.write
        walk = Walk(lambda: Client(find(NODE)), count, lambda: begin(b"begin\n"))
        steps = {step: taken async for step, taken in walk.steps()}
    figures: Figures = {
        "longest_ms": max(taken.longest() for taken in steps.values()) * 1e3,
        "clock_ms": max(taken.longest_by_clock() for taken in steps.values()) * 1e3,
    }
    for step, taken in steps.items():
        figures |= {f"{step}_ms": taken.longest() * 1e3, f"{step}_p99_ms": taken.p99() * 1e3}
    return figures
