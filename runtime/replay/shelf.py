"""Where records are kept: in a store beside what is shown of them, or in a file of their own.

    keep(store, "before the crash", record)     fetch("before the crash", store)     by name, the newest; or by its number
    write(path, record)                         fetch("crash.record")

A record is as trustworthy as a program (`packing`), so a file that others may write is refused.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tracing.records import Record as Shown
from tracing.store import Store

from .packing import Broken, Record, decode, encode

__all__ = ["fetch", "keep", "stored", "write"]

SORT: Final = "recording"
_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH


def keep(store: Store, name: str, record: Record, shown: Iterable[Shown] = (), why: str = "") -> int:
    """Keep a record in a store. The number of its collection.

    Args:
        store: where.
        name: by which it is fetched.
        record: what.
        shown: its events as an operator may see them: these are found by time, process, story and kind. Optional. Defaults to none.
        why: why it was taken, or has ended. Optional. Defaults to nothing.

    Raises:
        StoreError: the file cannot be written.
        ValueError: the record is too large.
    """
    return store.keep(SORT, name, shown, why, body=encode(record))


def write(path: Path, record: Record) -> None:
    """Write a record into a file of its owner's alone (0600). Raises OSError."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(encode(record))


def fetch(what: str, store: Store | None = None) -> Record:
    """The record of a name, a number of a collection, or a file.

    Raises:
        Broken: there is none, or it is damaged.
        StoreError: the store cannot be read.
    """
    found = stored(what, store) if store is not None else None
    if found is not None:
        return found
    path = Path(what)
    if path.is_file():
        return decode(_read(path))
    known = sorted({kept.title for kept in store.collections(sort=SORT)}) if store is not None else []
    hint = f"; recordings: {', '.join(known)}" if known else ""
    raise Broken(f"no recording and no file is called {what!r}{hint}")


def stored(what: str, store: Store) -> Record | None:
    """The record of a name or a number in a store, if there is one. Raises as `fetch`."""
    body = _body(what, store)
    return decode(body) if body is not None else None


def _body(what: str, store: Store) -> bytes | None:
    if what.isascii() and what.isdigit():
        body = store.body(int(what[:18]))
        if body is not None:
            return body
    bodies = (store.body(kept.number) for kept in store.collections(title=what))
    return next((body for body in bodies if body is not None), None)


def _read(path: Path) -> bytes:
    try:
        found = path.stat()
        if found.st_mode & _OTHERS or found.st_uid not in {os.getuid(), 0}:
            raise Broken(
                f"{path} may be written by others, and a record can run code: chmod 600 {path}, if you trust it"
            )
        return path.read_bytes()
    except OSError as error:
        raise Broken(f"{path} cannot be read: {error.strerror}") from None
