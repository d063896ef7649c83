"""Recording a process: a session of the tap that keeps raw values, of one process and of what it is told.

    record(node, process) ─> Recorder ──(count, time, rate, queue, asked, …)──> stopped
    handle           a state, or a message, that can change is copied before the handler has it
    handled, raised  a step
    call, send, …    its effects;  reply: to it, from whoever it has called

As any session it is bounded, and says why it has stopped. It begins with a whole step: one that is under way is left out. The copy of
what can change is made in the step, as for a message; what cannot is kept by reference.
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (values are of any type)

from __future__ import annotations

import time
from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any, Final, cast

from tracing.heard import Hear, Hearing
from tracing.limits import Limits
from tracing.pattern import Matcher, Subject, parse
from tracing.records import ABSENT, Event
from tracing.session import Session
from tracing.tap import Refused

from ..code import versions
from ..errors import CodeError, NoProcess, NotSendable
from ..messages import is_constant, share
from ..pid import pid_text
from ..results import NOTHING
from ..server_process import ServerProcess
from ..status import ENDED, PARKED, RUNNING
from ..trace.flown import event_of
from .packing import About, Record, pack
from .recording import COMPARED

if TYPE_CHECKING:
    from tracing.tap import Tap

    from ..node import Node
    from ..pid import Address
    from ..process import Process

__all__ = ["Recorder", "about", "record", "record_of_events", "record_process"]

KINDS: Final = frozenset({*COMPARED, "handle", "handled", "raised", "reply", "ended", "code_changed"})
_OF_OTHERS: Final = frozenset({"reply", "spawn", "call", "send"})
"""Kinds that concern it as their peer: what it was answered, whom it has made, and how a message was sent to it."""
LIMITS: Final = Limits(count=10_000, seconds=60.0, queue=100_000)


class Recorder(Session):
    """A session that keeps what a replay needs of one process.

    Args:
        number: by which the session is known.
        subject: the process.
        limits: what it may cost; `count` and `queue` are of events.
        owner: with whom it ends.
        began: in seconds of the monotonic clock.
    """

    def __init__(self, number: int, subject: Process, limits: Limits, owner: Hashable, began: float) -> None:
        pattern = parse(f"{pid_text(subject.number)} handlers")
        super().__init__(number, Matcher(pattern, lambda _: None, began), limits, owner, began)
        self._free = KINDS
        self.kinds = KINDS  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]  # what it wants of others too
        self.process: Final = subject.number
        self.about: Final = about(subject)
        self._midway = subject.coroutine is not None or subject.status in {RUNNING, PARKED}
        self._begun: Event | None = None
        self._kept: list[Event] = []

    def hears(self, kind: str) -> Hear:  # noqa: ARG002 - each is frozen as it is told
        """To what sites add messages."""
        return Hearing(self.offer)

    def concerns(self, subject: Subject) -> bool:  # noqa: ARG002 - whoever it is
        """Each process does: it may have sent something to the one that is recorded."""
        return True

    def offer(self, subject: Subject, event: Any) -> None:
        """Keep an event that concerns the process. Never raises."""
        if self._stopped is not None:
            return
        event = event_of(event)
        if self._midway and self._of_the_step_before(event):
            return
        if event[2] != self.process:
            if event[5] == self.process and event[1] in _OF_OTHERS:
                super().offer(subject, event)
        elif event[1] == "handle":
            self._begun = cast("Event", (*event[:7], tuple(map(_lasting, event[7])), *event[8:]))
        else:
            if (
                event[1] == "ended" and self._begun is not None
            ):  # it has said `Stop`, and nothing else tells of that
                super().offer(subject, self._begun)
            super().offer(subject, (*event[:7], self._frozen(event[1], event[7]), *event[8:]))

    def _of_the_step_before(self, event: Event) -> bool:
        """Whether it belongs to a handler that was under way when this began: what that had done before is not known."""
        if event[2] != self.process:
            return event[5] == self.process and event[1] == "spawn"
        self._midway = event[1] not in {"handle", "handled", "raised"}
        return event[1] in {"handled", "raised"} or event[1] in COMPARED

    def _frozen(self, kind: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """Values with copies of what can change; the message and the state before as they were before the handler had them."""
        begun: tuple[Any, ...] = ()
        if kind in {"handled", "raised"}:
            begun, self._begun = self._begun[7] if self._begun is not None else (), None
        return (*begun, *map(_lasting, values[len(begun) :]))

    # --- for its reader -----------------------------------------------------------------------------

    def collect(self) -> list[Event]:
        """All events so far."""
        with self._reading:
            taken = self._backlog.pop(self.limits.queue)
            self._read += len(taken)
            self._kept.extend(taken)
            return self._kept.copy()

    def packed(self) -> Record:
        """What has been recorded so far, packed: for `encode`, or for `Recording.of`."""
        return Record(pack(self.collect(), copied=True), {self.process: self.about}, _epoch(), KINDS)


def record_process(
    tap: Tap, process: Process, limits: Limits | None = None, owner: Hashable = None
) -> Recorder:
    """Begin to record a process.

    Args:
        tap: of its node.
        process: which.
        limits: what it may cost. Optional. Defaults to 10,000 events and 60 s.
        owner: with whom it ends. Optional. Defaults to nobody.

    Raises:
        Refused: it is no server or state machine that lives in this OS process; or there are 16 sessions, or the node has ended.
    """
    why = _why_not(process)
    if why:
        raise Refused(f"{pid_text(process.number)} cannot be recorded: {why}")
    session = tap.add(lambda number, began: Recorder(number, process, limits or LIMITS, owner, began))
    assert isinstance(session, Recorder)
    return session


def record(who: Address, limits: Limits | None = None, owner: Hashable = None) -> Recorder:
    """Begin to record a process: `record(node.named("teller"))`. The rest is `record_process`'s.

    Raises:
        NoProcess, NotRegistered: there is no such process.
    """
    process = who._process
    if process is None or process.status == ENDED:
        raise who._missing() if process is None else NoProcess(process.pid)
    return record_process(process.sched.listening.tap, process, limits, owner)


def _why_not(process: Process) -> str:
    if not isinstance(process, ServerProcess):
        return "a coroutine process has its state in local variables, between two `receive`; only servers and state machines are replayed"
    if process.far or process.place == "isolated":
        return "it lives in another OS process, and so does its state"
    if type(process.handle).__module__.partition(".")[0] == "runtime":
        return "it is the runtime's own"
    return ""


def record_of_events(node: Node, events: Iterable[Event]) -> Record:
    """A record of other events: of a dump, or of the flight recorder. What can change may have changed since they happened.

    The flight recorder keeps messages without states, but with what a handler has raised it keeps the state that it had: the last step of a
    crash can be replayed, although nobody had recorded the process.

    Args:
        node: whose.
        events: in their order.
    """
    kept = list(events)
    known: dict[int, About] = {
        crash.number: About(crash.behaviour, crash.name or crash.label) for crash in node.ledger.crashes
    }
    for number in {event[2] for event in kept}:
        process = node.table.get(number)
        if process is not None:
            known[number] = about(process)
    return Record(pack(kept), {event[2]: known[event[2]] for event in kept if event[2] in known}, _epoch())


def about(process: Process) -> About:
    """What a record says of a process."""
    behaviour = process.behaviour
    try:
        version = versions.of(behaviour.partition(":")[0]).name
    except CodeError:
        version = ""
    return About(
        behaviour, process.name or (process.extra.label if process.extra is not None else None), version
    )


def _lasting(value: Any) -> Any:
    """The value, or a copy if it can change; itself, where it cannot be copied."""
    if value is ABSENT or value is NOTHING or is_constant(value):
        return value
    try:
        return share(value)
    except NotSendable:
        return value


def _epoch() -> float:
    return time.time() - time.monotonic()
