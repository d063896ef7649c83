"""Who is at the other end of a socket, as far as the operating system can tell.

Over a UNIX socket the kernel knows the peer's user. Over TCP there is only an address,
and who somebody is has to be proven: that is `handshake`.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import sys
from pathlib import Path

__all__ = ["address_claim", "describe", "has_gone", "is_same_user", "is_unix", "shut"]

_SOL_LOCAL, _LOCAL_PEERCRED = 0, 1
"""macOS and the BSDs: <sys/un.h>. The answer is a `struct xucred`: version, uid, groups."""


_PARTED = getattr(select, "POLLRDHUP", 0)
"""Linux: the peer has shut its side, also where something that it has sent before is still to be read."""


def is_unix(sock: socket.socket) -> bool:
    """Whether it is a local socket."""
    return sock.family == socket.AF_UNIX


def is_same_user(sock: socket.socket) -> bool:
    """Whether the peer of a UNIX socket is this user, or root.

    True where the system cannot say: there the socket's directory (0700) keeps others out.
    """
    uid = _peer_uid(sock)
    return uid is None or uid in {os.geteuid(), 0}


def describe(sock: socket.socket) -> str:
    """The peer in words, for the record of who did what: `unix uid 1000 pid 4711`, or `127.0.0.1:53422`."""
    if not is_unix(sock):
        host, port = sock.getpeername()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if sys.platform == "linux":
        pid, uid, _ = _linux_credentials(sock)
        return f"unix uid {uid} pid {pid}"
    return f"unix uid {_peer_uid(sock)}"


def address_claim(address: str | tuple[object, ...], *, tls: bool) -> str:
    """One node's address in the form in which client and node must agree on it.

    The client gives what it dialled, the node where it was reached. Over TCP the port number has to be the same
    at both ends, tunnel or not; the two names of this machine, 127.0.0.1 and ::1, count as one. With TLS the
    certificate says which host it is, better than an address behind NAT could.
    """
    if isinstance(address, str):
        return f"unix {Path(address).name}"
    host, port = str(address[0]).partition("%")[0], address[1]
    if tls:
        return f"tls port {port}"
    host = host.removeprefix("::ffff:")
    return f"tcp {'127.0.0.1' if host == '::1' else host} port {port}"


def shut(sock: socket.socket) -> None:
    """End a connection from any thread; the thread that owns it sees its end. It is not closed by this.

    The plain socket is shut down, under TLS too: TLS belongs to the owner.
    """
    with contextlib.suppress(OSError):  # closed already, or the peer has gone
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def has_gone(sock: socket.socket) -> bool:
    """Whether the peer has gone, without reading: for the thread that owns the socket, while it waits for something else."""
    try:
        if _PARTED:
            poller = select.poll()
            poller.register(sock, _PARTED)
            return bool(poller.poll(0))  # hang-ups and errors are always told
        return not socket.socket.recv(
            sock, 1, socket.MSG_PEEK | socket.MSG_DONTWAIT
        )  # the plain socket, under TLS too
    except BlockingIOError:
        return False
    except (OSError, ValueError):  # it has been closed here
        return True


def _peer_uid(sock: socket.socket) -> int | None:
    if sys.platform == "linux":
        return _linux_credentials(sock)[1]
    try:
        _, uid = struct.unpack_from("II", sock.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, 76))
    except OSError:
        return None
    return int(uid)


def _linux_credentials(sock: socket.socket) -> tuple[int, int, int]:
    """Pid, uid and gid of the peer."""
    pid, uid, gid = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return int(pid), int(uid), int(gid)
