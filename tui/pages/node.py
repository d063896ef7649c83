"""The Node page: left, the work of the last 60 samples; right, what is wrong and where.

    WORK                               TROUBLE
    messages/s, crashes/s,             deepest, oldest, busiest, running, crashed, restarts: each a jump
    loop lag, memory                   what the line under the cursor means
    NODE  statuses, totals, identity   RUNNING NOW  the stack

On tall screens the last restarts stand below.
"""

from __future__ import annotations

import textwrap
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from runtime.port.contract import History, NodeInfo, Restarts
from tui.format import (
    NOTHING,
    Tone,
    clean,
    cut,
    duration,
    elide,
    ending,
    milliseconds,
    number,
    plural,
    scale,
    short,
    size,
    status,
)
from tui.link import Answered, Refused, Watch
from tui.session import FIGURES, Figure
from tui.slicing import PARKED, at_work, figures, mode, slicing
from tui.spans import Spans, flowing
from tui.widgets.heading import Heading
from tui.widgets.sparkline import Sparkline
from tui.widgets.table import Column, Table
from tui.widgets.text_panel import TextPanel

from .page import Page, Target
from .restarts import RestartRow, restart_rows
from .restarts import columns as restart_columns
from .trouble import Line, explanation, lines, verdict, worst

RECENT = 50
"""Restarts listed on tall screens."""

MEANING = 9
"""Lines that the meaning of a line of trouble may take."""

LONGEST_NAME = 24
"""Cells beyond which a name is cut rather than its column widened."""


class NodePage(Page):
    """The node at a glance."""

    mode = "node"

    def __init__(self) -> None:
        super().__init__()
        self.recent: Restarts | None = None
        self.lines: Table[Line] = Table(_trouble_columns(), titles=False, id="lines")
        self.restarts: Table[RestartRow] = Table(restart_columns(), empty="nothing was restarted")

    def body(self) -> ComposeResult:
        """Four charts and facts; trouble and the stack; restarts."""
        with Horizontal(id="glance"):
            with Vertical(id="work"):
                yield Heading("WORK")
                yield Sparkline("messages/s", short, least=10, id="spark-messages")
                yield Sparkline("crashes/s", _rate, least=1, alarm=True, id="spark-crashes")
                yield Sparkline("loop lag", milliseconds, least=1, axis=_lag_axis, id="spark-lag")
                yield Sparkline("memory", size, least=1e6, axis=_memory_axis, id="spark-memory")
                yield TextPanel(self._facts, id="facts")
            with Vertical(id="trouble"):
                yield Heading("TROUBLE")
                yield self.lines
                yield TextPanel(self._meaning, id="meaning")
                yield Heading("RUNNING NOW")
                yield TextPanel(self._stack, id="now")
        with Vertical(id="recent"):
            yield Heading("LAST RESTARTS")
            yield self.restarts

    def on_mount(self) -> None:
        """The lines of trouble have the keys."""
        self.lines.focus()
        self.node_heard()

    # --- figures ------------------------------------------------------------------------------

    def polls(self) -> Watch:
        """The stack of what runs; the restarts where there is room for them."""
        tall = self.has_class("-tall") or self.has_class("-high")
        wanted = tall and self.session.may(History)
        return Watch({"recent": History(limit=RECENT)} if wanted else {}, stack=True)

    def on_resize(self) -> None:
        """Room for the restarts may have come or gone."""
        self.call_after_refresh(self.console.rewatch)

    def receive(self, report: Answered) -> None:
        """The restarts."""
        answer = report.answer
        if isinstance(answer, Restarts):
            self.recent = answer
            rows = restart_rows(answer)
            self.restarts.show(list(rows), rows)

    def refuse(self, report: Refused) -> None:
        """Without restarts the page says all the rest."""

    def node_heard(self) -> None:
        """New figures."""
        node = self.session.node
        if node is None or not self.is_mounted:
            return
        for name in FIGURES:
            self._chart(name).update(self.session.series[name])
        rows = {line.what: line for line in lines(node)}
        table, first = self.lines, self.lines.cursor is None
        table.widen(
            what=rows,
            pid=(line.pid for line in rows.values()),
            name=(line.name[:LONGEST_NAME] for line in rows.values()),
        )
        table.show(list(rows), rows)
        if first:
            table.move_to(worst(node).what)
        table.styles.height = len(rows)
        self._fit_meaning()
        self.query_one("#trouble Heading", Heading).show(verdict(node))
        for panel in self.query(TextPanel):
            panel.repaint()
        self.frame()

    def _fit_meaning(self) -> None:
        """What a line means has as many lines as it needs."""
        panel = self.query_one("#meaning", TextPanel)
        panel.styles.height = max(4, min(MEANING + 2, len(self._meaning(panel.size.width or 40)) + 1))

    def _chart(self, name: Figure) -> Sparkline:
        return self.query_one(f"#spark-{name}", Sparkline)

    # --- panels -------------------------------------------------------------------------------

    def _facts(self, cells: int) -> list[Spans]:
        node = self.session.node
        if node is None:
            return []
        statuses = [_status(name, count) for name, count in node.statuses.items() if count]
        counters: list[Spans] = [
            [(f"{clean(name, 30)} ", "faint"), (short(value), "text")]
            for name, value in node.counters.items()
        ]
        facts = [
            _fact("mail", number(node.mailbox_total)), _fact("crashes", number(node.crashes)),
            _fact("restarts", number(node.restarts)), _fact("late replies", number(node.late_replies)),
        ]  # fmt: skip
        why: Spans = [(clean(slicing(node).why, 200), "muted")]
        on = slicing(node).mode == "time-slicing"
        identity = [
            _fact("key", f"{clean(node.key, 30) or NOTHING} ({node.role.value})"),
            _fact("version", clean(node.version, 20)),
            _fact("os pid", str(node.pid)), _fact("incarnation", clean(node.incarnation, 12)),
            _fact("seen", plural(self.session.incarnations, "incarnation")), why if on else [],
        ]  # fmt: skip
        counts = [_fact(label, short(count)) for label, count in figures(node) if count and label != "parked"]
        sliced: list[Spans] = [[("slices ", "faint"), mode(node)], *([] if on else [why]), *counts]
        return [
            [],
            *flowing(statuses, cells),
            *flowing(facts, cells),
            *flowing(counters, cells),
            *flowing(sliced, cells),
            *flowing(identity, cells),
        ]

    def _meaning(self, cells: int) -> list[Spans]:
        node = self.session.node
        if node is None:
            return []
        line = self.lines.current
        if not any(line.wrong for line in lines(node)):
            return [[], *_wrapped(explanation(node), cells, "muted")]
        if line is None or not line.pid:
            return [[], [("  ", "text"), ("nothing to open on this line", "faint")]]
        head: Spans = [("  ", "text"), (elide(line.name, 40), "strong"), (f" {line.pid}", "muted")]
        return [[], head, *_wrapped(line.text, cells, "text")]

    def _stack(self, cells: int) -> list[Spans]:
        work = at_work(self.session.node) if self.session.node is not None else None
        if work is None:
            return [[("  nothing: the loop is idle", "faint")]]
        running, parked = work
        head: Spans = [
            (f"  {PARKED} ", "warn") if parked else ("  ▶ ", "accent"),
            (elide(clean(running.name or "step"), 30), "strong"), (f" {running.pid}", "muted"),
            (f"  {duration(running.for_s)}", "text"), (f"  {clean(running.handler or '')}", "muted"),
        ]  # fmt: skip
        so_far: Spans = [(f"    {number(running.slices)} slices so far; neighbours go on", "muted")]
        frames = [
            _frame(f"{frame.file}:{frame.line}", frame.function, cells) for frame in reversed(running.stack)
        ]
        return [head, *([so_far] if parked else []), *frames]

    # --- what the frame asks for --------------------------------------------------------------

    def target(self) -> Target | None:
        """The process of the line, or of the restart, that has the cursor."""
        line, restart = self.lines.current, self.restarts.current
        if self.focused is self.restarts:
            pid = restart.entry.new_pid if restart is not None else None
            return Target(pid, restart.entry.child) if pid and restart is not None else None
        return Target(line.pid, line.name) if line is not None and line.pid else None

    def document(self) -> dict[str, Any]:
        """The node's figures, the samples and the last restarts."""
        node: NodeInfo | None = self.session.node
        return {
            "node": node.model_dump(mode="json") if node is not None else None,
            "samples": {name: list(series) for name, series in self.session.series.items()},
            "history": self.recent.model_dump(mode="json")["entries"] if self.recent is not None else None,
        }

    # --- keys ---------------------------------------------------------------------------------

    @on(Table.Moved)
    def moved(self, event: Table.Moved) -> None:
        """Another line: explain it."""
        event.stop()
        self._fit_meaning()
        self.query_one("#meaning", TextPanel).repaint()
        self.refresh_bindings()

    @on(Table.Opened)
    def opened(self, event: Table.Opened) -> None:
        """Jump to the line's process."""
        event.stop()
        target = self.target()
        if target is not None:
            self.console.open_process(target.pid, target.name)


def _trouble_columns() -> list[Column[Line]]:
    return [
        Column("what", "", lambda line, _: [(line.what, "muted")], 8),
        Column("pid", "", lambda line, cells: [(cut(line.pid, cells), _weight(line))], 8),
        Column("name", "", _trouble_name, 9, most=LONGEST_NAME, weight=1, rank=1),
        Column("value", "", lambda line, _: [(line.value, line.tone)], 7, right=True),
        Column("text", "", lambda line, cells: [(cut(line.text, cells), "muted")], 16, weight=20, rank=2),
    ]


def _trouble_name(line: Line, cells: int) -> Spans:
    return [(elide(line.name, cells), _weight(line))]


def _weight(line: Line) -> Tone:
    return "text" if line.wrong else "muted"


def _status(name: str, count: int) -> Spans:
    text, level = status(name)
    return [(f"{text[0]} {count:,} {clean(name, 20)}", level)]


def _fact(label: str, value: str) -> Spans:
    return [(label + " ", "faint"), (value, "faint" if value == "0" else "text")]


def _wrapped(text: str, cells: int, tone: Tone) -> list[Spans]:
    return [[("  ", "text"), (line, tone)] for line in textwrap.wrap(text, max(10, cells - 4))[:MEANING]]


def _frame(where: str, function: str, cells: int) -> Spans:
    name = clean(function, 60)
    return [
        ("    ", "text"),
        (name, "text"),
        ("  ", "text"),
        (ending(clean(where), max(8, cells - len(name) - 8)), "muted"),
    ]


def _lag_axis(top: float) -> str:
    return f"{top:g}ms" if top < 1_000 else f"{top / 1_000:g}s"


def _memory_axis(top: float) -> str:
    return scale(top) + "B"


def _rate(value: float | None) -> str:
    return short(value) if value is None or value >= 10 or not value else f"{value:.1f}"
