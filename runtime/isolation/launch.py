"""Starts the OS process of an isolated process: a new interpreter, never a fork of this one.

Three pairs of sockets join the two: what they say to each other (`peer`), questions that the other side waits for, and the
operator's (`eyes`). The main module of the host is imported over there as `multiprocessing` does it, under `__mp_main__`.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from multiprocessing import spawn
from typing import IO, Any, Final

from . import sweep

__all__ = ["Started", "preparation", "start"]

_CODE: Final = (
    "import sys; sys.path[:] = {path!r}; from runtime.isolation.child import main; main({parent}, {fds})"
)


@dataclass
class Started:
    """A started OS process, and this side's ends.

    Attributes:
        popen: the process; it leads a session of its own.
        talk: the socket of `peer`.
        questions: the socket of questions from over there.
        eyes: the socket of questions to it.
        report: where the interpreter over there writes its stack when a signal ends it.
    """

    popen: subprocess.Popen[bytes]
    talk: socket.socket
    questions: socket.socket
    eyes: socket.socket
    report: IO[bytes]

    def abandon(self) -> None:
        """End it, since nobody will look after it."""
        self.popen.kill()
        self.popen.wait()
        for end in (self.talk, self.questions, self.eyes, self.report):
            end.close()

    def last_stack(self) -> str:
        """What the interpreter wrote when it was ended by a signal; empty if nothing."""
        self.report.seek(0)
        return self.report.read(20_000).decode("utf-8", "replace")


def start(mark: str) -> Started:
    """Start an interpreter that waits for its first frames. About 2 ms here; it is ready some 200 ms later."""
    pairs = [socket.socketpair() for _ in range(3)]
    report = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
    fds = [theirs.fileno() for _, theirs in pairs] + [report.fileno()]
    code = _CODE.format(path=sys.path, parent=os.getpid(), fds=fds)
    arguments = [spawn.get_executable() or sys.executable, *_flags(), "-c", code]
    environment = {**os.environ, sweep.MARK: mark}
    environment.setdefault("MALLOC_ARENA_MAX", "2")  # each is 64 MiB of address space
    try:
        popen = subprocess.Popen(  # noqa: S603 - this very interpreter
            arguments, stdin=subprocess.DEVNULL, pass_fds=fds, start_new_session=True, env=environment
        )
    except BaseException:
        for ours, _ in pairs:
            ours.close()
        report.close()
        raise
    finally:
        for _, theirs in pairs:
            theirs.close()
    talk, questions, eyes = (ours for ours, _ in pairs)
    return Started(popen, talk, questions, eyes, report)


def start_warden(mark: str) -> subprocess.Popen[bytes]:
    """Start what sweeps when this OS process has ended, however it ends; or once its standard input is closed."""
    return subprocess.Popen(  # noqa: S603 - this very interpreter
        [sys.executable, "-I", "-S", sweep.__file__, mark], stdin=subprocess.PIPE, start_new_session=True
    )


def preparation() -> dict[str, Any]:
    """What `multiprocessing` needs over there to import the main module."""
    data = spawn.get_preparation_data("isolated")
    data.pop("authkey", None)
    return data


def _flags() -> list[str]:
    flags: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    return flags
