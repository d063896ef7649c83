"""A recording: what one process has handled, each with the state before and after it, the reply, and what it got from outside.

    handled, raised           a step                                              (of the process)
    call, and its reply       what the step has asked for, and was told           reply: of whoever was called
    send, spawn, count        what the step has done to others                    compared, where they were recorded
    handle, ended             a step that has said `Stop`

It is made from the events of a session or of a dump, packed (`packing`), and holds bytes: nothing of it runs until it is replayed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from tracing.context import Context
from tracing.wording import counted

from ..mailbox import HANDLERS, INIT, SHUTDOWN, SYSTEM
from ..pid import pid_text
from .packing import About, Broken, Packed, Record

__all__ = ["Ask", "Deed", "Kept", "Recording", "Step", "handler_of", "processes"]

Kept = bytes | str
"""A value as bytes, empty where the record has none; or why it could not be kept."""
COMPARED: Final = ("send", "call", "spawn", "count")
"""Kinds of events that are effects of a step, and are told whenever a handler has them."""
_UNKNOWN: Final = b""


@dataclass(frozen=True, slots=True)
class Ask:
    """A call of the process's, and its answer."""

    peer: int
    message: Kept
    answer: Kept | None


@dataclass(frozen=True, slots=True)
class Deed:
    """What it has done to another: a kind of `COMPARED`."""

    kind: str
    peer: int
    text: str
    value: Kept | None


@dataclass(frozen=True, slots=True)
class Step:
    """One message and its handling.

    Attributes:
        number: from 1 on.
        at: when it was over, in seconds since the epoch.
        text: the handler, or a state machine's state.
        message: what was handled.
        sender: number of the sender, or 0.
        before: the state before.
        state: the state after; that before, where it has raised.
        reply: the answer; nothing or NOTHING where there was none.
        raised: what it has raised; None if it has not.
        ended: why the process has ended with it; None if it has not, or that is not recorded.
        asks: its calls.
        deeds: what it has done to others.
        sure: whether nothing can have changed these values between the event and its keeping.
    """

    number: int
    at: float
    text: str
    message: Kept
    sender: int
    before: Kept
    state: Kept
    reply: Kept
    raised: Kept | None
    ended: Kept | None
    asks: tuple[Ask, ...]
    deeds: tuple[Deed, ...]
    sure: bool


@dataclass(frozen=True, slots=True)
class Recording:
    """The steps of one process.

    Attributes:
        number: of the process.
        about: its behaviour, name, and version.
        steps: in their order.
        compared: kinds of effects that were recorded, so that a replay can compare them.
        notes: what has to be known about it.
    """

    number: int
    about: About
    steps: tuple[Step, ...]
    compared: frozenset[str]
    notes: tuple[str, ...]

    @classmethod
    def of(cls, record: Record, number: int | None = None) -> Recording:
        """What a record tells of one process.

        Args:
            record: of any processes.
            number: of the process. Optional. Defaults to the only one that has steps.

        Raises:
            Broken: there is no step of it, or it has to be said which process is meant.
        """
        found = processes(record)
        known = ", ".join(map(pid_text, found)) or "none"
        if number is None:
            if len(found) != 1:
                raise Broken(f"the record has steps of {len(found)} processes; say which: {known}")
            number = found[0]
        reader = _Reader(number, record.epoch)
        for event in record.events:
            reader.read(event)
        if not reader.steps:
            raise Broken(f"the record has no step of {pid_text(number)}; it has steps of: {known}")
        if number not in record.about:
            raise Broken(f"the record does not say what {pid_text(number)} runs")
        steps, notes = _usable(reader.steps)
        if not steps:
            raise Broken(
                f"the record has {len(reader.steps)} messages of {pid_text(number)} and no state of it: a flight recorder keeps states "
                "of handlers that raise, and of no others; record the process"
            )
        kinds = (record.kinds or reader.seen) & set(COMPARED)
        return cls(number, record.about[number], steps, frozenset(kinds), (*reader.notes, *notes))


def processes(record: Record) -> list[int]:
    """The numbers of the processes that have steps in a record."""
    return sorted({event.pid for event in record.events if event.kind in {"handled", "raised"}})


def _usable(steps: list[Step]) -> tuple[tuple[Step, ...], list[str]]:
    """The steps whose states are known, numbered anew, and what has to be known about the others."""
    found: list[Step] = []
    known = False
    for step in steps:
        if step.before or known:
            found.append(replace(step, number=len(found) + 1))
        known = bool(step.state)
    notes: list[str] = []
    if len(found) < len(steps):
        left_out = len(steps) - len(found)
        are = "is" if left_out == 1 else "are"
        notes.append(
            f"{left_out} of {counted(len(steps), 'message')} {are} in the record without a state, and {are} not replayed"
        )
    unsure = sum(not step.sure for step in found)
    if unsure:
        notes.append(
            f"the values of {counted(unsure, 'step')} can change, and may have changed before they were kept"
        )
    return tuple(found), notes


class _Reader:
    """Makes steps of events."""

    def __init__(self, number: int, epoch: float) -> None:
        self.steps: list[Step] = []
        self.notes: list[str] = []
        self.seen: set[str] = set()
        self._number = number
        self._epoch = epoch
        self._open: list[Packed] = []
        self._answers: dict[tuple[int, int], Kept] = {}
        self._replies: dict[tuple[int, int], Kept] = {}
        self._ways: dict[tuple[int, int], str] = {}
        self._begun: Packed | None = None

    def read(self, event: Packed) -> None:
        kind = event.kind
        own = event.pid == self._number
        if own and kind in {"handled", "raised"}:
            if event.text not in _NO_STEPS:
                self._step(event)
        elif kind == "reply" and event.peer == self._number and event.context is not None:
            self._answers[_span(event.context)] = event.values[0]
        elif kind == "spawn" and event.peer == self._number:
            self._open.append(event._replace(peer=event.pid))
        elif kind in {"call", "send"} and event.peer == self._number and event.context is not None:
            self._ways[_span(event.context)] = "call" if kind == "call" else event.text
            if own:
                self._open.append(event)
        elif own and kind in COMPARED and kind != "spawn":
            self._open.append(event)
        elif own and kind == "handle":
            self._begun = event
        elif own and kind == "reply" and event.context is not None:
            self._replies[_span(event.context)] = event.values[0]
        elif own and kind == "ended":
            self._end(event)
        elif own and kind == "code_changed":
            self.notes.append(f"newer code came into place after step {len(self.steps)}")

    def _end(self, event: Packed) -> None:
        """The process has ended: in the handler that has begun, if there is one."""
        begun = self._begun
        if begun is not None and begun.context == event.context and event.values:
            reply = (
                self._replies.get(_span(begun.context), _UNKNOWN) if begun.context is not None else _UNKNOWN
            )
            values = (*begun.values[:2], _UNKNOWN, reply)
            self._step(begun._replace(kind="handled", mono=event.mono, values=values))
            self.steps[-1] = replace(self.steps[-1], ended=event.values[0])

    def _step(self, event: Packed) -> None:
        self._begun = None
        mine = [one for one in self._open if _within(one.context, event.context)]
        self._open.clear()
        self.seen.update(one.kind for one in mine)
        values = (*event.values, _UNKNOWN, _UNKNOWN, _UNKNOWN, _UNKNOWN)
        failed = event.kind == "raised"
        message, before = values[0], values[1]
        self.steps.append(Step(
            number=len(self.steps) + 1,
            at=self._epoch + event.mono,
            text=self._text(event),
            message=message,
            sender=event.peer,
            before=before,
            state=before if failed else values[2],
            reply=_UNKNOWN if failed else values[3],
            raised=values[2] if failed else None,
            ended=None,
            asks=tuple(Ask(one.peer, one.values[0], self._answer(one)) for one in mine if one.kind == "call" and one.values),
            deeds=tuple(Deed(one.kind, one.peer, one.text, one.values[0] if one.values else None) for one in mine),
            sure=event.sure,
        ))  # fmt: skip

    def _text(self, event: Packed) -> str:
        """The handler; for a state machine's state, how the message was sent stands before it."""
        way = self._ways.pop(_span(event.context), "") if event.context is not None else ""
        return event.text if not way or handler_of(event.text) is not None else f"{way} {event.text}"

    def _answer(self, call: Packed) -> Kept | None:
        return self._answers.pop(_span(call.context), None) if call.context is not None else None


def _span(context: Context) -> tuple[int, int]:
    return context[0], context[1]


def _within(context: Context | None, step: Context | None) -> bool:
    """Whether something was done in this step, and not in a task beside it."""
    if context is None or step is None:
        return True
    return context[0] == step[0] and step[1] in {context[1], context[2]}


def handler_of(text: str) -> str | None:
    """The handler that the text of an event names: `handle_call`, or `call`; None where it names something else."""
    return _HANDLERS.get(text.partition(" ")[0])


_HANDLERS: Final = {
    word: handler
    for kind, handler in (
        ("call", "handle_call"), ("cast", "handle_cast"), ("info", "handle_info"),
        ("continue", "handle_continue"), ("event", "handle_continue"),
    )
    for word in (kind, handler)
}  # fmt: skip
_NO_STEPS: Final = frozenset({HANDLERS[INIT], HANDLERS[SHUTDOWN], HANDLERS[SYSTEM]})
"""What is handled without a message of anybody's: it is not replayed."""
