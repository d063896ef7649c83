"""Connecting: the socket, TLS where it is asked for, the handshake. One deadline for all of it.

Each way in which that fails is a `Failure` with the next step. To another machine only with TLS: plain text
beyond loopback is refused before a byte is sent.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import time
from dataclasses import dataclass

from runtime.port import peer, tls
from runtime.port.channel import BoundedChannel
from runtime.port.contract import Code, Failure
from runtime.port.handshake import Identity, greet
from runtime.port.keys import Key
from runtime.port.pipe import CallingEnd
from runtime.port.places import Place

__all__ = ["Line", "dial"]


@dataclass(frozen=True)
class Line:
    """A connection on which both ends have proven the key."""

    socket: socket.socket
    end: CallingEnd
    node: Identity


def dial(
    place: Place, key: Key, deadline: float, *, ca: str | None = None, fingerprint: str | None = None
) -> Line:
    """Connect to the node at `place` and prove `key`, by `deadline` (`time.monotonic`).

    Raises:
        Failure: `CANNOT_CONNECT`, `DENIED`, `TIMEOUT`, `VERSION`; `BAD_REQUEST` for a CA or fingerprint that is none.
    """
    with contextlib.ExitStack() as stack:
        try:
            sock = _open(place, deadline, stack, ca=ca, fingerprint=fingerprint)
            shown = tls.shown_fingerprint(sock, fingerprint) if isinstance(sock, ssl.SSLSocket) else None
            channel = BoundedChannel(sock, deadline)
            node = greet(
                channel,
                key,
                address=peer.address_claim(place.socket or sock.getpeername(), tls=shown is not None),
                fingerprint=shown,
                check=lambda found: _check(place, found),
            )
        except TimeoutError:
            raise Failure(
                Code.TIMEOUT, f"something listens at {place.endpoint}, but did not answer in time"
            ) from None
        except (EOFError, OSError) as error:
            raise Failure(
                Code.CANNOT_CONNECT, _unlike_a_node(place, error, secure=bool(ca or fingerprint))
            ) from None
        stack.pop_all()
        return Line(sock, CallingEnd(channel), node)


def _open(
    place: Place, deadline: float, stack: contextlib.ExitStack, *, ca: str | None, fingerprint: str | None
) -> socket.socket:
    """A connected socket, under TLS where a CA or fingerprint says so; `stack` closes it."""
    if place.socket is not None:
        return _open_unix(place.socket, deadline, stack)
    sock = stack.enter_context(_open_tcp(place, deadline))
    if ca is None and fingerprint is None:
        host = str(sock.getpeername()[0]).partition("%")[0]
        if not ipaddress.ip_address(host).is_loopback:
            raise Failure(Code.CANNOT_CONNECT, _needs_tls(place))
        return sock
    secure = stack.enter_context(tls.secured(sock, tls.client_context(ca), place.host))
    secure.settimeout(_left(deadline))
    try:
        secure.do_handshake()
    except ssl.SSLCertVerificationError as error:
        raise Failure(
            Code.DENIED, f"{place.endpoint} shows a certificate that is not accepted: {error.verify_message}"
        ) from None
    return secure


def _open_unix(path: str, deadline: float, stack: contextlib.ExitStack) -> socket.socket:
    sock = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
    sock.settimeout(_left(deadline))
    try:
        sock.connect(path)
    except (FileNotFoundError, ConnectionRefusedError):
        raise Failure(Code.CANNOT_CONNECT, f"no node listens at {path}; see: observer nodes") from None
    if not peer.is_same_user(sock):
        raise Failure(Code.DENIED, f"{path} belongs to another user's process")
    return sock


def _open_tcp(place: Place, deadline: float) -> socket.socket:
    try:
        sock = socket.create_connection((place.host or "", place.port or 0), _left(deadline))
    except ConnectionRefusedError:
        raise Failure(
            Code.CANNOT_CONNECT,
            f"nothing listens at {place.endpoint}: does the node run, with that port? The local ones: observer nodes",
        ) from None
    except TimeoutError:
        raise Failure(Code.TIMEOUT, f"{place.endpoint} did not answer in time") from None
    except (OSError, UnicodeError) as error:
        raise Failure(Code.CANNOT_CONNECT, f"cannot reach {place.endpoint}: {error}") from None
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _left(deadline: float) -> float:
    """Seconds until `deadline`, for a socket's time limit, where 0 would mean no waiting at all."""
    return max(0.001, deadline - time.monotonic())


def _check(place: Place, found: Identity) -> None:
    """Refuse another node than the one that was meant, where that is known."""
    meant = (place.name or found.name, place.incarnation or found.incarnation)
    if meant != (found.name, found.incarnation):
        raise Failure(
            Code.CANNOT_CONNECT,
            f"at {place.endpoint} the node {found.name!r} ({found.incarnation}) answers, not {meant[0]!r} ({meant[1]}): "
            "it was restarted or replaced; find it again: observer nodes",
        )


def _unlike_a_node(place: Place, error: Exception, *, secure: bool) -> str:
    what = f"{place.endpoint} took the connection and ended it ({error})"
    if place.socket is not None:
        return what
    if secure:
        return f"{what}: it may be no Observer node, or one without TLS (then leave CA and fingerprint away)"
    return f"{what}: it may be no Observer node, or one with TLS (then give its CA or fingerprint)"


def _needs_tls(place: Place) -> str:
    return (
        f"{place.host} is another machine, and nothing says how to know it. Tunnel:\n"
        f"    ssh -L {place.port}:localhost:{place.port} {place.host}\n"
        f"    observer connect localhost:{place.port}\n"
        "or, where the node has TLS, give its CA (--ca FILE) or its certificate's fingerprint (--fingerprint SHA256)"
    )
