"""Frames over a socket: a mark, the length, a checksum, the bytes.

    Wire    on an event loop; sends at once what the socket takes, keeps the rest
    Pipe    blocking, for threads, and for a question that the loop itself waits for

Both ends are one program, and the other end is trusted as one's own code is. But its memory may be broken, so that it may write
anything: a frame without its mark and checksum is not looked at, and ends the connection.
"""

from __future__ import annotations

import asyncio
import select
import socket
import struct
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable
from typing import Final

__all__ = ["BadFrame", "Pipe", "Wire", "frame_of", "frames_of"]

_HEAD: Final = struct.Struct("!4sII")
_MARK: Final = b"\xabOB\x01"
MOST: Final = 1 << 30
"""Bytes of a frame."""
AT_ONCE: Final = 1 << 18
"""Bytes that are read in one go."""


class BadFrame(Exception):  # noqa: N818 - what arrived, not what went wrong here
    """Raised when what has arrived is no frame."""


def frame_of(body: bytes) -> bytes:
    """`body` as it goes over the wire."""
    return _HEAD.pack(_MARK, len(body), zlib.crc32(body)) + body


def frames_of(data: bytes) -> tuple[list[bytes], bytes]:
    """The bodies of the frames in `data`, and what is left behind the last whole one. Raises BadFrame."""
    reader = _Reader()
    return reader.feed(data), reader.rest


class _Reader:
    """Makes frames of what arrives."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that are complete by now. Raises BadFrame."""
        buffer = self._bytes
        buffer += data
        frames: list[bytes] = []
        start = 0
        while len(buffer) - start >= _HEAD.size:
            mark, length, checksum = _HEAD.unpack_from(buffer, start)
            if mark != _MARK or length > MOST:
                raise BadFrame("what it wrote is no frame")
            end = start + _HEAD.size + length
            if len(buffer) < end:
                break
            body = bytes(buffer[start + _HEAD.size : end])
            if zlib.crc32(body) != checksum:
                raise BadFrame("what it wrote has another checksum than it says")
            frames.append(body)
            start = end
        del buffer[:start]
        return frames

    @property
    def rest(self) -> bytes:
        """What is no whole frame yet."""
        return bytes(self._bytes)


class Wire:
    """One end, on an event loop.

    Args:
        loop: the loop.
        sock: the socket; the wire closes it.
        on_frame: told each frame.
        on_end: told once that nothing more will come: None for the end of file, else why.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        on_frame: Callable[[bytes], None],
        on_end: Callable[[BadFrame | None], None],
    ) -> None:
        sock.setblocking(False)
        self._loop: Final = loop
        self._sock: Final = sock
        self._on_frame: Final = on_frame
        self._on_end: Final = on_end
        self._reader = _Reader()
        self._out: deque[memoryview] = deque()
        self._reading = True
        self.closed = False
        loop.add_reader(sock, self._readable)

    def send(self, body: bytes) -> None:
        """Send a frame; dropped when nobody is left to read it."""
        if self.closed:
            return
        self._out.append(memoryview(frame_of(body)))
        if len(self._out) == 1:
            self._write()
            if self._out:
                self._loop.add_writer(self._sock, self._writable)

    def _writable(self) -> None:
        self._write()
        if not self._out and not self.closed:
            self._loop.remove_writer(self._sock)

    def _write(self) -> None:
        try:
            while self._out:
                sent = self._sock.send(self._out[0])
                if sent < len(self._out[0]):
                    self._out[0] = self._out[0][sent:]
                else:
                    self._out.popleft()
        except BlockingIOError:
            pass
        except OSError:  # the other end is gone, which its end of file tells
            self._out.clear()

    def _readable(self) -> None:
        self._read()

    def _read(self) -> bool:
        """Read once; whether there may be more."""
        try:
            data = self._sock.recv(AT_ONCE)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        try:
            frames = self._reader.feed(data)
        except BadFrame as bad:
            self._end(bad)
            return False
        for frame in frames:
            self._on_frame(frame)
        if not data:
            self._end(None)
        return bool(data)

    def _end(self, bad: BadFrame | None) -> None:
        if self._reading:
            self._reading = False
            if not self.closed:
                self._loop.remove_reader(self._sock)
            self._on_end(bad)

    def drain(self) -> None:
        """Read all that has arrived: the other end is dead, and this is all that will come."""
        while self._reading and not self.closed and self._read():
            pass

    def flush(self, seconds: float) -> None:
        """Block until all is sent, for so long at most."""
        deadline = time.monotonic() + seconds
        while self._out and (left := deadline - time.monotonic()) > 0:
            select.select([], [self._sock], [], left)
            self._write()

    def close(self) -> None:
        """Close it, whatever stands in it."""
        if not self.closed:
            self.closed = True
            self._loop.remove_reader(self._sock)
            self._loop.remove_writer(self._sock)
            self._sock.close()


class Pipe:
    """One end, for code that waits. One thread at a time asks; the lock sees to it."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock: Final = sock
        self._reader = _Reader()
        self._frames: deque[bytes] = deque()
        self.lock: Final = threading.Lock()

    def send(self, body: bytes, seconds: float | None = None) -> None:
        """Send a frame. Raises OSError, TimeoutError."""
        self._sock.settimeout(seconds)
        self._sock.sendall(frame_of(body))

    def receive(self, seconds: float | None = None) -> bytes | None:
        """The next frame; None at the end of file. Raises TimeoutError, BadFrame, OSError."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while not self._frames:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError
            self._sock.settimeout(left)
            data = self._sock.recv(AT_ONCE)
            if not data:
                return None
            self._frames += self._reader.feed(data)
        return self._frames.popleft()

    def close(self) -> None:
        """Close it."""
        self._sock.close()
