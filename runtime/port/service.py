"""A node's port: listens, lets peers in within limits, and closes without leaving anything.

    Port.start()   UNIX socket, always (+ TCP, if a port was asked for)
      └ observer-port    one thread that accepts
          ├ observer-peer    one thread for each connection: see `session`
          └ observer-peer    at most 32 that have proven a key, and 32 on each socket that have not yet
    Port.stop()    every thread joined, socket and file removed

The node's own loop is never involved: what the handler reads, it reads from the connection's thread. Where newcomers
come faster than they prove anything, the oldest of them has to go, so a flood does not keep an honest client
out: that one is through in a few milliseconds.
"""

from __future__ import annotations

import logging
import os
import re
import selectors
import socket
import ssl
import threading
import time
import weakref
from datetime import UTC, datetime
from pathlib import Path

from runtime.port import keys, tls
from runtime.port.contract import Failure
from runtime.port.errors import PortError
from runtime.port.handshake import Identity
from runtime.port.listen import tcp_listener, unix_listener
from runtime.port.places import NODE_NAME, Announcement, Place
from runtime.port.session import Handler, Left, Principal, Refused, Session
from runtime.port.tls import TLS

__all__ = ["TLS", "Handler", "Left", "Port", "PortError", "Principal", "Refused"]

CONNECTIONS = 32
"""Connections that have proven a key."""
NEWCOMERS = 32
"""Connections on each socket that have not."""
ACCEPT_REST_S = 0.001
"""Pause between accepting: with the number of newcomers it says how long each has at least, 32 ms."""
ENDING_S = 0.5
"""How long accepting waits for newcomers that have to go, before it refuses others."""
STOP_S = 5.0
"""Seconds that `stop` waits for handlers that are at work."""

log = logging.getLogger("runtime.port")


class Port:
    """Answers consoles and scripts about one node.

    Attributes:
        identity: which node it is.
        handler: answers the requests.
        refused: told of actions that a role does not allow; None for nobody.
        left: told of connections that are over; None for nobody.
        home: where keys and sockets are; None for `~/.observer` or `$OBSERVER_HOME`.
        fingerprint: SHA-256 of the certificate that is shown over TCP; None without TLS.
        stopping: set by `stop`. A handler that waits, waits on this too.
        denied: how many peers have failed to prove who they are, or found no room, since the start.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        name: str,
        incarnation: str,
        host: str = "127.0.0.1",
        port: int | None = None,
        tls: TLS | None = None,
        refused: Refused | None = None,
        left: Left | None = None,
        home: Path | None = None,
    ) -> None:
        """Prepare a port; `start` opens it.

        Args:
            handler: called on a connection's thread with a request and who asks; the role has been checked.
            name: the node's name: letters, digits, `_`, `.` and `-`, at most 64.
            incarnation: what tells this start of the node from any other: at most 64 letters and digits.
            host: address for TCP. Optional. Defaults to this machine only.
            port: TCP port; 0 takes a free one. Optional. Defaults to no TCP at all.
            tls: the node's certificate. Optional. Needed where `host` is open to other machines.
            refused: called on a connection's thread with an action that the role does not allow, who asked, and why
                it was refused. Optional.
            left: called on a connection's thread when that is over, with who had asked there. Optional.
            home: instead of `~/.observer` or `$OBSERVER_HOME`. Optional.

        Raises:
            PortError: the name is none.
        """
        if not NODE_NAME.fullmatch(name):
            raise PortError(
                f"{name[:80]!r} is no name for a node: 1 to 64 letters, digits, '_', '.' and '-', "
                "beginning with a letter or digit"
            )
        if not re.fullmatch(r"[A-Za-z0-9]{1,64}", incarnation):
            raise PortError(f"incarnation={incarnation[:80]!r} must be 1 to 64 letters and digits")
        self.identity = Identity(name, incarnation)
        self.handler = handler
        self.refused = refused
        self.left = left
        self.home = home
        self.fingerprint: str | None = None
        self.stopping = threading.Event()
        self.denied = 0
        self._host, self._port, self._tls = host, port, tls
        self._context: ssl.SSLContext | None = None
        self._announcement: Announcement | None = None
        self._listeners: list[socket.socket] = []
        self._wake: tuple[socket.socket, socket.socket] | None = None
        self._acceptor: threading.Thread | None = None
        self._lock = threading.Lock()
        self._sessions: dict[Session, None] = {}  # in order of arrival
        self._leaving: list[threading.Thread] = []  # of sessions that have ended, as good as over
        self._started: datetime | None = None
        self._ended_cpu_s = 0.0
        self._accepting_cpu_s = 0.0

    # --- open and close ---------------------------------------------------------------------------

    def start(self) -> None:
        """Listen, announce the node, and make the `owner` key if there is no key yet. Blocks for milliseconds.

        Raises:
            PortError: the port is in use, the host is none or needs TLS, the certificate or `~/.observer` cannot
                be used.
        """
        try:
            keys.ensure_owner(self.home)
            for problem in keys.list_keys(self.home).problems:
                log.warning("a key is ignored: %s", problem)
            self._open()
        except (Failure, PortError) as error:
            self._close()
            raise PortError(str(error)) from None
        except BaseException:
            self._close()
            raise
        self._acceptor = threading.Thread(target=self._accept, name="observer-port", daemon=True)
        self._acceptor.start()
        _open_ports.add(self)

    def stop(self) -> None:
        """Close everything; no thread, socket or file is left. Waits up to 5 s for handlers that are at work."""
        self.stopping.set()
        _open_ports.discard(self)
        if self._wake is not None:
            self._wake[1].send(b"!")
        if self._acceptor is not None:
            self._acceptor.join()
        with self._lock:
            sessions = list(self._sessions)
        for session in sessions:
            session.cut()
        deadline = time.monotonic() + STOP_S
        for thread in (*(session.thread for session in sessions), *self._leaving):
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))
        if self.connections:
            log.warning(
                "%d handlers were still at work %.0f s after the port was stopped", self.connections, STOP_S
            )
        self._close()

    def _open(self) -> None:
        self._started = datetime.now(UTC)
        self._announcement = Announcement(self.identity.name, self.identity.incarnation, self.home)
        self._listeners.append(unix_listener(self._announcement.socket))
        if self._port is not None:
            if self._tls is not None:
                self._context = tls.server_context(self._tls)
                self.fingerprint = tls.fingerprint_of(self._tls)
            self._listeners.append(tcp_listener(self._host, self._port, tls=self._tls is not None))
        self._wake = socket.socketpair()
        self._announcement.publish(self.place)

    def _close(self) -> None:
        for sock in (*self._listeners, *(self._wake or ())):
            sock.close()
        self._listeners.clear()
        self._wake = None
        if self._announcement is not None:
            self._announcement.withdraw()
            self._announcement = None

    # --- what there is to know --------------------------------------------------------------------

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port over TCP, with the real number where 0 was asked for; None without TCP."""
        for listener in self._listeners:
            if listener.family != socket.AF_UNIX:
                host, port = listener.getsockname()[:2]
                return str(host), int(port)
        return None

    @property
    def place(self) -> Place:
        """How the node announces itself."""
        host, port = self.address or (None, None)
        return Place(
            name=self.identity.name,
            incarnation=self.identity.incarnation,
            pid=os.getpid(),
            socket=self._announcement.socket if self._announcement else None,
            host=host,
            port=port,
            fingerprint=self.fingerprint,
            started=self._started,
        )

    @property
    def connections(self) -> int:
        """Connections at this moment, newcomers included."""
        return len(self._sessions)

    @property
    def cpu_s(self) -> float:
        """Processor seconds that the port's threads have used; a request at work counts when it is answered."""
        with self._lock:
            return (
                self._ended_cpu_s + self._accepting_cpu_s + sum(session.cpu_s for session in self._sessions)
            )

    # --- what a session asks (its threads) --------------------------------------------------------

    def admit(self, session: Session) -> bool:
        """Whether there is room for one more that has proven its key."""
        with self._lock:
            return (
                sum(1 for other in self._sessions if other.principal and other is not session) < CONNECTIONS
            )

    def turned_away(self, reason: str) -> None:
        """Count a peer that has not proven who it is."""
        with self._lock:
            self.denied += 1
        log.info("a peer was turned away: %s", reason)

    def ended(self, session: Session) -> None:
        """Forget a connection, but not what it cost."""
        if self.left is not None and session.principal is not None:
            try:
                self.left(session.principal)
            except Exception:
                log.exception("what a connection had held could not be let go")
        with self._lock:
            if session in self._sessions:
                del self._sessions[session]
                self._ended_cpu_s += session.cpu_s
            self._leaving = [thread for thread in self._leaving if thread.is_alive()] + [session.thread]

    # --- accepting (its own thread) ---------------------------------------------------------------

    def _accept(self) -> None:
        assert self._wake is not None
        with selectors.DefaultSelector() as selector:
            for sock in (*self._listeners, self._wake[0]):
                selector.register(sock, selectors.EVENT_READ)
            while not self.stopping.is_set():
                for key, _ in selector.select():
                    if isinstance(key.fileobj, socket.socket) and key.fileobj is not self._wake[0]:
                        self._accept_from(key.fileobj)
                self._accepting_cpu_s = time.thread_time()
                time.sleep(ACCEPT_REST_S)

    def _accept_from(self, listener: socket.socket) -> None:
        try:
            sock, _ = listener.accept()
        except (BlockingIOError, ConnectionError):
            return  # it has gone already
        except OSError as error:
            log.warning("cannot accept a connection: %s", error)  # too many open files, as a rule
            self.stopping.wait(0.1)
            return
        try:
            self._begin(sock)
        except Exception as error:  # it has gone already, or there are no more threads
            log.debug("a connection could not begin: %s", error)
            sock.close()

    def _begin(self, sock: socket.socket) -> None:
        """Give a new connection its thread, where there is room."""
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._context is not None:
                sock = tls.secured(sock, self._context)
        session = Session(self, sock)
        if not self._make_room(session):
            sock.close()
            return
        with self._lock:
            self._sessions[session] = None
        try:
            session.thread.start()
        except RuntimeError:
            self.ended(session)
            sock.close()
            raise

    def _make_room(self, newcomer: Session) -> bool:
        """Cut the oldest newcomer where there are too many; False where even those that were cut do not end."""
        with self._lock:
            others = [
                other
                for other in self._sessions
                if other.principal is None and other.is_local == newcomer.is_local
            ]
        staying = [other for other in others if not other.is_cut]
        if len(staying) >= NEWCOMERS:
            staying[0].cut()
        if len(others) < 2 * NEWCOMERS:
            return True
        others[0].thread.join(ENDING_S)
        return not others[0].thread.is_alive()

    def let_go(self) -> None:
        """Close this process's copies of everything and forget it: what a forked child does."""
        for sock in (*self._listeners, *(self._wake or ())):
            sock.close()
        for session in self._sessions:
            session.let_go()
        if self._announcement is not None:
            self._announcement.let_go()
        self._listeners.clear()
        self._sessions.clear()
        self._wake = self._announcement = self._acceptor = None
        self._lock = threading.Lock()  # a thread that the child does not have may have held it


_open_ports: weakref.WeakSet[Port] = weakref.WeakSet()


def _close_in_child() -> None:
    """A forked child must not hold its parent's sockets and lock: the port would seem alive after the node's death."""
    for port in list(_open_ports):
        port.let_go()
    _open_ports.clear()


os.register_at_fork(after_in_child=_close_in_child)
