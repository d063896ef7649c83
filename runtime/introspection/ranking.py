"""What `ps` sorts with: a window of an order, out of processes that come in pages.

    Best       the first 1,024 or fewer: only what beats the last of the best so far is kept
    Anywhere   the keys of all, in sorted runs; the keys at both ends of the window are found by bisection, and only
               what stands between them is sorted

Both take any number of processes in steps of a millisecond or less. Equals stand in the order in which they came, in
both directions.
"""

from __future__ import annotations

import gc
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from .pace import breathe, rested

if TYPE_CHECKING:
    from runtime.process import Process

__all__ = ["RUN", "Anywhere", "Best", "Order", "order"]

Page = list["Process"]
Keys = Callable[[Page], list[Any]]
Get = Callable[[int], "Process | None"]
RUN: Final = 1024
"""Processes of which the best are sorted anew each time."""
LONG_RUN: Final = 4096
"""Processes that are sorted once, for a window anywhere; about a millisecond."""
_KEY: Final = itemgetter(0)
_NUMBER: Final = attrgetter("number")


class Order(Protocol):
    """Takes pages, and then has a window."""

    def offer(self, page: Page) -> None:
        """Look at some more processes."""

    def window(self, offset: int) -> Page:
        """What is wanted, from `offset` on. Once."""
        ...


def order(keys: Keys, wanted: int, get: Get, *, desc: bool) -> Order:
    """What finds the first `wanted` by `keys`; the largest first if `desc`. `get` finds a process by its number."""
    return Best(keys, wanted, desc=desc) if wanted <= RUN else Anywhere(keys, wanted, get, desc=desc)


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
    """Some processes in the order in which they came, their keys, and these in their own order."""

    numbers: array[int]
    keys: Sequence[Any]
    ascending: Sequence[Any]


class Anywhere:
    """A window as deep as may be.

    A million processes are sought among without a pause of the loop. So numbers stand in arrays, which the garbage
    collector does not walk; in lists they would cost it 10 ms at a time.
    """

    def __init__(self, keys: Keys, wanted: int, get: Get, *, desc: bool) -> None:
        self._keys = keys
        self._wanted = wanted
        self._get = get
        self._desc = desc
        self._numbers = array("q")
        self._new: list[Any] = []
        self._runs: list[_Run] = []
        self._size = 0

    def offer(self, page: Page) -> None:
        """Look at some more processes."""
        self._new += self._keys(page)
        self._numbers.extend(map(_NUMBER, page))
        self._size += len(page)
        if len(self._new) >= LONG_RUN:
            self._close()

    def window(self, offset: int) -> Page:
        """What is wanted, from `offset` on."""
        self._close()
        end = min(self._wanted, self._size)
        if offset >= end:
            return []
        first, last = self._key_at(offset), self._key_at(end - 1)
        skip = offset - self._before(first)  # of those that equal the first
        take = end - offset if first == last else end - self._before(last)  # of those that equal the last
        low, high = min(first, last), max(first, last)
        chosen: list[tuple[Any, int]] = []
        for run in self._drained():
            if bisect_left(run.ascending, low) == bisect_right(run.ascending, high):
                continue
            for key, number in zip(run.keys, run.numbers, strict=True):
                if key == first and skip:
                    skip -= 1
                elif key == last:
                    if take:
                        take -= 1
                        chosen.append((key, number))
                elif low <= key <= high:
                    chosen.append((key, number))
        found = [self._get(number) for _, number in sorted(chosen, key=_KEY, reverse=self._desc)]
        return [process for process in found if process is not None]

    def _close(self) -> None:
        """Make a run of what has come since the last."""
        words = bool(self._new) and type(self._new[0]) is str
        pack: Callable[[list[Any]], Sequence[Any]] = tuple if words else _packed
        self._runs.append(_Run(self._numbers, pack(self._new), pack(sorted(self._new))))
        self._numbers, self._new = array("q"), []
        if words and gc.isenabled():
            gc.collect(0)  # it never looks at a tuple of words again; at a hundred of them it would for 20 ms

    def _drained(self) -> Iterator[_Run]:
        """The runs, each forgotten after its turn: to free a million at a stretch takes long too."""
        self._runs.reverse()
        while self._runs:
            yield self._runs.pop()
            breathe()

    def _key_at(self, index: int) -> Any:
        """The key of the process that stands at `index`: bisection over all runs at once."""
        target = self._size - 1 - index if self._desc else index
        bounds = [(0, len(run.ascending)) for run in self._runs]
        while True:
            widest = max(range(len(bounds)), key=lambda at: bounds[at][1] - bounds[at][0])
            pivot = self._runs[widest].ascending[sum(bounds[widest]) // 2]
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


def _packed(figures: list[Any]) -> array[float]:
    return array("d", figures)
