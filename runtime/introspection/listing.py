"""`ps`: the process list, sorted, filtered and cut on the node.

    table ──slices of 256, with rests──> filter ──> ranking ──> the window ──> rows

Only what the window shows is made into rows; of all others only the sort key is read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from runtime.port.contract import ProcessPage, ProcessRow, Ps
from runtime.status import ENDED

from .columns import Deltas, key_of, matcher
from .lookup import now, number_in, row
from .pace import breathing, rested
from .ranking import Ranking
from .text import clean

if TYPE_CHECKING:
    from runtime.node import Node
    from runtime.process import Process

__all__ = ["Listing"]

OBSERVERS: Final = 64
"""Observers whose samples are kept."""
ROWS: Final = 32
"""Rows that are made at a stretch."""


class Listing:
    """Answers `ps`."""

    def __init__(self, node: Node, busy: Callable[[], dict[int, float]]) -> None:
        self._node = node
        self._busy = busy
        self._deltas: dict[str, Deltas] = {}

    def page(self, request: Ps, observer: str) -> ProcessPage:
        """The window that `request` asks for.

        Raises:
            Failure: `BAD_REQUEST`, when there is no such column.
        """
        busy = self._busy()
        clock = self._node.scheduler.clock()
        deltas = self._deltas_of(observer)
        scan = _Scan(request, Ranking(
            key_of(request, busy, clock, deltas), request.offset + request.limit, desc=request.desc
        ), deltas)  # fmt: skip
        for page in breathing(self._node.table):
            scan.look(page)
        window = scan.ranking.window(request.offset)

        def show(process: Process) -> ProcessRow:
            deltas.note(process)
            return row(
                process, busy, clock,
                mailbox_delta=deltas.rate(process, "mailbox"), reductions_delta=deltas.rate(process, "reductions"),
            )  # fmt: skip

        kept, ended = self._kept(request.keep, {process.number for process in window})
        return ProcessPage(
            at=now(),
            total=scan.total,
            matched=scan.matched,
            rows=[show(process) for process in rested(window, ROWS)],
            kept=[show(process) for process in kept],
            ended=ended,
            counters=sorted(clean(name, 100) for name in scan.counters),
        )

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


class _Scan:
    """One pass over the table."""

    def __init__(self, request: Ps, ranking: Ranking, deltas: Deltas) -> None:
        self.ranking = ranking
        self.total = self.matched = 0
        self.counters: set[str] = set()
        self._matches = matcher(request.filter)
        self._deltas = deltas if request.delta else None

    def look(self, page: list[Process]) -> None:
        """Count a slice of the table, and rank what matches."""
        self.total += len(page)
        if self._deltas is not None:
            for process in page:
                self._deltas.note(process)
        for process in page:
            if process.extra is not None and process.extra.counters:
                self.counters.update(process.extra.counters.copy())
        if self._matches is not None:
            page = [process for process in page if self._matches(process)]
        self.matched += len(page)
        self.ranking.offer(page)
