"""`ps`: the process list, sorted, filtered and cut on the node.

    by pid, unfiltered   table ──> the window: no more is looked at
    everything else      table ──pages of 256, with rests──> filter ──> order ──> the window
                           └── a costly pass is used again for who goes on watching: its window, sorted anew, and
                               whoever is at work now

Only what the window shows is made into rows; of all others only the sort key is read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Final

from runtime.port.contract import ProcessPage, ProcessRow, Ps
from runtime.status import ENDED

from .census import Censuses
from .columns import Keys, counter_names, keys_of
from .deltas import Deltas
from .filtering import Filter, filter_of
from .lookup import now, number_in, row
from .pace import breathe, rested, settled
from .passes import Passes
from .ranking import order
from .text import clean
from .weights import Weights

if TYPE_CHECKING:
    from runtime.node import Node
    from runtime.process import Process

    from .memory import Weight

__all__ = ["Listing"]

OBSERVERS: Final = 64
"""Observers whose samples are kept."""
SPARE: Final = 50
"""Processes beyond the window that a pass keeps, in place of those that end before the next."""
AT_WORK: Final = 200
"""Of those that wait for a turn, how many are looked at between two passes."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a pass found: the window and what follows it, and sums."""

    processes: list[Process]
    total: int
    matched: int
    counters: set[str]


class Listing:
    """Answers `ps`."""

    def __init__(self, node: Node, censuses: Censuses, busy: Callable[[], dict[int, float]]) -> None:
        self._node = node
        self._censuses = censuses
        self._busy = busy
        self._deltas: dict[str, Deltas] = {}
        self._passes: Passes[_Found] = Passes()
        self._weights = Weights()

    def page(self, request: Ps, observer: str) -> ProcessPage:
        """The window that `request` asks for.

        Raises:
            Failure: `BAD_REQUEST`, when there is no such column.
        """
        busy = self._busy()
        clock = self._node.scheduler.clock()
        deltas = self._deltas_of(observer)
        keys = keys_of(request, busy, clock)
        matching = filter_of(request.filter)
        if request.sort == "pid" and matching is None:
            found, age = self._by_pid(request)
        else:
            sought = deltas.keys(request.sort) if request.delta else keys
            asked = (request.model_dump_json(exclude={"keep"}), deltas.samples(request.sort))
            found, age = self._passes.get(
                observer, asked, lambda: self._pass(request, sought, matching, deltas)
            )
        window = found.processes
        if age and not request.delta:
            anew = self._weights.sizes if request.sort == "memory" else keys
            window = self._anew(request, window, anew, matching, busy)
        window = [process for process in window if not age or process.status != ENDED][: request.limit]

        kept, ended = self._kept(request.keep, {process.number for process in window})
        weights = self._weigh(request, [*window, *kept])

        def show(process: Process) -> ProcessRow:
            weight = weights.get(process.number)
            deltas.note(process, weight.size if weight is not None else None)
            return row(
                process, busy, clock, weight,
                mailbox_delta=deltas.rate(process, "mailbox"), reductions_delta=deltas.rate(process, "reductions"),
                memory_delta=deltas.rate(process, "memory") if weight is not None else None,
            )  # fmt: skip

        total = max(len(self._node.table), len(window)) if age else found.total
        return ProcessPage(
            at=now(),
            total=total,
            matched=total if matching is None else found.matched,
            rows=[show(process) for process in rested(window)],
            kept=[show(process) for process in kept],
            ended=ended,
            counters=sorted(clean(name, 100) for name in found.counters),
            order_age_s=age,
        )

    def _by_pid(self, request: Ps) -> tuple[_Found, float]:
        window = self._node.table.window(request.offset, request.limit, newest_first=request.desc)
        total = max(len(self._node.table), len(window))
        return _Found(window, total, total, self._censuses.last()[0].counters), 0.0

    def _pass(self, request: Ps, keys: Keys, matching: Filter | None, deltas: Deltas) -> _Found:
        """Look at every process."""
        if request.delta:
            deltas.begin_pass()
        total = matched = 0
        counters: set[str] = set()
        wanted = request.offset + request.limit
        ranking = order(keys, wanted + SPARE if request.limit else 0, self._node.table.get, desc=request.desc)
        for page in self._node.table.slices():
            total += len(page)
            counters |= counter_names(page)
            if request.delta:
                deltas.take(page, request.sort)
            chosen = matching(page) if matching is not None else page
            if chosen:
                matched += len(chosen)
                ranking.offer(chosen)
            breathe()
        return _Found(ranking.window(request.offset), total, matched, counters)

    def _anew(
        self, request: Ps, window: list[Process], keys: Keys, matching: Filter | None, busy: dict[int, float]
    ) -> list[Process]:
        """What a pass found, in the order of this moment; on the first page with whoever is at work now."""
        table, queue = self._node.table, self._node.scheduler.queue
        seen = {process.number: process for process in window}
        if request.offset == 0:
            seen |= {process.number: process for process in settled(lambda: list(islice(queue, AT_WORK)))}
            seen |= {number: process for number in busy if (process := table.get(number)) is not None}
        alive = sorted(
            (process for process in seen.values() if process.status != ENDED), key=attrgetter("number")
        )
        chosen = matching(alive) if matching is not None else alive
        ranked = sorted(zip(keys(chosen), chosen, strict=True), key=itemgetter(0), reverse=request.desc)
        return [process for _, process in ranked]

    def _weigh(self, request: Ps, processes: list[Process]) -> dict[int, Weight]:
        """What those that are shown hold, where that is asked for."""
        if not request.memory and request.sort != "memory":
            return {}
        weights = self._weights.of(processes)
        return {process.number: weight for process, weight in zip(processes, weights, strict=True)}

    def _kept(self, pids: list[str], shown: set[int]) -> tuple[list[Process], list[str]]:
        """Of the pids that an observer holds on to: who stands outside the window, and who has ended."""
        kept: list[Process] = []
        ended: list[str] = []
        for pid in pids:
            number = number_in(pid)
            process = self._node.table.get(number) if number is not None else None
            if process is None or process.status == ENDED:
                ended.append(pid)
            elif process.number not in shown:
                kept.append(process)
        return kept, ended

    def _deltas_of(self, observer: str) -> Deltas:
        if len(self._deltas) > OBSERVERS:
            self._deltas.clear()  # most of them have gone
        deltas = self._deltas.setdefault(observer, Deltas())
        deltas.begin()
        return deltas
