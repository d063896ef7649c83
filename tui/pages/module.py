"""The Module page: one module in full, and its upgrade: plan and diff, who keeps old code, history.

    version, file, processes; what is under way, what came of it
    t Plan   d Diff   o Old code   h History          on wide screens plan and diff side by side

Polled: the module, and the history while it is visible. A plan executes the module, so it is only made when asked for.
"""

from __future__ import annotations

import textwrap
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical

from runtime.port.contract import (
    Module,
    Modules,
    ModulesQuery,
    PlanUpgrade,
    PortRequest,
    Rollback,
    Upgrades,
    UpgradesQuery,
)
from tui.format import Tone, clean, clock_time, duration, number
from tui.keys import CODE, MOVE, PARTS
from tui.link import Answered, Refused, Watch
from tui.spans import Spans, flowing, plain
from tui.upgrades import module_state, outcome, verdict
from tui.widgets.table import Table
from tui.widgets.tabs import Tab, TabLine
from tui.widgets.text_panel import TextPanel

from .page import Page, Target
from .upgrade_rows import (
    DIFF_COLUMNS,
    HISTORY_COLUMNS,
    OLD_COLUMNS,
    PLAN_COLUMNS,
    Line,
    LineTable,
    diff_rows,
    history_rows,
    old_rows,
    plan_lines,
    subject_cells,
)
from .upgrading import Upgrading

PLAN, DIFF, OLD, HISTORY = "plan", "diff", "old", "history"
TABS = (
    Tab(PLAN, "t", "Plan"),
    Tab(DIFF, "d", "Diff"),
    Tab(OLD, "o", "Old code"),
    Tab(HISTORY, "h", "History"),
)
HEAD = 8
"""Lines that the head takes at most."""
HINT = "r plans: the new code is executed aside, live states are migrated on copies, and nothing is touched; U upgrades, and asks first."
LISTED = 1_000
"""Modules that are asked for."""


class ModulePage(Page):
    """One module."""

    mode = "module"

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(tab.key, f"part('{tab.id}')", tab.title.lower(), show=False, group=PARTS) for tab in TABS),
        Binding("tab", "next_part(1)", "next part", show=False, group=PARTS),
        Binding("shift+tab", "next_part(-1)", "previous part", show=False, group=PARTS),
        Binding("r", "plan", "plan", group=CODE, tooltip="what would an upgrade do? nothing is touched"),
        Binding("D", "dependants", "with dependants", show=False, group=CODE,
                tooltip="plan with the modules that have imported names of it, or without"),
        Binding("U", "upgrade", "upgrade", group=CODE, tooltip="to what stands on disk; asks first"),
        Binding("B", "roll_back", "roll back", group=CODE, tooltip="to the version before; asks first"),
        Binding("escape", "up", "back", group=MOVE),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.module = ""
        self.answer: Modules | None = None
        self.history: Upgrades | None = None
        self.problem = ""
        self.chosen = PLAN
        self.tables: dict[str, LineTable] = {
            PLAN: LineTable(PLAN_COLUMNS, id="plan"),
            OLD: LineTable(OLD_COLUMNS, empty="no process runs an older version of it", id="old"),
            HISTORY: LineTable(HISTORY_COLUMNS, empty="it was never upgraded on this node", id="history"),
            DIFF: LineTable(DIFF_COLUMNS, titles=False, id="diff"),
        }
        self.work: Upgrading | None = None

    def body(self) -> ComposeResult:
        """The head, the tabs, the tables; on wide screens the diff beside the others."""
        yield TextPanel(self._head, id="identity")
        yield TabLine(TABS, id="module-tabs")
        with Horizontal(id="columns"):
            with Vertical(id="plan-side"):
                for name in (PLAN, OLD, HISTORY):
                    yield self.tables[name]
            with Container(id="diff-side"):
                yield self.tables[DIFF]

    # --- which module -------------------------------------------------------------------------

    def on_screen_resume(self) -> None:
        """Visible, perhaps for another module."""
        self.view(self.console.module)

    def view(self, module: str) -> None:
        """Show a module; and do what the operator has asked for on another page."""
        if module != self.module or self.work is None:
            self.module, self.problem = module, ""
            self.work = Upgrading(self.console, module, self.changed)
            for table in self.tables.values():
                table.cursor = None
            self.console.rewatch()
        self._arrange()
        action, self.console.module_action = self.console.module_action, ""
        if action:
            self.call_later(getattr(self, f"action_{action}"))  # that page has seen whether this key may

    def reborn(self) -> None:
        """Plans and history were those of the former incarnation."""
        if self.module:
            self.work, self.history = Upgrading(self.console, self.module, self.changed), None
            for table in self.tables.values():
                table.show([], {})
            self.changed()

    @property
    def info(self) -> Module | None:
        """What the node said of the module."""
        known = self.answer.modules if self.answer is not None else []
        return next((each for each in known if each.module == self.module), None)

    # --- polling ------------------------------------------------------------------------------

    def polls(self) -> Watch:
        """The modules; the history while it is visible."""
        requests: dict[str, PortRequest[Any]] = {}
        if self.session.may(ModulesQuery):
            requests["modules"] = ModulesQuery(limit=LISTED)
        if self.chosen == HISTORY and self.session.may(UpgradesQuery):
            requests["upgrades"] = UpgradesQuery(limit=100)
        return Watch(requests)

    def receive(self, report: Answered) -> None:
        """Fresh figures."""
        if isinstance(report.answer, Modules):
            self.answer, self.problem = report.answer, ""
        elif isinstance(report.answer, Upgrades):
            self.history = report.answer
        self.changed()

    def refuse(self, report: Refused) -> None:
        """It could not be read; what was read before stays."""
        self.problem = report.failure.message
        self.changed()

    def node_heard(self) -> None:
        """The role may be another one; and time goes on for what is under way."""
        self._identify()

    # --- showing ------------------------------------------------------------------------------

    def changed(self) -> None:
        """Show what there is now."""
        if not self.is_mounted or self.work is None:
            return
        self._show_plan(self.work)
        if self.answer is not None:
            table = self.tables[OLD]
            listed = [each for each in self.answer.on_old if each.module == self.module]
            table.widen(pid=(each.pid for each in listed))
            rows = old_rows(listed, table.cells_of("why") - 1)
            table.show(list(rows), rows)
        if self.history is not None:
            table, history = self.tables[HISTORY], self.history
            rows = history_rows(history.upgrades, self.module, history.at, table.cells_of("text") - 1)
            table.show(list(rows), rows)
        self._tabs()
        self._identify()
        self.refresh_bindings()

    def _show_plan(self, work: Upgrading) -> None:
        plan, table, diff = work.plan, self.tables[PLAN], self.tables[DIFF]
        table.empty = diff.empty = f"{work.doing} …" if work.doing else "no plan: r makes one"
        lines: dict[str, Line] = {}
        changes: dict[str, Line] = {}
        if plan is not None:
            diff.empty = "the source is the same"
            table.widths = {"subject": subject_cells(plan, table.size.width)}
            lines, changes = plan_lines(plan, table.cells_of("text") - 1), diff_rows(plan)
        table.show(list(lines), lines)
        diff.show(list(changes), changes)

    def _tabs(self) -> None:
        info = self.info
        counts = {OLD: number(info.on_old) if info is not None and info.on_old else ""}
        self.query_one("#module-tabs", TabLine).show(TABS, self.chosen, counts)

    def _arrange(self) -> None:
        """One column or two."""
        wide = self.has_class("-wide") and self.chosen in {PLAN, DIFF}
        left = self.chosen if self.chosen != DIFF else PLAN
        for name in (PLAN, OLD, HISTORY):
            self.tables[name].display = name == left
        self.query_one("#plan-side").display = wide or self.chosen != DIFF
        self.query_one("#diff-side").display = wide or self.chosen == DIFF
        self.tables[self.chosen].focus()
        self.changed()

    def on_resize(self) -> None:
        """One column or two."""
        self.call_after_refresh(self._arrange)

    @on(LineTable.Resized)
    def resized(self) -> None:
        """Texts are broken anew."""
        self.changed()

    # --- the head -----------------------------------------------------------------------------

    def _identify(self) -> None:
        panel = self.query_one("#identity", TextPanel)
        panel.styles.height = max(3, min(HEAD, len(self._head(self.size.width))))
        panel.repaint()
        self.frame()

    def _head(self, cells: int) -> list[Spans]:
        if not self.module:
            return [[("  no module was opened yet: ", "muted"), ("5", "accent"), (" lists them", "muted")]]
        return [*flowing(self._facts(), cells), *self._standing(cells)]

    def _facts(self) -> list[Spans]:
        name: Spans = [(clean(self.module, 200), "strong")]
        info, answer = self.info, self.answer
        if info is None or answer is None:
            return [
                name,
                [(self.problem or ("asking …" if answer is None else "no process runs it"), "muted")],
            ]
        old: Spans = (
            [(f"◐ {number(info.on_old)} on old code", "warn")]
            if info.on_old
            else [("none on old code", "faint")]
        )
        facts: list[Spans] = [
            name,
            [("version ", "faint"), (clean(info.version, 40), "text")],
            [module_state(info)],
            [("procs ", "faint"), (number(info.processes), "text")],
            old,
            [("before ", "faint"), (clean(info.previous, 40), "text")] if info.previous else [],
        ]
        if info.loaded_at is not None:
            ago = (answer.at - info.loaded_at).total_seconds()
            facts.append(
                [
                    ("loaded ", "faint"),
                    (clock_time(ago) if ago >= 60 else duration(ago), "text"),
                    (" ago", "faint"),
                ]
            )
        return [*facts, [(clean(info.path, 200), "muted")] if info.path else []]

    def _standing(self, cells: int) -> list[Spans]:
        """What is under way; else what came of it; else what could be done."""
        work, busy = self.work, self.answer.busy if self.answer is not None else None
        if work is not None and work.doing:
            return _wrapped(
                f"◌ {work.doing} for {duration(self.session.clock() - work.since)}", "accent", cells
            )
        if busy is not None:
            return _wrapped(f"◌ {busy} under way", "accent", cells)
        if work is not None and work.failure is not None:
            return _wrapped(f"✗ not done: {clean(work.failure.message, 2_000)}", "bad", cells)
        if work is not None and work.result is not None:
            return flowing(outcome(work.result), cells)
        if work is not None and work.plan is not None:
            told = verdict(work.plan)
            return _wrapped(plain(told), told[0][1], cells)
        why = self.session.why_not(PlanUpgrade) or self.problem
        return _wrapped(clean(why, 500), "warn", cells) if why else _wrapped(HINT, "muted", cells)

    # --- what the frame asks for --------------------------------------------------------------

    def path(self) -> tuple[str, ...]:
        """The list it is one of, then its name."""
        return ("modules", clean(self.module, 60)) if self.module else ("module",)

    def notes(self) -> Spans:
        """Whether dependants come along."""
        return [("with dependants", "accent")] if self.work is not None and self.work.dependants else []

    def target(self) -> Target | None:
        """The process that the row under the cursor is about, if it is about one."""
        row = self.tables[self.chosen].current
        return Target(row.pid) if row is not None and row.pid else None

    def copied(self) -> str:
        """The line of the diff under the cursor, the pid of a row, else the module."""
        row = self.tables[self.chosen].current
        if row is not None and "diff" in row.cells:
            return row.cells["diff"][0]
        return row.pid if row is not None and row.pid else self.module

    def document(self) -> dict[str, Any]:
        """The module, the plan, what came of it, and the history."""
        work = self.work
        known = {
            "module": self.info,
            "plan": work.plan if work is not None else None,
            "result": work.result if work is not None else None,
            "history": self.history,
        }
        return {name: each.model_dump(mode="json") for name, each in known.items() if each is not None}

    # --- keys ---------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Plans and upgrades are the admin's; the way back is there where something was upgraded."""
        if action in {"plan", "dependants", "upgrade"}:
            return bool(self.module) and self.session.may(PlanUpgrade)
        if action == "roll_back":
            return self.session.may(Rollback) and self.info is not None and self.info.previous is not None
        if action in {"kill", "suspend"} and self.target() is None:
            return False
        return super().check_action(action, parameters)

    def action_part(self, name: str) -> None:
        """Show a part, and give it the keys."""
        self.chosen = name
        self._arrange()
        self.console.rewatch()

    def action_next_part(self, by: int) -> None:
        """The next part."""
        names = [tab.id for tab in TABS]
        self.action_part(names[(names.index(self.chosen) + by) % len(names)])

    def action_plan(self) -> None:
        """A dry run."""
        if self.work is not None:
            self.work.dry_run()

    def action_dependants(self) -> None:
        """Plan with the dependants, or without."""
        if self.work is not None and not self.work.doing:
            self.work.dependants = not self.work.dependants
            self.work.dry_run()

    def action_upgrade(self) -> None:
        """Ask, then upgrade."""
        if self.work is not None:
            self.work.upgrade()

    def action_roll_back(self) -> None:
        """Ask, then go back to the version before."""
        if self.work is not None:
            self.work.roll_back()

    @on(Table.Opened)
    def opened(self, event: Table.Opened) -> None:
        """Open the process of the row."""
        event.stop()
        target = self.target()
        if target is not None:
            self.console.open_process(target.pid, target.name)

    @on(Table.Moved)
    def moved(self, event: Table.Moved) -> None:
        """Keys may mean something else here."""
        event.stop()
        self.refresh_bindings()

    def on_descendant_focus(self) -> None:
        """A click into a table makes it the one with the keys."""
        found = next((name for name, table in self.tables.items() if table is self.focused), self.chosen)
        if found != self.chosen:
            self.chosen = found
            self._tabs()

    def action_up(self) -> None:
        """Back to where one came from."""
        self.console.action_visit(-1)


def _wrapped(text: str, tone: Tone, cells: int) -> list[Spans]:
    return [[("  " + line, tone)] for line in textwrap.wrap(text, max(20, cells - 4))]
