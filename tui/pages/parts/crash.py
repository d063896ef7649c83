"""Crash: the child's last crash reports: why, where, on which message, with what state, what was lost."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from runtime.port.contract import Crash, Crashes, CrashQuery, PortRequest
from tui.format import MINUS, clean, duration, plural, time_of_day
from tui.spans import Spans
from tui.tracing.row import INCOMING, LOUD, Row, rows_of
from tui.widgets.table import Table
from tui.widgets.tabs import Tab
from tui.widgets.value_tree import ValueTree
from tui.widgets.values import Branch, parts_of

from .part import Part, Subject, marks, read_at

LAST = 12
"""Records before a crash that are listed; `t` shows all of them."""


class CrashPart(Part):
    """The newest crash report, older ones folded below it."""

    tab = Tab("crash", "c", "Crash")
    asks = CrashQuery

    def __init__(self) -> None:
        super().__init__()
        self._reports: list[Crash] = []

    def story(self) -> list[Row]:
        """What the flight recorder had of the story that the report under the cursor ends, or of the process alone; oldest first."""
        place = int((self.table.cursor or "0").split(".")[0])
        rows = rows_of(self._reports[place].before) if place < len(self._reports) else []
        last = next((row.trace for row in reversed(rows) if row.trace), "")
        return [row for row in rows if row.trace == last]

    def content(self) -> Table[Any]:
        """A tree of reports."""
        return ValueTree(id="crash-tree")

    def request(self, subject: Subject) -> PortRequest[Any]:
        """The crash reports of the child."""
        return CrashQuery(process=subject.lasting)

    def show(self, answer: BaseModel) -> None:
        """Newest first; the newest unfolded."""
        if not isinstance(answer, Crashes):
            return
        self._reports = answer.reports
        tree = self.query_one(ValueTree)
        tree.empty = "it has not crashed"  # unless nobody has said so yet
        tree.show_value([_report(it, newest=not place) for place, it in enumerate(answer.reports)])
        redacted = sum(report.redacted for report in answer.reports)
        many: Spans = [(plural(len(answer.reports), "report"), "muted")]
        before: list[Spans] = (
            [[("t", "accent"), (" what happened before it", "muted")]] if self.story() else []
        )
        self.say(read_at(answer.at, many, *marks(truncated=False, redacted=redacted, torn=False), *before))

    def count(self) -> str:
        """How many reports were read."""
        return (
            str(len(self.answer.reports)) if isinstance(self.answer, Crashes) and self.answer.reports else ""
        )

    def reset(self) -> None:
        """Another process."""
        self._reports = []
        tree = self.query_one(ValueTree)
        tree.empty = ""
        tree.forget()
        super().reset()


def _report(crash: Crash, *, newest: bool) -> Branch:
    head: Spans = [
        (f"{time_of_day(crash.at)}  ", "muted"), (clean(crash.reason, 300), "bad"),
        (f"  {crash.pid}, lived {duration(crash.lived_s)}", "muted"),
    ]  # fmt: skip
    lost: Spans = [(f"lost {plural(crash.lost, 'message')}", "warn" if crash.lost else "muted")]
    mailbox = tuple(Branch("", item) for item in crash.mailbox_sample)
    parts = [
        _text("traceback", crash.traceback),
        *([_before(crash)] if crash.before else []),
        Branch("last message", crash.last_message),
        Branch(_state_label(crash), crash.last_state),
        Branch("mailbox", text=lost, children=mailbox, open=False),
        _names("ancestors", crash.ancestors),
        _names("links", crash.links),
    ]
    return Branch("", text=head, children=tuple(parts), open=newest)


def _before(crash: Crash) -> Branch:
    """The last of what happened, newest first: seconds before the crash, who, what."""
    rows = rows_of(crash.before)
    lines = tuple(Branch("", text=_moment(row, rows[-1].mono), children=()) for row in reversed(rows[-LAST:]))
    told = f"the last {len(lines)} of {plural(len(rows), 'record')}, newest first"
    return Branch("before", text=[(told, "muted")], children=lines, open=True)


def _moment(row: Row, end: float) -> Spans:
    other = f" ← {row.peer}" if row.peer and row.kind in INCOMING else f" → {row.peer}" if row.peer else ""
    return [
        (f"{MINUS + duration(end - row.mono):>8}  ", "muted"), (f"{row.kind:<9} ", LOUD.get(row.kind, "accent")),
        (row.who, "text"), (other, "muted"), ("  " + row.what, "text"),
    ]  # fmt: skip


def _state_label(crash: Crash) -> str:
    return f"last good state ({clean(crash.state_note, 60)})" if crash.state_note else "last good state"


def _text(label: str, text: str) -> Branch:
    lines = tuple(Branch("", text=[(clean(line, 500), "text")], children=()) for line in text.splitlines())
    last: Spans = [(clean(text.splitlines()[-1], 200), "muted")] if lines else [("none", "faint")]
    return Branch(label, text=last, children=lines, open=True)


def _names(label: str, pids: list[str]) -> Branch:
    text: Spans = [(clean(", ".join(pids), 500) or "none", "text" if pids else "faint")]
    return Branch(label, text=text, children=parts_of(None))
