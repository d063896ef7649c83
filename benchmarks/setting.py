"""What every measured function gets and gives, and how much work makes a figure.

async def call(setting: Setting) -> Figures:
    async def work(amount: int) -> float: ...      does it `amount` times, and says how many seconds that took
    return {"rate": await rate(work, setting)}
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Final

__all__ = ["Figures", "Measured", "Setting", "Skipped", "Stopwatch", "percentiles", "rate"]

Figures = dict[str, float]
"""What one measurement found: figures by name, in the units that the measure declares."""
FIRST: Final = 100
NEARLY: Final = 0.7
"""A piece that takes this share of the wanted time is long enough to count."""


class Skipped(Exception):  # noqa: N818 - not an error: the text stands in the table
    """This candidate cannot take part here; the text says why."""


@dataclass(frozen=True)
class Setting:
    """How thoroughly to measure.

    Attributes:
        seconds: how long a rate is measured.
        many: how many processes are "a million": fewer where only the machinery is tried.
        slicing: whether the node slices time; of no concern to other candidates.
    """

    seconds: float
    many: int
    slicing: bool = False


Measured = Callable[[Setting], Awaitable[Figures]]


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._began = perf_counter()

    def seconds(self) -> float:
        """How long it has been running."""
        return perf_counter() - self._began


async def rate(work: Callable[[int], Awaitable[float]], setting: Setting, most: float = math.inf) -> float:
    """How often a second `work` is done.

    The first pieces warm up, and teach how many it takes to fill the time; only what is long enough counts.

    Args:
        work: does it as often as it is told, and returns the seconds that this took.
        setting: how long to measure.
        most: the largest piece that `work` can do. Optional. Defaults to no limit; with one, pieces are added up.
    """
    amount = int(min(FIRST, most))
    done, spent = 0, 0.0
    while spent < setting.seconds * NEARLY:
        took = await work(amount)
        if took < setting.seconds * NEARLY and amount < most:
            wanted = amount * setting.seconds / max(took, 1e-9)
            amount = int(min(most, amount * 10, max(wanted, amount + 1)))
            continue
        done, spent = done + amount, spent + took
    return done / spent


def percentiles(samples: list[float], scale: float = 1.0) -> Figures:
    """Median, 99th percentile and largest of some samples, each times `scale`."""
    ranked = sorted(samples)

    def at(share: float) -> float:
        return ranked[min(len(ranked) - 1, int(share * len(ranked)))] * scale

    return {"p50": at(0.5), "p99": at(0.99), "max": ranked[-1] * scale}
