"""Who caused what, told from times: of what the flight recorder has kept while nobody traced.

    kept of one story, under one context        told apart
    clerk   |====|                              clerk   span 1
    alice     ..|==|    sent by clerk           alice   span 2, caused by 1: it came while clerk was at work
    bob       ....|=|   sent by clerk           bob     span 3, caused by 1

Whatever is kept under one context comes of what had it first, and of nothing else: who is meant is told by whose work it was, and when. Where
that is not known, nothing is said to be the cause. While a session listens, contexts are minted, and there is nothing to infer: each message
has a span of its own already.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..mailbox import HANDLERS, INIT
from ..signals import Down, Exit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tracing.records import Event

__all__ = ["told_apart", "with_story"]

_STEPS: Final = frozenset({"handled", "raised"})
_SENT: Final = frozenset({"send", "call", "timer", "spawn"})
"""What is handled later, in the same span."""
_SPANS: Final = frozenset({"span_start", "span_end"})
_MINTED: Final = frozenset({"send", "call", "receive", "handle", "reply", "state"})
"""What is told while each message has a span of its own."""
_ENDS: Final = frozenset({"ended", "crash"})
_RECEIVE: Final = "receive"
"""What handles all messages of a coroutine process: it has no handlers, and goes on until it receives again."""
_INIT: Final = HANDLERS[INIT]
_EDGE_S: Final = 1e-6
"""Times are differences of others: so much may be lost."""
_LOOKS: Final = 64
"""Pieces of work, of those that began last, that are looked at for what was under way."""
_MASK: Final = (1 << 64) - 1


def with_story(event: Event) -> Event:
    """An event in the story that it is alone in, if it has none: a message from outside, whose handling has sent nothing.

    While nobody traces, a story is born where a step sends for the first time. The same event always gets the same story.
    """
    if event[6] is not None or event[1] not in _STEPS:
        return event
    span = _derived(event)
    trace = hash((span, event[0])) & _MASK
    return (*event[:6], (trace << 64 | span, span, 0, None), *event[7:])


def told_apart(events: list[Event]) -> list[Event]:
    """Events of one story, each handling with a span of its own. The same events always get the same spans.

    Args:
        events: with one trace id, in the order of time.
    """
    story = _Story(events)
    return [story.told(event) for event in events]


@dataclass(slots=True, eq=False)
class _Work:
    """A piece of work: what becomes a span, or the part of one that was sent.

    Attributes:
        event: what is kept of it.
        under, above: the span of its context, and the cause.
        pid: whose work it is.
        maker: who has sent, spawned, set or begun it; 0 for the host, or where that is not known.
        asked: when.
        began, until: from when to when something could come of it.
        sure: whether it was under way for all of that time.
        span: which it is.
    """

    event: Event
    under: int
    above: int
    pid: int
    maker: int
    asked: float
    began: float
    until: float
    sure: bool = True
    span: int = 0

    def at(self, moment: float) -> bool:
        """Whether it may have been under way at that moment."""
        return self.began - _EDGE_S <= moment <= self.until + _EDGE_S


class _Story:
    """One story: its pieces of work, by the context that they had, and by whose they are.

    Args:
        events: all of it, in the order of time.
    """

    def __init__(self, events: list[Event]) -> None:
        self._works: dict[int, _Work] = {}
        """By the identity of their events."""
        self._under: defaultdict[int, list[_Work]] = defaultdict(list)
        self._of: defaultdict[tuple[int, int], list[_Work]] = defaultdict(list)
        """By context and process."""
        self._minted: set[int] = set()
        """Spans that one message alone had when it was sent."""
        self._ended: dict[int, Event] = {}
        """By process."""
        self._reasons: dict[int, Event] = {}
        """The first end for a reason, by the identity of that."""
        self._causes: dict[int, int] = {}
        for work in sorted(self._found(events), key=lambda work: work.began):
            self._under[work.under].append(work)
            self._of[work.under, work.pid].append(work)
        self._close(events)
        for span, works in self._under.items():
            _name(span, works)
        for works in self._under.values():
            for work in works:
                self._causes.setdefault(work.span, self._cause(work))

    def told(self, event: Event) -> Event:
        """An event under the span that it belongs to."""
        context = event[6]
        if context is None:
            return event
        work = self._works.get(id(event))
        span = work.span if work is not None else self._place(event)
        cause = self._causes.get(span, context[2] if span == context[1] else 0)
        if (span, cause) == context[1:3]:
            return event
        return (*event[:6], (context[0], span, cause, context[3]), *event[7:])

    def _found(self, events: list[Event]) -> list[_Work]:
        found: list[_Work] = []
        spans: dict[int, _Work] = {}
        for event in events:
            context, kind = event[6], event[1]
            if context is None:
                continue
            if kind in _MINTED:
                self._minted.add(context[1])
            if kind in _SPANS and context[1] in spans:
                work = spans[context[1]]
                work.until = event[0]
            elif kind in _STEPS or kind in _SENT or kind in _SPANS or kind == "operator":
                work = _work(event, context[1], context[2])
                found.append(work)
                if kind in _SPANS:
                    spans[context[1]] = work
            else:
                if kind == "ended":
                    self._ended[event[2]] = event
                    if isinstance(reason := next(iter(event[7]), None), BaseException):
                        self._reasons.setdefault(id(reason), event)
                continue
            self._works[id(event)] = work
        return found

    def _close(self, events: list[Event]) -> None:
        """Say until when what has no end of its own was under way: until its process did something else; what raised, until its end."""
        ends = {event[2]: event[0] for event in events if event[1] in _ENDS}
        of: defaultdict[int, list[_Work]] = defaultdict(list)
        for work in self._works.values():
            if work.event[1] not in _SPANS:
                of[work.pid].append(work)
        for pid, works in of.items():
            works.sort(key=lambda work: work.began)
            for work, after in zip(works, (*works[1:], None), strict=True):
                if not work.sure:
                    work.until = after.began if after is not None else math.inf
                elif work.event[1] == "raised":  # it terminates
                    work.until = max(work.until, ends.get(pid, work.until))

    def _cause(self, work: _Work) -> int:
        above = work.above if work.span == work.under else work.under
        works = self._under.get(above)
        if works is None or all(one.span == above for one in works):
            return above
        end = self._ended.get(work.maker) if _is_signal(work.event) else None
        if end is not None and end[6] is not None and end[6][1] == above:
            return self._place(end)
        mine = (one for one in _begun(self._of[above, work.maker], work.asked) if one.span != work.span)
        last = next(mine, None)
        if last is None:  # unless it is a message that has been put off, and is handled again
            return work.above if work.under in self._minted else 0
        timer = work.event[1] == "timer"
        if last.event[1] in _SPANS or (last.at(work.asked) and not timer):
            return last.span
        if timer or work.maker == work.pid:  # when it was set, or its task was made, nobody knows
            return last.span if all(one.span == last.span for one in mine) else 0
        return 0

    def _place(self, event: Event) -> int:
        """The span in which something has happened to a process: in its own work, or in whoever's has done it."""
        mono, kind, pid, _, _, _, context, values, _, _, _ = event
        assert context is not None
        span = context[1]
        works = self._under.get(span)
        if (
            works is None
            or kind in _MINTED
            or (span in self._minted and all(one.span == span for one in works))
        ):
            return span
        reason = next(iter(values), None)
        normal = type(reason) is str and reason == "normal"
        by_itself = kind == "started" or (kind in _ENDS and (normal or isinstance(reason, BaseException)))
        own = next(_begun(self._of[span, pid], mono), None) if by_itself else None
        first = self._reasons.get(id(reason))
        if first is not None and first[2] != pid and not (own is not None and own.sure and own.at(mono)):
            return self._place(first)  # they were linked
        if own is not None and own.at(mono):
            return own.span
        others = (one.span for one in _begun(works, mono) if one.sure and one.at(mono))
        return next(others, hash((span, pid)) & _MASK or 1)


def _begun(works: list[_Work], moment: float) -> Iterator[_Work]:
    """Those that had begun at a moment, the last first."""
    place = bisect_right(works, moment + _EDGE_S, key=lambda work: work.began)
    return reversed(works[max(0, place - _LOOKS) : place])


def _work(event: Event, under: int, above: int) -> _Work:
    mono, kind, pid, _, text, peer, _, _, waited, took, _ = event
    began = mono - (took or 0.0)
    if kind in _STEPS and text == _INIT:  # it goes on since the spawn, in the same span
        return _Work(event, under, above, pid, peer, mono, mono, mono)
    if kind in _STEPS:
        goes_on = text == _RECEIVE and kind == "handled"
        return _Work(event, under, above, pid, peer, began - (waited or 0.0), began, mono, not goes_on)
    if kind in _SENT:
        pid, maker = (pid, peer) if kind == "spawn" else (peer, pid)
        return _Work(event, under, above, pid, maker, mono, mono, mono, sure=False)
    if kind in _SPANS:  # what is sent in it bears the time at which the step began
        until = mono if kind == "span_end" else math.inf
        return _Work(event, under, above, pid, pid, began, -math.inf, until)
    return _Work(event, under, above, 0, 0, began, began, mono)  # an operator's, whom the host acts for


def _name(span: int, works: list[_Work]) -> None:
    """Give each its span: the first has led to the others; what was sent and its handling are one."""
    begun: dict[int, int] = {}
    to: int | None = None
    for place, work in enumerate(works):
        kind = work.event[1]
        if kind in _SENT and kind != "spawn":  # it has got a context of its own
            work.span, to = span, work.pid
        elif kind in _STEPS and work.event[4] == _INIT and work.pid in begun:
            work.span = begun[work.pid]
        elif kind in _STEPS and to in {0, work.pid}:
            work.span, to = span, None
        else:
            work.span = _derived(work.event) if place else span
        if kind == "spawn":
            begun[work.pid] = work.span


def _is_signal(event: Event) -> bool:
    """Whether it is told of an end."""
    values: tuple[Any, ...] = event[7]
    return bool(values) and type(values[0]) in {Exit, Down}


def _derived(event: Event) -> int:
    """A span id of an event's own, made of what it is."""
    return hash((event[0], event[2], event[5], len(event[1]))) & _MASK or 1
