"""The Trace page: a pattern, the records that it brings while they come, and why the session has ended.

    pattern, how the session stands, waiting and work
    a Records   u Who traces   d Kept            ⏎ one record in full, on wide screens beside the list

The session is the console's (`tui.tracing.tracer`): it goes on while other pages are visible. Polled: who traces and what was kept,
while that is visible.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import BaseModel
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical

from runtime.port.contract import (
    Dump,
    DumpQuery,
    Dumps,
    DumpsQuery,
    Failure,
    ForgetTrigger,
    KeepTrigger,
    PortRequest,
    StopTrace,
    Trace,
    TraceSessions,
    TraceSessionsQuery,
)
from tui.format import clean, number
from tui.keys import PARTS, TRACE, VIEW
from tui.link import Answered, Watch
from tui.spans import Spans
from tui.tracing.columns import columns
from tui.tracing.log import Log
from tui.tracing.record import record_tree
from tui.tracing.row import Row, rows_of
from tui.widgets.long_table import LongTable
from tui.widgets.pattern_prompt import PatternPrompt
from tui.widgets.table import Table
from tui.widgets.tabs import Tab, TabLine
from tui.widgets.text_panel import TextPanel
from tui.widgets.values import Branch

from .page import Target
from .trace_head import head, nothing
from .trace_lists import (
    EXAMPLE_COLUMNS,
    EXAMPLES,
    KEPT_COLUMNS,
    WHO_COLUMNS,
    Example,
    Kept,
    Who,
    kept_rows,
    who_rows,
)
from .trace_typing import KEPT, RECORDS, TraceTyping

WHO = "who"
TABS = (Tab(RECORDS, "a", "Records"), Tab(WHO, "u", "Who traces"), Tab(KEPT, "d", "Kept"))


class TracePage(TraceTyping):
    """One session, or one dump."""

    mode = "trace"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "story", "timeline", group=TRACE, tooltip="the whole story that the record belongs to"),
        Binding("o", "process", "process", group=TRACE, tooltip="open the record's process"),
        Binding("x", "end_it", "stop/forget", group=TRACE,
                tooltip="the session or the trigger under the cursor"),
        Binding("f", "newest", "follow", group=VIEW, tooltip="keep the newest record in view"),
        *(Binding(tab.key, f"part('{tab.id}')", tab.title.lower(), show=False, group=PARTS) for tab in TABS),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.chosen = RECORDS
        self.following = True
        self.dump: Dump | None = None
        self.dump_log = Log()
        self.sessions: TraceSessions | None = None
        self.dumps: Dumps | None = None
        self.records: LongTable[Row] = LongTable(
            columns(lambda: self.tracer.slow, self._called), id="records"
        )
        self.examples = Table[Example](EXAMPLE_COLUMNS, id="examples")
        self.who = Table[Who](WHO_COLUMNS, empty="nobody traces anything", id="who")
        self.kept = Table[Kept](
            KEPT_COLUMNS,
            empty="nothing is waited for, and nothing was kept: b, keep 5s before crash",
            id="kept",
        )

    @property
    def shown_log(self) -> Log:
        """The records that are shown: of a dump, or of the session."""
        return self.dump_log if self.dump is not None else self.tracer.log

    def _called(self, pid: str) -> str:
        """The name of a process: as records tell it, or as the list of processes has it."""
        name = self.shown_log.called(pid)
        return self.console.known_names().get(pid, pid) if name == pid else name

    def body(self) -> ComposeResult:
        """The head, the tabs, the tables, a record in full, the pattern's prompt."""
        yield TextPanel(self._head, id="trace-head")
        yield TabLine(TABS, id="trace-tabs")
        with Horizontal(id="columns"):
            with Vertical(id="list-side"):
                yield from (self.records, self.examples, self.who, self.kept)
            with Container(id="detail-side"):
                yield self.detail
        yield PatternPrompt()

    def on_mount(self) -> None:
        """Examples, until there is something to show."""
        rows = {example.pattern: example for example in EXAMPLES}
        self.examples.show(list(rows), rows)
        self.lay_out()

    def on_screen_resume(self) -> None:
        """Visible again: what came meanwhile."""
        self.arrived()
        self.lay_out()

    # --- which list ---------------------------------------------------------------------------

    def list_table(self) -> Table[Any]:
        """The list of the chosen part."""
        if self.chosen == RECORDS:
            return self.records if self.dump is not None or self.tracer.pattern else self.examples
        return self.who if self.chosen == WHO else self.kept

    def lay_out(self) -> None:
        """Show the list of the chosen part."""
        here = self.list_table()
        for table in (self.records, self.examples, self.who, self.kept):
            table.display = table is here
        if here is not self.records:
            self.detailed = False
        super().lay_out()
        self.query_one("#trace-tabs", TabLine).show(TABS, self.chosen, self._counts())

    def _counts(self) -> dict[str, str]:
        counts = {RECORDS: number(len(self.shown_log.shown)) if self.shown_log.taken else ""}
        if self.sessions is not None:
            counts[WHO] = str(sum(it.end is None for it in self.sessions.sessions) or "")
            counts[KEPT] = str(self.sessions.dumps or "")
        return counts

    def action_part(self, name: str) -> None:
        """Show a part, and give it the keys."""
        self.chosen = name
        self.lay_out()
        self.refresh_bindings()
        self.console.rewatch()

    def next_list(self) -> None:
        """Tab: the next part."""
        names = [tab.id for tab in TABS]
        self.action_part(names[(names.index(self.chosen) + 1) % len(names)])

    # --- polling ------------------------------------------------------------------------------

    def polls(self) -> Watch:
        """Who traces, and what was kept, while that is visible."""
        if self.chosen == RECORDS or not self.session.may(TraceSessionsQuery):
            return Watch()
        requests: dict[str, PortRequest[Any]] = {"traces": TraceSessionsQuery()}
        if self.chosen == KEPT and self.session.may(DumpsQuery):
            requests["dumps"] = DumpsQuery(limit=200)
        return Watch(requests)

    def receive(self, report: Answered) -> None:
        """Sessions, triggers, dumps."""
        if isinstance(report.answer, TraceSessions):
            self.sessions = report.answer
            who = who_rows(report.answer)
            self.who.show(
                list(who), who, frozenset(key for key, row in who.items() if row.session.end is not None)
            )
        elif isinstance(report.answer, Dumps):
            self.dumps = report.answer
        kept = kept_rows(self.sessions, self.dumps)
        self.kept.show(list(kept), kept)
        self.refresh_bindings()  # another row may be under the cursor
        self.changed()

    def node_heard(self) -> None:
        """Time goes on for the session."""
        self.query_one("#trace-head", TextPanel).repaint()

    def reborn(self) -> None:
        """Sessions and dumps were those of the former incarnation; what was read stays."""
        self.sessions = self.dumps = None

    # --- showing ------------------------------------------------------------------------------

    def arrived(self) -> None:
        """Records have come, or the session stands otherwise: a list that is paused stands still."""
        self.changed(still=self.session.paused)

    def changed(self, *, still: bool = False) -> None:
        """Something else is to be shown; of a list that stands still only the head."""
        if not self.is_mounted or not self.query("#trace-head"):
            return
        log = self.shown_log
        if not still:
            self.records.empty = nothing(self.tracer, log, of_session=self.dump is None)
            before = self.records.current is None
            self.records.look_at(log.shown, follow=self.following and self.dump is None)
            if before != (self.records.current is None):
                self.refresh_bindings()  # keys for a record, where there is one
            self.show_detail()
        self.query_one("#trace-head", TextPanel).repaint()
        self.query_one("#trace-tabs", TabLine).show(TABS, self.chosen, self._counts())
        self.frame()

    def _head(self, cells: int) -> list[Spans]:
        return head(self.tracer, self.dump, self.shown_log, cells, self.session.why_not(Trace))

    def in_full(self) -> Sequence[Branch]:
        """The record under the cursor."""
        row = self.records.current
        return record_tree(row, self.tracer.slow, self._called) if row is not None else []

    def cursor_moved(self) -> None:
        """On the last row the list follows; elsewhere it stands still."""
        if self.list_table() is self.records:
            self.following = self.records.at_end
            self.frame()

    # --- what the frame asks for --------------------------------------------------------------

    def path(self) -> tuple[str, ...]:
        """The page, and the dump that is looked at."""
        return ("trace",) if self.dump is None else ("trace", f"dump {self.dump.dump}")

    def notes(self) -> Spans:
        """How many records, the filter, whether the newest is followed."""
        log = self.shown_log
        if self.chosen != RECORDS or not log.taken:
            return self.way_back()
        out: Spans = [(f"{number(len(log.shown))} of {number(len(log.rows))}", "text")]
        if log.filter:
            out.extend([(" match ", "muted"), ("/", "accent"), (clean(log.filter, 30), "strong")])
        if self.following and self.tracer.runs and self.dump is None:
            out.append(("  f follows", "accent"))
        return [*out, *self.way_back()]

    def target(self) -> Target | None:
        """The process of the record under the cursor."""
        row = self._row()
        if row is None:
            dump = self._kept_dump()
            return Target(dump.pid, dump.name or "") if dump is not None and dump.pid else None
        return Target(row.pid, row.name) if row.pid else None

    def _row(self) -> Row | None:
        return self.records.current if self.list_table() is self.records else None

    def _kept_dump(self) -> Dump | None:
        row = self.kept.current if self.chosen == KEPT else None
        return row.dump if row is not None else None

    def copied(self) -> str:
        """The value under the cursor of a record in full; else what it says and its trace id."""
        row = self._row()
        if row is None:
            return self.tracer.pattern
        return f"{row.pid} {row.kind} {row.what} {row.trace}".strip()

    def document(self) -> dict[str, Any]:
        """The session and the records that are shown."""
        session = self.tracer.session
        return {
            "pattern": self.dump.trigger if self.dump is not None else self.tracer.pattern,
            "session": session.model_dump(mode="json") if session is not None and self.dump is None else None,
            "records": [
                {"at": row.at.isoformat(), "kind": row.kind, "pid": row.pid, "name": row.name, "text": row.text, "peer": row.peer,
                 "trace": row.trace, "span": row.span, "cause": row.cause, "waited": row.waited, "took": row.took, "values": row.value()}
                for row in self.shown_log.shown
            ],
        }  # fmt: skip

    # --- keys ---------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Who may not trace has no keys for it."""
        if action in {"story", "process"}:
            return self._row() is not None or self._kept_dump() is not None
        if action == "end_it":
            row = self.kept.current
            return (
                self.who.current is not None
                if self.chosen == WHO
                else self.chosen == KEPT and row is not None and row.trigger is not None
            )
        if action == "keep":
            return self.chosen == KEPT and self.session.may(KeepTrigger)
        if action in {"filter", "newest"} and self.list_table() is not self.records:
            return False
        if action == "stop" and self.chosen != RECORDS:
            return False
        if action in {"kill", "suspend"} and self.target() is None:
            return False
        return super().check_action(action, parameters)

    def started(self) -> None:
        """A session has begun: its records are shown from now on."""
        self.dump, self.following, self.detailed = None, True, False
        self.records.cursor = None
        self.action_part(RECORDS)
        self.changed()

    def action_newest(self) -> None:
        """Follow the newest record, or no more."""
        self.following = not self.following
        self.changed()

    def action_end_it(self) -> None:
        """Stop the session, or forget the trigger, under the cursor."""
        if self.chosen == WHO and self.who.current is not None:
            self.console.ask(StopTrace(session=self.who.current.session.session), self._done)
        elif self.chosen == KEPT and self.kept.current is not None and self.kept.current.trigger is not None:
            self.console.ask(ForgetTrigger(text=self.kept.current.trigger.text), self._done)

    # --- rows ---------------------------------------------------------------------------------

    @on(Table.Opened)
    def opened(self, event: Table.Opened) -> None:
        """A record in full; an example into the prompt; a dump's records."""
        event.stop()
        if event.table is self.records:
            self.following = False  # what is read stays
            self.open_detail()
        elif event.table is self.examples and self.session.may(Trace):
            self.query_one(PatternPrompt).ask(event.key)
        elif event.table is self.who and self.session.may(Trace):
            self.query_one(PatternPrompt).ask(self.who.rows[event.key].session.pattern)
        elif event.table is self.kept:
            row = self.kept.rows[event.key]
            if row.dump is not None:
                self.console.ask(DumpQuery(dump=row.dump.dump), self._dumped)
            elif row.trigger is not None:
                self.ask_trigger(row.trigger.text)

    def _dumped(self, answer: BaseModel | Failure) -> None:
        if isinstance(answer, Failure):
            self.console.tell(clean(answer.message), failed=True)
        elif isinstance(answer, Dump):
            self.dump, self.dump_log, self.following = answer, Log(), False
            self.dump_log.add(rows_of(answer.records))
            self.records.cursor = None
            self.action_part(RECORDS)
            self.changed()
            self.records.action_end(1)  # what was waited for is the last of it

    def leave(self) -> None:
        """Esc: the filter, then the dump, then the page."""
        if self.shown_log.filter:
            self._filter_by("")
        elif self.dump is not None:
            self.dump, self.following = None, self.tracer.runs
            self.action_part(KEPT)
            self.changed()
        else:
            super().leave()

    def action_process(self) -> None:
        """Open the process of the record."""
        target = self.target()
        if target is not None:
            self.console.open_process(target.pid, target.name)

    def action_story(self) -> None:
        """Open the story of the record, or of the dump."""
        row, dump = self._row(), self._kept_dump()
        if row is not None and row.trace:
            rows = [it for it in self.shown_log.rows if it.trace == row.trace]
            self.console.open_story(trace=row.trace, span=row.span, rows=rows)
        elif dump is not None and dump.trace:
            self.console.open_story(trace=dump.trace)
        else:
            self.console.tell("this record belongs to no story: nothing was being handled", failed=True)
