"""Passes over the process table that are used again: what watching costs has a bound, whatever the size of the node.

    asked ──> the last pass for this is young enough? ──yes──> it, and how old it is
                          │ no
                          v
              a new pass, which lasts 100 times as long as it took the processor

So who watches without a pause takes at most one percent of a processor for each list. A pass over ten thousand
processes is too cheap to be kept; one over a million lasts ten to thirty seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

__all__ = ["Passes"]

T = TypeVar("T")
LASTS: Final = 100
"""How many times its own cost a pass is used for."""
CHEAP_S: Final = 0.005
"""A pass that costs less is made anew each time."""
OBSERVERS: Final = 64


@dataclass(frozen=True, slots=True)
class _Pass(Generic[T]):
    asked: Hashable
    result: T
    at: float
    until: float


class Passes(Generic[T]):
    """The last pass of each observer."""

    def __init__(self) -> None:
        self._kept: dict[str, _Pass[T]] = {}

    def get(self, observer: str, asked: Hashable, make: Callable[[], T]) -> tuple[T, float]:
        """What `make` finds, or found; and how many seconds ago."""
        kept = self._kept.get(observer)
        began = time.monotonic()
        if kept is not None and kept.asked == asked and began < kept.until:
            return kept.result, began - kept.at
        cost = time.thread_time()
        result = make()
        cost = time.thread_time() - cost
        self._forget(began)
        if cost > CHEAP_S:
            self._kept[observer] = _Pass(asked, result, began, time.monotonic() + LASTS * cost)
        else:
            self._kept.pop(observer, None)
        return result, 0.0

    def _forget(self, now: float) -> None:
        """Drop what nobody may use any more: it holds on to processes."""
        kept: list[tuple[str, _Pass[Any]]] = list(self._kept.items())
        for observer, item in kept:
            if item.until < now or len(kept) > OBSERVERS:
                self._kept.pop(observer, None)
