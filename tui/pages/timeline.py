"""The Timeline page: one story, everything with one trace id, as a waterfall or as a sequence diagram.

    its id, its processes, waiting and work, what is missing
    Waterfall   Diagram   (v)              ⏎ the records of a span in full

Opened from a record, a process, a crash, or by typing a trace id. It is read once, and again with `r`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical

from runtime.port.contract import TimelineQuery
from tui.format import clean, number
from tui.keys import PARTS, TRACE, VIEW
from tui.spans import Spans
from tui.tracing.loading import Loading, Wanted, episode
from tui.tracing.record import records_tree
from tui.tracing.story import Bar, Step, Story
from tui.widgets.prompt import Prompt
from tui.widgets.sequence import Sequence as Diagram
from tui.widgets.table import Table
from tui.widgets.tabs import Tab, TabLine
from tui.widgets.text_panel import TextPanel
from tui.widgets.values import Branch
from tui.widgets.waterfall import Waterfall

from .detailed import DetailedPage
from .page import Target
from .timeline_head import head

__all__ = ["TimelinePage"]

WATERFALL, DIAGRAM = "waterfall", "diagram"
TABS = (Tab(WATERFALL, "a", "Waterfall"), Tab(DIAGRAM, "d", "Diagram"))


class TimelinePage(DetailedPage):
    """One story."""

    mode = "timeline"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "other_view", "waterfall/diagram", group=VIEW, tooltip="the same story, drawn the other way"),
        Binding("s", "slowest", "slowest", group=TRACE, tooltip="the span that waited or worked longest by itself; again: the next"),
        Binding("x", "failed", "failed", group=TRACE, tooltip="the next span that has failed"),
        Binding("c", "cause", "cause", group=TRACE, tooltip="the span that has caused this one"),
        Binding("z", "zoom", "zoom", group=VIEW, tooltip="the time of this span and what it has caused; again: all of it"),
        Binding("f", "episode", "all/episode", group=VIEW,
                tooltip="all of the story, or from the timer or the message from outside that led here to all that came of it"),
        Binding("o", "process", "process", group=TRACE, tooltip="open the process of the span"),
        Binding("i", "ask_id", "trace id", group=TRACE, tooltip="type the id of a story, or its first digits"),
        Binding("r", "read", "read again", show=False, group=TRACE),
        *(Binding(tab.key, f"part('{tab.id}')", tab.title.lower(), show=False, group=PARTS) for tab in TABS),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.wanted = Wanted()
        self.story = self.whole = Story()
        """What is shown: all of it, or an episode."""
        self.note = ""
        self.chosen = WATERFALL
        self.reading: Loading | None = None
        self.zoomed = self.found = self.all_of_it = False
        self.waterfall = Waterfall(lambda: self.console.tracer.slow)
        self.diagram = Diagram()
        self._rank = 0

    def body(self) -> ComposeResult:
        """The head, the tabs, both drawings, the records of a span."""
        yield TextPanel(self._head, id="trace-head")
        yield TabLine(TABS, id="trace-tabs")
        with Horizontal(id="columns"):
            with Vertical(id="list-side"):
                yield from (self.waterfall, self.diagram)
            with Container(id="detail-side"):
                yield self.detail

    def on_mount(self) -> None:
        """What was asked for on the way here."""
        self.lay_out()

    def on_screen_resume(self) -> None:
        """Visible, perhaps for another story."""
        self.view(self.console.wanted)
        self.lay_out()

    # --- which story --------------------------------------------------------------------------

    def view(self, wanted: Wanted) -> None:
        """Show a story."""
        if wanted == self.wanted:
            return
        self.wanted, self.detailed, self.zoomed, self.all_of_it = wanted, False, False, False
        self.waterfall.cursor = self.diagram.cursor = None
        self.whole, self.found = Story(), False
        self._tell(self.whole)
        self._load()

    def _load(self) -> None:
        if self.reading is not None:
            self.reading.give_up()
            self.reading = None
        wanted = self.wanted
        if not wanted.trace and not wanted.process and not wanted.rows:
            return
        why = self.session.why_not(TimelineQuery)
        self.note = why
        self.reading = Loading(self.console, wanted, self._loaded)
        if not why:
            self.reading.start()
        self.changed()

    def _loaded(self, story: Story, part: Story, more: bool, note: str) -> None:
        first = not self.story.rows
        self.note = note
        if not more:
            self.reading = None
        self.whole = story
        self._tell(story if self.all_of_it else part)
        if first or not self.found:
            self.found = self._find(self.wanted.span)
        self.changed()

    def _tell(self, story: Story) -> None:
        kept = self.waterfall.current.span if self.waterfall.current is not None else ""
        self.story, self._rank = story, 0
        self.waterfall.tell(story)
        self.diagram.tell(story)
        if kept:
            self._find(kept)
        self.changed()

    def _find(self, span: str) -> bool:
        """Put both cursors on a span. Whether it is there."""
        bar = self.story.bar(span)
        if bar is not None:
            self.waterfall.move_to(str(bar.number))
            step = self.story.step(span)
            if step is not None:
                self.diagram.move_to(str(step.number))
                self.diagram.see(step)
        return bar is not None

    def action_read(self) -> None:
        """Read it again: it may have gone on."""
        trace = self.story.trace or self.wanted.trace
        self.wanted = Wanted(trace, "" if trace else self.wanted.process, rows=self.wanted.rows)
        self._load()

    def action_ask_id(self) -> None:
        """Type an id."""
        self.prompt.ask("trace", "trace id", "its first digits will do · Enter · Esc")

    @on(Prompt.Closed)
    def closed(self, event: Prompt.Closed) -> None:
        """An id was typed."""
        if event.purpose != "trace" or not event.text:
            return
        text = event.text.lower().removeprefix("00-")[:32]
        if len(text) < 4 or any(digit not in "0123456789abcdef" for digit in text):
            self.console.tell(
                f"{clean(event.text, 60)!r} is no trace id: 4 to 32 hex digits, or a traceparent", failed=True
            )
        else:
            self.console.open_story(trace=text)

    # --- showing ------------------------------------------------------------------------------

    def changed(self) -> None:
        """Head, tabs and frame anew."""
        if self.is_mounted and self.query("#trace-head"):
            panel, story = self.query_one("#trace-head", TextPanel), self.story
            panel.styles.height = 4 if self.note and story.rows else 3
            panel.repaint()
            counts = {
                WATERFALL: number(len(story.bars)) if story.bars else "",
                DIAGRAM: number(len(story.steps)) if story.steps else "",
            }
            self.query_one("#trace-tabs", TabLine).show(TABS, self.chosen, counts)
            self.waterfall.empty = (
                "" if self.reading is not None or not self.wanted.trace else "nothing of it is known"
            )
            self.show_detail()
            self.refresh_bindings()
            self.frame()

    def _head(self, cells: int) -> list[Spans]:
        records = self.reading.records if self.reading is not None else None
        note = self.note or ("" if self.story.rows else self.session.why_not(TimelineQuery))
        return head(self.story, self._bar(), cells, note=note, whole=len(self.whole.bars), read=records)

    # --- lists --------------------------------------------------------------------------------

    def list_table(self) -> Table[Any]:
        """The waterfall or the diagram."""
        return self.waterfall if self.chosen == WATERFALL else self.diagram

    def lay_out(self) -> None:
        """Show the chosen drawing."""
        self.waterfall.display = self.chosen == WATERFALL
        self.diagram.display = self.chosen == DIAGRAM
        super().lay_out()
        self.changed()

    def in_full(self) -> Sequence[Branch]:
        """All records of the span."""
        story, step = self.story, self._step()
        rows = (
            [story.rows[step.row]] if step is not None and not step.span else story.records_of(self._span())
        )
        return records_tree(rows, self.console.tracer.slow, story.called) if rows else []

    def _step(self) -> Step | None:
        return self.diagram.current if self.chosen == DIAGRAM else None

    def _span(self) -> str:
        here: Bar | Step | None = self.waterfall.current if self.chosen == WATERFALL else self.diagram.current
        return here.span if here is not None else ""

    def _bar(self) -> Bar | None:
        if self.chosen == WATERFALL:
            return self.waterfall.current
        return self.story.bar(self._span())

    def cursor_moved(self) -> None:
        """The line about what the cursor is on."""
        step = self._step()
        if step is not None:
            self.diagram.see(step)
        self.query_one("#trace-head", TextPanel).repaint()

    @on(Table.Opened)
    def opened(self, event: Table.Opened) -> None:
        """The records of the span."""
        event.stop()
        self.open_detail()

    # --- keys ---------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what there is."""
        if action in {"slowest", "zoom", "other_view"}:
            return bool(self.story.bars)
        if action == "episode":
            return self.story is not self.whole or self.whole.ticks
        if action == "failed":
            return bool(self.story.failed)
        if action == "cause":
            bar = self._bar()
            return bar is not None and bool(bar.cause) and not bar.orphan
        if action == "ask_id":
            return self.session.may(TimelineQuery)
        if action == "process":
            return self.target() is not None
        if action in {"kill", "suspend"} and self.target() is None:
            return False
        return super().check_action(action, parameters)

    def action_part(self, name: str) -> None:
        """Waterfall or diagram; the cursor stays on its span."""
        span = self._span()
        self.chosen = name
        self._find(span)
        self.lay_out()

    def next_list(self) -> None:
        """Tab: the other drawing."""
        self.action_part(DIAGRAM if self.chosen == WATERFALL else WATERFALL)

    def action_other_view(self) -> None:
        """The other drawing."""
        self.next_list()

    def action_slowest(self) -> None:
        """The span that waited or worked longest; again: the next."""
        ranked = self.story.slowest
        self._find(ranked[self._rank % len(ranked)].span)
        self._rank += 1

    def action_failed(self) -> None:
        """The next span that has failed, from the top again after the last."""
        bar = self._bar()
        after = bar.number if bar is not None else -1
        failed = [each for each in self.story.bars if each.failed]
        if failed:
            self._find(next((each for each in failed if each.number > after), failed[0]).span)

    def action_cause(self) -> None:
        """Up to the span in which this message was sent, also where it is before the episode."""
        bar = self._bar()
        if bar is not None and not self._find(bar.cause):
            self.all_of_it = True
            self._tell(self.whole)
            self._find(bar.cause)

    def action_episode(self) -> None:
        """All of the story, or what belongs to the span under the cursor."""
        whole = self.whole

        def show(story: Story) -> None:
            if self.whole is whole:
                span = self._span()
                self._tell(story)
                self._find(span)

        self.all_of_it = self.story is not whole
        if self.all_of_it:
            show(whole)
        else:
            episode(self.console, whole, self._span(), show)

    def action_zoom(self) -> None:
        """The time of this span and of what it has caused; or all of it."""
        bar, story = self._bar(), self.story
        if self.zoomed or bar is None:
            self.zoomed = False
            self.waterfall.look_between(story.starts, story.ends)
            self.frame()
            return
        ends = bar.ends
        for below in story.bars[bar.number + 1 :]:
            if below.depth <= bar.depth:
                break
            ends = max(ends, below.ends)
        margin = max(1e-6, (ends - bar.starts) * 0.02)
        self.zoomed = True
        self.waterfall.look_between(bar.starts - margin, ends + margin)
        self.frame()

    def action_process(self) -> None:
        """Open the process of the span."""
        target = self.target()
        if target is not None:
            self.console.open_process(target.pid, target.name)

    # --- what the frame asks for --------------------------------------------------------------

    def path(self) -> tuple[str, ...]:
        """The page, and which story."""
        trace = self.story.trace or self.wanted.trace
        return ("timeline", trace[:8]) if trace else ("timeline",)

    def notes(self) -> Spans:
        """Whether a part of the time is looked at."""
        zoomed: Spans = [("z zoomed", "accent")] if self.zoomed else []
        return [*zoomed, *self.way_back()]

    def target(self) -> Target | None:
        """The process of the span."""
        bar, step = self._bar(), self._step()
        if bar is not None and bar.pid:
            return Target(bar.pid, bar.name)
        if step is not None:
            row = self.story.rows[step.row]
            return Target(row.pid, row.name) if row.pid else None
        return None

    def copied(self) -> str:
        """The trace id: it opens this page again, and `observer timeline` takes it."""
        return self.story.trace or self.wanted.trace

    def document(self) -> dict[str, Any]:
        """The spans."""
        story = self.story
        if not story.bars:
            return {}
        names = (
            "span",
            "cause",
            "pid",
            "name",
            "sender",
            "title",
            "sent",
            "began",
            "ended",
            "failed",
            "orphan",
            "depth",
        )
        return {
            "trace": story.trace, "principal": story.principal, "note": self.note,
            "spans": [{name: getattr(bar, name) for name in names} for bar in story.bars],
        }  # fmt: skip
