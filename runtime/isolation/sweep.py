"""Ends whatever an isolated process has started, and what that has started: nothing is left behind.

Every OS process that descends from an isolated one has its mark in the environment, or stands in its session. All that are found are
stopped first, so that none can start another meanwhile, then killed; again, until none is found.

As a program, `python -I -S sweep.py MARK` is the warden of a node: it waits for the end of its standard input, which comes when the node
ends, be it by SIGKILL, and then sweeps. It imports nothing of the runtime. Who has left the session *and* cleared its
environment is not found. Without /proc (macOS) it is the process group alone.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["MARK", "members", "sessions", "sweep"]

MARK: Final = "OBSERVER_ISOLATED"
ROUNDS: Final = 200
_DEAD: Final = frozenset({"Z", "X"})
_PROC: Final = Path("/proc")


def members(mark: str, session: int = 0) -> list[int]:
    """The OS processes that carry `mark`, or one that begins with it, or stand in `session`. Not this one, no dead ones."""
    return [pid for pid in _pids() if pid != os.getpid() and _belongs(pid, mark, session)]


def sessions() -> dict[int, int]:
    """How many living OS processes each session has."""
    counts: dict[int, int] = {}
    for pid in _pids() if _PROC.is_dir() else ():
        try:
            state, session = _stat(pid)
        except (OSError, ValueError):
            continue
        if state not in _DEAD:
            counts[session] = counts.get(session, 0) + 1
    return counts


def sweep(mark: str, session: int = 0) -> int:
    """Kill them all, until none is found. How many there were."""
    if not _PROC.is_dir():
        return _kill_group(session)
    killed: set[int] = set()
    for _ in range(ROUNDS):
        found = members(mark, session)
        if not found:
            break
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in found:
                _send(pid, number)
        killed.update(found)
        time.sleep(0.001)
    return len(killed)


def _pids() -> Iterator[int]:
    for name in os.listdir(_PROC):  # noqa: PTH208 - a bomb has thousands
        if name.isdigit():
            yield int(name)


def _belongs(pid: int, mark: str, session: int) -> bool:
    try:
        state, its_session = _stat(pid)
        if state in _DEAD:
            return False
        if session and its_session == session:
            return True
        environment = (_PROC / str(pid) / "environ").read_bytes()
    except (OSError, ValueError):
        return False  # gone, or another user's
    return any(item.startswith(f"{MARK}={mark}".encode()) for item in environment.split(b"\0"))


def _stat(pid: int) -> tuple[str, int]:
    """State and session."""
    with open(f"/proc/{pid}/stat", errors="replace") as file:  # noqa: PTH123 - a bomb has thousands
        fields = file.read().rpartition(")")[2].split()
    return fields[0], int(fields[3])


def _kill_group(group: int) -> int:
    try:
        if group:
            os.killpg(group, signal.SIGKILL)
    except OSError:
        return 0
    return 1


def _send(pid: int, number: int) -> None:
    with suppress(OSError):
        os.kill(pid, number)


def _main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # a terminal's Ctrl-C is for the node, which then ends this
    while sys.stdin.buffer.read(1):
        pass
    sweep(sys.argv[1])


if __name__ == "__main__":
    _main()
