"""A table of entries: processes under keys, with values. What registries, groups, topics and presence have in common.

    key ──> {entry, entry, …}          in the order in which they came
    process ──> {entry, entry, …}      so that an end costs what the process had, whatever the size of the table

Changed on the loop only. Read from any thread: each read is one copy, a single operation of the interpreter.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..process import Process

__all__ = ["Entries", "Entry"]


class Entry:
    """One process under one key. Two of the same process and key are two."""

    __slots__ = ("key", "process", "value")

    def __init__(self, process: Process, key: Any, value: Any) -> None:
        self.process = process
        self.key = key
        self.value = value


class Entries:
    """Processes under keys."""

    def __init__(self) -> None:
        self._under: dict[Any, dict[Entry, None]] = {}
        self._of: dict[Process, dict[Entry, None]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, process: Process, key: Any, value: Any = None) -> Entry:
        """Put `process` under `key`, once more if it stands there."""
        entry = Entry(process, key, value)
        self._under.setdefault(key, {})[entry] = None
        self._of.setdefault(process, {})[entry] = None
        self._count += 1
        return entry

    def remove(self, entry: Entry) -> None:
        """Take an entry out."""
        own = self._of[entry.process]
        del own[entry]
        if not own:
            del self._of[entry.process]
        self._take(entry)

    def _take(self, entry: Entry) -> None:
        self._count -= 1
        with suppress(
            Exception
        ):  # a key whose class fails to compare: the end of a process goes on all the same
            there = self._under[entry.key]
            del there[entry]
            if not there:
                del self._under[entry.key]

    def under(self, key: Any) -> list[Entry]:
        """The entries of a key, oldest first."""
        return list(self._under.get(key, ()))

    def of(self, process: Process, key: Any = ...) -> list[Entry]:
        """The entries of a process, oldest first; with `key`, only those under it."""
        entries = list(self._of.get(process, ()))
        return entries if key is ... else [entry for entry in entries if entry.key == key]

    def keys(self) -> list[Any]:
        """The keys that have entries, oldest first."""
        return list(self._under)

    def all(self) -> list[Entry]:
        """Every entry, by process."""
        return [entry for entries in list(self._of.values()) for entry in list(entries)]

    def some(self, limit: int) -> list[Entry]:
        """At most `limit` entries, by key. For observers: of a large table, only these are looked at.

        Raises:
            RuntimeError: the table has changed meanwhile.
        """
        return list(islice(chain.from_iterable(self._under.values()), limit))

    def release(self, process: Process) -> None:
        """Drop the entries of a process that ends. Runs no code of anybody's but that of keys."""
        entries = self._of.pop(process, None)
        if entries:
            self.dropped(process, list(entries))

    def dropped(self, process: Process, entries: list[Entry]) -> None:  # noqa: ARG002 - tables that tell others want it
        """Take the entries of a process that ends from under their keys."""
        for entry in entries:
            self._take(entry)
