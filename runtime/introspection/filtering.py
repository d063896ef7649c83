"""The filter of `ps`: which processes of a page a text lets through.

    needle ──> could it be in a pid? a status? ──> in the names of this page, all at once? ──> then one by one

Most pages hold no match, and that is found out by the interpreter's own loops: the names of 256 processes are one
text, their behaviours a handful of classes.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from runtime.status import RUNNING, STATUSES

from .lookup import behaviour_text, pid_text

if TYPE_CHECKING:
    from runtime.process import Process

__all__ = ["Filter", "filter_of"]

Filter = Callable[[list["Process"]], list["Process"]]
_NUMBER: Final = attrgetter("number")
_NAME: Final = attrgetter("name")
_STATUS: Final = attrgetter("status")
_EXTRA: Final = attrgetter("extra")
_HANDLE: Final = attrgetter("handle")
_PID: Final = frozenset("<>.0123456789")


def filter_of(text: str) -> Filter | None:
    """What lets processes through: a substring of what their rows show, any case; a leading `!` inverts."""
    wanted = text.strip().lower()
    inverted = wanted.startswith("!")
    needle = wanted.removeprefix("!").strip()
    if not needle:
        return None
    found = _Needle(needle).found

    def matching(page: list[Process]) -> list[Process]:
        numbers = found(page)
        if inverted:
            return [process for process in page if process.number not in numbers] if numbers else page
        if len(numbers) == len(page):
            return page
        return [process for process in page if process.number in numbers] if numbers else []

    return matching


class _Needle:
    """Where one text stands in what rows show."""

    def __init__(self, needle: str) -> None:
        self._needle = needle
        self._pids = _PID.issuperset(needle)
        self._statuses = {status for status, text in enumerate(STATUSES) if needle in text}
        self._running = RUNNING in self._statuses
        self._kinds: dict[int, bool] = {}
        """By the id of a class, since hashing one may run its metaclass: whether its name holds the text."""

    def found(self, page: list[Process]) -> set[int]:
        """The numbers of those that show it."""
        if not page:
            return set()
        needle = self._needle
        hits = self._by_behaviour(page)
        if len(hits) == len(page):
            return hits
        if self._pids:
            numbers = list(map(_NUMBER, page))
            if needle in ("<0.%d.0>\n" * len(numbers)) % tuple(numbers):  # all of them at once
                hits.update(number for number in numbers if needle in pid_text(number))
        if self._statuses:
            hits.update(self._by_status(page))
        names = [name for name in map(_NAME, page) if name is not None]
        if needle in "\n".join(names).lower():
            hits.update(process.number for process in page if _holds(process.name, needle))
        extras = list(map(_EXTRA, page))
        if extras.count(None) != len(extras):
            for process, extra in zip(page, extras, strict=True):
                if extra is not None and (_holds(extra.label, needle) or _holds(extra.doing, needle)):
                    hits.add(process.number)
        return hits

    def _by_behaviour(self, page: list[Process]) -> set[int]:
        kinds = list(map(id, map(type, map(_HANDLE, page))))
        holds = {kind: self._kinds.get(kind) for kind in set(kinds)}
        for process, kind in zip(page, kinds, strict=True) if None in holds.values() else ():
            if holds[kind] is None:
                holds[kind] = self._kinds[kind] = self._needle in behaviour_text(process.behaviour).lower()
        if True not in holds.values():
            return set()
        return {process.number for process, kind in zip(page, kinds, strict=True) if holds[kind]}

    def _by_status(self, page: list[Process]) -> set[int]:
        wanted = self._statuses
        running = page[0].sched.running
        hits = {
            process.number
            for process, status in zip(page, map(_STATUS, page), strict=True)
            if status in wanted
        }
        if (
            running is not None and running in page
        ):  # whoever has the loop, runs, be it only a task of its own
            (hits.add if self._running else hits.discard)(running.number)
        return hits


def _holds(text: Any, needle: str) -> bool:
    return text is not None and needle in str.lower(text)
