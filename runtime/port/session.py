r"""One connection on the node's side: its thread, from TLS to the last answer.

    accepted -> [TLS] -> handshake -> admitted -> request, answer, request, answer … -> closed
                \____ within 3 s ____/             one at a time; idle for 5 minutes: closed

Nothing that a peer sends, and nothing that the handler raises, ends more than this one connection. Each answer is
one document; a key that was revoked meanwhile gets a last one that says so. What the requests mean is the
handler's business.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from ssl import SSLSocket
from typing import Any, Final, Protocol

from pydantic import BaseModel

from runtime.port import keys, peer
from runtime.port.channel import BoundedChannel
from runtime.port.contract import (
    Code,
    Failure,
    PortRequest,
    Role,
    answer_document,
    error_document,
    parse_request,
)
from runtime.port.handshake import HANDSHAKE_S, Identity, welcome
from runtime.port.keys import Key
from runtime.port.pipe import ANSWER_LIMIT, AnsweringEnd

__all__ = ["Handler", "Host", "Left", "Principal", "Refused", "Session"]

IDLE_S = 300.0
"""Seconds after which a silent connection is closed. A client that asks again connects again."""
REST_S = 0.002
"""Pause after each answer, times the number of connections: all of them together get 500 answers a second, so a
flood leaves the interpreter to the node's own loop."""

log = logging.getLogger("runtime.port")
_numbers: Final = count(1)


def _is_here() -> bool:
    return False


@dataclass(frozen=True)
class Principal:
    """Who asks, as proven."""

    key: str
    """The key's name."""
    key_id: str
    role: Role
    peer: str
    """Where from: `unix uid 1000 pid 4711`, or `127.0.0.1:53422`."""
    connection: int = 0
    """The number of its connection, which no other of this process has or will have; 0 for who has none."""
    has_gone: Callable[[], bool] = field(default=_is_here, compare=False, repr=False)
    """Whether the peer has gone meanwhile. For handlers that wait, since nobody else looks until they return."""


Handler = Callable[[PortRequest[Any], Principal], BaseModel]
"""Answers one request whose role has been checked, on the connection's thread. May raise `Failure`."""

Refused = Callable[[PortRequest[Any], Principal, str], None]
"""Told of an action that the principal's role does not allow, and why, on the connection's thread."""

Left = Callable[[Principal], None]
"""Told that a connection is over, however it has ended, on its thread. What it held for its peer ends with it."""


class Host(Protocol):
    """What a connection needs of its port."""

    identity: Identity
    handler: Handler
    refused: Refused | None
    home: Path | None
    fingerprint: str | None

    @property
    def connections(self) -> int:
        """Connections at this moment."""
        ...

    def admit(self, session: Session) -> bool:
        """Whether there is room for one more that has proven its key."""
        ...

    def turned_away(self, reason: str) -> None:
        """Count a peer that has not proven who it is."""
        ...

    def ended(self, session: Session) -> None:
        """The connection is closed."""
        ...


class Session:
    """One peer.

    Attributes:
        cpu_s: processor time in seconds that its thread has used, as of its last answer.
        is_local: it came through the UNIX socket.
        principal: who it is; None until it has been proven.
        is_cut: it has been told to go.
    """

    def __init__(self, host: Host, sock: socket.socket) -> None:
        self._host = host
        self._sock = sock
        self._started = time.monotonic()
        self._key: Key | None = None
        self.cpu_s = 0.0
        self.is_local = peer.is_unix(sock)
        self.principal: Principal | None = None
        self.is_cut = False
        self.thread = threading.Thread(target=self._run, name="observer-peer", daemon=True)

    def cut(self) -> None:
        """End the connection, from any thread. Its own thread notices at once, unless the handler is at work."""
        self.is_cut = True
        peer.shut(self._sock)

    def let_go(self) -> None:
        """Close this process's copy of the socket: what a forked child does. The connection itself lives on."""
        self._sock.close()

    def _run(self) -> None:
        try:
            if channel := self._met():
                self._serve(channel)
        except (EOFError, OSError) as error:
            log.debug("a connection ended: %s", error)
        except Exception:
            log.exception("a connection failed")
        finally:
            self._sock.close()
            self.cpu_s = time.thread_time()
            self._host.ended(self)

    def _met(self) -> BoundedChannel | None:
        """The channel to a peer that has proven who it is; None where it has not."""
        try:
            return self._meet()
        except (Failure, EOFError, OSError) as reason:
            self._host.turned_away(str(reason))
            return None

    def _serve(self, channel: BoundedChannel) -> None:
        end = AnsweringEnd(channel, self._answer)
        try:
            while not self.is_cut and end.serve(IDLE_S):
                time.sleep(REST_S * self._host.connections)
        finally:
            end.close()

    def _meet(self) -> BoundedChannel:
        """Let the peer prove who it is."""
        deadline = self._started + HANDSHAKE_S
        if self.is_local and not peer.is_same_user(self._sock):
            raise Failure(Code.DENIED, "another user's process reached the UNIX socket")
        if isinstance(self._sock, SSLSocket):
            self._sock.settimeout(HANDSHAKE_S)
            self._sock.do_handshake()
        channel = BoundedChannel(self._sock, deadline)
        welcome(
            channel,
            self._host.identity,
            address=peer.address_claim(self._sock.getsockname(), tls=isinstance(self._sock, SSLSocket)),
            fingerprint=self._host.fingerprint if isinstance(self._sock, SSLSocket) else None,
            find=lambda key_id: keys.find(key_id, self._host.home),
            admit=self._admit,
        )
        return channel

    def _admit(self, key: Key) -> bool:
        self._key = key
        self.principal = Principal(
            key.name,
            key.id,
            key.role,
            peer.describe(self._sock),
            next(_numbers),
            lambda: peer.has_gone(self._sock),
        )
        return self._host.admit(self)

    def _answer(self, text: str) -> str:
        """One request's answer, whatever happens."""
        try:
            return self._answered(text)
        except Failure as failure:
            return error_document(failure.code, failure.message)
        except BaseException as error:  # a handler's SystemExit must not end this thread without an answer
            log.exception("a request failed")
            return error_document(
                Code.INTERNAL,
                f"the node failed to answer ({type(error).__name__}); its log has the traceback",
            )
        finally:
            self.cpu_s = time.thread_time()

    def _answered(self, text: str) -> str:
        assert self._key is not None
        assert self.principal is not None
        if not keys.is_current(self._key):
            self.is_cut = True
            raise Failure(Code.DENIED, f"the key {self._key.name!r} was revoked or replaced")
        request = parse_request(text)
        self._check_role(request, self._key, self.principal)
        document = answer_document(self._host.handler(request, self.principal))
        if len(document.encode()) > ANSWER_LIMIT:
            raise Failure(
                Code.BAD_REQUEST,
                f"the answer to {request.op} is larger than {ANSWER_LIMIT >> 20} MiB; ask for less: a lower limit",
            )
        return document

    def _check_role(self, request: PortRequest[Any], key: Key, principal: Principal) -> None:
        if key.role.includes(request.role):
            return
        why = f"{request.op} needs the role {request.role}; the key {key.name!r} is {key.role}"
        if request.action and self._host.refused is not None:
            self._host.refused(request, principal, why)
        raise Failure(
            Code.DENIED,
            f"{why}. Use another key (--key NAME), or make one: observer key add NAME --role {request.role}",
        )
