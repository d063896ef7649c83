"""One call over rpyc: a string there, a string back. Everything else that rpyc can do is closed.

    client                                   node
    ------                                   ----
    CallingEnd.call(text)  --- CALL text --> AnsweringEnd.serve() -> answer(text)
                           <-- REPLY text ---
    CallingEnd.ping()      --- PING text --> rpyc's own echo

By default rpyc lets a peer look up, call and change objects through references, and each end may ask the
other. Here each end accepts one shape of message and compares its bytes with that shape *before* rpyc
decodes it: no references, no tuples to nest, no set that takes minutes to build, no exception to raise, no request
to the client. Whatever differs closes the connection. Only two of rpyc's twenty handlers are left.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from runtime.port.channel import BadFrame, BoundedChannel
from runtime.port.pace import give_way, hurry
from runtime.port.rpyc_parts import CALL, PING, Connection

__all__ = ["ANSWER_LIMIT", "REQUEST_LIMIT", "AnsweringEnd", "CallingEnd"]

REQUEST_LIMIT = 1 << 20
"""Bytes of a request: 1 MiB."""
ANSWER_LIMIT = 16 << 20
"""Bytes of an answer: 16 MiB."""
ENVELOPE_BYTES = 64
"""What rpyc adds to a text, at most."""

# rpyc's encoding ("brine") of what may arrive. A pair is \x11, a single \x10, a text \x08 and a string's tag;
# a small number n is the byte n + 0x50, a larger one \x16, its count of digits and the digits.
_NUMBER = b"(?:[\\x20-\\xef]|" + b"|".join(b"\\x16\\x%02x[0-9]{%d}" % (n, n) for n in range(3, 20)) + b")"
_TEXT = b"\\x08[\\x01\\x0a-\\x0f]"
_REQUEST = re.compile(b"\\x01\\x11" + _NUMBER + b"\\x11[\\x51\\x57]\\x11\\x51\\x10" + _TEXT)
"""(number, (PING or CALL, (by value, (text,))))"""
_REPLY = re.compile(b"\\x02\\x11" + _NUMBER + b"\\x11\\x51" + _TEXT)
"""(number, (by value, text))"""

CONFIG = {
    "allow_safe_attrs": False,
    "allow_exposed_attrs": False,
    "allow_getattr": False,
    "include_local_traceback": False,
    "include_local_version": False,
    "propagate_SystemExit_locally": False,
    "propagate_KeyboardInterrupt_locally": False,
    "bind_threads": False,
}


class _Root:
    """What rpyc holds as the object behind a connection. No peer can reach it."""

    def on_disconnect(self, connection: object) -> None:
        """Part of what rpyc expects; there is nothing to clean up."""


class _Pipe(Connection):
    """rpyc's connection, trimmed to one shape of message and two handlers."""

    def __init__(
        self, channel: BoundedChannel, accepted: re.Pattern[bytes], answer: Callable[[str], str] | None = None
    ) -> None:
        self._accepted = accepted
        self._answer = answer
        super().__init__(_Root(), channel, CONFIG)

    @classmethod
    def _request_handlers(cls) -> dict[int, Callable[..., str]]:
        return {PING: cls._handle_ping, CALL: cls._answered}

    def _answered(self, text: str) -> str:
        assert self._answer is not None  # a client lets no request in
        return self._answer(text)

    def _dispatch(self, data: bytes) -> None:
        if not self._accepted.match(data):
            raise BadFrame("the peer sent something other than one text")
        super()._dispatch(data)

    def close(self) -> None:
        """Close the socket. rpyc would first ask the peer, and wait for it."""
        if not self._closed:
            self._cleanup()


class AnsweringEnd:
    """The node's end. Owned by one thread."""

    def __init__(self, channel: BoundedChannel, answer: Callable[[str], str]) -> None:
        """`answer` makes the reply to each text; it raises nothing."""
        channel.limit = REQUEST_LIMIT + ENVELOPE_BYTES
        channel.deadline = None
        self._channel = channel
        self._pipe = _Pipe(channel, _REQUEST, answer)

    def serve(self, idle_s: float) -> bool:
        """Answer one request. False if none came for `idle_s` seconds.

        Raises:
            EOFError: the peer has gone, or has sent something else.
            OSError: likewise, or it was too slow.
        """
        if not self._channel.poll(idle_s):
            return False
        hurry()
        try:
            return self._pipe.serve(idle_s)
        except UnicodeDecodeError:
            raise BadFrame("the peer sent a text that is not UTF-8") from None
        finally:
            give_way()

    def close(self) -> None:
        """Close the connection."""
        self._pipe.close()


class CallingEnd:
    """The client's end. Owned by one thread; after any error it is unusable and has to be closed."""

    def __init__(self, channel: BoundedChannel) -> None:
        channel.limit = ANSWER_LIMIT + ENVELOPE_BYTES
        self._channel = channel
        self._pipe = _Pipe(channel, _REPLY)

    def call(self, text: str, timeout: float) -> str:
        """The node's answer to `text`.

        Raises:
            TimeoutError: it was not there after `timeout` seconds.
            EOFError: the node has gone, or has sent something else.
        """
        return self._ask(CALL, text, timeout)

    def ping(self, timeout: float) -> float:
        """Seconds of a round trip. Raises as `call` does."""
        start = time.monotonic()
        if self._ask(PING, "ping", timeout) != "ping":
            raise BadFrame("the echo differs")
        return time.monotonic() - start

    def is_stale(self) -> bool:
        """Whether something has come without being asked for: the node's farewell, as a rule."""
        return self._pipe.closed or self._channel.poll(0)

    def close(self) -> None:
        """Close the connection."""
        self._pipe.close()

    def _ask(self, handler: int, text: str, timeout: float) -> str:
        self._channel.deadline = time.monotonic() + timeout
        return self._pipe.async_request(handler, text, timeout=timeout).value
