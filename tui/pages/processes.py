"""The Processes page: a window of 200 rows of the node's process list, sorted and filtered on the node.

    keys -> Ps(sort, filter, offset, keep=[cursor]) -> node -> Window -> Table

The cursor belongs to a pid. While keys are pressed the order is held (`window`).
"""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from runtime.port.contract import ProcessPage, ProcessRow, Ps
from tui.format import RANGE, clean, number
from tui.keys import SORT, VIEW
from tui.link import Answered, Watch
from tui.spans import Spans
from tui.widgets.prompt import Prompt
from tui.widgets.table import Table

from .columns import COUNTER, GROWS, MEMORY, SORT_KEYS, SortKey, columns
from .page import Page, Target
from .window import Window

ROWS = 200
"""Rows in a window: what one answer holds at most."""

HOLD_S = 1.5
"""How long after a key the order is held."""

FLASH_S = 3.0
"""How long a restart is marked."""

IN_FOOTER = ("mailbox", "oldest", "busy", "restarts")


def _sort_bindings() -> list[BindingType]:
    out: list[BindingType] = []
    for sort in SORT_KEYS:
        shown = sort.column in IN_FOOTER
        out.append(Binding(sort.key, f"sort('{sort.column}')", sort.words, show=shown, group=SORT))
        if sort.delta:
            out.append(
                Binding(
                    sort.key.upper(),
                    f"sort('{sort.column}', True)",
                    f"{sort.words} per second",
                    show=False,
                    group=SORT,
                )
            )
    return out


class ProcessesPage(Page):
    """All processes, the worst first."""

    mode = "processes"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", group=VIEW,
                tooltip="pid, name, label, behaviour, status or doing; !text: all but these"),
        Binding("escape", "up", "clear the filter", show=False, group=VIEW),
        Binding("c", "counter", "next counter", show=False, group=VIEW),
        *_sort_bindings(),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.sort = "mailbox"
        self.desc = True
        self.delta = False
        self.filter = ""
        self.names: dict[str, str] = {}
        """Of the node's processes, by pid, as far as they were ever listed."""
        self.first = 0
        self.following = False
        self.window = Window()
        self.table: Table[ProcessRow] = Table(columns(self._flashes, self._counter), id="processes")
        self.answer: ProcessPage | None = None
        self._held_until = float("-inf")
        self._asked = (self.sort, self.desc, self.delta, self.filter, self.first)
        self._land = 0
        self._badges = False
        """Whether any row runs stale or old code."""
        self._restarts: dict[str, int] = {}
        self._flash: dict[str, float] = {}
        self._heir_name: str | None = None

    def body(self) -> ComposeResult:
        """The table."""
        wanted = self.console.first_sort
        if wanted:
            self.sort, self.desc = wanted, next((key.desc for key in SORT_KEYS if key.column == wanted), True)
        yield self.table

    def on_mount(self) -> None:
        """Mark the sorted column."""
        self.table.focus()
        self._mark()

    def on_resize(self) -> None:
        """Room for memory may have come or gone."""
        self.call_after_refresh(self.console.rewatch)

    # --- polling ------------------------------------------------------------------------------

    def polls(self) -> Watch:
        """The window as sorted and filtered now; the cursor's process also from outside it."""
        cursor = self.table.cursor if self.is_mounted else None
        sort = f"counter:{self.session.shown_counter()}" if self.sort == COUNTER else self.sort
        return Watch({
            "ps": Ps(
                sort=sort, desc=self.desc, delta=self.delta, filter=self.filter[:200], limit=ROWS,
                offset=self.first, keep=[cursor] if cursor else [], memory=self.is_mounted and self.table.has_room_for(MEMORY),
            )
        })  # fmt: skip

    def receive(self, report: Answered) -> None:
        """A window of rows."""
        answer, request = report.answer, report.request
        if not isinstance(answer, ProcessPage) or not isinstance(request, Ps):
            return
        asked = (request.sort, request.desc, request.delta, request.filter, request.offset)
        if request.offset != self.first or request.filter != self.filter[:200]:
            return  # the operator has gone on since
        anew, self._asked = asked != self._asked, asked
        self.answer = answer
        known = self.names if len(self.names) < 20 * ROWS else {}
        self.names = {**known, **{row.pid: row.name for row in answer.rows if row.name}}
        self._note_restarts([*answer.rows, *answer.kept])
        cursor = self._inherited(answer)
        if anew and self.filter and cursor not in {row.pid for row in answer.rows}:
            cursor = None  # the filter was changed: its first match takes the cursor
        self.window.take(answer, cursor, hold=self._held() and not anew)
        self._show(cursor)
        if request.keep != [self.table.cursor]:
            self.console.rewatch(now=False)
        if self.first and not answer.rows:
            self._move_window(max(0, answer.matched - ROWS))

    def _show(self, cursor: str | None) -> None:
        table = self.table
        badges = any(row.code is not None for row in self.window.rows.values())
        if badges != self._badges:
            self._badges = badges
            self._mark()
        table.cursor = cursor
        table.widen(pid=self.window.order)
        heir = self.window.heir(cursor) if self.following else None
        if heir is not None:
            table.cursor = heir
        table.empty = f"nothing matches {clean(self.filter, 40)!r}" if self.filter else "no processes"
        table.show(self.window.order, self.window.rows, self.window.gone)
        if self._land:
            table.go(len(self.window.order) if self._land > 0 else 0)
            self._land = 0
        if self.following:
            table.reveal()
        self.frame()

    def _inherited(self, answer: ProcessPage) -> str | None:
        """The cursor's pid; after the node was restarted, the pid that bears its name now."""
        if self._heir_name is None:
            return self.table.cursor
        name, self._heir_name = self._heir_name, None
        return next((row.pid for row in answer.rows if row.name == name), None)

    def reborn(self) -> None:
        """Rows of the former incarnation are no more; the cursor waits for its name."""
        row = self.table.current
        self._heir_name = (row.name or "") if row is not None else None
        self._restarts.clear()
        self._flash.clear()
        self.window.end_all()
        self.table.show(self.window.order, self.window.rows, self.window.gone)

    def _held(self) -> bool:
        return self.session.clock() < self._held_until

    # --- restarts are news --------------------------------------------------------------------

    def _note_restarts(self, rows: list[ProcessRow]) -> None:
        now = self.session.clock()
        for row in rows:
            key = row.name or row.pid
            if row.restarts > self._restarts.get(key, row.restarts):
                self._flash[key] = now + FLASH_S
            self._restarts[key] = row.restarts
        if len(self._restarts) > 20 * ROWS:
            self._restarts = {row.name or row.pid: row.restarts for row in rows}

    def _counter(self) -> str:
        return self.session.shown_counter()

    def _flashes(self, row: ProcessRow) -> bool:
        return self.session.clock() < self._flash.get(row.name or row.pid, float("-inf"))

    # --- what the frame asks for --------------------------------------------------------------

    def target(self) -> Target | None:
        """The process under the cursor."""
        row = self.table.current
        if row is None or row.pid in self.window.gone:
            return None
        return Target(
            row.pid,
            row.name or row.label or "",
            suspended=row.status == "suspended",
            registered=row.name is not None,
        )

    def copied(self) -> str:
        """The pid under the cursor, also of a process that has ended."""
        return self.table.cursor or ""

    def document(self) -> dict[str, Any]:
        """The rows as the node gave them."""
        if self.answer is None:
            return {}
        return {"sort": self.sort, "desc": self.desc, "delta": self.delta, "filter": self.filter,
                **self.answer.model_dump(mode="json")}  # fmt: skip

    def notes(self) -> Spans:
        """How many rows of how many, the filter, whether something is followed."""
        answer = self.answer
        out: Spans = []
        if answer is not None:
            shown = len(answer.rows)
            first = f"{self.first + 1:,}{RANGE}{self.first + shown:,}" if self.first else number(shown)
            whole = answer.total if shown == answer.matched else answer.matched
            out.append((f"{first} of {number(whole)}", "text"))
            if self.filter:
                out.extend([(" match ", "muted"), ("/", "accent"), (clean(self.filter, 30), "strong")])
        if self.following:
            out.append(("  F follow", "accent"))
        return out

    # --- keys ---------------------------------------------------------------------------------

    @on(Table.Moved)
    def moved(self, event: Table.Moved) -> None:
        """The cursor has moved: hold the order, ask for its process from now on."""
        event.stop()
        self._held_until = self.session.clock() + HOLD_S
        self.console.rewatch(now=False)
        self.refresh_bindings()

    @on(Table.Opened)
    def opened(self, event: Table.Opened) -> None:
        """Open the process."""
        event.stop()
        row = self.table.rows[event.key]
        self.console.open_process(row.pid, row.name or row.label or "")

    @on(Table.Titled)
    def titled(self, event: Table.Titled) -> None:
        """A click on a title sorts by it."""
        event.stop()
        per_second = {"delta": "mailbox", GROWS: MEMORY}
        self.action_sort(per_second.get(event.column, event.column), event.column in per_second)

    @on(Table.Edge)
    def edge(self, event: Table.Edge) -> None:
        """Beyond the first or last row the window moves by half, or to the very end."""
        event.stop()
        if self.answer is None:
            return
        last = max(0, self.answer.matched - ROWS)
        if not event.rows:
            self._move_window(last if event.direction > 0 else 0, land=event.direction)
        else:
            self._move_window(min(last, max(0, self.first + event.direction * ROWS // 2)))

    def _move_window(self, offset: int, land: int = 0) -> None:
        if offset != self.first:
            self.first, self._land = offset, land
            self.console.rewatch()

    def action_sort(self, column: str, delta: bool = False) -> None:
        """Sort by a column; the same key again reverses."""
        key: SortKey | None = next((key for key in SORT_KEYS if key.column == column), None)
        if key is None or (column == COUNTER and not self.session.shown_counter()):
            return
        same = (self.sort, self.delta) == (column, delta)
        self.desc = not self.desc if same else (key.desc or delta)
        self.sort, self.delta, self.first = column, delta, 0
        self._held_until = float("-inf")
        self._mark()
        self.console.rewatch()

    def _mark(self) -> None:
        table = self.table
        counter = self.session.shown_counter()
        table.columns = columns(
            self._flashes, self._counter, weighing=self.sort == MEMORY, badges=self._badges
        )
        table.columns = [
            column if column.key != COUNTER else type(column)(
                column.key, clean(counter, 7).upper(), column.cell, column.least, right=True, rank=9,
            )
            for column in table.columns if column.key != COUNTER or counter
        ]  # fmt: skip
        own = {"mailbox": "delta", MEMORY: GROWS}.get(self.sort) if self.delta else None
        table.sorted_by = own or self.sort
        table.sort_mark = ("/s" if self.delta and own is None else "") + ("▼" if self.desc else "▲")
        table.refresh()

    def node_heard(self) -> None:
        """Counters may have appeared."""
        if any(column.key == COUNTER for column in self.table.columns) != bool(self.session.shown_counter()):
            self._mark()

    def action_counter(self) -> None:
        """Show the next counter."""
        name = self.session.next_counter()
        self.console.tell(
            f"counter {clean(name, 40)}" if name else "no process of this node declares a counter"
        )
        self._mark()

    def action_filter(self) -> None:
        """Type a filter; the rows follow."""
        self.prompt.ask("filter", "/", "Enter keep · Esc clear · !text all but these", self.filter)

    @on(Prompt.Edited)
    def filtering(self, event: Prompt.Edited) -> None:
        """Filter while it is typed."""
        if event.purpose == "filter":
            self._filter_by(event.text)

    @on(Prompt.Closed)
    def filtered(self, event: Prompt.Closed) -> None:
        """Enter keeps the filter, Esc clears it."""
        if event.purpose == "filter":
            self._filter_by(event.text or "")

    def _filter_by(self, text: str) -> None:
        if text != self.filter:
            self.filter, self.first = text, 0
            self.console.rewatch()
            self.frame()

    def action_up(self) -> None:
        """Esc ends the filter."""
        self._filter_by("")

    def action_follow(self) -> None:
        """Keep the cursor's process in view, under whatever pid it is restarted."""
        self.following = not self.following
        self.table.reveal()
        self.frame()
