"""The first so many of an order, out of a stream that comes in slices: what `ps` sorts with.

    offer(slice) ──> only what beats the last of the best is kept ──> sorted again for every 1,024 kept
    window(…)    ──> the rows from `offset` on

No step holds the interpreter for more than about a millisecond, even for the last row of 100,000: beyond 1,024 rows
the kept ones stand in sorted runs, which are merged with rests in between. Equals stand in the order in which they
came, in both directions.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from .pace import rested

if TYPE_CHECKING:
    from runtime.process import Process

__all__ = ["Ranking"]

Keyed = tuple[Any, "Process"]
RUN: Final = 1024
_KEY: Final = itemgetter(0)


class Ranking:
    """Keeps the first `wanted` processes by `key`; the largest first if `desc`."""

    def __init__(self, key: Callable[[Process], Any], wanted: int, *, desc: bool) -> None:
        self._key = key
        self._wanted = wanted
        self._desc = desc
        self._new: list[Keyed] = []
        self._runs: list[list[Keyed]] = []
        self._last: Keyed | None = None
        """The last of the best, once there are as many as wanted."""

    def offer(self, page: list[Process]) -> None:
        """Look at some more processes."""
        if not self._wanted:
            return
        keys = map(self._key, page)
        if self._last is None:
            self._new += zip(keys, page, strict=True)
        else:
            limit = self._last[0]
            self._new += [
                (key, process)
                for key, process in zip(keys, page, strict=True)
                if (key > limit if self._desc else key < limit)
            ]
        if len(self._new) >= RUN:
            self._settle()

    def window(self, offset: int) -> list[Process]:
        """What is wanted, from `offset` on."""
        self._settle()
        merged: Iterator[Keyed] = heapq.merge(*self._runs, key=_KEY, reverse=self._desc)
        return [process for _, process in islice(rested(merged, RUN // 4), offset, self._wanted)]

    def _settle(self) -> None:
        new, self._new = self._new, []
        if self._wanted > RUN:
            self._runs.append(sorted(new, key=_KEY, reverse=self._desc))
            return
        best = sorted((self._runs[0] if self._runs else []) + new, key=_KEY, reverse=self._desc)[
            : self._wanted
        ]
        self._runs = [best]
        if best and len(best) == self._wanted:
            self._last = best[-1]
