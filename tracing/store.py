"""Records that outlive their node: an SQLite file, queried by time, process, story and kind.

    keep("session", pattern, records, why)  ->  the number of a collection; with a body, for what reads more than records
    find(pid=…, trace=…, kinds=…, since=…)  ->  records, oldest first

WAL, so that readers never wait for the writer. The file is its owner's alone (0600), since it holds values. It is bounded:
the oldest collections go when there are more records than it may hold.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .records import Record

__all__ = ["Collection", "Store", "StoreError"]

_MARK: Final = 0x0B5E27E5
"""The file's `application_id`."""
_VERSION: Final = 2
"""1 had no bodies."""
_COLLECTIONS: Final = 10_000
"""Collections that are kept at most."""
_BYTES: Final = 1 << 28
"""Bytes of bodies that are kept at most."""
_BODIES: Final = """
CREATE TABLE IF NOT EXISTS bodies (
    collection INTEGER PRIMARY KEY REFERENCES collections(number) ON DELETE CASCADE, body BLOB NOT NULL
);
"""
_SCHEMA: Final = """
CREATE TABLE collections (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, sort TEXT NOT NULL, title TEXT NOT NULL, why TEXT NOT NULL,
    size INTEGER NOT NULL
);
CREATE TABLE records (
    collection INTEGER NOT NULL REFERENCES collections(number) ON DELETE CASCADE,
    seq INTEGER NOT NULL, at REAL NOT NULL, kind TEXT NOT NULL, pid INTEGER NOT NULL, name TEXT, text TEXT NOT NULL,
    mono REAL NOT NULL, peer INTEGER NOT NULL, trace TEXT NOT NULL, span TEXT NOT NULL, cause TEXT NOT NULL, principal TEXT,
    waited REAL, took REAL, "values" TEXT NOT NULL, stack TEXT NOT NULL, cut INTEGER NOT NULL,
    PRIMARY KEY (collection, seq)
) WITHOUT ROWID;
CREATE INDEX records_at ON records(at);
CREATE INDEX records_pid ON records(pid, at);
CREATE INDEX records_trace ON records(trace, at) WHERE trace != '';
CREATE INDEX records_kind ON records(kind, at);
"""
_COLUMNS: Final = (
    "seq", "at", "kind", "pid", "name", "text", "mono", "peer", "trace", "span", "cause", "principal", "waited", "took",
    "values", "stack", "cut",
)  # fmt: skip
_PATIENCE_S: Final = 5.0
"""How long somebody waits for others who use the file."""
_NAMES: Final = ", ".join(f'"{name}"' for name in _COLUMNS)
_INSERT: Final = f"INSERT INTO records (collection, {_NAMES}) VALUES ({', '.join('?' * (len(_COLUMNS) + 1))})"  # noqa: S608 - no value is in it


class StoreError(Exception):
    """A file that cannot be used as a store; the message says why."""


@dataclass(frozen=True, slots=True)
class Collection:
    """Records that were kept together.

    Attributes:
        number: by which it is found.
        at: when it was kept, in seconds since the epoch.
        sort: `session`, `dump` or `recording`.
        title: the pattern, the trigger, or a name.
        why: why it ended, or what it is about.
        size: how many records.
    """

    number: int
    at: float
    sort: str
    title: str
    why: str
    size: int


class Store:
    """A store. For any thread; one at a time.

    Args:
        path: of the file; made if there is none.
        most: records it may hold. Optional. Defaults to 1,000,000.

    Raises:
        StoreError: the file is none, or of a later version.
    """

    def __init__(self, path: Path, most: int = 1_000_000) -> None:
        self.path: Final = path
        self._most = most
        self._lock = threading.Lock()
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise StoreError(f"{path} cannot be used as a store of traces: {error.strerror}") from error
        self._base = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False)
        try:
            with self._telling():
                self._open()
        except StoreError:
            self._base.close()
            raise

    def _open(self) -> None:
        self._check()
        self._write_ahead()
        self._base.execute("PRAGMA synchronous = NORMAL")
        self._base.execute("PRAGMA foreign_keys = ON")
        if self._one("PRAGMA user_version") == _VERSION:
            return
        self._base.execute(
            "BEGIN IMMEDIATE"
        )  # whoever else opens it for the first time waits, and then finds it made
        try:
            if not self._check():
                self._run(_SCHEMA)
            self._run(f"{_BODIES} PRAGMA application_id = {_MARK}; PRAGMA user_version = {_VERSION};")
            self._base.execute("COMMIT")
        except BaseException:
            self._base.execute("ROLLBACK")
            raise

    def _write_ahead(self) -> None:
        """Let it have a write-ahead log. SQLite does not wait for others here, who may be doing the same to a new file."""
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                self._base.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(0.005)
            else:
                return

    def _check(self) -> bool:
        """Whether there is a store in the file already. Raises StoreError where there is something else."""
        version = self._one("PRAGMA user_version")
        tables = self._one("SELECT count(*) FROM sqlite_master")
        if tables and self._one("PRAGMA application_id") != _MARK:
            raise StoreError(f"{self.path} is another program's database; name another file")
        if version > _VERSION:
            raise StoreError(
                f"{self.path} has version {version}; this Observer reads up to {_VERSION}: use a newer one"
            )
        return tables > 0

    def _run(self, script: str) -> None:
        """Statements one by one: `executescript` would end the transaction."""
        for statement in script.split(";"):
            self._base.execute(statement)

    @contextmanager
    def _telling(self) -> Generator[None, None, None]:
        """What is wrong with the file is told as StoreError; a collection that breaks its own rules is its maker's mistake."""
        try:
            yield
        except sqlite3.IntegrityError:
            raise
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{self.path} cannot be used as a store of traces: {error}") from error

    def _one(self, query: str) -> int:
        return int(self._base.execute(query).fetchone()[0])

    @contextmanager
    def _writing(self) -> Generator[sqlite3.Connection, None, None]:
        with self._lock, self._telling():
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield self._base
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")

    def keep(
        self,
        sort: str,
        title: str,
        records: Iterable[Record],
        why: str = "",
        at: float | None = None,
        body: bytes | None = None,
    ) -> int:
        """Keep records together: all of them, or none. The number of their collection.

        Args:
            sort: `session`, `dump` or `recording`.
            title: the pattern, the trigger, or a name.
            records: each seq once.
            why: why it ended. Optional. Defaults to nothing.
            at: seconds since the epoch. Optional. Defaults to now.
            body: what they were made from, for whoever can read it. Optional. Defaults to nothing.

        Raises:
            StoreError: the file cannot be written.
            ValueError: the body is larger than all bodies may be.
        """
        if body is not None and len(body) > _BYTES:
            raise ValueError(f"a body of {len(body):,} bytes; a store holds {_BYTES:,} of all")
        with self._writing() as base:
            when = time.time() if at is None else at
            made = base.execute(
                "INSERT INTO collections (at, sort, title, why, size) VALUES (?, ?, ?, ?, 0)",
                (when, sort, title, why),
            )
            number = int(made.lastrowid or 0)
            size = base.executemany(_INSERT, (_row(number, record) for record in records)).rowcount
            base.execute("UPDATE collections SET size = ? WHERE number = ?", (max(0, size), number))
            if body is not None:
                base.execute("INSERT INTO bodies (collection, body) VALUES (?, ?)", (number, body))
            self._bound(base, number)
        return number

    def _bound(self, base: sqlite3.Connection, newest: int) -> None:
        """Drop the oldest collections, never the newest, until there are few enough of them, of records, and of bytes."""
        base.execute("DELETE FROM collections WHERE number <= ?", (newest - _COLLECTIONS,))
        records = held = 0
        for number, size, weight in base.execute(
            "SELECT number, size, coalesce(length(body), 0) FROM collections LEFT JOIN bodies ON number = collection ORDER BY number DESC"
        ).fetchall():
            records += size
            held += weight
            if (records > self._most or held > _BYTES) and number != newest:
                base.execute("DELETE FROM collections WHERE number = ?", (number,))

    def collections(
        self, limit: int = 100, *, sort: str | None = None, title: str | None = None
    ) -> list[Collection]:
        """What is kept, newest first.

        Args:
            limit: how many. Optional. Defaults to 100.
            sort: only these. Optional.
            title: only of this title. Optional.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._lock, self._telling():
            rows = self._base.execute(
                "SELECT number, at, sort, title, why, size FROM collections "
                "WHERE sort = coalesce(?, sort) AND title = coalesce(?, title) ORDER BY number DESC LIMIT ?",
                (sort, title, limit),
            ).fetchall()
        return [Collection(*row) for row in rows]

    def body(self, number: int) -> bytes | None:
        """The body of a collection; None if it has none. Raises StoreError."""
        with self._lock, self._telling():
            row = self._base.execute("SELECT body FROM bodies WHERE collection = ?", (number,)).fetchone()
        return bytes(row[0]) if row is not None else None

    def forget(self, number: int) -> bool:
        """Drop a collection; whether there was one."""
        with self._writing() as base:
            return base.execute("DELETE FROM collections WHERE number = ?", (number,)).rowcount > 0

    def find(
        self,
        *,
        collection: int | None = None,
        since: float | None = None,
        until: float | None = None,
        pid: int | None = None,
        trace: str | None = None,
        kinds: Iterable[str] | None = None,
        limit: int = 1000,
    ) -> list[Record]:
        """Records, oldest first. What is given must all hold.

        Args:
            collection: its number. Optional. Defaults to all.
            since: seconds since the epoch, this moment included. Optional.
            until: likewise, this moment left out. Optional.
            pid: of the process concerned, or of its peer. Optional.
            trace: 32 hex digits, or the first of them. Optional.
            kinds: any of these. Optional.
            limit: how many. Optional. Defaults to 1,000.

        Raises:
            StoreError: the file cannot be read.
        """
        wanted: list[tuple[str, list[Any]]] = []
        if collection is not None:
            wanted.append(("collection = ?", [collection]))
        if since is not None:
            wanted.append(("at >= ?", [since]))
        if until is not None:
            wanted.append(("at < ?", [until]))
        if pid is not None:
            wanted.append(("(pid = ? OR peer = ?)", [pid, pid]))
        if trace is not None:
            wanted.append(
                ("trace >= ? AND trace < ? AND ? != ''", [trace, f"{trace}g", trace])
            )  # no digit is a g
        if kinds is not None:
            names = list(kinds)
            wanted.append((f"kind IN ({', '.join('?' * len(names))})", names))
        where = " AND ".join(clause for clause, _ in wanted) or "1"
        query = f"SELECT {_NAMES} FROM records WHERE {where} ORDER BY at, collection, seq LIMIT ?"  # noqa: S608 - values are bound
        with self._lock, self._telling():
            rows = self._base.execute(query, [*(value for _, values in wanted for value in values), limit])
            return [_record(row) for row in rows.fetchall()]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._base.close()


def _row(collection: int, record: Record) -> tuple[Any, ...]:
    given = [_sound(getattr(record, name)) for name in _COLUMNS[:-3]]
    return (collection, *given, json.dumps(dict(record.values)), json.dumps(record.stack), int(record.cut))


def _record(row: tuple[Any, ...]) -> Record:
    given = dict(zip(_COLUMNS, row, strict=True))
    given |= {
        "values": json.loads(given["values"]),
        "stack": tuple(json.loads(given["stack"])),
        "cut": bool(given["cut"]),
    }
    return Record(**given)


def _sound(value: Any) -> Any:
    """A value without halves of surrogate pairs, which are no text for SQLite."""
    return value.encode("utf-8", "replace").decode() if type(value) is str else value
