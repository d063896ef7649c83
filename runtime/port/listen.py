"""Opening the sockets of a port, with an error for each way in which that fails.

A TCP socket on an address that other machines can reach is refused without TLS, here and nowhere else.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
from pathlib import Path

from runtime.port.errors import PortError

__all__ = ["tcp_listener", "unix_listener"]

BACKLOG = 512
"""Connections that may wait to be accepted: a flood must not fill it, or others wait a second for their next try."""


def unix_listener(path: str) -> socket.socket:
    """A listening UNIX socket that only this user can connect to.

    Raises:
        PortError: it cannot be bound.
    """
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(path)
        Path(path).chmod(0o600)
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise PortError(f"cannot open the socket {path}: {error.strerror or error}") from None
    return sock


def tcp_listener(host: str, port: int, *, tls: bool) -> socket.socket:
    """A listening TCP socket; port 0 takes a free one.

    Raises:
        PortError: the address cannot be used, or is open to other machines and there is no TLS.
    """
    if not 0 <= port <= 65535:
        raise PortError(f"port={port!r} is no port: 1 to 65535, or 0 for a free one")
    family, address = _resolved(host, port)
    if not tls and not ipaddress.ip_address(address[0].partition("%")[0]).is_loopback:
        raise PortError(_needs_tls(host, port))
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise PortError(_cannot_listen(host, port, error)) from None
    return sock


def _resolved(host: str, port: int) -> tuple[int, tuple[str, int]]:
    """The family and address to bind; IPv4 first where a name has both, as `localhost` has."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise PortError(f"host={host!r} is no address of this machine: {error}") from None
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)
    family, _, _, _, address = found[0]
    return family, address  # type: ignore[return-value] # (host, port, …) for both IP families


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"port {port} of {host} is in use by another process; choose another, or port=0 for a free one"
        case errno.EACCES:
            return f"port {port} of {host} needs rights that this process lacks; choose one above 1023"
        case errno.EADDRNOTAVAIL:
            return f"host={host!r} is no address of this machine; 127.0.0.1 always is"
        case _:
            return f"cannot listen at port {port} of {host}: {error.strerror or error}"


def _needs_tls(host: str, port: int) -> str:
    number = port or "PORT"
    return (
        f"host={host!r} is open to other machines, and this node has no TLS. Keep host='127.0.0.1' and tunnel:\n"
        f"    ssh -L {number}:localhost:{number} USER@THIS-MACHINE     (on the other machine; the same number twice)\n"
        f"    observer connect localhost:{number}\n"
        "or give the node a certificate: tls=TLS('node.crt', 'node.key')"
    )
