"""How long the turns of an event loop are: of each callback, what the loop's own thread computed, and how long it took by the clock.

with turns() as taken:
    ...
taken.longest()      seconds of computing in the longest; other work of the machine does not count
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Turns:
    """Seconds of each callback: computing, and by the clock."""

    computed: list[float] = field(default_factory=list)
    passed: list[float] = field(default_factory=list)

    def longest(self) -> float:
        """Of computing."""
        return max(self.computed, default=0.0)

    def line(self) -> str:
        """For people."""
        passed = sorted(self.passed)
        p99 = passed[int(len(passed) * 0.99)] if passed else 0.0
        return f"{len(passed):,} turns, longest {self.longest() * 1e3:.0f} ms of computing, {passed[-1] * 1e3:.0f} ms by the clock, p99 {p99 * 1e3:.1f} ms"


@contextmanager
def turns() -> Iterator[Turns]:
    """Measure all event loops of this program meanwhile. As in the console, what is there already is not collected again."""
    taken = Turns()
    run = asyncio.Handle._run

    def measured(self):
        clock, cpu = time.perf_counter(), time.thread_time()
        run(self)
        taken.computed.append(time.thread_time() - cpu)
        taken.passed.append(time.perf_counter() - clock)

    gc.collect()
    gc.freeze()
    asyncio.Handle._run = measured
    try:
        yield taken
    finally:
        asyncio.Handle._run = run
        gc.unfreeze()
