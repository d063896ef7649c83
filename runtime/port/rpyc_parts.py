"""The parts of rpyc that the port stands on, with types; rpyc itself has none.

This is all of it: frames over a socket (`Channel`, `SocketStream`), and the bookkeeping of requests and replies
(`Connection`). What rpyc does beyond that is closed in `channel` and `pipe`.
"""

# ruff: noqa: D101, D102 - what these are is said by rpyc; here are only their types
from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["CALL", "PING", "Channel", "Connection", "SocketStream"]

if TYPE_CHECKING:
    import socket
    from struct import Struct

    CALL: int
    PING: int

    class SocketStream:
        MAX_IO_CHUNK: int
        sock: socket.socket

        def __init__(self, sock: socket.socket) -> None: ...
        def poll(self, timeout: object) -> bool: ...
        def read(self, count: int) -> bytes: ...
        def write(self, data: bytes) -> None: ...

    class Channel:
        FRAME_HEADER: Struct
        FLUSHER: bytes
        stream: SocketStream

        def __init__(self, stream: SocketStream, compress: bool) -> None: ...
        def poll(self, timeout: object) -> bool: ...
        def recv(self) -> bytes: ...
        def send(self, data: bytes) -> None: ...

    class _AsyncResult:
        value: str

    class Connection:
        _closed: bool

        def __init__(self, root: object, channel: Channel, config: dict[str, bool]) -> None: ...
        @property
        def closed(self) -> bool: ...
        def serve(self, timeout: float) -> bool: ...
        def async_request(self, handler: int, *args: str, timeout: float) -> _AsyncResult: ...
        def _handle_ping(self, data: str) -> str: ...
        def _dispatch(self, data: bytes) -> None: ...
        def _cleanup(self) -> None: ...

else:
    from rpyc.core.channel import Channel
    from rpyc.core.consts import HANDLE_CALL as CALL
    from rpyc.core.consts import HANDLE_PING as PING
    from rpyc.core.protocol import Connection
    from rpyc.core.stream import SocketStream
