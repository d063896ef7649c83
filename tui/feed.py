"""The connection of one trace session: it opens the session, reads what it has, and with it the session ends.

    console                     feed's thread                       node
    start()  ---------------->  Trace(pattern, limits)   <------->  a session of this connection
    deliver(Fed(rows, session))   TraceRead(wait_s)      <------->  its next records
    taken()  ---------------->  … only then the next read

A console that is busy is not flooded: what it has not taken waits in the node, whose queue is bounded. A connection of its own, so
that neither a slow answer nor a command that fails ends the session.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from runtime.port.contract import Failure, Trace, TraceRead, TraceRecords, TraceSession
from tui.link import Asker, as_failure
from tui.tracing.row import Row, rows_of

__all__ = ["Fed", "Feed"]


@dataclass(frozen=True)
class Fed:
    """What a session has brought.

    Attributes:
        feed: whose.
        rows: its next records.
        session: how it stands; None where it could not be opened, or its connection broke.
        over: nothing comes any more.
        failure: why it could not be opened, or read on.
    """

    feed: Feed
    rows: list[Row] = field(default_factory=list[Row])
    session: TraceSession | None = None
    over: bool = False
    failure: Failure | None = None


class Feed:
    """One session."""

    batch: ClassVar[int] = 250
    """Records of one read: parsing more at once would hold the interpreter for too long."""
    wait_s: ClassVar[float] = 1.0
    """Seconds that the node waits for the first."""

    rest_s: ClassVar[float] = 0.1
    """Seconds after a read that has brought more than is left: records that come one by one are read and drawn some at a time, and
    neither the console nor the node is busy with each of them."""

    def __init__(self, client: Callable[[], Asker], opening: Trace, deliver: Callable[[Fed], object]) -> None:
        """`deliver` runs on the feed's thread and must not wait."""
        self.opening = opening
        self._client = client
        self._deliver = deliver
        self._taken = threading.Event()
        self._ending = threading.Event()
        self._asker: Asker | None = None
        self._read = 0
        self._thread = threading.Thread(target=self._run, name="observer-trace", daemon=True)

    def start(self) -> None:
        """Open the session."""
        self._thread.start()

    def taken(self) -> None:
        """What was delivered has been taken: read on."""
        self._taken.set()

    def end(self) -> None:
        """End the connection, and the session with it. Nothing is delivered any more."""
        self._ending.set()
        self._taken.set()
        asker = self._asker
        if asker is not None:
            asker.abort()

    def _run(self) -> None:
        try:
            self._asker = self._client()
            self._asker.connect()
            session = self._open(self._asker)
            while not self._ending.is_set() and self._next(self._asker, session):
                self._taken.wait()
                self._taken.clear()
        except Exception as error:
            if not self._ending.is_set():
                self._deliver(Fed(self, over=True, failure=as_failure(error)))
        finally:
            if self._asker is not None:
                self._asker.close()

    def _open(self, asker: Asker) -> int:
        session = asker.ask(self.opening)
        self._deliver(Fed(self, session=session))
        self._taken.wait()
        self._taken.clear()
        return session.session

    def _next(self, asker: Asker, session: int) -> bool:
        """Read once. Whether more may come."""
        answer: TraceRecords = asker.ask(TraceRead(session=session, limit=self.batch, wait_s=self.wait_s))
        rows = rows_of(answer.records, self._read)
        self._read += len(rows)
        self._deliver(Fed(self, rows, answer.session, answer.over))
        if not answer.over and answer.session.waiting < len(rows):
            self._ending.wait(self.rest_s)
        return not answer.over
