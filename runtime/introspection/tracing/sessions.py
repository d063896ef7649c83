"""Trace sessions for the port: opened by a connection, read by it alone, ended with it.

    Trace ──> tap.open(owner=the connection) ──> TraceRead, TraceRead … ──> `over`: it has ended, and all has been read
                                                      │
    the connection is over ──> tap.leave(owner)       └──> what was read stays for a while: stories are made of it

A session that has ended can be read to its end; then, or when its connection is over, it is forgotten.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from runtime.port.contract import (
    Code,
    Done,
    Failure,
    StopTrace,
    Trace,
    TraceEnd,
    TraceLimits,
    TraceRead,
    TraceRecord,
    TraceRecords,
    TraceSession,
    TraceSessions,
)
from tracing.limits import Limits
from tracing.pattern import PatternError
from tracing.tap import Refused

from ..lookup import now, when
from ..text import clean
from .keeping import triggers_of
from .vain import in_vain, nobody

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from threading import Event as Flag

    from runtime.node import Node
    from runtime.port.service import Principal
    from tracing.records import Event
    from tracing.session import Session

    from .showing import Showing

__all__ = ["Sessions"]

POLL_S: Final = 0.05
ENDED: Final = 32
"""Sessions that have ended, and wait to be read to the end."""
AT_ONCE: Final = 200
"""Records that are made in one go."""
ANSWER: Final = 4 << 20
"""Characters of records after which an answer is sent; the next question gets the rest."""
ANSWER_S: Final = 1.0
"""Seconds of making records after which it is sent: what takes long is `redact`."""


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    session: Session
    principal: Principal
    began: datetime
    values: bool
    is_read: bool
    notes: tuple[str, ...] = ()


class Sessions:
    """The sessions that the connections of a node have opened. For the threads of the port."""

    def __init__(self, node: Node, showing: Showing, stopping: Flag) -> None:
        self._node = node
        self._tap = node.scheduler.listening.tap
        self._showing = showing
        self._stopping = stopping
        self._opened: dict[int, _Opened] = {}
        self._taken = node.scheduler.listening.taken

    def open(self, request: Trace, principal: Principal) -> TraceSession:
        """Open a session.

        Raises:
            Failure: `BAD_REQUEST`: the pattern cannot be understood. `REFUSED`: it is dangerous, or there are too many sessions.
        """
        limits = Limits(**request.limits.model_dump())
        try:
            session = self._tap.open(request.pattern, limits, principal.connection, force=request.force)
        except PatternError as error:
            raise Failure(Code.BAD_REQUEST, f"this is no pattern; {error}") from None
        except Refused as error:
            raise Failure(Code.REFUSED, clean(str(error))) from None
        notes = in_vain(self._node, session.pattern)
        return self.adopt(session, principal, values=request.values, notes=notes)

    def adopt(
        self,
        session: Session,
        principal: Principal,
        *,
        values: bool = True,
        is_read: bool = True,
        notes: Iterable[str] = (),
    ) -> TraceSession:
        """A session that was opened for a connection is its own from now on. `is_read`: by `read`, and not by somebody else."""
        self._forget()
        opened = self._opened[session.number] = _Opened(
            session, principal, now(), values, is_read, tuple(notes)
        )
        return self._told(opened, principal)

    def mine(self, number: int, principal: Principal) -> Session:
        """A session of this connection. Raises Failure if it has none of this number."""
        return self._mine(number, principal).session

    def told(self, number: int, principal: Principal) -> TraceSession:
        """How a session of this connection stands. Raises Failure as `mine`."""
        return self._told(self._mine(number, principal), principal)

    def drop(self, number: int) -> None:
        """A session has been read to its end."""
        self._opened.pop(number, None)

    def read(self, request: TraceRead, principal: Principal) -> TraceRecords:
        """The next records of a session of this connection.

        Raises:
            Failure: it has no such session.
        """
        opened = self._mine(request.session, principal)
        session = opened.session
        if not opened.is_read:
            raise Failure(
                Code.BAD_REQUEST, f"session {session.number} is a recording, which is kept and not read"
            )
        deadline = time.monotonic() + request.wait_s
        while not session.waiting and session.stopped is None and time.monotonic() < deadline:
            if self._stopping.wait(POLL_S) or principal.has_gone():
                break
            self._tap.tick()  # the loop may be stuck; the time of a session is over nevertheless
        records, over = self._records(opened, request.limit)
        if over:
            self.drop(session.number)
        return TraceRecords(at=now(), records=records, session=self._told(opened, principal), over=over)

    def stop(self, request: StopTrace, principal: Principal) -> Done:
        """Stop a session, whoever has opened it.

        Raises:
            Failure: there is none that runs under this number.
        """
        session = next((each for each in self._tap.sessions if each.number == request.session), None)
        if session is None or session.stopped is not None:
            raise Failure(
                Code.REFUSED, f"session {request.session} does not run; `observer traces` lists those that do"
            )
        self._tap.stop(session, f"key {principal.key}")
        return Done(
            at=now(), text=f"session {session.number} is stopped; it had taken {session.taken:,} records"
        )

    def all(self, principal: Principal) -> TraceSessions:
        """Who traces what, and what the flight recorder waits for. Sessions that have ended are told until they have been read."""
        triggers, dumps = triggers_of(self._node)
        opened = sorted(self._opened.copy().values(), key=lambda each: each.session.number)
        return TraceSessions(
            at=now(),
            sessions=[self._told(each, principal) for each in opened],
            triggers=triggers,
            dumps=dumps,
        )

    def left(self, principal: Principal) -> None:
        """A connection is over: its sessions end."""
        self._tap.leave(principal.connection)
        for opened in list(self._opened.values()):
            if opened.principal.connection == principal.connection:
                self._taken.extend(opened.session.look())
                self._opened.pop(opened.session.number, None)

    def events(self) -> list[Event]:
        """What sessions have taken, as far as it is still here, oldest first in each."""
        found = list(self._taken.copy())
        for opened in list(self._opened.values()):
            found += opened.session.look()
        return found

    def _forget(self) -> None:
        """Let go of the oldest of those that have ended, and that nobody has read to the end."""
        ended = [
            number for number, opened in list(self._opened.items()) if opened.session.stopped is not None
        ]
        for number in ended[: max(0, len(ended) - ENDED)]:
            self._opened.pop(number, None)

    def _mine(self, number: int, principal: Principal) -> _Opened:
        opened = self._opened.get(number)
        if opened is None:
            raise Failure(Code.REFUSED, f"there is no session {number}, or all of it has been read")
        if opened.principal.connection != principal.connection:
            raise Failure(
                Code.REFUSED,
                f"session {number} belongs to another connection (key {opened.principal.key}), which alone reads it",
            )
        return opened

    def _records(self, opened: _Opened, limit: int) -> tuple[list[TraceRecord], bool]:
        """Records until there are enough of them, or they are large enough together; and whether none comes any more."""
        session = opened.session
        at_once = max(1, min(AT_ONCE, ANSWER // session.limits.size))
        records: list[TraceRecord] = []
        size, until = 0, time.monotonic() + ANSWER_S
        while True:
            taken, stopped = session.take(min(at_once, limit - len(records)))
            self._taken.extend(event for _, event, _ in taken)
            some = self._showing.taken(session, taken, values=opened.values)
            records += some
            size += sum(_size(record) for record in some)
            if stopped is not None:
                return records, True
            if not taken or len(records) >= limit or size >= ANSWER or time.monotonic() > until:
                return records, False

    def _told(self, opened: _Opened, principal: Principal) -> TraceSession:
        session, node = opened.session, self._node
        stopped = session.stopped
        return TraceSession(
            session=session.number,
            pattern=clean(session.pattern.text),
            key=opened.principal.key,
            peer=opened.principal.peer,
            mine=opened.principal.connection == principal.connection,
            began=opened.began,
            ends=when(node.wall(session.began + session.limits.seconds)),
            limits=TraceLimits(**_fields(session.limits)),
            nobody=nobody(node, session.pattern),
            notes=list(opened.notes),
            taken=session.taken,
            seen=session.seen,
            waiting=session.waiting,
            end=TraceEnd(cause=stopped.cause, text=clean(stopped.text), at=when(node.wall(stopped.at)))
            if stopped is not None
            else None,
        )


def _fields(limits: Limits) -> dict[str, Any]:
    return {name: getattr(limits, name) for name in TraceLimits.model_fields}


def _size(record: TraceRecord) -> int:
    """About how many characters it takes."""
    return 400 + sum(map(len, record.stack)) + sum(len(str(value)) for value in record.values.values())
