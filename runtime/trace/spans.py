"""Spans of the application's own, and the stories that the host says its messages belong to.

with trace.span("tool", name="search"):     span_start ... span_end, with its time and its attributes
self.peer.cast(…)                       caused by the span
with trace.story(traceparent):              in the host: what it sends belongs to that story
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import get_ident
from typing import TYPE_CHECKING, Any, Self

from tracing.context import Context, born, from_traceparent, plain, to_traceparent
from tracing.incoming import Incoming

from .stories import OUTSIDE, Given, following
from .telling import HOST
from .whereabouts import Whereabouts, nodes_here, whereabouts

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import TracebackType

    from tracing.records import Event

__all__ = ["Span", "current", "span", "span_processor", "story", "traceparent"]


class Span:
    """A piece of work with a name, inside a handler, a task or the host. Use it with `with`, once.

    Attributes:
        name: what it is called.
        attributes: what is to be known of it; more can be added until it is over.
    """

    def __init__(self, name: str, attributes: dict[str, Any]) -> None:
        self.name = name
        self.attributes = attributes
        self._place: Whereabouts | None = None
        self._context: Context | None = None
        self._left: _Left | None = None
        self._began = 0.0

    def set(self, **attributes: Any) -> Self:
        """Add attributes."""
        self.attributes.update(attributes)
        return self

    def __enter__(self) -> Self:
        place = whereabouts()
        if place is None or place.sched.keep is None:
            return self
        if place.context is None and place.process is not None and place.process.current is not None:
            # the message that is handled begins the story, and not the span
            place = place._replace(context=current())
        self._place = place
        self._context = context = born() if place.context is None else following(place.context)
        self._put(context)
        self._began = place.sched.clock()
        self._tell("span_start", self._began, None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        place = self._place
        if place is None:
            return
        now = place.sched.clock()
        if kind is not None:
            self.attributes["error.type"] = kind.__qualname__
        self._tell("span_end", now, now - self._began)
        if self._left is not None:
            self._left.again()
        elif place.sched.running is place.process and place.sched.story is self._context:
            place.sched.story = place.context  # else it goes on with a message that it has received meanwhile

    def _put(self, context: Context) -> None:
        place = self._place
        assert place is not None
        if place.on_loop and place.process is not None and place.sched.running is place.process:
            place.sched.story = context
        else:
            self._left = _Left(context)
            place.sched.outside = True

    def _tell(self, kind: str, now: float, took: float | None) -> None:
        place = self._place
        assert place is not None
        subject: Any = place.process or HOST
        values = (dict(self.attributes),)
        event = (
            now, kind, subject.number, subject.name, self.name, 0, self._context, values, None, took, subject.redact,
        )  # fmt: skip
        place.offer(subject, event)


class _Left:
    """The story outside of steps that another has taken the place of, for as long as that one stands.

    Not a token of the variable: generators may be left in another context than they were entered in, where a token is an error.
    """

    def __init__(self, instead: Context) -> None:
        self._before = OUTSIDE.get()
        self._instead = instead
        OUTSIDE.set(instead)

    def again(self) -> None:
        """Go back to it."""
        if OUTSIDE.get() is self._instead:
            OUTSIDE.set(self._before)


def span(_name: str, /, **attributes: Any) -> Span:
    """A span: `with trace.span("tool", query=text) as span:`. Free of charge, nearly, while nobody listens."""
    return Span(str(_name), attributes)


def current() -> Context | None:
    """The story under which this code runs: trace id, span id, cause, principal. None outside of every story."""
    place = whereabouts()
    if place is None:
        return plain(OUTSIDE.get())
    if place.context is None and place.process is not None and place.on_loop and place.sched.keep is not None:
        place.sched.story = context = born()
        return context
    return plain(place.context)


def traceparent() -> str | None:
    """The `traceparent` header that hands this story on to another program (W3C Trace Context); None outside of every story."""
    context = current()
    return to_traceparent(context) if context is not None else None


def span_processor() -> Incoming:
    """For OpenTelemetry's SDK: the spans of instrumented libraries become spans of the process in whose handler they run.

    `provider.add_span_processor(trace.span_processor())`: httpx, SQL, LLM frameworks, whatever is instrumented.
    """
    return Incoming(_place, _told)


def _place() -> tuple[Any, Context] | None:
    place = whereabouts()
    if place is None or place.process is None or place.sched.keep is None:
        return None
    context = current()
    return (place.process, context) if context is not None else None


def _told(process: Any, event: Event) -> None:
    sched = process.sched
    Whereabouts(sched, process, None, get_ident() == sched.thread).offer(process, event)


@contextmanager
def story(traceparent: str | None = None, principal: str | None = None) -> Generator[Context, None, None]:
    """What the host sends inside belongs to one story: the one of a `traceparent`, or a new one.

    Args:
        traceparent: the header that came with a request. Optional. Defaults to none: a story begins.
        principal: on whose behalf. Optional. Defaults to nobody's.

    Raises:
        ValueError: the header does not follow the grammar of W3C Trace Context.
    """
    context = Given(born(principal) if traceparent is None else from_traceparent(traceparent, principal))
    for sched in nodes_here():
        sched.outside = True
    left = _Left(context)
    try:
        yield context
    finally:
        left.again()
