"""The findings in SQLite. A live object: the node's host opens it, the librarian works with it.

It survives the librarian, because its connection belongs to the host. Without a file
it is SQLite's own private temporary database, which has no name in any directory and
so leaves nothing behind, even when the process is killed. With a file, results are kept
from run to run, and unchanged files are not reviewed again.

    root       what is reviewed: one row
    files      a row for each file with a result: stamp, digest, why it failed or its summary
    findings   of a file's review, or of the whole-program passes (origin)
    losses     reviewers that ended in this run and were restarted
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.checks import Finding, Summary, printable
from demo.files import OnDisk
from demo.messages import Gone, Lost, NotReviewed, ProgramFindings, Reviewed, Totals
from demo.rows import path_of, path_value, summary_of, summary_text

__all__ = ["Library", "LibraryError", "Worst"]

_APPLICATION = 0x4F425352
_VERSION = 1
"""Of the tables and the checks: what another version has stored is dropped."""
_TABLES = """
CREATE TABLE root (path NOT NULL);
CREATE TABLE files (
    path PRIMARY KEY, size INTEGER, mtime_ns INTEGER, digest TEXT, reason TEXT, nodes INTEGER, summary TEXT
);
CREATE TABLE findings (path, line INTEGER, check_name TEXT, severity TEXT, message TEXT, origin TEXT);
CREATE INDEX findings_of ON findings (path);
CREATE TABLE losses (path, reason TEXT);
"""

Stored = Reviewed | NotReviewed | Gone | Lost | ProgramFindings


class LibraryError(Exception):
    """Raised when a database file cannot be used; says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Worst:
    """A file and how many findings of each severity it has."""

    path: str
    errors: int
    warnings: int
    notes: int


class Library:
    """Results of reviews. Used from one thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, db: Path | None, root: str) -> Library:
        """Open `db`, or a private temporary database, for the files under `root`.

        Raises:
            LibraryError: it is in use, no database, somebody else's, or that of another root.
        """
        name = printable(str(db))
        try:
            connection = sqlite3.connect(db or "", timeout=0.5, isolation_level=None)
        except sqlite3.Error as error:
            raise LibraryError(
                f"{name} cannot be opened: {error}; give --db a file in a directory that exists"
            ) from None
        try:
            _prepare(connection, name, root)
        except LibraryError:
            connection.close()
            raise
        except sqlite3.Error as error:
            connection.close()
            in_use = "locked" in str(error)
            raise LibraryError(
                f"{name} is in use by another program; wait for it, or give --db another file"
                if in_use
                else f"{name} cannot be used: {error}; give --db a database of this program, or a new file"
            ) from None
        return cls(connection)

    def close(self) -> None:
        """Close it. A temporary database is gone then."""
        self._connection.close()

    # --- writing ----------------------------------------------------------------------------------

    def keep(self, result: Stored) -> Totals:
        """Store a result, whole or not at all. What it changed in the totals."""
        with self._transaction():
            match result:
                case Reviewed(file, verdict):
                    change = self._forget(file.path)
                    self._add_file(file, None, verdict.nodes, summary_text(verdict.summary))
                    return change + Totals(reviewed=1, findings=self._add(verdict.findings, "file"))
                case NotReviewed(file, reason):
                    change = self._forget(file.path)
                    self._add_file(file, printable(reason), None, None)
                    return change + Totals(failed=1)
                case Gone(path):
                    return self._forget(path)
                case Lost(path, reason):
                    row = (None if path is None else path_value(path), printable(reason))
                    self._connection.execute("INSERT INTO losses VALUES (?, ?)", row)
                    return Totals(restarts=1)
                case ProgramFindings(findings, first):
                    gone = self._delete("DELETE FROM findings WHERE origin = 'program'") if first else 0
                    return Totals(findings=self._add(findings, "program") - gone)

    def _forget(self, path: str) -> Totals:
        """Delete a file's result. Findings of the whole-program passes stay until the next pass."""
        key = path_value(path)
        old = self._connection.execute("DELETE FROM files WHERE path = ? RETURNING reason", (key,)).fetchall()
        findings = self._delete("DELETE FROM findings WHERE path = ? AND origin = 'file'", key)
        failed = sum(reason is not None for (reason,) in old)
        return Totals(reviewed=failed - len(old), failed=-failed, findings=-findings)

    def _add_file(self, file: OnDisk, reason: str | None, nodes: int | None, summary: str | None) -> None:
        row = (path_value(file.path), file.size, file.mtime_ns, file.digest, reason, nodes, summary)
        self._connection.execute("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def _add(self, findings: Iterable[Finding], origin: str) -> int:
        rows = [(path_value(f.path), f.line, f.check, f.severity.value, f.message, origin) for f in findings]
        self._connection.executemany("INSERT INTO findings VALUES (?, ?, ?, ?, ?, ?)", rows)
        return len(rows)

    def _delete(self, statement: str, *values: Any) -> int:
        return self._connection.execute(statement, values).rowcount

    @contextmanager
    def _transaction(self) -> Generator[None]:
        self._connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    # --- reading ----------------------------------------------------------------------------------

    def totals(self) -> Totals:
        """How much there is."""
        return Totals(
            self._count("files WHERE reason IS NULL"),
            self._count("files WHERE reason IS NOT NULL"),
            self._count("findings"),
            self._count("losses"),
        )

    def known(self, after: str, limit: int) -> tuple[OnDisk, ...]:
        """Files with a result, as they were then, in the order of paths."""
        query = "SELECT path, size, mtime_ns, digest FROM files WHERE path > ? ORDER BY path LIMIT ?"
        rows = self._connection.execute(query, (path_value(after), limit))
        return tuple(OnDisk(path_of(path), *stamp) for path, *stamp in rows)

    def summaries(self, after: str, limit: int) -> tuple[Summary, ...]:
        """Summaries of reviewed files, in the order of paths."""
        query = "SELECT path, summary FROM files WHERE path > ? AND summary IS NOT NULL ORDER BY path LIMIT ?"
        rows = self._connection.execute(query, (path_value(after), limit))
        return tuple(summary_of(path_of(path), text) for path, text in rows)

    def worst(self, limit: int) -> list[Worst]:
        """The files with the gravest findings: an error counts as ten notes, a warning as three."""
        rows = self._connection.execute(
            "SELECT path, SUM(severity = 'error') AS errors, SUM(severity = 'warning') AS warnings,"
            " SUM(severity = 'note') AS notes FROM findings GROUP BY path"
            " ORDER BY 10 * errors + 3 * warnings + notes DESC, path LIMIT ?",
            (limit,),
        )
        return [Worst(path_of(path), *counts) for path, *counts in rows]

    def _count(self, what: str) -> int:
        (count,) = self._connection.execute(f"SELECT count(*) FROM {what}").fetchone()  # noqa: S608 - our own words
        return int(count)


def _prepare(connection: sqlite3.Connection, name: str, root: str) -> None:
    """Check that the database may be used, before anything in it is changed; make its tables; begin a run."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if tables and application != _APPLICATION:
        raise LibraryError(f"{name} is a database of something else; give --db a new file")
    stored = (
        connection.execute("SELECT path FROM root").fetchone() if tables and version == _VERSION else None
    )
    if stored and path_of(stored[0]) != root:
        there = printable(path_of(stored[0]))
        raise LibraryError(
            f"{name} holds the review of {there}; give --db another file, or review that again"
        )
    # Exclusive from now on: two crews that store into one file would undo each other's work.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("BEGIN EXCLUSIVE")
    if stored is None:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            connection.execute(f'DROP TABLE "{table}"')
        for statement in filter(str.strip, _TABLES.split(";")):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(f"PRAGMA user_version = {_VERSION}")
        connection.execute("INSERT INTO root VALUES (?)", (path_value(root),))
    connection.execute("DELETE FROM losses")
    connection.execute("COMMIT")
