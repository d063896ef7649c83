"""The process table: pid number to process, readable from another thread while it changes.

Numbers rise and are never used again, so that a stale pid never names a stranger. Processes stand in pages of 256;
a page whose processes have all ended is dropped. A reader copies the list of pages, then one page after the other:
each copy is a single operation of the interpreter, so no lock is needed and no dict is iterated while it changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .process import Process

__all__ = ["PAGE", "ProcessTable"]

PAGE: Final = 256
_BITS: Final = 8


class ProcessTable:
    """All living processes of a node, in order of their start."""

    def __init__(self) -> None:
        self._pages: dict[int, list[Process | None]] = {}
        self._used: dict[int, int] = {}

    def __len__(self) -> int:
        return sum(list(self._used.values()))

    def add(self, process: Process) -> None:
        """Enter a process under its number."""
        key = process.number >> _BITS
        page = self._pages.get(key)
        if page is None:
            page = self._pages[key] = [None] * PAGE
            self._used[key] = 0
        page[process.number & (PAGE - 1)] = process
        self._used[key] += 1

    def remove(self, process: Process) -> None:
        """Take a process out."""
        key = process.number >> _BITS
        self._pages[key][process.number & (PAGE - 1)] = None
        self._used[key] -= 1
        if not self._used[key]:
            del self._pages[key], self._used[key]

    def get(self, number: int) -> Process | None:
        """The living process of this number."""
        page = self._pages.get(number >> _BITS)
        return page[number & (PAGE - 1)] if page is not None and number >= 0 else None

    def slices(self) -> Iterator[list[Process]]:
        """The living processes, at most 256 at a time, oldest first. Safe from any thread."""
        for page in list(self._pages.values()):
            yield list(
                filter(None, page)
            )  # one operation of the interpreter: no process decides whether it is true

    def window(self, offset: int, limit: int, *, newest_first: bool = False) -> list[Process]:
        """At most `limit` living processes from `offset` on, by age. Safe from any thread; only their pages are read."""
        found: list[Process] = []
        keys = list(self._pages)
        for key in reversed(keys) if newest_first else keys:
            used = self._used.get(key, 0)
            if offset >= used:
                offset -= used
                continue
            page = list(filter(None, self._pages.get(key, ())))
            found += (page[::-1] if newest_first else page)[offset:]
            offset = 0
            if len(found) >= limit:
                break
        return found[:limit]

    def __iter__(self) -> Iterator[Process]:
        for page in self.slices():
            yield from page
