"""How long the turns of an event loop are: of each callback, what the loop's own thread computed, and how long it took by the clock.

with turns() as taken:
    ...
taken.longest()      seconds of computing in the longest; other work of the machine does not count
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.setting import percentiles

__all__ = ["Turns", "turns"]


@dataclass
class Turns:
    """Seconds of each callback: computing, and by the clock."""

    computed: list[float] = field(default_factory=list[float])
    passed: list[float] = field(default_factory=list[float])

    def longest(self) -> float:
        """Of computing."""
        return max(self.computed, default=0.0)

    def p99(self) -> float:
        """Of computing: 99 of 100 take no longer."""
        return percentiles(self.computed)["p99"] if self.computed else 0.0

    def longest_by_clock(self) -> float:
        """What other threads did meanwhile counts, and what else the machine does."""
        return max(self.passed, default=0.0)


@contextmanager
def turns() -> Generator[Turns]:
    """Measure all event loops of this program meanwhile, but for the turn that is under way."""
    taken = Turns()
    run = asyncio.Handle._run

    def measured(self: Any) -> None:
        clock, cpu = time.perf_counter(), time.thread_time()
        run(self)
        taken.computed.append(time.thread_time() - cpu)
        taken.passed.append(time.perf_counter() - clock)

    asyncio.Handle._run = measured  # type: ignore[method-assign]
    try:
        yield taken
    finally:
        asyncio.Handle._run = run  # type: ignore[method-assign]
