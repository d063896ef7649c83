"""What `ps` sorts with: a window of an order, out of processes that come in pages.

    Best       the first 1,024 or fewer: only what beats the last of the best so far is kept
    Anywhere   the keys of all, in sorted runs; the keys at both ends of the window are found by bisection, and only
               what stands between them is sorted

Both take any number of processes in steps of a millisecond or less. Equals stand in the order in which they came, in
both directions.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from .pace import breathe, rested

if TYPE_CHECKING:
    from runtime.process import Process

__all__ = ["RUN", "Anywhere", "Best", "Order", "order"]

Page = list["Process"]
Keys = Callable[[Page], list[Any]]
RUN: Final = 1024
"""Processes that are sorted at once."""
_KEY: Final = itemgetter(0)


class Order(Protocol):
    """Takes pages, and then has a window."""

    def offer(self, page: Page) -> None:
        """Look at some more processes."""

    def window(self, offset: int) -> Page:
        """What is wanted, from `offset` on. Once."""
        ...


def order(keys: Keys, wanted: int, *, desc: bool) -> Order:
    """What finds the first `wanted` by `keys`; the largest first if `desc`."""
    return (Best if wanted <= RUN else Anywhere)(keys, wanted, desc=desc)


class Best:
    """The first `wanted` processes, where that is a run at most."""

    def __init__(self, keys: Keys, wanted: int, *, desc: bool) -> None:
        self._keys = keys
        self._wanted = wanted
        self._desc = desc
        self._best: list[tuple[Any, Process]] = []
        self._new: list[tuple[Any, Process]] = []
        self._full = False

    def offer(self, page: Page) -> None:
        """Look at some more processes."""
        if not page or not self._wanted:
            return
        keys = self._keys(page)
        if not self._full:
            self._new += zip(keys, page, strict=True)
        elif self._desc:
            limit = self._best[-1][0]
            if max(keys) > limit:
                self._new += [item for item in zip(keys, page, strict=True) if item[0] > limit]
        else:
            limit = self._best[-1][0]
            if min(keys) < limit:
                self._new += [item for item in zip(keys, page, strict=True) if item[0] < limit]
        if len(self._new) >= RUN or (not self._full and len(self._new) >= self._wanted):
            self._settle()

    def window(self, offset: int) -> Page:
        """What is wanted, from `offset` on."""
        self._settle()
        return [process for _, process in self._best[offset:]]

    def _settle(self) -> None:
        best = sorted(self._best + self._new, key=_KEY, reverse=self._desc)
        self._best, self._new = best[: self._wanted], []
        self._full = len(self._best) == self._wanted


class _Run(NamedTuple):
    """Some pages, in the order in which they came, and their keys in that of the keys."""

    keys: list[Any]
    processes: Page
    ascending: list[Any]


class Anywhere:
    """A window as deep as may be. 24 bytes for each process while it is sought."""

    def __init__(self, keys: Keys, wanted: int, *, desc: bool) -> None:
        self._keys = keys
        self._wanted = wanted
        self._desc = desc
        self._runs: list[_Run] = [_Run([], [], [])]
        self._size = 0

    def offer(self, page: Page) -> None:
        """Look at some more processes."""
        run = self._runs[-1]
        run.keys.extend(self._keys(page))
        run.processes.extend(page)
        self._size += len(page)
        if len(run.keys) >= RUN:
            self._close(run)
            self._runs.append(_Run([], [], []))

    def window(self, offset: int) -> Page:
        """What is wanted, from `offset` on."""
        self._close(self._runs[-1])
        end = min(self._wanted, self._size)
        if offset >= end:
            return []
        first, last = self._key_at(offset), self._key_at(end - 1)
        skip = offset - self._before(first)  # of those that equal the first
        take = end - offset if first == last else end - self._before(last)  # of those that equal the last
        chosen: list[tuple[Any, Process]] = []
        low, high = min(first, last), max(first, last)
        for run in self._drained():
            if bisect_left(run.ascending, low) == bisect_right(run.ascending, high):
                continue
            for key, process in zip(run.keys, run.processes, strict=True):
                if key == first and skip:
                    skip -= 1
                elif key == last:
                    if take:
                        take -= 1
                        chosen.append((key, process))
                elif low <= key <= high:
                    chosen.append((key, process))
        return [process for _, process in sorted(chosen, key=_KEY, reverse=self._desc)]

    def _drained(self) -> Iterator[_Run]:
        """The runs, each forgotten after its turn: to free a million at a stretch takes 50 ms."""
        self._runs.reverse()
        while self._runs:
            yield self._runs.pop()
            breathe()

    def _close(self, run: _Run) -> None:
        run.ascending.extend(sorted(run.keys))

    def _key_at(self, index: int) -> Any:
        """The key of the process that stands at `index`."""
        target = self._size - 1 - index if self._desc else index
        bounds = [(0, len(run.ascending)) for run in self._runs]
        while True:
            widest = max(range(len(bounds)), key=lambda at: bounds[at][1] - bounds[at][0])
            low, high = bounds[widest]
            pivot = self._runs[widest].ascending[(low + high) // 2]
            lefts = [bisect_left(run.ascending, pivot) for run in rested(self._runs)]
            rights = [bisect_right(run.ascending, pivot) for run in rested(self._runs)]
            if target < sum(lefts):
                bounds = [(low, left) for (low, _), left in zip(bounds, lefts, strict=True)]
            elif target >= sum(rights):
                bounds = [(right, high) for (_, high), right in zip(bounds, rights, strict=True)]
            else:
                return pivot

    def _before(self, key: Any) -> int:
        """How many stand before all that have this key."""
        if self._desc:
            return sum(len(run.ascending) - bisect_right(run.ascending, key) for run in rested(self._runs))
        return sum(bisect_left(run.ascending, key) for run in rested(self._runs))
