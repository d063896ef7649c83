"""Recordings of processes and their replay, for the port: raw values stay on the node.

    Record ──> a session of the connection that keeps raw values ──> RecordWait … ──> it has ended: packed, kept under a name
    Replay ──> a recording, a dump, or a crash ──> `runtime.replay`, on the loop ──> what differs

What is kept stands in a store of the node's name, beside its keys, so that it outlives the node. Values are packed on the loop, some at a
time, since that may run code of their classes.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from runtime.errors import CodeError
from runtime.port import contract as c
from runtime.port.home import directory
from runtime.replay import Broken, Recorder, fetch, record_of_events, replay
from runtime.replay import Record as Kept
from runtime.replay import Recording as Steps
from runtime.replay import keep as keep_in
from runtime.replay.identities import Names
from runtime.replay.packing import Packed, pack
from runtime.replay.recorder import KINDS
from runtime.replay.recorder import record_process as begin
from runtime.replay.shelf import stored
from tracing.limits import Limits
from tracing.store import Store, StoreError
from tracing.tap import Refused
from tracing.wording import counted

from ..lookup import behaviour_text, find, now, number_in, pid_text, when
from ..posting import busy_with, on_loop
from ..text import clean

if TYPE_CHECKING:
    from runtime.node import Node
    from runtime.port.service import Principal
    from runtime.replay import Report
    from tracing.records import Event
    from tracing.store import Collection

    from .sessions import Sessions

__all__ = ["Recordings"]

AT_ONCE: Final = 50
"""Events that are packed in one go of the loop."""
DEADLINE_S: Final = 10.0
POLL_S: Final = 0.05


class Recordings:
    """The recordings of a node. For the threads of the port."""

    def __init__(self, node: Node, sessions: Sessions, stopping: threading.Event) -> None:
        self._node = node
        self._sessions = sessions
        self._stopping = stopping
        self._store: Store | None = None
        self._lock = threading.Lock()

    def begin(self, request: c.Record, principal: Principal) -> c.TraceSession:
        """Begin to record a process.

        Raises:
            Failure: there is no such process, it cannot be recorded, or there are too many sessions.
        """
        limits = Limits(**request.limits.model_dump())
        tap = self._node.scheduler.listening.tap

        def work() -> Recorder:
            return begin(tap, find(self._node, request.process), limits, principal.connection)

        try:
            recorder = on_loop(self._node, work, DEADLINE_S)
        except Refused as refused:
            raise c.Failure(c.Code.REFUSED, clean(str(refused))) from None
        return self._sessions.adopt(recorder, principal, is_read=False)

    def wait(self, request: c.RecordWait, principal: Principal) -> c.Recorded:
        """How a recording stands; once it has ended, it is kept.

        Raises:
            Failure: this connection has no such recording, or it cannot be kept.
        """
        recorder = self._sessions.mine(request.session, principal)
        if not isinstance(recorder, Recorder):
            raise c.Failure(c.Code.BAD_REQUEST, f"session {request.session} is no recording; read it")
        deadline = time.monotonic() + request.wait_s
        while recorder.stopped is None and time.monotonic() < deadline:
            if self._stopping.wait(POLL_S) or principal.has_gone():
                break
            self._look(recorder)
        session = self._sessions.told(request.session, principal)
        if recorder.stopped is None:
            return c.Recorded(at=now(), session=session)
        kept = self._keep(recorder, request.name, session)
        self._sessions.drop(request.session)
        return c.Recorded(at=now(), session=session, over=True, recording=kept)

    def all(self, request: c.RecordingsQuery) -> c.Recordings:
        """What is kept, newest first."""
        with self._lock:
            found = self._opened().collections(request.limit, sort="recording")
        return c.Recordings(at=now(), recordings=[_row(each) for each in found])

    def replay(self, request: c.Replay) -> c.ReplayReport:
        """Replay a recording, a dump or a crash.

        Raises:
            Failure: there is none, its code is not there, or the loop does not come round.
        """
        node = self._node
        try:
            kept, concerned, source = self._found(request.what)
            steps = Steps.of(kept, concerned if request.process is None else _number(request.process))
        except (Broken, StoreError) as error:
            raise c.Failure(c.Code.REFUSED, clean(str(error))) from None
        done = asyncio.run_coroutine_threadsafe(
            replay(
                node, steps, code=request.code, module=request.module, mode="free" if request.free else "lock-step",
                seconds=request.deadline_s, outside=request.outside,
            ),
            node.scheduler.loop,
        )  # fmt: skip
        try:
            return _told(done.result(request.deadline_s + DEADLINE_S), source)
        except CodeError as error:
            raise c.Failure(c.Code.REFUSED, clean(str(error))) from None
        except TimeoutError:
            done.cancel()
            raise c.Failure(c.Code.TIMEOUT, f"{busy_with(node)}; the replay was given up") from None

    def close(self) -> None:
        """Close the store."""
        with self._lock:
            if self._store is not None:
                self._store.close()
                self._store = None

    def _look(self, recorder: Recorder) -> None:
        """A recording is over when its time is, also where the loop is stuck; or when its process has ended."""
        tap = self._node.scheduler.listening.tap
        tap.tick()
        if self._node.table.get(recorder.process) is None:
            tap.stop(recorder, "the end of its process")

    # --- records ------------------------------------------------------------------------------------

    def _keep(self, recorder: Recorder, name: str, session: c.TraceSession) -> c.Recording | None:
        kept = Kept(
            self._packed(recorder.collect()), {recorder.process: recorder.about}, self._node.wall(0.0), KINDS
        )
        why = session.end.text if session.end is not None else ""
        try:
            steps = len(Steps.of(kept).steps)
        except Broken:
            return None
        text = f"{counted(steps, 'step')} of {recorder.about.name or pid_text(recorder.process)}; {why}"
        try:
            with self._lock:
                store = self._opened()
                number = keep_in(store, name, kept, why=text)
                found = next(each for each in store.collections(sort="recording") if each.number == number)
        except (StoreError, ValueError) as error:
            raise c.Failure(c.Code.REFUSED, clean(str(error))) from None
        return _row(found)

    def _packed(self, events: list[Event]) -> list[Packed]:
        names = Names()
        packed: list[Packed] = []
        for start in range(0, len(events), AT_ONCE):
            work = partial(pack, events[start : start + AT_ONCE], copied=True, names=names)
            packed += on_loop(self._node, work, DEADLINE_S)
        return packed

    def _found(self, what: str) -> tuple[Kept, int | None, str]:
        """The record that is meant, whom it is about where that is known, and where it is from."""
        kind, _, which = what.partition(" ")
        if kind == "dump" and which.isdigit():
            return *self._dump(int(which)), f"{what}, of the flight recorder"
        if kind == "crash" and which:
            return *self._crash(which), f"{what}, of the flight recorder"
        with self._lock:
            store = self._opened()
            kept = stored(what, store)
            if kept is not None:
                return kept, None, f"recording {what}, in {store.path}"
            return fetch(what, store), None, f"the file {what}"

    def _dump(self, number: int) -> tuple[Kept, int]:
        triggers = self._node.scheduler.listening.tap.triggers
        dumps = list(triggers.dumps.copy()) if triggers is not None else []
        found = next((dump for dump in dumps if dump.number == number), None)
        if found is None:
            raise Broken(f"there is no dump {number}; `observer dumps` lists what was kept")
        return self._of_events(list(found.events)), found.event[2]

    def _crash(self, process: str) -> tuple[Kept, int]:
        """What the flight recorder has of the last crash of a process, alive or not."""
        number = number_in(process)
        crashed = [
            crash.number
            for crash in self._node.ledger.crashes.copy()
            if crash.number == number or (number is None and crash.name == process)
        ]
        flight = self._node.scheduler.listening.flight
        if not crashed or flight is None:
            raise Broken(
                f"no crash of {clean(process, 80)} is known; `observer crashes` lists those that are"
            )
        return self._of_events(flight.last(math.inf, pid=crashed[-1], most=1000)), crashed[-1]

    def _of_events(self, events: list[Event]) -> Kept:
        return on_loop(self._node, lambda: record_of_events(self._node, events), DEADLINE_S)

    def _opened(self) -> Store:
        if self._store is None:
            self._store = Store(directory("traces") / f"{self._node.name}.sqlite")
        return self._store


def _number(process: str) -> int:
    number = number_in(process)
    if number is None:
        raise c.Failure(
            c.Code.BAD_REQUEST, f"{clean(process, 80)!r} is no pid; a recording knows processes by pid"
        )
    return number


def _row(kept: Collection) -> c.Recording:
    return c.Recording(
        recording=kept.number, name=clean(kept.title, 200), at=when(kept.at), text=clean(kept.why, 300)
    )


def _told(report: Report, source: str) -> c.ReplayReport:
    found = report.to_json()
    for step in found["differing"]:
        step["at"] = when(step["at"])
        step["traceback"] = clean(step["traceback"], 20_000)
        for one in step["differences"]:
            one["text"] = clean(one["text"])
    found |= {
        "at": now(),
        "source": clean(source, 500),
        "identical": report.identical,
        "behaviour": behaviour_text(report.behaviour),
    }
    found |= {
        "name": clean(report.name, 200) if report.name is not None else None,
        "ended": clean(report.ended),
    }
    try:
        return c.ReplayReport.model_validate(found)
    except ValidationError as error:
        raise c.Failure(
            c.Code.INTERNAL, f"the replay's report cannot be told: {error.error_count()} errors"
        ) from None
