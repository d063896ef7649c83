"""In from OpenTelemetry: spans of instrumented libraries become events of the process in whose step they begin.

    provider.add_span_processor(Incoming(here, offer))       httpx, SQL, LLM frameworks: whatever is instrumented

    a span begins --here()--> (process, its context) --> offer span_start
    the same span ends, wherever that is            --> offer span_end, with its attributes and how long it took

A span that begins where no process runs (on a thread that a library has started) belongs to the process of the span that it is in.

It is a span processor by its shape, so that nothing of the SDK is imported. A span of theirs keeps its id; its cause is the span
of theirs that it is in, or else the message that is handled. It belongs to the story of that message, whatever trace id they have
given it. One that is still open when the process dies has a beginning and no end, which is what somebody will want to know.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from .context import Context
from .pattern import Subject
from .records import Event

__all__ = ["Incoming", "Place"]

Place: TypeAlias = tuple[Subject, Context]
"""A process, and the context of its step."""
_Open: TypeAlias = "tuple[Place, Context, float]"
MOST: Final = 10_000
"""Spans that are open at a time; the oldest are forgotten, and have no end."""


class Incoming:
    """A span processor. For any thread.

    Args:
        here: whose step runs on this thread now; None if no process's. It must not raise.
        offer: takes the events, on whichever thread a span begins or ends. It must not raise.
        clock: seconds of the monotonic clock. Optional. Defaults to `time.monotonic`.

    Attributes:
        forgotten: spans that were open for so long that there was no room for them.
    """

    def __init__(
        self,
        here: Callable[[], Place | None],
        offer: Callable[[Subject, Event], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._here = here
        self._offer = offer
        self._clock = clock
        self._open: dict[int, _Open] = {}
        self._lock = threading.Lock()
        self.forgotten = 0

    def on_start(self, span: Any, parent_context: Any = None) -> None:  # noqa: ARG002 - the SDK's signature
        """A span begins."""
        number: int = span.get_span_context().span_id
        parent: int = span.parent.span_id if span.parent is not None else 0
        place = self._here()
        now = self._clock()
        with self._lock:
            inside = self._open.get(parent)
            if place is None and inside is not None:
                place = inside[0]
            if place is None:
                return
            trace, handled, _, principal = place[1]
            cause = parent if inside is not None and inside[1][0] == trace else handled
            context: Context = (trace, number, cause, principal)
            if len(self._open) >= MOST:
                del self._open[next(iter(self._open))]
                self.forgotten += 1
            self._open[number] = (place, context, now)
        self._tell(place, "span_start", span, context, now, None)

    def on_end(self, span: Any) -> None:
        """A span is over."""
        with self._lock:
            begun = self._open.pop(span.get_span_context().span_id, None)
        if begun is not None:
            place, context, start = begun
            now = self._clock()
            self._tell(place, "span_end", span, context, now, now - start)

    def _tell(
        self, place: Place, kind: str, span: Any, context: Context, now: float, took: float | None
    ) -> None:
        subject = place[0]
        given = dict(span.attributes or {})
        failed = getattr(getattr(span, "status", None), "status_code", None)
        if kind == "span_end" and getattr(failed, "name", "") == "ERROR":
            given.setdefault("error.type", "_OTHER")
        values = (given,)
        self._offer(
            subject,
            (now, kind, subject.number, subject.name, str(span.name), 0, context, values, None, took, None),
        )

    def _on_ending(self, span: Any) -> None:
        """What newer versions of the SDK call before `on_end`."""

    def shutdown(self) -> None:
        """The provider ends: nothing is kept."""
        with self._lock:
            self._open.clear()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:  # noqa: ARG002 - the SDK's signature
        """Nothing waits here."""
        return True
