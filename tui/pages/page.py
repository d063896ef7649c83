"""What all pages share: header, breadcrumbs, body, footer, the keys that act on the selected process.

    shown -> polls() -> link polls -> receive(answered) -> widgets
                                      refuse(refused)   -> a word on the page

A page says what it wants polled while it is visible, and what is selected. It holds no connection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen

from runtime.port.contract import Kill, Suspend, TimelineQuery, Trace
from tui.format import clean
from tui.keys import MOVE, PROCESS, VIEW
from tui.link import Answered, Refused, Watch
from tui.session import Session
from tui.spans import Spans
from tui.theme import app_of
from tui.tracing.pattern import trace_of
from tui.widgets.crumbs import Crumbs
from tui.widgets.footer import KeyFooter
from tui.widgets.header import NodeHeader
from tui.widgets.hints import Hints
from tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from tui.app import ObserverApp


@dataclass(frozen=True)
class Target:
    """The process that a key acts on."""

    pid: str
    name: str = ""
    suspended: bool = False
    registered: bool = False
    """Whether the name is one that it is registered under; a label is not."""
    supervisor: bool = False
    """Whether it stands for all that it supervises."""

    @property
    def title(self) -> str:
        """Name and pid."""
        return f"{clean(self.name, 60)} {self.pid}" if self.name else self.pid


class Page(Screen[None]):
    """One page of the console."""

    mode: ClassVar[str]
    """Its name among the app's modes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("exclamation_mark", "open_alert", "open what the alert names", show=False, group=MOVE),
        Binding("K", "kill", "kill", group=PROCESS, tooltip="asks first"),
        Binding("S", "suspend", "suspend", group=PROCESS, tooltip="or resume; asks first"),
        Binding("F", "follow", "follow", show=False, group=PROCESS,
                tooltip="keep it in view, also when it is restarted under a new pid"),
        Binding("T", "trace", "trace", show=False, group=PROCESS,
                tooltip="its messages and handlers, on the Trace page; in the tree, of all below a supervisor"),
        Binding("y", "copy", "copy", show=False, group=VIEW),
        Binding("e", "export", "export", show=False, group=VIEW, tooltip="this view as JSON, to a file"),
    ]  # fmt: skip

    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual declares it so
        (0, "-narrow"),
        (112, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012 - Textual declares it so
        (0, "-low"),
        (34, "-tall"),
        (46, "-high"),
    ]

    @property
    def console(self) -> ObserverApp:
        """The app, as what it is."""
        return cast("ObserverApp", app_of(self))

    @property
    def session(self) -> Session:
        """What is known of the node."""
        return self.console.session

    # --- what pages say -----------------------------------------------------------------------

    def body(self) -> ComposeResult:
        """The widgets between breadcrumbs and footer."""
        raise NotImplementedError

    def polls(self) -> Watch:
        """What to poll while the page is visible. Optional. Defaults to nothing but the header."""
        return Watch()

    def receive(self, report: Answered) -> None:
        """An answer to what `polls` asked for. Optional."""

    def refuse(self, report: Refused) -> None:
        """A refusal of what `polls` asked for. Optional. Defaults to a notice."""
        self.console.tell(clean(report.failure.message), failed=True)

    def node_heard(self) -> None:
        """The node's figures are new. Optional."""

    def reborn(self) -> None:
        """The node was restarted: pids of before mean nothing now. Optional."""

    def target(self) -> Target | None:
        """The selected process. Optional. Defaults to none."""
        return None

    def path(self) -> Sequence[str]:
        """The breadcrumbs after the node's name."""
        return (self.mode,)

    def notes(self) -> Spans:
        """What stands beside the breadcrumbs. Optional."""
        return []

    def copied(self) -> str:
        """What `y` copies. Optional. Defaults to the selected pid."""
        target = self.target()
        return target.pid if target else ""

    def document(self) -> dict[str, Any]:
        """What `e` writes."""
        return {}

    # --- the frame ----------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Header, breadcrumbs, body, hints, footer or prompt."""
        yield NodeHeader(self.session)
        yield Crumbs(self.session)
        with Container(id="body"):
            yield from self.body()
        if self.console.hints:
            yield Hints(self.console.hints)
        yield KeyFooter()
        yield Prompt()

    def on_mount(self) -> None:
        """Show the frame at once, whatever the node does. Textual runs the pages' own `on_mount` as well."""
        self.console.pages[self.mode] = self
        self.frame()

    def on_screen_resume(self) -> None:
        """Visible again: poll for this page, with the keys that the role allows by now."""
        self.refresh_bindings()
        self.console.rewatch()
        self.frame()

    def frame(self) -> None:
        """Header, breadcrumbs and staleness anew."""
        if not self.is_mounted or not self.query(Crumbs):
            return
        node = self.session.node
        root = clean(node.name, 40) if node is not None else clean(self.session.address, 40) or "observer"
        self.set_class(self.session.stale_s is not None, "-stale")
        self.set_class(self.session.paused, "-paused")
        self.query_one(NodeHeader).repaint()
        self.query_one(Crumbs).show((root, *self.path()), self.notes())

    @property
    def prompt(self) -> Prompt:
        """Where filters and targets are typed."""
        return self.query_one(Prompt)

    @on(Prompt.Closed)
    def prompted(self, event: Prompt.Closed) -> None:
        """A target to jump to; pages treat their own purposes."""
        if event.purpose == "jump" and event.text:
            self.console.jump(event.text)

    # --- keys ---------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that the role, the node or `--read-only` forbid are not there at all."""
        del parameters
        if action == "kill":
            return self.session.may(Kill)
        if action == "suspend":
            return self.session.may(Suspend)
        if action == "trace":
            return self.session.may(Trace)
        if action == "story":
            return self.session.may(TimelineQuery)
        return True

    def action_open_alert(self) -> None:
        """Open the process that the alert names."""
        alert = self.session.alert()
        if alert is not None:
            self.console.open_process(alert.pid, alert.name)

    def action_kill(self) -> None:
        """Ask, then kill the selected process."""
        target = self._living()
        if target is not None:
            self.console.operations.kill(target)

    def action_suspend(self) -> None:
        """Ask, then suspend or resume the selected process."""
        target = self._living()
        if target is not None:
            self.console.operations.suspend_or_resume(target)

    def _living(self) -> Target | None:
        """The selected process. Says so where there is none: it may have ended just before the key was pressed."""
        target = self.target()
        if target is None:
            self.console.tell("no living process is selected here", failed=True)
        return target

    def action_follow(self) -> None:
        """Follow the selected process, or no more."""
        self.console.tell("there is nothing to follow on this page")

    def action_trace(self) -> None:
        """Trace the selected process; a session that runs ends."""
        target = self._living()
        if target is not None:
            name = target.name if target.registered else ""
            self.console.trace(trace_of(target.pid, name, below=target.supervisor))

    def action_copy(self) -> None:
        """Copy to the terminal's clipboard."""
        text = self.copied()
        if text:
            self.console.copy_to_clipboard(text)
            self.console.tell(f"copied {clean(text, 60)}")

    def action_export(self) -> None:
        """Write the view to a file and say where."""
        self.console.operations.export(self.mode, self.document())
