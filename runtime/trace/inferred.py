"""Who caused what, told from times: of what the flight recorder has kept while nobody traced.

    kept of one story, under one context        told apart
    clerk   |====|                              clerk   span 1
    alice     ..|==|    sent by clerk           alice   span 2, caused by 1: it came while clerk was at work
    bob       ....|=|   sent by clerk           bob     span 3, caused by 1

While a session listens, contexts are minted, and there is nothing to infer: each message has a span of its own already.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tracing.context import Context
    from tracing.records import Event

__all__ = ["told_apart", "with_story"]

_STEPS: Final = frozenset({"handled", "raised"})
_MADE: Final = frozenset({"spawn", "timer"})
"""What a step makes, and that has a span of its own."""
_EDGE_S: Final = 1e-6
"""Times are differences of others: so much may be lost."""
_MASK: Final = (1 << 64) - 1

_Step = tuple[float, float, "Event"]
"""When it began, when it was over, and what is kept of it."""


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
    handlings = Counter(
        context[1] for event in events if event[1] in _STEPS and (context := event[6]) is not None
    )
    mothers = {(event[6][1], event[5]) for event in events if event[1] == "spawn" and event[6] is not None}
    shared = {
        event[6][1]
        for event in events
        if event[1] in _STEPS
        and event[6] is not None
        and (handlings[event[6][1]] > 1 or (event[6][1], event[2]) in mothers)
    }
    if not shared:
        return events
    steps = _steps(events)
    spans: dict[int, int] = {}
    for span in shared:
        for place, event in enumerate(_of_span(events, span)):
            spans[id(event)] = span if place == 0 else _derived(event)
    return [
        _told(event, steps, spans) if event[6] is not None and event[6][1] in shared else event
        for event in events
    ]


def _of_span(events: list[Event], span: int) -> list[Event]:
    """The handlings that share a span, in the order in which they began: the first has led to the others."""
    mine = [event for event in events if event[1] in _STEPS and event[6] is not None and event[6][1] == span]
    return sorted(mine, key=_began)


def _steps(events: list[Event]) -> dict[int, list[_Step]]:
    """The steps of each process, in the order in which they began."""
    found: dict[int, list[_Step]] = {}
    for event in events:
        if event[1] in _STEPS:
            found.setdefault(event[2], []).append((_began(event), event[0], event))
    for steps in found.values():
        steps.sort(key=lambda step: step[0])
    return found


def _began(event: Event) -> float:
    return event[0] - (event[9] or 0.0)


def _told(event: Event, steps: dict[int, list[_Step]], spans: dict[int, int]) -> Event:
    mono, kind, pid, _, _, peer, context, _, waited, _, _ = event
    assert context is not None
    if kind in _STEPS:
        cause = _at_work(steps.get(peer, []), _began(event) - (waited or 0.0), event)
        return _under(event, context, spans[id(event)], cause, spans)
    maker = peer if kind == "spawn" else pid
    step = _at_work(steps.get(maker, []), mono, event)
    if step is None:
        return event
    if kind in _MADE:
        return _under(event, context, _derived(event), step, spans)
    return (*event[:6], (context[0], spans.get(id(step), context[1]), context[2], context[3]), *event[7:])


def _at_work(steps: list[_Step], at: float, event: Event) -> Event | None:
    """The step that was under way at a moment: the last that had begun."""
    place = bisect_right(steps, at + _EDGE_S, key=lambda step: step[0])
    for began, ended, step in reversed(steps[max(0, place - 4) : place]):
        if began - _EDGE_S <= at <= ended + _EDGE_S and step is not event:
            return step
    return None


def _under(event: Event, context: Context, span: int, cause: Event | None, spans: dict[int, int]) -> Event:
    above = context[2]
    if cause is not None and cause[6] is not None:
        above = spans.get(id(cause), cause[6][1])
    told = (context[0], span, above if above != span else 0, context[3])
    return (*event[:6], told, *event[7:])


def _derived(event: Event) -> int:
    """A span id of an event's own, made of what it is."""
    return hash((event[0], event[2], event[5], len(event[1]))) & _MASK or 1
