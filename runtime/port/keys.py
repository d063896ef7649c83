"""Key files: who may ask a node for what, one file a person or program.

    ~/.observer/keys/NAME   0600   {"id": "9f…", "role": "operator", "secret": "4e…"}

A node reads the directory at each handshake, so a key that is added, replaced or revoked counts
at once; a client reads the one file that it uses, and never makes one: a key that the node has not got would be
refused, and stand in the way of the one that was copied. To let somebody in from another machine, add a key
on the node's machine and copy its file. A file that others may read is refused, as ssh refuses it.

This file does not prove anything to anybody: that is `handshake`.
"""

from __future__ import annotations

import json
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from runtime.port.contract import Code, Failure, Role
from runtime.port.home import directory

__all__ = [
    "OWNER",
    "Key",
    "KeyRing",
    "add",
    "choose",
    "ensure_owner",
    "find",
    "is_current",
    "list_keys",
    "load",
    "others",
    "revoke",
]

OWNER = "owner"
"""The key that the first start makes: an admin's."""

NAME = re.compile(r"[a-z0-9_-]{1,64}")
SECRET_BYTES = 32
LARGEST_FILE = 4096
"""Bytes. A key file is about 150."""


@dataclass(frozen=True)
class Key:
    """One key, as its file said when it was read."""

    name: str
    id: str
    role: Role
    secret: bytes = field(repr=False)
    path: Path = field(repr=False, compare=False)
    stamp: tuple[int, ...] = field(repr=False, compare=False)
    """What `stat` said of the file: another stamp means that it has to be read again."""


@dataclass(frozen=True)
class KeyRing:
    """The directory's keys, and what is wrong with the files that are none."""

    keys: list[Key]
    problems: list[str]


def add(name: str, role: Role, home: Path | None = None) -> Key:
    """Make a key and its file; `key.path` says where.

    Raises:
        Failure: `BAD_REQUEST` for a name that is none, `REFUSED` where the key exists, `DENIED` where the
            directory cannot be used.
    """
    path = _path(name, home)
    document = {"id": os.urandom(8).hex(), "role": role.value, "secret": os.urandom(SECRET_BYTES).hex()}
    try:
        _create(path, json.dumps(document) + "\n")
    except FileExistsError:
        raise Failure(
            Code.REFUSED, f"the key {name!r} exists already; choose another name, or revoke it first"
        ) from None
    except OSError as error:
        raise Failure(Code.DENIED, f"cannot write {path}: {error.strerror}") from None
    return load(name, home)


def load(name: str, home: Path | None = None) -> Key:
    """The key `name`.

    Raises:
        Failure: `BAD_REQUEST` for a name that is none; `DENIED` where there is no such key, its file is open to
            others or belongs to somebody else, or it is no key file.
    """
    path = _path(name, home)
    try:
        text, stamp = _read(path)
    except FileNotFoundError:
        raise Failure(Code.DENIED, f"no key {name!r} in {path.parent}; {_choices(path.parent)}") from None
    except OSError as error:
        raise Failure(Code.DENIED, f"cannot read {path}: {error.strerror}") from None
    try:
        document = json.loads(text)
        key = Key(
            name, str(document["id"]), Role(document["role"]), bytes.fromhex(document["secret"]), path, stamp
        )
    except (ValueError, KeyError, TypeError):
        raise Failure(Code.DENIED, f"{path} is no key file; copy it again from the node's machine") from None
    if len(key.secret) != SECRET_BYTES:
        raise Failure(
            Code.DENIED,
            f"{path} holds a secret of {len(key.secret)} bytes, not {SECRET_BYTES}; copy it again",
        )
    return key


def list_keys(home: Path | None = None) -> KeyRing:
    """Every key, by name, and one sentence for each file that should be a key and is none."""
    ring = KeyRing([], [])
    for name in _names(directory("keys", home)):
        try:
            ring.keys.append(load(name, home))
        except Failure as failure:
            ring.problems.append(failure.message)
    return ring


def find(key_id: str, home: Path | None = None) -> Key | None:
    """The key whose id is `key_id`, if there is one. Reads every file, so that a miss takes as long as a hit."""
    found = [key for key in list_keys(home).keys if key.id == key_id]
    return found[0] if found else None


def is_current(key: Key) -> bool:
    """Whether the key is still what its file says: one `stat`, unless the file was touched."""
    try:
        if _stamp(key.path.stat()) == key.stamp:
            return True
        return load(key.name, key.path.parent.parent) == key
    except (OSError, Failure):
        return False


def revoke(name: str, home: Path | None = None) -> None:
    """Remove a key. Nodes notice at its holder's next request.

    Raises:
        Failure: `BAD_REQUEST` for a name that is none, `REFUSED` where there is no such key.
    """
    path = _path(name, home)
    try:
        path.unlink()
    except FileNotFoundError:
        raise Failure(Code.REFUSED, f"no key {name!r} in {path.parent}; {_choices(path.parent)}") from None


def ensure_owner(home: Path | None = None) -> None:
    """Make the admin's key `owner`, unless there is a key already.

    Nodes call this when they start; two at the same moment make one key.
    """
    if not _names(directory("keys", home)):
        try:
            add(OWNER, Role.ADMIN, home)
        except Failure as failure:
            if failure.code is not Code.REFUSED:  # otherwise another process was faster
                raise


def choose(name: str | None, home: Path | None = None) -> Key:
    """The key that a client uses: the one named, else `owner`, else the only one.

    Raises:
        Failure: as `load` does; `DENIED` where there is none, or several could be meant.
    """
    if name is not None:
        return load(name, home)
    room = directory("keys", home)
    names = _names(room)
    if OWNER in names:
        return load(OWNER, home)
    if not names:
        raise Failure(Code.DENIED, f"no key in {room}; {_choices(room)}")
    if len(names) > 1:
        raise Failure(Code.DENIED, f"say which key to use: --key NAME; {_choices(room)}")
    return load(names[0], home)


def others(key: Key) -> list[str]:
    """Names of the other keys beside `key`: what its holder could try instead."""
    return [name for name in _names(key.path.parent) if name != key.name]


def _path(name: str, home: Path | None) -> Path:
    if not NAME.fullmatch(name):
        raise Failure(
            Code.BAD_REQUEST,
            f"{name[:80]!r} is no name for a key: 1 to 64 of a-z, 0-9, '-' and '_', as in 'alice'",
        )
    return directory("keys", home) / name


def _names(room: Path) -> list[str]:
    """Names of the key files in `room`; what an editor or a crash left behind has another form."""
    return sorted(path.name for path in room.iterdir() if NAME.fullmatch(path.name))


def _choices(room: Path) -> str:
    names = _names(room)
    if names:
        return f"there are: {', '.join(names)}"
    return (
        "there is none yet. On the node's machine: observer key add NAME --role ROLE; if that is another machine, "
        f"copy the file keys/NAME from there to {room}/NAME (mode 0600)"
    )


def _stamp(info: os.stat_result) -> tuple[int, ...]:
    return info.st_ino, info.st_mtime_ns, info.st_ctime_ns, info.st_size, info.st_mode


def _read(path: Path) -> tuple[str, tuple[int, ...]]:
    """The text and stamp of a file that nobody else can read. Non-blocking, since it may turn out to be a pipe."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode) or info.st_size > LARGEST_FILE:
            raise Failure(Code.DENIED, f"{path} is no key file")
        if info.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            mode = stat.S_IMODE(info.st_mode)
            raise Failure(
                Code.DENIED, f"{path} can be read by others (mode {mode:04o}); run: chmod 600 {path}"
            )
        if info.st_uid not in {os.geteuid(), 0}:
            raise Failure(Code.DENIED, f"{path} belongs to user {info.st_uid}, not to you ({os.geteuid()})")
        return os.read(descriptor, LARGEST_FILE).decode("utf-8", "replace"), _stamp(info)
    finally:
        os.close(descriptor)


def _create(path: Path, text: str) -> None:
    """Write a new file that is never seen half-written: complete under another name, then linked."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, text.encode())
        os.link(draft, path)
    finally:
        os.close(descriptor)
        draft.unlink()
