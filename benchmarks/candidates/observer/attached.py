"""What a console that is attached, and polls once a second, takes from the node's work.

    seconds  0         1.5        3                  8.5        10
             │ alone   │ attached │ until the sampler │ alone    │      share lost = 1 - attached / mean(alone)
                                    of the node rests

All within one process: two per cent are less than what two processes of the same program differ by.
"""

from __future__ import annotations

import asyncio

from benchmarks.candidates.observer.console import console
from benchmarks.candidates.observer.messages import calls
from benchmarks.candidates.observer.nodes import Counter, one, open_node
from benchmarks.setting import Figures, Setting, Stopwatch
from runtime import ChildSpec

__all__ = ["attached"]

_INTERVAL = 1.0
_RESTS_AFTER = 5.5
"""Seconds after which a node that nobody observes samples no more."""


async def attached(setting: Setting) -> Figures:
    """Calls a second, alone and with a console."""
    async with open_node(setting) as node:
        server = await one(node, Counter)
        for number in range(min(setting.many, 1000)):
            await node.start(ChildSpec(number, Counter))

        async def window() -> float:
            """Calls a second, for as long as several polls take."""
            done, watch = 0, Stopwatch()
            while watch.seconds() < setting.seconds * 5:
                await calls(server, 100)
                done += 100
            return done / watch.seconds()

        await window()
        before = await window()
        async with console("poll", str(_INTERVAL)) as lines:
            await lines.next()
            during = await window()
        await asyncio.sleep(_RESTS_AFTER if setting.seconds > 0.1 else 0.0)
        after = await window()
        return {"rate": during, "lost": 100 * (1 - 2 * during / (before + after))}
