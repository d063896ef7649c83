"""Where Observer keeps its keys and its sockets: `~/.observer`, or `$OBSERVER_HOME`.

    ~/.observer/         not writable by others
        keys/   0700     one key a file (see `keys`)
        run/    0700     one socket and one JSON file for each living node (see `places`)

Directories are made when they are first asked for. One that others may enter is refused,
as ssh refuses it, with the command that mends it. Nothing here looks inside the directories.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from runtime.port.contract import Code, Failure

__all__ = ["directory", "observer_home"]


def observer_home() -> Path:
    """The directory that holds everything: `$OBSERVER_HOME`, or `~/.observer`. It need not exist.

    Raises:
        Failure: `DENIED`, where the user has no home directory and `OBSERVER_HOME` is not set.
    """
    if named := os.environ.get("OBSERVER_HOME"):
        return Path(named).expanduser().absolute()
    try:
        return Path.home() / ".observer"
    except RuntimeError:
        raise Failure(
            Code.DENIED,
            "this user has no home directory; say where to keep keys and sockets: OBSERVER_HOME=DIRECTORY",
        ) from None


def directory(name: str, home: Path | None = None) -> Path:
    """The directory `name` under `home` (default: `observer_home()`), made with mode 0700 if it is missing.

    Raises:
        Failure: `DENIED`, where it cannot be made, belongs to somebody else, or is open to others.
    """
    top = home or observer_home()
    room = top / name
    for path, forbidden in ((top, stat.S_IWGRP | stat.S_IWOTH), (room, stat.S_IRWXG | stat.S_IRWXO)):
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or str(error)
            raise Failure(
                Code.DENIED, f"cannot make {path}: {reason}; OBSERVER_HOME=DIRECTORY moves it elsewhere"
            ) from None
        _check(path, forbidden)
    return room


def _check(path: Path, forbidden: int) -> None:
    """Refuse a directory through which somebody else could read or replace a key."""
    info = path.stat()
    if info.st_uid not in {os.geteuid(), 0}:
        raise Failure(Code.DENIED, f"{path} belongs to user {info.st_uid}, not to you ({os.geteuid()})")
    if info.st_mode & forbidden:
        mode = stat.S_IMODE(info.st_mode)
        raise Failure(Code.DENIED, f"{path} is open to others (mode {mode:04o}); run: chmod 700 {path}")
