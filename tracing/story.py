"""A story: the spans of records, each one message and its handling, with who caused whom.

    send    span 7, by <0.4.0>, to <0.5.0>   \
    receive span 7                             >  Span 7: sent 0.000, began 0.004 (waited), took 0.001, parent: span 3
    handled span 7                            /

What is missing from the records is missing from the span: one that was sent and never handled has no beginning, and one whose
sending nobody recorded has no `sent`. Spans whose parents are not there are `orphans`, which says whether records are complete.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from .records import Record

__all__ = ["Span", "orphans", "spans"]

_SENT: Final = frozenset({"send", "call", "spawn", "timer"})
_HANDLING: Final = frozenset({"receive", "handle", "handled", "raised"})
_OVER: Final = frozenset({"handled", "raised", "span_end", "operator"})
"""Span ends are those of spans of the user's."""


@dataclass(slots=True)
class Span:
    """One message and its handling, or what else happened under one span id.

    Attributes:
        trace, span, cause, principal: as in `Record`.
        pid: who handles it; 0 while that is not known.
        name: of that process.
        sender: who has sent it, or 0.
        title: its kind, and what it says in words.
        sent: when it was sent, in seconds of the monotonic clock, or None.
        began: when its handling began, or None.
        ended: when that was over, or None.
        failed: whether the handler has raised, or the process has crashed in it.
        records: all of it, in order.
    """

    trace: str
    span: str
    cause: str
    principal: str | None
    pid: int = 0
    name: str | None = None
    sender: int = 0
    title: str = ""
    sent: float | None = None
    began: float | None = None
    ended: float | None = None
    failed: bool = False
    records: list[Record] = field(default_factory=list[Record])

    @property
    def starts(self) -> float:
        """The first that is known of it."""
        return min(time for time in (self.sent, self.began, self.records[0].mono) if time is not None)

    @property
    def ends(self) -> float:
        """The last that is known of it."""
        return max(self.ended if self.ended is not None else self.starts, self.records[-1].mono, self.starts)

    @property
    def waited(self) -> float | None:
        """Seconds from sending to the beginning of its handling."""
        if self.sent is None or self.began is None:
            return None
        return max(0.0, self.began - self.sent)

    @property
    def took(self) -> float | None:
        """Seconds of handling."""
        return self.ended - self.began if self.began is not None and self.ended is not None else None


def spans(records: Iterable[Record]) -> list[Span]:
    """The spans of records, in the order in which they begin. Records that belong to no span are left out."""
    found: dict[tuple[str, str], Span] = {}
    for record in sorted(
        (record for record in records if record.span), key=lambda record: (record.mono, record.seq)
    ):
        key = record.trace, record.span
        span = found.get(key)
        if span is None:
            span = found[key] = Span(record.trace, record.span, record.cause, record.principal)
        span.records.append(record)
        _add(span, record)
    return sorted(found.values(), key=lambda span: span.starts)


def orphans(found: Iterable[Span]) -> list[Span]:
    """Spans whose cause is not among them, though it is said to be."""
    all_of_them = list(found)
    known = {(span.trace, span.span) for span in all_of_them}
    return [span for span in all_of_them if span.cause and (span.trace, span.cause) not in known]


def _add(span: Span, record: Record) -> None:
    kind = record.kind
    if kind in _SENT:
        span.sent = record.mono if span.sent is None else span.sent
        span.title = span.title or (f"{kind} {record.text}" if record.text else kind)
        if kind == "spawn":
            span.sender, span.pid, span.name = record.peer, record.pid, record.name
        else:
            span.sender, span.pid = record.pid, span.pid or record.peer
        return
    if kind == "reply":
        return  # the callee's, in its own span already
    if kind in _HANDLING or span.pid in {
        0,
        record.pid,
    }:  # what crashes or is linked in a span may be another's
        span.pid, span.name = record.pid, record.name or span.name
    if kind in {"receive", "handle"}:
        span.began = record.mono if span.began is None else span.began
        span.sender = span.sender or record.peer
        if span.sent is None and record.waited is not None:
            span.sent = record.mono - record.waited
    elif kind == "span_start":
        span.began = record.mono
        span.title = record.text
    elif kind in _OVER:
        span.ended = record.mono
        if span.began is None and record.took is not None:
            span.began = record.mono - record.took
        if span.sent is None and record.waited is not None and span.began is not None:
            span.sent = span.began - record.waited
        span.title = record.text or span.title
    given = record.values.get("attributes")
    span.failed |= kind == "raised" or (kind == "crash" and span.pid == record.pid)
    span.failed |= kind == "span_end" and isinstance(given, dict) and "error.type" in given
    span.title = span.title or (f"{kind} {record.text}" if record.text else kind)
