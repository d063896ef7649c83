"""The Tree page: every supervisor with what it has used of its restarts, every child below it."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from runtime.port.contract import Tree, TreeQuery
from tui.format import clean, plural
from tui.keys import MOVE, VIEW
from tui.link import Answered, Watch
from tui.spans import Spans
from tui.widgets.table import Table

from .branches import SEP, BranchRow, branch_rows, budgets, columns
from .page import Page, Target

LONGEST_CHILD = 34
"""Cells beyond which a child's name is cut rather than its column widened."""


class TreePage(Page):
    """The supervision trees of the node."""

    mode = "tree"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "fold", "fold", group=MOVE),
        Binding("left", "fold_to(False)", "fold", show=False, group=MOVE),
        Binding("right", "fold_to(True)", "unfold", show=False, group=MOVE),
        Binding("c", "counter", "counter", group=VIEW),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.answer: Tree | None = None
        self.folded: frozenset[str] = frozenset()
        self.following = False
        self.table: Table[BranchRow] = Table(columns(""), empty="no supervisors", id="tree")

    def body(self) -> ComposeResult:
        """The table."""
        yield self.table

    def on_mount(self) -> None:
        """The table has the keys."""
        self.table.focus()

    def polls(self) -> Watch:
        """The tree."""
        return Watch({"tree": TreeQuery()})

    def receive(self, report: Answered) -> None:
        """A new tree."""
        if isinstance(report.answer, Tree):
            self.answer = report.answer
            self._show()

    def _show(self) -> None:
        if self.answer is None:
            return
        rows = branch_rows(self.answer, self.folded)
        table = self.table
        table.columns = columns(self.session.shown_counter())
        table.widen(
            pid=(row.node.pid or "" for row in rows.values()),
            child=(
                f"{row.guides}… {row.more:,} more"
                if row.more
                else f"{row.guides}  {clean(row.node.id)}"[:LONGEST_CHILD]
                for row in rows.values()
            ),
        )
        absent = frozenset(path for path, row in rows.items() if not row.more and row.node.status == "ended")
        table.show(list(rows), rows, absent)
        if self.following:
            table.reveal()
        self.frame()

    def target(self) -> Target | None:
        """The child under the cursor, where it has a process."""
        row = self.table.current
        if row is None or row.more or row.node.pid is None:
            return None
        node = row.node
        supervisor = node.kind == "supervisor"
        return Target(row.node.pid, node.id, suspended=node.status == "suspended", supervisor=supervisor)

    def notes(self) -> Spans:
        """How many processes, and whether a supervisor is near its end."""
        if self.answer is None:
            return []
        out: Spans = [
            (plural(self.answer.processes, "process"), "text"),
            ("  ", "text"),
            *budgets(self.answer),
        ]
        return [*out, ("  F follow", "accent")] if self.following else out

    def document(self) -> dict[str, Any]:
        """The tree as the node gave it."""
        return self.answer.model_dump(mode="json") if self.answer is not None else {}

    # --- keys ---------------------------------------------------------------------------------

    @on(Table.Moved)
    def moved(self, event: Table.Moved) -> None:
        """Keys may mean something else here."""
        event.stop()
        self.refresh_bindings()

    @on(Table.Opened)
    def opened(self, event: Table.Opened) -> None:
        """Open the child's process."""
        event.stop()
        target = self.target()
        if target is not None:
            self.console.open_process(target.pid, target.name)

    def action_fold(self) -> None:
        """Fold or unfold a supervisor."""
        row = self.table.current
        if row is not None:
            self.action_fold_to(not row.open)

    def action_fold_to(self, wanted: bool) -> None:
        """Fold or unfold. Where there is nothing to fold, ← goes to the supervisor, → to its first child."""
        row, path = self.table.current, self.table.cursor
        if row is None or path is None:
            return
        if row.foldable and row.open != wanted:
            self.folded ^= {path}
            self._show()
        elif wanted and row.open:
            self.table.action_step(1)
        elif not wanted and path.rpartition(SEP)[0] in self.table.rows:
            self.table.move_to(path.rpartition(SEP)[0])

    def action_counter(self) -> None:
        """Show the next counter."""
        name = self.session.next_counter()
        self.console.tell(
            f"counter {clean(name, 40)}" if name else "no process of this node declares a counter"
        )
        self._show()

    def action_follow(self) -> None:
        """Keep the child under the cursor in view."""
        self.following = not self.following
        self.table.reveal()
        self.frame()
