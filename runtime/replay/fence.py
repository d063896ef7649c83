"""What a handler may not do while it is replayed: reach outside of the node. Else an e-mail would be sent again, to find out what had been sent.

    connections, writing to files, removing them, other programs                 refused, by the interpreter's audit events
    what is open already (a client's connection, a log), threads of their own   not seen, and not stopped: clients belong into resources

The events: "Audit events table" of the library reference. A hook cannot be taken out again; where nothing is replayed it costs the look-up
of one name.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from .shadows import Unanswered

__all__ = ["fenced"]

_inside: Final[ContextVar[bool]] = ContextVar("observer_replay", default=False)
"""Whether a handler is replayed here; tasks that it starts inherit it, and so does `asyncio.to_thread`."""
_REFUSED: Final = {
    "socket.connect": "opens a connection", "socket.sendto": "sends a packet", "socket.bind": "listens on a socket",
    "socket.getaddrinfo": "looks up a host", "sqlite3.connect": "opens a database", "subprocess.Popen": "starts a program",
    "os.system": "starts a program", "os.exec": "starts a program", "os.posix_spawn": "starts a program", "os.spawn": "starts a program",
    "os.fork": "forks", "os.kill": "sends a signal", "os.remove": "removes a file", "os.rename": "renames a file", "os.rmdir": "removes a folder",
    "os.mkdir": "makes a folder", "os.link": "makes a link", "os.symlink": "makes a link", "os.truncate": "truncates a file",
    "os.chmod": "changes a file", "os.chown": "changes a file",
}  # fmt: skip
_WATCHED: Final = frozenset({*_REFUSED, "open"})
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
_hooked = False


@contextmanager
def fenced() -> Generator[None]:
    """Inside, what reaches outside is refused. What is refused raises `Unanswered`."""
    global _hooked  # noqa: PLW0603 - as the interpreter has one list of hooks
    if not _hooked:
        _hooked = True
        sys.addaudithook(_watch)
    token = _inside.set(True)
    try:
        yield
    finally:
        _inside.reset(token)


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _WATCHED or not _inside.get():
        return
    what = _REFUSED.get(event)
    if what is None:
        path, _, flags = arguments
        if not (isinstance(flags, int) and flags & _WRITING) or "__pycache__" in str(path):
            return
        what = f"writes to the file {path!r:.80}"
    raise Unanswered(
        f"it {what} ({event}), which no record has and a replay does not do again; see `outside`"
    )
