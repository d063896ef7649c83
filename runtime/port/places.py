"""Where nodes can be reached: found by name on this machine, by HOST:PORT elsewhere.

A node that starts announces itself in `~/.observer/run` (0700), and whoever looks there finds it:

    crew-1a2b3c4d.sock      its UNIX socket
    crew-1a2b3c4d.json      a `Place`: name, incarnation, OS pid, socket, host, port, TLS fingerprint, start

The node holds a lock (`flock`) on its JSON file for as long as it lives, and the kernel lets go of it
however the node ends. So a file whose lock is free is a leftover, and is removed by the next one who
looks; a living node's never is. Until the node is ready its file carries a leading dot and is passed over.

Nothing here connects to anything: that is `client`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import tempfile
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from runtime.port.contract import Code, Failure
from runtime.port.home import directory

__all__ = ["NODE_NAME", "Announcement", "Place", "find", "nodes"]

NODE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
SOCKET_PATH_BYTES = 103
"""The longest path that every POSIX system takes for a UNIX socket (macOS: 104 with the final NUL)."""
LEGAL = (
    "a node is HOST:PORT ([::1]:18812 for IPv6), the NAME of a local one, NAME@PID, or the path of its socket"
)


class Place(BaseModel):
    """Where one node can be reached, and which node is meant, as far as that is known."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str | None = None
    incarnation: str | None = None
    pid: int | None = None
    """The operating system's number of the node's process."""
    socket: str | None = None
    host: str | None = None
    port: int | None = None
    fingerprint: str | None = None
    """SHA-256 of the TLS certificate that its TCP port shows."""
    started: datetime | None = None

    @property
    def endpoint(self) -> str:
        """What is dialled: the socket where there is one, else HOST:PORT."""
        if self.socket is not None:
            return self.socket
        return f"[{self.host}]:{self.port}" if ":" in str(self.host) else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return self.name or self.endpoint


class Announcement:
    """A node's own entry: reserved before it listens, published when it does, withdrawn when it stops."""

    def __init__(self, name: str, incarnation: str, home: Path | None = None) -> None:
        """Reserve a place; `socket` is the path to bind.

        Raises:
            Failure: `DENIED`, where the directory cannot be used.
        """
        run = directory("run", home)
        short = hashlib.sha256(f"{incarnation} {os.getpid()}".encode()).hexdigest()[:8]
        self._file = run / f"{name}-{short}.json"
        self._draft = run / f".{name}-{short}.json"
        self._lock = _create_locked(self._draft)
        self.socket = _socket_path(run / f"{name}-{short}.sock", short)
        self._write(Place(name=name, incarnation=incarnation, socket=self.socket))

    def publish(self, place: Place) -> None:
        """Let others find the node."""
        self._write(place)
        self._draft.rename(self._file)

    def withdraw(self) -> None:
        """Remove socket and file."""
        for path in (self._draft, self._file):
            path.unlink(missing_ok=True)
        _remove_socket(self.socket, self._file.parent)
        self.let_go()

    def let_go(self) -> None:
        """Close the lock and leave the files: what a forked child does, since they are its parent's."""
        os.close(self._lock)

    def _write(self, place: Place) -> None:
        text = place.model_dump_json(indent=1) + "\n"
        os.pwrite(self._lock, text.encode(), 0)
        os.ftruncate(self._lock, len(text.encode()))


def nodes(home: Path | None = None) -> list[Place]:
    """The living nodes of this machine and user, by name, then by start. Removes what dead ones left."""
    run = directory("run", home)
    living = [place for path in run.iterdir() if path.suffix == ".json" and (place := _living(path))]
    return sorted(living, key=lambda place: (str(place.name), str(place.started), place.pid or 0))


def find(text: str | None, home: Path | None = None) -> Place:
    """The node that `text` names: HOST:PORT, NAME, NAME@PID or a socket's path; None is the only local one.

    A HOST:PORT is not looked for: whether somebody is there shows when connecting.

    Raises:
        Failure: `CANNOT_CONNECT` where there is no such local node, or several; `BAD_REQUEST` where the text is
            none of the legal forms.
    """
    if text is None:
        return _only(nodes(home), "give one of these names")
    if "/" in text:
        path = str(Path(text).absolute())
        known = [place for place in nodes(home) if place.socket == path]
        return known[0] if known else Place(socket=path)
    if ":" in text:
        return _host_and_port(text)
    name, _, pid = text.partition("@")
    local = nodes(home)
    meant = [place for place in local if place.name == name and pid in {"", str(place.pid)}]
    if not meant and local:
        raise Failure(Code.CANNOT_CONNECT, f"no local node is called {text!r}; there are: {_listed(local)}")
    return _only(meant, "say which: NAME@PID, or the path of its socket")


def _only(places: list[Place], otherwise: str) -> Place:
    if not places:
        raise Failure(
            Code.CANNOT_CONNECT,
            "no node runs on this machine; start one (to try it out: observer demo), or name a remote one: HOST:PORT",
        )
    if len(places) > 1:
        raise Failure(
            Code.CANNOT_CONNECT, f"{len(places)} nodes could be meant: {_listed(places)}; {otherwise}"
        )
    return places[0]


def _listed(places: list[Place]) -> str:
    """Names, told apart by OS pid where two are the same, and by socket where even these are."""
    names = [str(place.name) for place in places]
    full = [f"{place.name}@{place.pid}" for place in places]
    return ", ".join(
        name if names.count(name) == 1 else f"{place.socket} ({long})" if full.count(long) > 1 else long
        for place, name, long in zip(places, names, full, strict=True)
    )


def _host_and_port(text: str) -> Place:
    match = re.fullmatch(r"(?:\[(?P<ipv6>[0-9A-Fa-f:.%\w]+)\]|(?P<host>[^:\[\]\s]*)):(?P<port>\d{1,5})", text)
    if match is None or not 0 < int(match["port"]) < 65536:
        raise Failure(Code.BAD_REQUEST, f"{text[:80]!r} is no address: {LEGAL}")
    return Place(host=match["ipv6"] or match["host"] or "localhost", port=int(match["port"]))


def _living(path: Path) -> Place | None:
    """The node announced in `path`; None where it is dead (then its files are removed) or not ready."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        place = _parse(os.pread(descriptor, 65536, 0))
        if _is_locked(descriptor):
            return None if path.name.startswith(".") else place
        if place and place.socket:
            _remove_socket(place.socket, path.parent)
        path.unlink(missing_ok=True)
        return None
    finally:
        os.close(descriptor)


def _is_locked(descriptor: int) -> bool:
    """Whether somebody holds the file exclusively. Asked with a shared lock, so that two who ask agree."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _parse(text: bytes) -> Place | None:
    try:
        return Place.model_validate_json(text)
    except ValidationError:
        return None


def _create_locked(path: Path) -> int:
    """Create `path` and lock it. One who looks just between the two takes it for a leftover: then once more."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            if os.path.samestat(path.stat(), os.fstat(descriptor)):
                return descriptor
        except FileNotFoundError:
            pass
        os.close(descriptor)


def _socket_path(wanted: Path, short: str) -> str:
    """`wanted`, or a path in a private temporary directory (0700) where that is too long for a socket."""
    if len(os.fsencode(wanted)) <= SOCKET_PATH_BYTES:
        return str(wanted)
    return f"{tempfile.mkdtemp(prefix='observer-')}/{short}.sock"


def _remove_socket(socket: str, run: Path) -> None:
    """Remove a socket, and with it the temporary directory that was made for it."""
    path = Path(socket)
    path.unlink(missing_ok=True)
    if path.parent != run:
        try:
            path.parent.rmdir()
        except OSError:
            return  # not empty, or gone: not ours to remove
