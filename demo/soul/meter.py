"""The graph: sums per second, and which share of its time the loop works, twice a second for the last minute."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from demo.soul.messages import Tally
from runtime import Caller, Reply, Server

__all__ = ["EVERY", "Graph", "Meter", "Sample", "line", "lowest"]

EVERY = 0.5
"""Seconds between two samples."""
KEPT = 120
SHOWN = 36
LEVELS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Sample:
    """What was done since the sample before."""

    at: float
    """On the monotonic clock."""
    sums: int
    """In all, until then."""
    per_s: float
    """Of them, since then."""
    loop: float
    """Processor time of the loop's thread, for each second: 0 to 1."""


@dataclass(frozen=True, slots=True)
class Graph:
    """What there is to see, and what it is drawn from."""

    sums_per_s: int = 0
    throughput: str = ""
    """The last samples, from zero to the highest."""
    loop_percent: int = 0
    loop_share: str = ""
    """The last samples, from zero to the whole loop."""
    samples: tuple[Sample, ...] = ()
    last: tuple[float, float, int] = (0.0, 0.0, 0)
    """When the last one was taken: monotonic clock, processor time, sums."""


class Meter(Server[Graph]):
    """Takes the samples. Whatever holds up the loop holds it up too, and is seen as less throughput."""

    def init(self) -> Graph:
        """Begin."""
        self.send_interval(EVERY, "sample")
        return Graph(last=self._now())

    def handle_info(self, _message: object, graph: Graph, /) -> Graph:
        """One more sample."""
        before, now = graph.last, self._now()
        passed = max(now[0] - before[0], 1e-6)
        per_s, loop = (now[2] - before[2]) / passed, min(1.0, (now[1] - before[1]) / passed)
        sample = Sample(now[0], now[2], per_s, loop)
        samples = (*graph.samples, sample)[-KEPT:]
        drawn = samples[-SHOWN:]
        short = line([s.per_s for s in drawn[-10:]])
        self.progress(f"{short} {sample.per_s:,.0f} sums/s, {sample.loop:.0%} of the loop")
        throughput, loop_share = line([s.per_s for s in drawn]), line([s.loop for s in drawn], 1.0)
        return Graph(round(per_s), throughput, round(100 * loop), loop_share, samples, now)

    def handle_call(self, _message: object, _caller: Caller[object], graph: Graph, /) -> Reply[Graph]:
        """The samples as plain values, the oldest first: [at, sums, sums per second, share of the loop]."""
        return Reply([[s.at, s.sums, s.per_s, s.loop] for s in graph.samples], graph)

    def _now(self) -> tuple[float, float, int]:
        tally: Tally = self.resource(Tally)
        return time.monotonic(), time.thread_time(), tally.sums


def line(values: list[float], top: float = 0.0) -> str:
    """A chart of one line, from zero to `top`, or to the highest value."""
    highest = max(top, *values) if values else 0.0
    steps = len(LEVELS) - 1
    return "".join(LEVELS[round(value / highest * steps) if highest else 0] for value in values)


def lowest(samples: Sequence[Sample]) -> float:
    """Sums per second in the worst second: from each sample to the next but one. Takes three samples or more."""
    return min((c.sums - a.sums) / (c.at - a.at) for a, c in zip(samples, samples[2:], strict=False))
