"""One story as a whole: everything with one trace id that is still known.

what sessions have taken ──┐
what waits in sessions ────┼──> each event once ──> those of one trace id ──> records ──> spans, and what is missing
the flight recorder ───────┘

A long story is asked for part by part. Its parts are those of one story, though much happens meanwhile: what it was when the first was asked
for is remembered for that connection, until the last has been told.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from runtime.port.contract import Code, Failure, Span, Timeline, TimelineQuery, TraceRecord
from runtime.trace.inferred import told_apart, with_story
from runtime.trace.listening import Reading
from tracing import story
from tracing.records import Record
from tracing.wording import counted

from ..lookup import find, handler_of, now, number_in, pid_text
from ..pace import rested
from ..text import clean

if TYPE_CHECKING:
    from runtime.node import Node
    from tracing.records import Event

    from .sessions import Sessions
    from .showing import Showing

__all__ = ["timeline"]

AMBIGUOUS: Final = 5
"""Trace ids that are told where several begin alike."""
_BEGUN: Final = frozenset({"receive", "handle"})
_OVER: Final = frozenset({"handled", "raised"})
_EDGE_S: Final = 0.1
"""Between the moment from which a step counts, and its first event."""
_DIGITS: Final = 8
_LONG_S: Final = 1.0
"""From when on it is told that a process is at work on what no record has yet."""
OPEN: Final = 3
"""Spans that are not over, of which it is told: those that began first."""
VALUES: Final = 2000
"""Records of one answer whose values are told: the newest."""


def timeline(
    node: Node, request: TimelineQuery, connection: int, sessions: Sessions, showing: Showing
) -> Timeline:
    """A story, or a part of it.

    Args:
        node: whose.
        request: which, and what of it.
        connection: who asks; 0 for nobody whose reading is remembered.
        sessions: what they have taken.
        showing: shows values.

    Raises:
        Failure: none or several are meant, or nothing is known of it any more.
    """
    if (request.trace is None) == (request.process is None):
        raise Failure(Code.BAD_REQUEST, "say which story: by its trace id, or by a process; one of the two")
    readings = node.scheduler.listening.readings
    reading = readings.pop(connection, None)
    if reading is None or not request.skip or f"{reading.trace:032x}" != request.trace:
        reading = _reading(node, request, sessions)
    end = max(0, len(reading.events) - request.skip)
    first = max(0, end - request.limit)
    if first and connection:
        readings[connection] = reading
    chosen = reading.events[first:end]
    records = _records(chosen, showing, values=request.values)
    spans = story.spans(_floor(record) for record in rested(records)) if request.spans else []
    orphans = {span.span for span in story.orphans(spans)}
    bare = max(0, len(chosen) - VALUES) if request.values else 0
    return Timeline(
        at=now(),
        trace=f"{reading.trace:032x}",
        principal=next((record.principal for record in records if record.principal is not None), None),
        records=records,
        spans=[_span(span, orphan=span.span in orphans) for span in rested(spans)],
        cut=first > 0,
        note=_note(node, reading, len(orphans), first, bare),
    )


def _reading(node: Node, request: TimelineQuery, sessions: Sessions) -> Reading:
    flown = _flown(node)
    events = list(_once(map(with_story, rested((*sessions.events(), *flown)))))
    if request.trace is not None:
        trace, working = _by_id(events, request.trace, node), list[str]()
    else:
        number, trace = _last_of(events, request.process or "", node)
        working = _working(events, number, trace, node)
    mine = (each for each in events if each[6] is not None and each[6][0] == trace)
    told = told_apart(sorted(mine, key=lambda each: each[0]))
    return Reading(trace, told, flown[0][0] if len(flown) > 1 else None, [*working, *_open(told, node)])


def _flown(node: Node) -> list[Event]:
    flight = node.scheduler.listening.flight
    return flight.last(math.inf, most=1_000_000) if flight is not None else []


def _once(events: Iterable[Event]) -> Iterator[Event]:
    """Each event once: several sessions, and the flight recorder, may have it."""
    seen: set[object] = set()
    for event in events:
        key = event[0], event[1], event[2], event[5], event[6]
        if key not in seen:
            seen.add(key)
            yield event


def _by_id(events: list[Event], beginning: str, node: Node) -> int:
    """The trace id that begins so."""
    found = {
        each[6][0] for each in events if each[6] is not None and f"{each[6][0]:032x}".startswith(beginning)
    }
    if not found:
        raise Failure(Code.REFUSED, f"no story {beginning} is known; {_known(node)}")
    if len(found) > 1:
        some = ", ".join(f"{trace:032x}" for trace in sorted(found)[:AMBIGUOUS])
        raise Failure(
            Code.BAD_REQUEST, f"{len(found)} stories begin with {beginning}: {some}; give more of its digits"
        )
    return found.pop()


def _last_of(events: list[Event], process: str, node: Node) -> tuple[int, int]:
    """A process, alive or not, and the last story that it was in."""
    number = number_in(process)
    if number is None:
        named = [each for each in events if each[3] == process]
        number = named[-1][2] if named else find(node, process).number
    mine = [each for each in events if each[2] == number and each[6] is not None]
    last = max(mine, key=lambda each: each[0], default=None)
    if last is None or last[6] is None:
        raise Failure(Code.REFUSED, f"no story of {clean(process, 80)} is known; {_known(node)}")
    return number, last[6][0]


def _working(events: list[Event], number: int, trace: int, node: Node) -> list[str]:
    """What a process is at work on, where the story ends with that, or does not know of it yet."""
    process = node.table.get(number)
    handler, seconds = handler_of(process) if process is not None else (None, None)
    if process is None or process.current is None or seconds is None:
        return []
    mine = [(each[0], each[1], each[6][0]) for each in events if each[2] == number and each[6] is not None]
    began = max((mono for mono, kind, _ in mine if kind in _BEGUN), default=-math.inf)
    since = node.scheduler.clock() - seconds - _EDGE_S
    if began < since:
        if seconds < _LONG_S:
            return []
        newer = _come_of(events, number, since)
        known = (
            "which is told here when it is over"
            if newer in {None, trace}
            else f"of which the story {f'{newer:032x}'[:_DIGITS]} knows more"
        )
        return [f"it has been at work on a newer message for {seconds:,.1f} s, {handler}, {known}"]
    said = f"it has been at work on this for {seconds:,.1f} s (▒)"
    over = [(mono, other) for mono, kind, other in mine if kind in _OVER and other != trace]
    return [f"{said}; the story before is {f'{max(over)[1]:032x}'[:_DIGITS]}" if over else said]


def _come_of(events: list[Event], number: int, since: float) -> int | None:
    """The story of the last that others have handled for a process since it has been at work."""
    sent = [
        (each[0], each[6][0])
        for each in events
        if each[5] == number
        and each[6] is not None
        and each[0] - (each[8] or 0.0) - (each[9] or 0.0) >= since
    ]
    return max(sent)[1] if sent else None


def _open(events: list[Event], node: Node) -> list[str]:
    """Spans that go on, and since when: a model that does not answer, say. Those of processes that have ended do not."""
    begun: dict[int, Event] = {}
    for event in events:
        if event[6] is not None and event[1] == "span_start":
            begun[event[6][1]] = event
        elif event[6] is not None and event[1] == "span_end":
            begun.pop(event[6][1], None)
    clock = node.scheduler.clock()
    late = [event for event in begun.values() if clock - event[0] >= _LONG_S and _lives(event[2], node)]
    said = [
        f"{clean(text, 80)!r} of {clean(name or '', 80) or pid_text(number) if number else 'the host'} has been open for {clock - mono:,.1f} s (▒)"
        for mono, _, number, name, text, *_ in late[:OPEN]
    ]
    return [*said, f"and {len(late) - OPEN:,} more spans"] if late[OPEN:] else said


def _lives(number: int, node: Node) -> bool:
    return not number or node.table.get(number) is not None


def _known(node: Node) -> str:
    if node.scheduler.listening.flight is None:
        return "this node has no flight recorder, so only what sessions have taken is known"
    return "the flight recorder keeps the newest events only, and sessions what they have taken last"


def _records(events: list[Event], showing: Showing, *, values: bool) -> list[TraceRecord]:
    """Events as records. Of a very long story only the newest have values: an answer has a bound."""
    told = len(events) - VALUES if values else len(events)
    early = showing.events(events[: max(0, told)], values=False)
    late = showing.events(events[max(0, told) :], values=values)
    return [*early, *(record.model_copy(update={"seq": record.seq + len(early)}) for record in late)]


def _floor(record: TraceRecord) -> Record:
    """A record of the port as one of the floor of tracing, as far as spans are made of it."""
    return Record(
        record.seq,
        record.at.timestamp(),
        record.kind,
        (number_in(record.pid) or 0) if record.pid else 0,
        record.name,
        record.text,
        record.mono,
        (number_in(record.peer) or 0) if record.peer else 0,
        record.trace,
        record.span,
        record.cause,
        record.principal,
        record.waited,
        record.took,
    )


def _span(span: story.Span, *, orphan: bool) -> Span:
    return Span(
        span=span.span,
        cause=span.cause,
        pid=pid_text(span.pid) if span.pid else None,
        name=span.name,
        sender=pid_text(span.sender) if span.sender else None,
        title=span.title,
        sent=span.sent,
        began=span.began,
        ended=span.ended,
        failed=span.failed,
        orphan=orphan,
    )


def _note(node: Node, reading: Reading, orphans: int, left_out: int, bare: int) -> str:
    """What is missing, in sentences. `bare`: records without their values."""
    notes = list(reading.working)
    if left_out:
        notes.append(f"left out: the first {counted(left_out, 'record')}")
    if bare:
        notes.append(
            f"the values of the first {counted(bare, 'record')} here are left out: one answer has those of the newest {VALUES:,}"
        )
    if orphans:
        were = "was" if orphans == 1 else "were"
        notes.append(f"{counted(orphans, 'span')} {were} caused by what is not here")
    kinds = {each[1] for each in reading.events}
    if not kinds & {"send", "call"}:
        notes.append(
            "no session has taken what was sent: what was never handled is missing"
            if "receive" in kinds
            else "no session has taken its messages: what was sent and never handled is missing, and who caused what is told from times"
        )
    if reading.since is not None and reading.events[0][0] <= reading.since:
        seconds = node.scheduler.clock() - reading.since
        notes.append(f"it may have begun before what the flight recorder keeps, which is {seconds:,.1f} s")
    if node.scheduler.listening.flight is None:
        notes.append("this node has no flight recorder: only what sessions have taken is here")
    return "; ".join(notes)
