"""The Process page: one process in full, in seven parts; on wide screens two of them side by side.

    identity, parent, handler, load
    s State  m Mailbox  x Stack   |   h History  l Links  v Events  c Crash

Polled: the process itself, and the live parts that are visible. State, mailbox and crash reports are read
when they are first shown, and again with `r`. Where the process has ended, what was read stays, and the
child's name is watched for the process that follows.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical

from runtime.port.contract import Code, Failure, Info, PortRequest, ProcessInfo
from tui.format import clean
from tui.keys import MOVE, PARTS, PROCESS
from tui.link import Answered, Refused, Watch
from tui.spans import Spans
from tui.widgets.table import Table
from tui.widgets.tabs import TabLine
from tui.widgets.text_panel import TextPanel

from .identity import identity
from .page import Page, Target
from .parts.crash import CrashPart
from .parts.events import EventsPart
from .parts.history import HistoryPart
from .parts.links import LinksPart
from .parts.mailbox import MailboxPart
from .parts.part import Part, Subject
from .parts.stack import StackPart
from .parts.state import StatePart

INFO, SUCCESSOR = "info", "successor"
"""Tokens of the page's own polls; parts have their ids."""

LEFT: tuple[type[Part], ...] = (StatePart, MailboxPart, StackPart)
RIGHT: tuple[type[Part], ...] = (HistoryPart, LinksPart, EventsPart, CrashPart)


class ProcessPage(Page):
    """One process."""

    mode = "process"

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(kind.tab.key, f"part('{kind.tab.id}')", kind.tab.title.lower(), show=False, group=PARTS)
            for kind in (*LEFT, *RIGHT)
        ),
        Binding("tab", "next_part(1)", "next part", show=False, group=PARTS),
        Binding("shift+tab", "next_part(-1)", "previous part", show=False, group=PARTS),
        Binding("r", "read", "read again", group=PROCESS),
        Binding(
            "t", "story", "timeline", group=PROCESS, tooltip="its last story; of a crash, the one before"
        ),
        Binding("escape", "up", "back", group=MOVE),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.subject: Subject | None = None
        self.info: ProcessInfo | None = None
        self.ended = False
        self.successor = ""
        """The pid that bears the name of the process that ended."""
        self.problem = ""
        self.following = False
        self.chosen = {"left": StatePart.tab.id, "right": HistoryPart.tab.id}
        self.side = "left"
        """Which column was used last; on narrow screens the only one."""

    def body(self) -> ComposeResult:
        """The head, the tabs, the parts."""
        yield TextPanel(self._head, id="identity")
        yield TabLine([kind.tab for kind in (*LEFT, *RIGHT)], id="tabs")
        with Horizontal(id="columns"):
            for side, kinds in (("left", LEFT), ("right", RIGHT)):
                with Vertical(id=side):
                    yield TabLine([kind.tab for kind in kinds], id=f"tabs-{side}")
                    with Container(classes="parts"):
                        for kind in kinds:
                            yield kind()

    def on_mount(self) -> None:
        """Show what is chosen."""
        self._arrange()

    # --- which process ------------------------------------------------------------------------

    def on_screen_resume(self) -> None:
        """Visible, perhaps for another process."""
        wanted = self.console.viewing
        if wanted is not None and wanted != self.subject:
            self._begin(wanted)
        self._arrange()

    def view(self, subject: Subject) -> None:
        """Show another process without leaving the page."""
        if subject != self.subject:
            self._begin(subject)
            self.console.rewatch()
        self._arrange()

    def _begin(self, subject: Subject) -> None:
        before, self.subject = self.subject, subject
        if before is not None and before.pid == subject.pid:
            return
        self.info, self.ended, self.successor, self.problem = None, False, "", ""
        for part in self.parts():
            part.reset()
        self._identify()

    def reborn(self) -> None:
        """The process was of the former incarnation; the new one may have one of that name."""
        self._end()

    def _end(self) -> None:
        if not self.ended:
            self.ended, self.successor = True, ""
            self.console.rewatch()
            self._identify()

    # --- polling ------------------------------------------------------------------------------

    def parts(self) -> list[Part]:
        """All parts, mounted."""
        return list(self.query(Part))

    def part(self, name: str) -> Part:
        """One part."""
        return self.query_one(f"#part-{name}", Part)

    def visible_parts(self) -> list[Part]:
        """Those on screen now."""
        sides = ("left", "right") if self.has_class("-wide") else (self.side,)
        return [self.part(self.chosen[side]) for side in sides] if self.query(Part) else []

    def polls(self) -> Watch:
        """The process and the live parts; of a process that has ended, its name and its history."""
        subject = self.subject
        if subject is None:
            return Watch()
        requests: dict[str, PortRequest[Any]] = {}
        stands = not self.ended or self._is_zombie()
        if stands:
            requests[INFO] = Info(process=subject.pid)
        if self.ended and subject.name:
            requests[SUCCESSOR] = Info(process=subject.name)
        for part in self.visible_parts():
            lasting = part.tab.id == HistoryPart.tab.id or (stands and part.tab.id == StackPart.tab.id)
            if (
                part.live
                and part.asks is not Info
                and self.session.may(part.asks)
                and (lasting or not self.ended)
            ):
                requests[part.tab.id] = part.request(subject)
        return Watch(requests)

    def _is_zombie(self) -> bool:
        """Whether the process has ended, and the node says that its code does not."""
        node, pid = self.session.node, self.subject.pid if self.subject is not None else ""
        return node is not None and any(zombie.pid == pid for zombie in node.zombies)

    def node_heard(self) -> None:
        """What has ended may have turned out to be a zombie."""
        if self.ended and self._is_zombie() and (self.info is None or self.info.zombie is None):
            self.console.rewatch(now=False)

    def receive(self, report: Answered) -> None:
        """An answer about the process, or for a part."""
        subject, token, answer = self.subject, report.token, report.answer
        asked = getattr(report.request, "process", None)
        if subject is None or asked not in {subject.pid, subject.name}:
            return
        if token == INFO and isinstance(answer, ProcessInfo):
            self._informed(subject, answer)
        elif token == SUCCESSOR and isinstance(answer, ProcessInfo):
            self.successor = answer.row.pid
            if self.following:
                self.console.open_process(answer.row.pid, subject.name)
            self._identify()
        else:
            self.part(token).take(answer)
            self._tabs()

    def _informed(self, subject: Subject, info: ProcessInfo) -> None:
        first, self.info, self.problem = self.info is None, info, ""
        if info.zombie is not None:
            self._end()
        if not subject.name and info.row.name:
            self.subject = self.console.viewing = Subject(subject.pid, info.row.name)
        mailbox = self.part(MailboxPart.tab.id)
        if isinstance(mailbox, MailboxPart):
            mailbox.waiting, mailbox.bound = info.row.mailbox, info.bound
        self.part(LinksPart.tab.id).take(info)
        self._identify()
        self._tabs()
        if first:
            self._read_visible()
            self.refresh_bindings()

    def refuse(self, report: Refused) -> None:
        """No such process: it has ended, or there never was one. A part says its own refusals."""
        token, failure = report.token, report.failure
        if token in {INFO, SUCCESSOR}:
            self.problem, self.successor = failure.message, ""
            if failure.code is Code.NO_PROCESS:
                self._end()
            self._identify()
        elif failure.code is not Code.NO_PROCESS:
            self.part(token).fail(failure)

    # --- reading on demand --------------------------------------------------------------------

    def _read_visible(self) -> None:
        for part in self.visible_parts():
            if not part.live and not part.asked:
                self._read(part)

    def _read(self, part: Part) -> None:
        subject = self.subject
        if subject is None:
            return
        if not self.session.may(part.asks):
            part.asked = True
            part.say([(self.session.why_not(part.asks), "warn")])
            return
        part.asked = True
        if part.answer is None:
            part.say([("reading …", "muted")])

        def answered(answer: BaseModel | Failure) -> None:
            if self.subject is None or self.subject.pid != subject.pid:
                return
            if isinstance(answer, Failure):
                part.fail(answer)
            else:
                part.take(answer)
            self._tabs()

        self.console.ask(part.request(subject), answered)

    def action_read(self) -> None:
        """Read again what is on screen."""
        for part in self.visible_parts():
            if not part.live:
                self._read(part)
        self.console.link.poke()

    # --- parts and columns --------------------------------------------------------------------

    def action_part(self, name: str) -> None:
        """Show a part and give it the keys."""
        self.side = "left" if name in {kind.tab.id for kind in LEFT} else "right"
        self.chosen[self.side] = name
        self._arrange()
        if self.info is not None:
            self._read_visible()
        self.console.rewatch()

    def action_next_part(self, by: int) -> None:
        """The next part, or on wide screens the other column."""
        if self.has_class("-wide"):
            self.side = "right" if self.side == "left" else "left"
            self._arrange()
            return
        names = [kind.tab.id for kind in (*LEFT, *RIGHT)]
        here = names.index(self.chosen[self.side])
        self.action_part(names[(here + by) % len(names)])

    def on_resize(self) -> None:
        """One column or two."""
        self.call_after_refresh(self._arrange)
        self.call_after_refresh(self.console.rewatch)

    def _arrange(self) -> None:
        visible = self.visible_parts()
        for part in self.parts():
            part.display = part in visible
        for side in ("left", "right"):
            self.query_one(f"#{side}").display = self.has_class("-wide") or side == self.side
        self._tabs()
        if visible:
            self.part(self.chosen[self.side]).table.focus()
        if self.info is not None:
            self._read_visible()

    def _tabs(self) -> None:
        counts = {part.tab.id: part.count() for part in self.parts()}
        if not counts:
            return
        every = [kind.tab for kind in (*LEFT, *RIGHT)]
        self.query_one("#tabs", TabLine).show(every, self.chosen[self.side], counts)
        for side, kinds in (("left", LEFT), ("right", RIGHT)):
            line = self.query_one(f"#tabs-{side}", TabLine)
            line.show([kind.tab for kind in kinds], self.chosen[side], counts)

    # --- the head -----------------------------------------------------------------------------

    def _identify(self) -> None:
        panel = self.query_one("#identity", TextPanel)
        lines = self._head(self.size.width)
        panel.styles.height = max(3, min(8, len(lines)))
        panel.repaint()
        self.frame()

    def _head(self, cells: int) -> list[Spans]:
        subject = self.subject
        if subject is None:
            return [[("  no process was opened yet: ", "muted"), ("g", "accent"), (" jumps to one", "muted")]]
        if self.info is None:
            words = self.problem or f"asking for {subject.pid} …"
            return [[("  " + clean(words), "warn" if self.problem else "muted")]]
        return identity(self.info, cells, ended=self.ended, successor=self.successor, problem=self.problem)

    def path(self) -> tuple[str, ...]:
        """The list it is one of, then name and pid."""
        subject = self.subject
        if subject is None:
            return ("process",)
        return ("processes", f"{clean(subject.name, 40)} {subject.pid}".strip())

    def notes(self) -> Spans:
        """Whether it is followed."""
        return [("F follow", "accent")] if self.following else []

    # --- keys ---------------------------------------------------------------------------------

    def target(self) -> Target | None:
        """The process itself."""
        if self.subject is None or self.info is None or self.ended:
            return None
        row, name = self.info.row, self.subject.name
        return Target(row.pid, name, suspended=row.status == "suspended", registered=row.name is not None)

    @on(Table.Opened)
    def opened(self, event: Table.Opened) -> None:
        """Walk along a link."""
        event.stop()
        for part in self.visible_parts():
            if part.table is event.table:
                subject = part.jump(event.table.current)
                if subject is not None:
                    self.console.open_process(subject.pid, subject.name)

    @on(Table.Moved)
    def moved(self, event: Table.Moved) -> None:
        """The part with the keys is the one used last."""
        event.stop()

    def on_descendant_focus(self) -> None:
        """A click into a column makes it the one used last."""
        focused = self.focused
        for part in self.visible_parts():
            if focused is part.table:
                self.side = "left" if type(part) in LEFT else "right"

    def action_follow(self) -> None:
        """Go along when the process is restarted under a new pid."""
        self.following = not self.following
        if self.following and self.successor and self.subject is not None:
            self.console.open_process(self.successor, self.subject.name)
        self.frame()

    def action_up(self) -> None:
        """Back to where one came from."""
        self.console.action_visit(-1)

    def action_story(self) -> None:
        """What happened before the crash report under the cursor; else the last story of the process."""
        crash = self.query_one(CrashPart)
        rows = crash.story() if crash.table is self.focused else []
        if rows:
            self.console.open_story(trace=rows[-1].trace, span=rows[-1].span, rows=rows)
        elif self.subject is not None:
            self.console.open_story(process=self.subject.pid)

    def copied(self) -> str:
        """The value under the cursor where a value has the keys, else the pid."""
        part = self.part(self.chosen[self.side])
        text = part.copied()
        return text or (self.subject.pid if self.subject is not None else "")

    def document(self) -> dict[str, Any]:
        """The process, and every part that was read."""
        return {
            "info": self.info.model_dump(mode="json") if self.info is not None else None,
            **{part.tab.id: part.answer.model_dump(mode="json") for part in self.parts()
               if part.answer is not None and part.asks is not Info},
        }  # fmt: skip
