"""The console: its pages over one link, and nothing else here but their keys.

    link's threads --post_message--> Reported --> Session, then the visible page
    keys           --> pages, prompts, operations --> link.ask --> callback

`run` is the entry point of `observer connect` and of the demo.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.notifications import SeverityLevel
from textual.screen import Screen

from runtime.port.client import Place
from runtime.port.contract import Code, Failure, Info, NodeInfo, PortRequest, ProcessInfo
from tui.arrivals import Brought, Reported
from tui.feed import Feed
from tui.format import clean
from tui.keys import MOVE, PAGES, VIEW
from tui.link import NODE, Answered, Asker, Link, Lost, Refused, Watch
from tui.operations import Operations
from tui.pages.module import ModulePage
from tui.pages.modules import ModulesPage
from tui.pages.node import NodePage
from tui.pages.page import Page
from tui.pages.parts.part import Subject
from tui.pages.process import ProcessPage
from tui.pages.processes import ProcessesPage
from tui.pages.timeline import TimelinePage
from tui.pages.trace import TracePage
from tui.pages.tree import TreePage
from tui.palette import ConsoleCommands
from tui.reach import Reach
from tui.session import Session
from tui.theme import DARK, LIGHT
from tui.tracing.loading import Wanted
from tui.tracing.row import Row
from tui.tracing.tracer import Tracer
from tui.turns import PatientApp
from tui.visits import Visit, Visits
from tui.widgets.help import Help
from tui.widgets.hints import DEMO

Then = Callable[[BaseModel | Failure], None]
CRASHED = "the console crashed; its traceback stands above"


@dataclass(frozen=True)
class ExitInfo:
    """How a console ended."""

    failure: Failure | None = None
    """Why it never showed the node, or that it crashed; None after a session that the operator ended."""


class ObserverApp(PatientApp[ExitInfo]):
    """The console of one node."""

    CSS_PATH = "app.tcss"
    TITLE = "observer"
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "node": NodePage, "processes": ProcessesPage, "tree": TreePage, "process": ProcessPage,
        "modules": ModulesPage, "module": ModulePage, "trace": TracePage, "timeline": TimelinePage,
    }  # fmt: skip
    DEFAULT_MODE = "processes"
    COMMANDS: ClassVar[set[Any]] = {ConsoleCommands}
    COMMAND_PALETTE_BINDING = "ctrl+p"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "show_page('node')", "node", show=False, group=PAGES),
        Binding("2", "show_page('processes')", "processes", show=False, group=PAGES),
        Binding("3", "show_page('tree')", "tree", show=False, group=PAGES),
        Binding("4", "show_page('process')", "the process viewed last", show=False, group=PAGES),
        Binding("5", "show_page('modules')", "modules: hot code upgrade", show=False, group=PAGES),
        Binding("6", "show_page('trace')", "trace", show=False, group=PAGES),
        Binding("7", "show_page('timeline')", "the story viewed last", show=False, group=PAGES),
        Binding("g", "ask_jump", "go to", group=PAGES, tooltip="a pid or a name"),
        Binding("colon", "command_palette", "commands", show=False, group=PAGES),
        Binding("left_square_bracket", "visit(-1)", "back", show=False, group=MOVE),
        Binding("right_square_bracket", "visit(1)", "forward", show=False, group=MOVE),
        Binding("p", "pause", "pause", group=VIEW),
        Binding("plus,equals_sign", "pace(1)", "poll less often", show=False, group=VIEW),
        Binding("minus", "pace(-1)", "poll more often", show=False, group=VIEW),
        Binding("ctrl+r", "poke", "poll now", show=False, group=VIEW),
        Binding("question_mark", "help", "help", group=PAGES),
        Binding("q", "leave", "quit", group=PAGES),
        Binding("ctrl+c,ctrl+q", "leave", "quit", show=False, priority=True),
    ]

    def __init__(
        self, client: Callable[[], Asker], *, address: str = "", read_only: bool = False,
        interval: float = 1.0, hints: Sequence[str] = (), start_page: str = "processes", sort: str = "",
        clock: Callable[[], float] = time.monotonic, link: type[Link] = Link, feed: type[Feed] = Feed,
        export_to: Path | None = None, light: bool = False,
    ) -> None:  # fmt: skip
        """`client` makes unconnected clients. The rest is as for `run`; `clock` and on are for tests."""
        super().__init__(ansi_color=True if _no_color() else None)
        self.session = Session(clock, address=address, read_only=read_only, interval=interval)
        self.link = link(client, lambda report: self.post_message(Reported(report)), interval=interval)
        self.operations = Operations(self, export_to)
        self.tracer = Tracer(
            lambda opening: feed(client, opening, lambda fed: self.post_message(Brought(fed))),
            self.session.clock,
        )
        self.wanted = Wanted()
        """The story of the Timeline page."""
        self.hints = tuple(hints)
        self.first_sort = sort
        self.viewing: Subject | None = None
        """The process of the Process page."""
        self.module = ""
        """The module of the Module page."""
        self.module_action = ""
        """What the operator has asked for on the way there: that page does it."""
        self.pages: dict[str, Page] = {}
        """The pages that were shown so far, by mode."""
        self._start_page = start_page
        self._visits = Visits()
        self._waiting: dict[str, Then] = {}
        self._asked = 0
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.animation_level = "none"
        self.theme = LIGHT.name if light else DARK.name

    # --- life ---------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """The first page, the link, and the clock that sees a node fall silent."""
        self.go(Visit(self._start_page))
        self.link.start()
        self.set_interval(0.5, self._tick)

    def on_unmount(self) -> None:
        """End the link's threads, and the trace session."""
        self.link.stop()
        self.tracer.end()

    def _tick(self) -> None:
        page = self.page
        if page is not None and (self.session.stale_s is not None or page.has_class("-stale")):
            page.frame()

    @property
    def page(self) -> Page | None:
        """The visible page, also where a dialog stands above it."""
        return self.pages.get(self.current_mode)

    # --- the link -----------------------------------------------------------------------------

    def on_reported(self, message: Reported) -> None:
        """A report of the link."""
        report = message.report
        if isinstance(report, Lost):
            self._lost(report)
        elif report.token in self._waiting:
            answer = report.answer if isinstance(report, Answered) else report.failure
            self._waiting.pop(report.token)(answer)
        elif isinstance(report, Refused):
            self._refused(report)
        elif report.token == NODE and isinstance(report.answer, NodeInfo):
            self._heard(report.answer)
        else:
            self.session.touch()
            page = self.page
            if page is not None and not self.session.paused:
                page.receive(report)

    def _heard(self, node: NodeInfo) -> None:
        first, may = self.session.node is None, self.session.node and self.session.node.role
        reborn = self.session.hear(node)
        page = self.page
        if reborn:
            self.tell(f"{clean(node.name, 40)} was restarted: a new incarnation, its pids are new")
            for known in self.pages.values():
                known.reborn()
        if page is None:
            return
        if first or may != node.role:
            page.refresh_bindings()
            self.rewatch()
        page.frame()
        if not self.session.paused:
            page.node_heard()

    def _refused(self, report: Refused) -> None:
        page = self.page
        if page is not None and report.token != NODE and not self.session.paused:
            self.session.touch()
            page.refuse(report)

    def _lost(self, report: Lost) -> None:
        if self.session.node is None:
            self.exit(ExitInfo(report.failure))
            return
        self.session.lose(report.failure, report.attempt)
        if self.page is not None:
            self.page.frame()

    def rewatch(self, *, now: bool = True) -> None:
        """Poll for what the visible page wants now; nothing but the header while paused."""
        page = self.page
        if page is not None and page.is_mounted:
            self.link.watch(Watch() if self.session.paused else page.polls(), now=now)

    def on_brought(self, message: Brought) -> None:
        """Records of the trace session, whichever page is visible."""
        if self.tracer.take(message.fed) and isinstance(self.page, TracePage):
            self.page.arrived()

    def ask(self, request: PortRequest[Any], then: Then) -> None:
        """Ask once, on the command connection; `then` gets the answer or the failure."""
        self._asked += 1
        token = f"ask {self._asked}"
        self._waiting[token] = then
        self.link.ask(token, request)

    # --- places -------------------------------------------------------------------------------

    def go(self, place: Visit) -> None:
        """Show a place, and remember it."""
        self._visits.go(place)
        self._show(place)

    def _show(self, place: Visit) -> None:
        if place.page == "process" and place.pid:
            self.viewing = Subject(place.pid, place.name)
        if place.page == "module":
            self.module = place.name
        if (
            place.page == "timeline"
            and (place.name, place.pid) != (self.wanted.trace, self.wanted.process)
            and (place.name or place.pid)
        ):
            self.wanted = Wanted(place.name, place.pid)
        self.switch_mode(place.page)
        page = self.page
        if isinstance(page, ModulePage) and page.is_mounted:
            page.view(self.module)
        if isinstance(page, TimelinePage) and page.is_mounted:
            page.view(self.wanted)
        if isinstance(page, ProcessPage) and page.is_mounted and self.viewing is not None:
            page.view(self.viewing)

    def open_process(self, pid: str, name: str = "") -> None:
        """The Process page for this process."""
        self.go(Visit("process", pid, name))

    def open_module(self, module: str, action: str = "") -> None:
        """The Module page for this module; there, do what the action of that name does."""
        self.module_action = action
        self.go(Visit("module", name=module))

    def open_story(
        self, *, trace: str = "", process: str = "", span: str = "", rows: Sequence[Row] = ()
    ) -> None:
        """The Timeline page: a story by its trace id, or the last one of a process; `rows` are what is known of it here."""
        self.wanted = Wanted(trace, process, span, rows)
        self.go(Visit("timeline", process, trace))

    def trace(self, pattern: str) -> None:
        """The Trace page, with a session of this pattern."""
        self.go(Visit("trace"))
        self.tracer.start(pattern)
        page = self.page
        if isinstance(page, TracePage) and page.is_mounted:
            page.started()

    def jump(self, text: str) -> None:
        """Open the process of this pid or name, if there is one."""

        def found(answer: BaseModel | Failure) -> None:
            if isinstance(answer, ProcessInfo):
                self.open_process(answer.row.pid, answer.row.name or "")
            elif isinstance(answer, Failure):
                self.tell(clean(answer.message), failed=True)

        self.ask(Info(process=text.strip()), found)

    def tell(self, text: str, *, failed: bool = False, doubtful: bool = False) -> None:
        """A notice in the corner. Never markup."""
        severity: SeverityLevel = "error" if failed else "warning" if doubtful else "information"
        self.notify(text, severity=severity, timeout=8 if failed or doubtful else 4, markup=False)

    # --- keys ---------------------------------------------------------------------------------

    def action_show_page(self, name: str) -> None:
        """Another page; the Process page shows the process viewed last."""
        subject = self.viewing if name == "process" else None
        self.go(Visit(name, subject.pid, subject.name) if subject is not None else Visit(name))

    def action_visit(self, by: int) -> None:
        """One place back or forward."""
        place = self._visits.back() if by < 0 else self._visits.forward()
        if place is not None:
            self._show(place)
        elif by < 0 and isinstance(self.page, (ProcessPage, ModulePage)):
            self.go(Visit("modules" if isinstance(self.page, ModulePage) else "processes"))

    def action_ask_jump(self) -> None:
        """Ask where to go."""
        page = self.page
        if page is not None:
            page.prompt.ask(
                "jump", "go to", "a pid or a name · Enter · Esc", names=tuple(self.known_names().values())
            )

    def known_names(self) -> dict[str, str]:
        """Names by pid, as the Processes page had them last."""
        page = self.pages.get(ProcessesPage.mode)
        return page.names if isinstance(page, ProcessesPage) else {}

    def action_pause(self) -> None:
        """Freeze the page, or let it go on. Samples are taken all the same."""
        self.session.paused = not self.session.paused
        self.rewatch()
        if isinstance(self.page, TracePage):
            self.page.arrived()
        elif self.page is not None:
            self.page.frame()

    def action_pace(self, by: int) -> None:
        """A longer or a shorter interval."""
        if by > 0:
            self.session.slower()
        else:
            self.session.faster()
        self.link.pace(self.session.interval)
        if self.page is not None:
            self.page.frame()

    def action_poke(self) -> None:
        """Poll now."""
        self.link.poke()

    def action_help(self) -> None:
        """All keys of this page."""
        page = self.page
        if page is not None:
            self.push_screen(Help(page.mode, page.active_bindings.values()))

    def action_leave(self) -> None:
        """End the console; the node goes on."""
        self.exit(ExitInfo())

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Of Textual's own commands those that make sense here."""
        del screen
        yield SystemCommand("view: theme", "Change how the console looks", self.action_change_theme)


def _no_color() -> bool:
    """Whether the user wants none (no-color.org)."""
    return bool(os.environ.get("NO_COLOR"))


def run(
    place: Place, *, key: str | None = None, read_only: bool = False, ca: str | None = None,
    fingerprint: str | None = None, interval: float = 1.0, hints: Sequence[str] | bool = (),
    start_page: str = "processes", sort: str | None = None,
) -> ExitInfo:  # fmt: skip
    """Open the console on a node, until the operator leaves.

    Args:
        place: The node, as `runtime.port.client.find` gives it.
        key: Name of the key to use. Optional. Defaults to the best that fits.
        read_only: Hide what changes the node.
        ca: File with the CA that signed the node's certificate. Optional.
        fingerprint: Of the node's certificate. Optional.
        interval: Seconds between polls.
        hints: What to try, in one line above the keys; True for what the demo offers. Optional.
        start_page: node, processes, tree or modules.
        sort: Column that the Processes page is sorted by. Optional. Defaults to mailbox.

    Returns:
        How it ended; `failure` says why the node could not be shown at all, or that the console crashed.
    """
    reach = Reach(place, key=key, ca=ca, fingerprint=fingerprint)
    app = ObserverApp(
        reach.client, address=reach.address, read_only=read_only, interval=interval,
        hints=DEMO if hints is True else hints or (), start_page=start_page, sort=sort or "",
    )  # fmt: skip
    gc.freeze()  # what was imported stays: collecting it again and again would make the console halt for a moment each time
    try:
        ended = app.run() or ExitInfo()
        return ExitInfo(Failure(Code.INTERNAL, CRASHED)) if app.return_code else ended
    except KeyboardInterrupt:
        return ExitInfo()
