"""The columns that `ps` sorts and filters by, and their change per second."""

from __future__ import annotations

import time
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from runtime.port.contract import SORTS, Code, Failure, Ps
from runtime.status import RUNNING, STATUSES

from .lookup import behaviour_text, oldest_s, pid_text

if TYPE_CHECKING:
    from runtime.process import Process

__all__ = ["Deltas", "Key", "key_of", "matcher"]

SAMPLE_S: Final = 0.5
"""A change per second is measured over at least this many seconds."""
LAST: Final = "\U0010ffff"
"""Sorts behind every word: who has no name, and who does nothing, stands last in both directions."""
Key = Callable[["Process"], Any]
Figures = tuple[int, int, int, "dict[str, float] | None"]
RATES: Final = {"mailbox": 0, "reductions": 1, "restarts": 2}


class Deltas:
    """The figures of the last sample that one observer took, to tell change per second."""

    def __init__(self) -> None:
        self._at = self._previous_at = 0.0
        self._figures: dict[int, Figures] = {}
        self._previous: dict[int, Figures] = {}

    def begin(self) -> None:
        """A new sample, if the last is old enough."""
        at = time.monotonic()
        if at - self._at >= SAMPLE_S:
            self._previous, self._previous_at = self._figures, self._at
            self._figures, self._at = {}, at

    def note(self, process: Process) -> None:
        """Take the figures of a process into the sample."""
        if process.number not in self._figures:
            self._figures[process.number] = _figures(process)

    def rate(self, process: Process, column: str) -> float | None:
        """Change per second of mailbox, reductions, restarts or a counter; None where there was no sample before."""
        before = self._previous.get(process.number)
        elapsed = self._at - self._previous_at
        figures = self._figures.get(process.number)
        if before is None or figures is None or elapsed <= 0:
            return None
        return (_figure(figures, column) - _figure(before, column)) / elapsed


def _figures(process: Process) -> Figures:
    child, extra = process.child, process.extra
    counters = extra.counters if extra is not None else None
    return (
        process.letters,
        process.reductions,
        child.restarts if child is not None else 0,
        counters.copy() if counters is not None else None,
    )


def _figure(figures: Figures, column: str) -> float:
    which = RATES.get(column)
    if which is not None:
        return figures[which]  # type: ignore[return-value]  # pyright: ignore[reportReturnType]  # the counters come last
    return (figures[3] or {}).get(column.removeprefix("counter:"), 0)


def key_of(request: Ps, busy: dict[int, float], clock: float, deltas: Deltas) -> Key:
    """What processes are sorted by.

    Raises:
        Failure: `BAD_REQUEST`, when there is no such column.
    """
    sort = request.sort
    counter = sort.removeprefix("counter:") if sort.startswith("counter:") else None
    if counter is None and sort not in SORTS:
        raise Failure(
            Code.BAD_REQUEST, f"no column {sort[:40]!r}; there are: {', '.join(SORTS)}, counter:NAME"
        )
    if request.delta:
        if counter is None and sort not in RATES:
            raise Failure(
                Code.BAD_REQUEST,
                f"no change per second of {sort}; there is of: {', '.join(RATES)}, counter:NAME",
            )
        return lambda process: deltas.rate(process, sort) or 0.0
    if counter is not None:
        return lambda process: _counter(process, counter)
    if sort == "oldest":
        return lambda process: oldest_s(process, clock) or 0.0
    if sort == "busy":
        return lambda process: busy.get(process.number, 0.0)
    if sort in {"name", "doing"}:
        words = _title if sort == "name" else _doing
        nothing = "" if request.desc else LAST
        return lambda process: words(process).lower() or nothing
    return _KEYS[sort]


def _counter(process: Process, name: str) -> float:
    counters = process.extra.counters if process.extra is not None else None
    return counters.get(name, 0) if counters is not None else 0


def _title(process: Process) -> str:
    label = process.extra.label if process.extra is not None else None
    return process.name or label or ""


def _restarts(process: Process) -> int:
    return process.child.restarts if process.child is not None else 0


def _doing(process: Process) -> str:
    return process.extra.doing or "" if process.extra is not None else ""


_KEYS: Final[dict[str, Key]] = {
    "pid": attrgetter("number"),
    "behaviour": lambda process: behaviour_text(process.behaviour),
    "status": lambda process: STATUSES[process.status],
    "mailbox": attrgetter("letters"),
    "reductions": attrgetter("reductions"),
    "restarts": _restarts,
}


def matcher(text: str) -> Callable[[Process], bool] | None:
    """What lets a process through: a substring of what its row shows, any case; a leading `!` inverts."""
    wanted = text.strip().lower()
    inverted = wanted.startswith("!")
    needle = wanted.removeprefix("!").strip()
    if not needle:
        return None

    def matches(process: Process) -> bool:
        extra = process.extra
        status = RUNNING if process.sched.running is process else process.status
        shown = [pid_text(process.number), process.name, behaviour_text(process.behaviour), STATUSES[status]]
        if extra is not None:
            shown += [extra.label, extra.doing]
        return (needle in "\n".join(filter(None, shown)).lower()) is not inverted

    return matches
