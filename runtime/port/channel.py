r"""Frames over a socket: rpyc's channel, with the limits that rpyc does not have.

    +----------------+-------+----------------------+------+
    | length (4)     | 0 (1) | [tag (32)] body      | '\n' |      rpyc's own framing
    +----------------+-------+----------------------+------+

- A frame longer than `limit` is refused from its header, before memory is taken.
- A compressed frame is refused, so there is nothing to inflate.
- A frame that has begun must be there within 3 s, or by `deadline` where one is set; a frame that is sent must
  make progress every 3 s, and be gone within 30 s. So half a frame, or a peer that does not read, holds no thread.
- After `seal`, every frame carries an HMAC-SHA256 over its number and body. Whoever passes the bytes on,
  as a tunnel does, can read them or cut the connection, but not change, add, repeat or drop a frame.

What the body says is not known here: see `handshake` and `pipe`.
"""

from __future__ import annotations

import hmac
import math
import socket
import time
from collections.abc import Callable
from typing import TypeVar

from runtime.port.rpyc_parts import Channel, SocketStream

__all__ = ["HANDSHAKE_LIMIT", "BadFrame", "BoundedChannel"]

HANDSHAKE_LIMIT = 4096
"""Bytes of a frame from somebody who has proven nothing yet."""
FRAME_S = 3.0
"""Seconds for the rest of a frame that has begun to arrive, and the longest pause of a peer that is sent one."""
SEND_S = 30.0
"""Seconds in which a frame must have been sent."""
TAG_BYTES = 32

A = TypeVar("A")
T = TypeVar("T")


class BadFrame(EOFError):  # noqa: N818 - to rpyc it is the end of the connection, and is handled as one
    """The peer sent what is no frame of this protocol. The connection cannot go on."""


class _Stream(SocketStream):
    """rpyc's socket stream, which waits for ever, with a deadline."""

    __slots__ = ("deadline",)

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.deadline = 0.0

    def poll(self, timeout: object) -> bool:
        """Whether there is something to read; TLS may have decrypted more than was asked for."""
        pending: Callable[[], int] | None = getattr(self.sock, "pending", None)
        return bool(pending and pending()) or super().poll(timeout)

    def read(self, count: int) -> bytes:
        """Exactly `count` bytes, by the deadline."""
        parts: list[bytes] = []
        while count:
            part = self._within(math.inf, self.sock.recv, min(count, self.MAX_IO_CHUNK))
            if not part:
                raise EOFError("the peer closed the connection")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def write(self, data: bytes) -> None:
        """All of `data`, by the deadline, and without a pause of more than `FRAME_S`."""
        view = memoryview(data)
        while view:
            view = view[self._within(FRAME_S, self.sock.send, view[: self.MAX_IO_CHUNK]) :]

    def _within(self, longest: float, operation: Callable[[A], T], argument: A) -> T:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the peer was too slow")
        self.sock.settimeout(min(left, longest))
        try:
            return operation(argument)
        except TimeoutError:
            raise
        except OSError as error:
            raise EOFError(str(error)) from None


class BoundedChannel(Channel):
    """One connection's frames. Owned by one thread.

    Attributes:
        limit: longest body in bytes that is accepted.
        deadline: when reading and writing give up (`time.monotonic`), or None for the limits per frame.
    """

    __slots__ = ("_receiving", "_sending", "_stream", "deadline", "limit")

    def __init__(self, sock: socket.socket, deadline: float | None = None) -> None:
        self._stream = _Stream(sock)
        super().__init__(self._stream, compress=False)
        self.limit = HANDSHAKE_LIMIT
        self.deadline = deadline
        self._sending: _Seal | None = None
        self._receiving: _Seal | None = None

    def seal(self, sending: bytes, receiving: bytes) -> None:
        """From now on, tag what is sent and check what is received with these keys."""
        self._sending, self._receiving = _Seal(sending), _Seal(receiving)

    def recv(self) -> bytes:
        """The next frame's body.

        Raises:
            TimeoutError: it was not there in time.
            EOFError: the peer has gone, or sent no frame that may be accepted (`BadFrame`).
        """
        self._stream.deadline = self.deadline or time.monotonic() + FRAME_S
        length, compressed = self.FRAME_HEADER.unpack(self._stream.read(self.FRAME_HEADER.size))
        if compressed:
            raise BadFrame("compressed frames are not accepted")
        if length > self.limit + TAG_BYTES:
            raise BadFrame(f"a frame of {length} bytes; at most {self.limit} are accepted")
        data = self._stream.read(length + len(self.FLUSHER))[: -len(self.FLUSHER)]
        return self._receiving.opened(data) if self._receiving else data

    def send(self, data: bytes) -> None:
        """Send one frame.

        Raises:
            TimeoutError: the peer does not read.
            EOFError: the peer has gone.
        """
        self._stream.deadline = self.deadline or time.monotonic() + SEND_S
        body = self._sending.closed(data) if self._sending else data
        self._stream.write(self.FRAME_HEADER.pack(len(body), 0) + body + self.FLUSHER)


class _Seal:
    """Tags of one direction; each covers the frame's number, so that none can be repeated or left out."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._number = 0

    def closed(self, body: bytes) -> bytes:
        return self._tag(body) + body

    def opened(self, data: bytes) -> bytes:
        tag, body = data[:TAG_BYTES], data[TAG_BYTES:]
        if not hmac.compare_digest(tag, self._tag(body)):
            raise BadFrame("a frame was changed on its way")
        return body

    def _tag(self, body: bytes) -> bytes:
        self._number += 1
        return hmac.digest(self._key, self._number.to_bytes(8, "big") + body, "sha256")
