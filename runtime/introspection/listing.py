"""`ps`: the process list, sorted, filtered and cut on the node.

One pass over the table in slices of at most 256 processes, with a real sleep after every second slice: `sleep(0)`
would starve the loop, and a long hold of the interpreter would delay every process. Only what the window shows is
made into rows; of all others only the sort key is read.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from runtime.port.contract import SORTS, Code, Failure, ProcessPage, ProcessRow, Ps
from runtime.status import ENDED, STATUSES

from .lookup import now, oldest_s, pid_text, row

if TYPE_CHECKING:
    from runtime.node import Node
    from runtime.process import Process

__all__ = ["Listing", "breathing"]

SLEEP_S: Final = 0.0005
SAMPLE_S: Final = 0.5
"""A change per second is measured over at least this many seconds."""
DELTAS: Final = ("mailbox", "reductions", "restarts")
Key = Callable[["Process"], Any]


def breathing(node: Node) -> Iterator[list[Process]]:
    """The slices of the table, with a rest after every second one."""
    for index, page in enumerate(node.table.slices()):
        yield page
        if index % 2:
            time.sleep(SLEEP_S)


class Deltas:
    """The figures of the last sample that one observer took, to show change per second."""

    def __init__(self) -> None:
        self._at = self._previous_at = 0.0
        self._figures: dict[int, tuple[float, ...]] = {}
        self._previous: dict[int, tuple[float, ...]] = {}

    def begin(self) -> None:
        """A new sample, if the last is old enough."""
        at = time.monotonic()
        if at - self._at >= SAMPLE_S:
            self._previous, self._previous_at = self._figures, self._at
            self._figures, self._at = {}, at

    def note(self, process: Process) -> None:
        """Take the figures of a process into the sample."""
        self._figures.setdefault(process.number, _figures(process))

    def rate(self, process: Process, which: int) -> float | None:
        """Change per second of one of `DELTAS`; None where there was no sample before."""
        before = self._previous.get(process.number)
        elapsed = time.monotonic() - self._previous_at
        if before is None or elapsed <= 0:
            return None
        return (_figures(process)[which] - before[which]) / elapsed


def _figures(process: Process) -> tuple[float, ...]:
    child = process.child
    return len(process.mailbox or ()), process.reductions, child.restarts if child is not None else 0


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
        key = self._key(request, busy, clock, deltas)
        accepts = _filter(request.filter)
        chosen, total, matched, counters = self._scan(request, key, accepts, deltas)
        window = chosen[request.offset : request.offset + request.limit]
        shown = {process.number for process in window}
        kept, ended = self._kept(request.keep, shown)
        return ProcessPage(
            at=now(),
            total=total,
            matched=matched,
            rows=[self._row(process, busy, clock, deltas) for process in window],
            kept=[self._row(process, busy, clock, deltas) for process in kept],
            ended=ended,
            counters=sorted(counters),
        )

    def _scan(
        self, request: Ps, key: Key, accepts: Callable[[Process], bool] | None, deltas: Deltas
    ) -> tuple[list[Process], int, int, set[str]]:
        """One pass: the first `offset + limit` of the order, how many there are, how many match, their counters."""
        wanted = request.offset + request.limit
        pick = heapq.nlargest if request.desc else heapq.nsmallest
        in_order = request.sort == "pid" and not request.desc and not request.delta
        best: list[Process] = []
        counters: set[str] = set()
        total = matched = 0
        for page in breathing(self._node):
            total += len(page)
            if request.delta:
                for process in page:
                    deltas.note(process)
            for process in page:
                if process.extra is not None and process.extra.counters:
                    counters.update(process.extra.counters)
            if accepts is not None:
                page = [process for process in page if accepts(process)]  # noqa: PLW2901 - the part that matches
            matched += len(page)
            if in_order:
                best += page[: max(0, wanted - len(best))]
            elif page:
                best = pick(wanted, best + page, key=key)
        return best, total, matched, counters

    def _row(self, process: Process, busy: dict[int, float], clock: float, deltas: Deltas) -> ProcessRow:
        deltas.note(process)
        shown = row(process, busy, clock)
        return shown.model_copy(
            update={"mailbox_delta": deltas.rate(process, 0), "reductions_delta": deltas.rate(process, 1)}
        )

    def _kept(self, pids: list[str], shown: set[int]) -> tuple[list[Process], list[str]]:
        kept: list[Process] = []
        ended: list[str] = []
        for pid in pids:
            digits = pid.strip("<>").removeprefix("0.").removesuffix(".0")
            process = self._node.table.get(int(digits)) if digits.isdecimal() and len(digits) < 16 else None
            if process is None or process.status == ENDED:
                ended.append(pid)
            elif process.number not in shown:
                kept.append(process)
        return kept, ended

    def _deltas_of(self, observer: str) -> Deltas:
        if len(self._deltas) > 64:
            self._deltas.clear()  # observers that have gone
        deltas = self._deltas.setdefault(observer, Deltas())
        deltas.begin()
        return deltas

    def _key(self, request: Ps, busy: dict[int, float], clock: float, deltas: Deltas) -> Key:
        sort = request.sort
        sign = (
            1 if request.desc else -1
        )  # among equals the older process comes first, whichever the direction
        if sort.startswith("counter:"):
            name = sort.removeprefix("counter:")
            return lambda process: (_counter(process, name), -sign * process.number)
        if sort not in SORTS:
            raise Failure(
                Code.BAD_REQUEST, f"no column {sort[:40]!r}; there are: {', '.join(SORTS)}, counter:NAME"
            )
        if request.delta:
            if sort not in DELTAS:
                raise Failure(
                    Code.BAD_REQUEST, f"no change per second of {sort}; there is of: {', '.join(DELTAS)}"
                )
            which = DELTAS.index(sort)
            return lambda process: (deltas.rate(process, which) or 0.0, -sign * process.number)
        value = _KEYS[sort](busy, clock)
        return lambda process: (value(process), -sign * process.number)


def _counter(process: Process, name: str) -> float:
    counters = process.extra.counters if process.extra is not None else None
    return counters.get(name, 0) if counters is not None else 0


_KEYS: Final[dict[str, Callable[[dict[int, float], float], Key]]] = {
    "pid": lambda _busy, _clock: lambda process: process.number,
    "name": lambda _busy, _clock: lambda process: _words(process) or "\U0010ffff",
    "behaviour": lambda _busy, _clock: lambda process: process.behaviour,
    "status": lambda _busy, _clock: lambda process: STATUSES[process.status],
    "mailbox": lambda _busy, _clock: lambda process: len(process.mailbox or ()),
    "oldest": lambda _busy, clock: lambda process: oldest_s(process, clock) or 0.0,
    "reductions": lambda _busy, _clock: lambda process: process.reductions,
    "busy": lambda busy, _clock: lambda process: busy.get(process.number, 0.0),
    "restarts": lambda _busy, _clock: (
        lambda process: process.child.restarts if process.child is not None else 0
    ),
    "doing": lambda _busy, _clock: (
        lambda process: (process.extra.doing or "") if process.extra is not None else ""
    ),
}


def _words(process: Process) -> str:
    label = process.extra.label if process.extra is not None else None
    return (process.name or label or "").lower()


def _filter(text: str) -> Callable[[Process], bool] | None:
    """What lets a process through: a substring of what its row shows, any case; `!` inverts."""
    wanted = text.strip().lower()
    inverted = wanted.startswith("!")
    needle = wanted.removeprefix("!").strip()
    if not needle:
        return None

    def accepts(process: Process) -> bool:
        extra = process.extra
        doing = extra.doing if extra is not None and extra.doing is not None else ""
        shown = f"{pid_text(process.number)}\n{_words(process)}\n{process.behaviour}\n{STATUSES[process.status]}\n{doing}"
        return (needle in shown.lower()) is not inverted

    return accepts
