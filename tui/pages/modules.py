"""The Modules page: which version of which module runs, which files are newer, who still runs old code.

What needs an eye comes first: stale modules, then those with processes on old code, then the others by name.
"""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from runtime.port.contract import Module, Modules, ModulesQuery, PlanUpgrade, Rollback
from tui.format import NOTHING, clean, cut, duration, elide, ending, number, plural
from tui.keys import CODE
from tui.link import Answered, Watch
from tui.spans import Spans
from tui.upgrades import module_state, version_text
from tui.widgets.table import Column, Table
from tui.widgets.text_panel import TextPanel

from .page import Page


class ModuleRow:
    """A module, seen from a moment."""

    def __init__(self, module: Module, answer: Modules) -> None:
        self.module = module
        loaded = module.loaded_at
        self.loaded_s = (answer.at - loaded).total_seconds() if loaded is not None else None


def columns() -> list[Column[ModuleRow]]:
    """All columns."""
    return [
        Column("module", "MODULE", lambda row, cells: [(elide(clean(row.module.module, 300), cells), "text")], 18, most=44, weight=4),
        Column("version", "VERSION", lambda row, cells: [(cut(clean(row.module.version, 40), cells), "muted")], 12),
        Column("code", "CODE", lambda row, _: [module_state(row.module)], 11),
        Column("processes", "PROCS", _processes, 6, right=True),
        Column("old", "OLD", _old, 5, right=True),
        Column("previous", "PREVIOUS", _previous, 12, rank=2),
        Column("loaded", "LOADED", _loaded, 7, right=True, rank=1),
        Column("path", " FILE", _path, 12, weight=6, rank=3),
    ]  # fmt: skip


def _processes(row: ModuleRow, _: int) -> Spans:
    count = row.module.processes
    return [(number(count), "text" if count else "faint")]


def _old(row: ModuleRow, _: int) -> Spans:
    count = row.module.on_old
    return [(f"◐ {number(count)}" if count else "0", "warn" if count else "faint")]


def _previous(row: ModuleRow, cells: int) -> Spans:
    text, tone = version_text(row.module.previous)
    return [(cut(text, cells), tone)]


def _loaded(row: ModuleRow, _: int) -> Spans:
    return [(duration(row.loaded_s), "text" if row.loaded_s is not None else "faint")]


def _path(row: ModuleRow, cells: int) -> Spans:
    path = clean(row.module.path, 500)
    return [(" ", "text"), (ending(path, cells - 1) if path else NOTHING, "muted" if path else "faint")]


class ModulesPage(Page):
    """All modules whose code processes run."""

    mode = "modules"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "plan", "plan", group=CODE, tooltip="what would an upgrade do? nothing is touched"),
        Binding("U", "upgrade", "upgrade", group=CODE, tooltip="to what stands on disk; asks first"),
        Binding("B", "roll_back", "roll back", group=CODE, tooltip="to the version before; asks first"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.answer: Modules | None = None
        self.table: Table[ModuleRow] = Table(columns(), empty="no module of agents runs", id="modules")
        self._chosen = False
        """Whether the operator has chosen a module; until then the cursor goes to one that becomes stale."""

    def body(self) -> ComposeResult:
        """The table, and a line about what goes on, or what this key may not."""
        yield self.table
        yield TextPanel(lambda _: [self._about()], id="modules-note")

    def on_mount(self) -> None:
        """The table has the keys."""
        self.table.focus()

    def polls(self) -> Watch:
        """The modules."""
        return Watch({"modules": ModulesQuery(limit=1_000)} if self.session.may(ModulesQuery) else {})

    def receive(self, report: Answered) -> None:
        """Fresh figures; rows keep their keys."""
        if not isinstance(report.answer, Modules):
            return
        self.answer = report.answer
        rows = {each.module: ModuleRow(each, report.answer) for each in report.answer.modules}
        order = sorted(
            rows, key=lambda name: (not rows[name].module.stale, not rows[name].module.on_old, name)
        )
        self.table.widen(old=(f"◐ {number(row.module.on_old)}" for row in rows.values() if row.module.on_old))
        self.table.show(order, rows)
        if not self._chosen and order and rows[order[0]].module.stale:
            self.table.cursor = order[0]
        self.refresh_bindings()
        self.node_heard()
        self.frame()

    def node_heard(self) -> None:
        """The role may be another one."""
        self.query_one("#modules-note", TextPanel).repaint()

    def _about(self) -> Spans:
        why = self.session.why_not(ModulesQuery) or self.session.why_not(PlanUpgrade)
        if why:
            return [(f" {why}", "warn")]
        answer = self.answer
        if answer is not None and answer.busy is not None:
            return [(f" ◌ {clean(answer.busy, 20)} under way", "accent")]
        return [
            (" code comes from the node's own disk; ", "muted"),
            ("⏎", "accent"),
            (" one module", "muted"),
        ]

    # --- what the frame asks for --------------------------------------------------------------

    def notes(self) -> Spans:
        """How many, how many are stale, how many processes keep old code."""
        answer = self.answer
        if answer is None:
            return []
        shown = len(answer.modules)
        out: Spans = [
            (
                f"{number(shown)} of {number(answer.total)}"
                if shown < answer.total
                else plural(shown, "module"),
                "text",
            )
        ]
        stale = sum(each.stale for each in answer.modules)
        if stale:
            out.extend([("  ", "text"), (f"▲ {number(stale)} stale", "warn")])
        if answer.on_old_total:
            out.extend([("  ", "text"), (f"◐ {plural(answer.on_old_total, 'process')} on old code", "warn")])
        return out

    def copied(self) -> str:
        """The module under the cursor."""
        return self.table.cursor or ""

    def document(self) -> dict[str, Any]:
        """The modules as the node gave them."""
        return self.answer.model_dump(mode="json") if self.answer is not None else {}

    # --- keys ---------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Plans and upgrades are the admin's."""
        if action in {"plan", "upgrade"}:
            return self.session.may(PlanUpgrade)
        if action == "roll_back":
            row = self.table.current
            return self.session.may(Rollback) and row is not None and row.module.previous is not None
        if action in {"kill", "suspend", "follow"}:
            return False  # no process is selected here
        return super().check_action(action, parameters)

    @on(Table.Moved)
    def moved(self, event: Table.Moved) -> None:
        """Not every module has a way back."""
        event.stop()
        self._chosen = True
        self.refresh_bindings()

    @on(Table.Opened)
    def opened(self, event: Table.Opened) -> None:
        """Open the module."""
        event.stop()
        self._chosen = True
        self.console.open_module(event.key)

    def action_plan(self) -> None:
        """Open the module, and plan."""
        self._open("plan")

    def action_upgrade(self) -> None:
        """Open the module, and ask whether to upgrade it."""
        self._open("upgrade")

    def action_roll_back(self) -> None:
        """Open the module, and ask whether to roll it back."""
        self._open("roll_back")

    def _open(self, action: str) -> None:
        if self.table.cursor is not None:
            self._chosen = True
            self.console.open_module(self.table.cursor, action)
