"""What the processes that are shown weigh: measured again when they have done something, within a budget for each answer.

    done nothing since  ──> what it weighed
    else                ──> weighed, whoever was weighed longest ago first, for 5 ms; the rest next time

So a list that is polled each second costs half a percent of a processor at most, whatever its processes hold. Who has
never been weighed, always is.
"""

from __future__ import annotations

import time
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from runtime.status import IDLE

from .memory import Scale, Weight
from .pace import breathe

if TYPE_CHECKING:
    from runtime.process import Process

__all__ = ["Weights"]

BUDGET_S: Final = 0.005
"""Processor seconds that one answer spends on weighing again."""
KEPT: Final = 10_000
"""Processes whose weight is kept."""


class _Known(NamedTuple):
    weight: Weight
    done: tuple[int, int, bool]
    """Reductions, messages that wait, and whether it stood between two steps."""
    at: float


class Weights:
    """What processes weighed when they were last looked at. Threads may share it: each entry is written at once."""

    def __init__(self) -> None:
        self._known: dict[int, _Known] = {}

    def of(self, processes: list[Process]) -> list[Weight]:
        """What each of them weighs, or weighed not long ago."""
        known = self._known
        due = [process for process in processes if self._is_due(process)]
        due.sort(key=lambda process: known[process.number].at if process.number in known else 0.0)
        scale, until = Scale(), time.thread_time() + BUDGET_S
        for process in due:
            if process.number not in known or time.thread_time() < until:
                done = _done(process)
                known[process.number] = _Known(scale.weigh(process), done, time.monotonic())
                breathe()
        found = [known[process.number].weight for process in processes]
        if len(known) > KEPT:
            self._known = {number: known[number] for number in map(attrgetter("number"), processes)}
        return found

    def sizes(self, processes: list[Process]) -> list[int]:
        """Their bytes alone: keys to sort by."""
        return [weight.size for weight in self.of(processes)]

    def _is_due(self, process: Process) -> bool:
        before = self._known.get(process.number)
        if process.place == "isolated":  # what happens there is not seen here
            return True
        return before is None or not before.done[2] or before.done != _done(process)


def _done(process: Process) -> tuple[int, int, bool]:
    return process.reductions, process.letters, process.status == IDLE and process.coroutine is None
