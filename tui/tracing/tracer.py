"""The console's trace session: what is asked for, what came of it, why it has ended. It lives on while other pages are visible.

start(pattern) -> Feed -> Fed -> take -> log -> the Trace page, where it is visible
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from runtime.port.contract import Failure, Trace, TraceLimits, TraceSession
from tui.feed import Fed, Feed

from .log import Log
from .slow import Slow

__all__ = ["Tracer"]

RECENT = 20
JUST_S = 1.0
"""Seconds in which a key that was meant for a session may come after its end."""


class Tracer:
    """One session at a time: a new one takes the place of the one before.

    Attributes:
        pattern: of the session.
        limits: of the next session.
        values: whether messages and states are told in the next session.
        silent: whether the session of now does without them.
        log: its records.
        session: as the node has described it last; None before it has.
        failure: why it could not be opened, or was lost.
        over: whether nothing comes any more.
        slow: from when on times are coloured.
        recent: patterns, newest first.
    """

    def __init__(self, feed: Callable[[Trace], Feed], clock: Callable[[], float]) -> None:
        """`feed` makes feeds that have not been started; `clock`: seconds, monotonic."""
        self._make = feed
        self._clock = clock
        self._feed: Feed | None = None
        self.pattern = ""
        self.limits = TraceLimits()
        self.values = True
        self.silent = False
        self.log = Log()
        self.session: TraceSession | None = None
        self.failure: Failure | None = None
        self.over = False
        self.slow = Slow()
        self.recent: list[str] = []
        self.began = self.ended = 0.0

    @property
    def runs(self) -> bool:
        """Whether records may still come."""
        return self._feed is not None and not self.over

    @property
    def left_s(self) -> float:
        """Seconds that its time limit leaves it."""
        if self.session is None:
            return self.limits.seconds
        return max(0.0, self.session.limits.seconds - (self._clock() - self.began))

    @property
    def just_ended(self) -> bool:
        """Whether it has ended so lately, and by itself, that who wants to stop it cannot have seen that."""
        end = self.session.end if self.session is not None else None
        return self.over and end is not None and end.cause != "asked" and self._clock() - self.ended < JUST_S

    def start(self, pattern: str, *, force: bool = False) -> None:
        """Open a session; the one before ends. `force`: even if the pattern is dangerous."""
        self.end()
        self.pattern, self.log, self.session = pattern, Log(), None
        self.failure, self.over, self.began, self.silent = None, False, self._clock(), not self.values
        self.recent = [pattern, *(it for it in self.recent if it != pattern)][:RECENT]
        self._feed = self._make(Trace(pattern=pattern, limits=self.limits, values=self.values, force=force))
        self._feed.start()

    def take(self, fed: Fed) -> bool:
        """What a feed has brought. Whether it is of the session of now."""
        if fed.feed is not self._feed:
            return False
        self.log.add(fed.rows)
        if fed.session is not None:
            if self.session is None:
                self.began = self._clock()
            self.session = fed.session
        self.failure = fed.failure or self.failure
        if fed.over and not self.over:
            self.ended = self._clock()
        self.over = fed.over
        fed.feed.taken()
        return True

    def end(self) -> None:
        """End the session by ending its connection; what was read stays."""
        if self._feed is not None and not self.over:
            self._feed.end()
        self._feed = None

    def suggestions(self, words: Sequence[str], text: str) -> list[str]:
        """What could be typed next; where nothing is typed yet, patterns of before come first."""
        return list(words) if text.strip() else [*self.recent, *words]
