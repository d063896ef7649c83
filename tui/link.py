"""The connection to the node: one thread polls, one thread runs commands; the console never waits.

    console                        poll thread                              node
    watch({"ps": Ps(…)})  ------>  every interval, and at once when poked:
                                     ask NodeQuery, then each request  <--> port
    deliver(Answered | Refused | Lost)  <-- one report per answer
                                   command thread
    ask(token, State(…))  ------>    in order, on its own connection   <--> port
    deliver(Answered | Refused)  <--

Each thread owns one client, as the port's client demands. Only what the visible page watches is polled.
A connection that breaks or stalls is opened anew, with growing pauses; commands are never repeated.
This file knows nothing of Textual: reports go to whatever `deliver` is.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, TypeVar

from pydantic import BaseModel

from runtime.port.contract import Code, Failure, NodeQuery, PortRequest, build

R = TypeVar("R", bound=BaseModel)

NODE = "node"
"""The token of the poll that every page needs, for the header."""

LOST = frozenset({Code.CANNOT_CONNECT, Code.TIMEOUT, Code.VERSION, Code.INTERNAL})
"""Failures after which a connection is of no more use."""


class Asker(Protocol):
    """What the link needs of a client (`runtime.port.client.Client` is one)."""

    def connect(self) -> None:
        """Open the connection. Raises Failure."""

    def ask(self, request: PortRequest[R], timeout: float | None = None) -> R:
        """Ask and wait, longer than the node itself may wait for its loop. Raises Failure."""
        ...

    def close(self) -> None:
        """Close it, whatever its state."""

    def abort(self) -> None:
        """End an `ask` that is under way on another thread."""


@dataclass(frozen=True)
class Answered:
    """The node has answered."""

    token: str
    request: PortRequest[Any]
    answer: BaseModel


@dataclass(frozen=True)
class Refused:
    """The node has refused, or a command could not be asked."""

    token: str
    request: PortRequest[Any]
    failure: Failure


@dataclass(frozen=True)
class Lost:
    """The polling connection broke or could not be opened; a new attempt follows."""

    failure: Failure
    attempt: int


Report = Answered | Refused | Lost


@dataclass(frozen=True)
class Watch:
    """What the visible page wants to see at every poll."""

    requests: Mapping[str, PortRequest[Any]] = field(default_factory=dict[str, "PortRequest[Any]"])
    stack: bool = False
    """Whether the page shows the stack of what runs."""


class Link:
    """Two connections to one node, each with its thread."""

    backoff_s: ClassVar[tuple[float, ...]] = (0.25, 0.5, 1.0, 2.0, 3.0, 5.0)
    """Pauses between attempts to connect; the last one repeats."""

    def __init__(
        self, client: Callable[[], Asker], deliver: Callable[[Report], object], *, interval: float = 1.0
    ) -> None:
        """`client` makes unconnected clients; `deliver` runs on the link's threads and must not wait."""
        self._client = client
        self._deliver = deliver
        self._wake = threading.Condition()
        self._watch = Watch()
        self._interval = interval
        self._poked = False
        self._stopping = False
        self._era = 0
        self._open: list[Asker] = []
        self._commands: queue.Queue[tuple[str, PortRequest[Any]] | None] = queue.Queue()
        self._threads = [
            threading.Thread(target=self._poll, name="observer-poll", daemon=True),
            threading.Thread(target=self._command, name="observer-command", daemon=True),
        ]

    # --- for the console's thread -------------------------------------------------------------

    def start(self) -> None:
        """Start both threads; the first poll begins at once."""
        build()  # before two threads use the models
        for thread in self._threads:
            thread.start()

    def stop(self, within: float = 0.5) -> None:
        """End both threads, whatever they wait for, within so many seconds."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
            for client in self._open:
                client.abort()
        self._commands.put(None)
        deadline = time.monotonic() + within
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))

    def watch(self, watch: Watch, *, now: bool = True) -> None:
        """Poll for this from now on, beginning at once or (`now=False`) with the next poll."""
        with self._wake:
            self._watch, self._poked = watch, self._poked or now
            self._wake.notify_all()

    def poke(self) -> None:
        """Poll now."""
        with self._wake:
            self._poked = True
            self._wake.notify_all()

    def pace(self, interval: float) -> None:
        """Poll every `interval` seconds."""
        with self._wake:
            self._interval, self._poked = interval, True
            self._wake.notify_all()

    def ask(self, token: str, request: PortRequest[Any]) -> None:
        """Ask once, on the command connection; the report carries the token."""
        self._commands.put((token, request))

    # --- the poll thread ----------------------------------------------------------------------

    def _poll(self) -> None:
        client: Asker | None = None
        attempt = 0
        pause = 0.0
        while self._waited(pause):
            began = time.monotonic()
            try:
                client = client or self._connected()
                self._round(client)
                attempt = 0
                took = time.monotonic() - began
                # A node that answers slowly is asked less often, so that it is never only observed.
                pause = max(self._interval - took, took / 2)
            except Exception as error:
                self._closed(client)
                client, attempt = None, attempt + 1
                self._era += 1
                self._deliver(Lost(as_failure(error), attempt))
                pause = 0.0
                self._rest(self.backoff_s[min(attempt, len(self.backoff_s)) - 1])
        self._closed(client)

    def _waited(self, pause: float) -> bool:
        """Wait for the next poll. False when it is time to stop."""
        with self._wake:
            self._wake.wait_for(lambda: self._stopping or self._poked, pause)
            self._poked = False
            return not self._stopping

    def _connected(self) -> Asker:
        client = self._client()
        with self._wake:
            self._open.append(client)
        try:
            client.connect()
        except BaseException:
            self._closed(client)
            raise
        return client

    def _closed(self, client: Asker | None) -> None:
        if client is not None:
            with self._wake:
                self._open.remove(client)
            client.close()

    def _round(self, client: Asker) -> None:
        self._ask_one(client, NODE, NodeQuery(stack=self._watch.stack))
        for token, request in self._watch.requests.items():
            if self._stopping or self._poked:
                return  # another page is visible by now: what this one wants is of no more use
            self._ask_one(client, token, request)

    def _ask_one(self, client: Asker, token: str, request: PortRequest[Any]) -> None:
        try:
            self._deliver(Answered(token, request, client.ask(request)))
        except Failure as failure:
            if failure.code in LOST:
                raise
            self._deliver(Refused(token, request, failure))

    def _rest(self, seconds: float) -> None:
        with self._wake:
            self._wake.wait_for(lambda: self._stopping, seconds)

    # --- the command thread -------------------------------------------------------------------

    def _command(self) -> None:
        client: Asker | None = None
        era = self._era
        while (item := self._commands.get()) is not None and not self._stopping:
            token, request = item
            if client is not None and era != self._era:
                # The node may be another one by now: nothing is sent into a connection of before.
                self._closed(client)
                client = None
            try:
                if client is None:
                    era = self._era
                    client = self._connected()
                self._deliver(Answered(token, request, client.ask(request)))
            except Exception as error:
                failure = as_failure(error)
                if failure.code in LOST:
                    self._closed(client)
                    client = None
                self._deliver(Refused(token, request, failure))
        self._closed(client)


def as_failure(error: Exception) -> Failure:
    """The error as an answer. What is not one already is a defect, of this program or of a library."""
    return error if isinstance(error, Failure) else Failure(Code.INTERNAL, f"{type(error).__name__}: {error}")
