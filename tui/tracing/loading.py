"""A story, read from the node part by part, newest first: no answer is so long that the console would stand still.

    TimelineQuery(skip=0) -> rows -> Story, shown at once ─┐
    TimelineQuery(skip=n) -> rows -> …                     ├─> Story of all of it
                                                           ┘
Rows and stories are made on a thread: of thousands of records that takes longer than a frame.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel

from runtime.port.contract import Failure, Timeline, TimelineQuery, TraceRecord
from tui.format import clean

from .lasting import lasting
from .row import Row, rows_of
from .story import Story, episode_of, story_of

if TYPE_CHECKING:
    from tui.app import ObserverApp

__all__ = ["Loading", "Wanted", "episode"]

PART: Final = 1_000
"""Records of one answer."""
MOST: Final = 50_000
"""Records of one story."""
AT_ONCE: Final = 300
"""As many are made into a story without a thread."""


@dataclass(frozen=True)
class Wanted:
    """Which story: by its trace id, or the last one of a process; `span` gets the cursor."""

    trace: str = ""
    process: str = ""
    span: str = ""
    rows: Sequence[Row] = field(default=(), compare=False)
    """What the console has of it itself, for when the node has forgotten it."""


def episode(console: ObserverApp, story: Story, span: str, show: Callable[[Story], None]) -> None:
    """The part of a story that belongs to a span, on a thread where the story is long; `show` gets it on the console's."""

    def make() -> Story:
        part = episode_of(story, span)
        part.index()
        return part

    def follow() -> None:
        with lasting():
            part = make()
        console.call_later(show, part)

    if len(story.rows) <= AT_ONCE:
        show(make())
    else:
        threading.Thread(target=follow, name="observer-episode", daemon=True).start()


class Loading:
    """One story on its way.

    Args:
        console: whose link asks.
        wanted: which story.
        show: gets what there is so far, the part of it that matters, whether more comes, and what is to be said about it; on the
            console's thread.
    """

    def __init__(
        self, console: ObserverApp, wanted: Wanted, show: Callable[[Story, Story, bool, str], None]
    ) -> None:
        self.wanted = wanted
        self.records = 0
        self._console = console
        self._show = show
        self._rows: list[Row] = []
        self._note = ""
        self._given_up = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Ask for the newest part; what the console has itself is shown until then."""
        if self.wanted.rows:
            self._make(list(self.wanted.rows), more=True)
        if self.wanted.trace:
            self._ask(TimelineQuery(trace=self.wanted.trace, limit=PART, spans=False))
        elif self.wanted.process:
            self._ask(TimelineQuery(process=self.wanted.process, limit=PART, spans=False))
        else:
            self._make(list(self.wanted.rows), more=False)

    def give_up(self) -> None:
        """Another story is wanted."""
        self._given_up = True

    def _ask(self, query: TimelineQuery) -> None:
        self._console.ask(query, self._answered)

    def _answered(self, answer: BaseModel | Failure) -> None:
        if self._given_up:
            return
        if isinstance(answer, Failure):
            self._failed(answer)
        elif isinstance(answer, Timeline):
            records, self._note = answer.records, clean(answer.note, 500)
            more = answer.cut and bool(records) and self.records + len(records) < MOST
            first = not self.records
            self.records += len(records)
            if more:
                self._ask(TimelineQuery(trace=answer.trace, limit=PART, skip=self.records, spans=False))
            elif answer.cut:
                self._note = f"only the newest {self.records:,} records are shown; {self._note}".strip("; ")
            self._aside(records, more=more, show=first or not more)

    def _failed(self, failure: Failure) -> None:
        """The node has forgotten the story: what the console has itself is all there is."""
        rows = self._rows or list(self.wanted.rows)
        self._note = clean(failure.message, 500)
        if rows:
            self._note = f"only what this console has seen of it: {self._note}"
        self._make(rows, more=False)

    def _aside(self, records: list[TraceRecord], *, more: bool, show: bool) -> None:
        """Make rows of a part, on a thread where it is long."""

        def make() -> None:
            self._rows = rows_of(records) + self._rows
            if show:
                self._done(self._merged(), more=more)

        if self._thread is None and len(records) <= AT_ONCE:
            make()
        else:
            before = self._thread

            def follow() -> None:
                if before is not None:
                    before.join()
                with lasting():
                    make()

            self._thread = threading.Thread(target=follow, daemon=True)
            self._thread.start()

    def _merged(self) -> list[Row]:
        """What the node has told; before that what only the console has, which may know older records."""
        first = min((row.mono for row in self._rows), default=float("inf"))
        return [*(row for row in self.wanted.rows if row.mono < first), *self._rows]

    def _make(self, rows: list[Row], *, more: bool) -> None:
        if len(rows) <= AT_ONCE:
            self._done(rows, more=more)
        else:

            def follow() -> None:
                with lasting():
                    self._done(rows, more=more)

            threading.Thread(target=follow, daemon=True).start()

    def _done(self, rows: list[Row], *, more: bool) -> None:
        story = story_of(rows)
        part = episode_of(story, self._matters(story))
        story.index()
        part.index()
        note = self._note

        def show() -> None:
            if not self._given_up:
                self._show(story, part, more, note)

        if threading.current_thread() is threading.main_thread():
            show()
        else:
            self._console.call_later(show)

    def _matters(self, story: Story) -> str:
        """The span that was asked for; of a process the last one."""
        if self.wanted.span:
            return self.wanted.span
        mine = (row.span for row in reversed(story.rows) if row.pid == self.wanted.process and row.span)
        return next(mine, "") if self.wanted.process else ""
