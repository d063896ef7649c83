"""The client's end of a port: find a node, connect, ask.

    with Client(find("crew")) as client:
        page = client.ask(Ps(sort="mailbox", desc=True))

Blocking, and for one thread: give each thread a client of its own. What cannot be done is raised as `Failure`, whose
code says whose turn it is; nothing that a node sends raises anything else. A client connects when it is first asked,
and again when the node was restarted meanwhile, or had closed the connection.

rpyc, sockets and TLS are imported when something connects, not before: a command that only lists nodes starts fast.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from pydantic import BaseModel

from runtime.port import keys, peer
from runtime.port.contract import Code, Failure, PortRequest, parse_answer
from runtime.port.places import Place, find, nodes

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from types import TracebackType

    from runtime.port.handshake import Identity
    from runtime.port.pipe import CallingEnd

__all__ = ["Client", "Place", "find", "nodes"]

R = TypeVar("R", bound=BaseModel)
T = TypeVar("T")


class Client:
    """One connection to one node.

    Attributes:
        place: where the node is.
        node: name and incarnation, as proven at the last connect; None before.
    """

    def __init__(
        self,
        place: Place,
        *,
        key: str | None = None,
        timeout: float = 5.0,
        ca: str | None = None,
        fingerprint: str | None = None,
        home: Path | None = None,
    ) -> None:
        """Prepare a connection; `connect` or the first `ask` makes it.

        Args:
            place: what `find` found.
            key: name of the key to prove. Optional. Defaults to `owner`, or to the only key there is.
            timeout: seconds for connecting, and for an answer. Optional. Defaults to 5.
            ca: file of CA certificates that the node's is checked against: the connection uses TLS. Optional.
            fingerprint: SHA-256 of the certificate that the node has to show: likewise. Optional.
            home: instead of `~/.observer` or `$OBSERVER_HOME`. Optional.
        """
        self.place = place
        self.node: Identity | None = None
        self._key_name, self._home = key, home
        self._timeout = timeout
        self._ca, self._fingerprint = ca, fingerprint
        self._socket: socket.socket | None = None
        self._end: CallingEnd | None = None

    def __enter__(self) -> Self:
        self.connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def connect(self) -> None:
        """Connect, and prove the key.

        Raises:
            Failure: `CANNOT_CONNECT` where no Observer node answers there, or not the one that was meant;
                `DENIED` where key or certificate were refused; `TIMEOUT`; `VERSION`.
        """
        self.close()
        from runtime.port import dial  # noqa: PLC0415 - costs 40 ms that listing nodes need not pay

        key = keys.choose(self._key_name, self._home)
        line = dial.dial(
            self.place, key, time.monotonic() + self._timeout, ca=self._ca, fingerprint=self._fingerprint
        )
        self._socket, self._end, self.node = line.socket, line.end, line.node

    def ask(self, request: PortRequest[R], timeout: float | None = None) -> R:
        """The node's answer.

        Args:
            request: what to ask.
            timeout: seconds to wait. Optional. Defaults to the client's, and on top the time that the request
                itself allows the node (`wait_s`, `deadline_s`).

        Raises:
            Failure: the node's refusal; or `TIMEOUT` or `CANNOT_CONNECT` where there was no answer: then the
                connection is closed, the next `ask` connects again, and whether the node did what it was asked
                is not known.
        """
        allowed = self._timeout + getattr(request, "wait_s", 0.0) + getattr(request, "deadline_s", 0.0)
        limit = allowed if timeout is None else timeout
        end = self._connected()
        text = self._within(limit, request.op, lambda: end.call(request.document(), limit))
        return parse_answer(request, text)

    def ping(self, timeout: float | None = None) -> float:
        """Seconds of a round trip to the node's port. Raises as `ask` does."""
        limit = self._timeout if timeout is None else timeout
        end = self._connected()
        return self._within(limit, "ping", lambda: end.ping(limit))

    def close(self) -> None:
        """Close the connection, if there is one. The next `ask` makes another."""
        if self._end is not None:
            self._end.close()
        self._end = self._socket = None

    def abort(self) -> None:
        """End an `ask` that is under way, from any thread: it raises `CANNOT_CONNECT` at once."""
        if self._socket is not None:
            peer.shut(self._socket)

    def _connected(self) -> CallingEnd:
        if self._end is None or self._end.is_stale():
            self.connect()
        assert self._end is not None
        return self._end

    def _within(self, timeout: float, what: str, exchange: Callable[[], T]) -> T:
        try:
            return exchange()
        except TimeoutError:
            self.close()
            raise Failure(Code.TIMEOUT, f"{self.place} did not answer {what} within {timeout:g} s") from None
        except (EOFError, OSError) as error:
            self.close()
            raise Failure(Code.CANNOT_CONNECT, f"lost the connection to {self.place}: {error}") from None
        except BaseException:  # Ctrl-C: the answer that is still to come would be taken for the next one's
            self.close()
            raise
