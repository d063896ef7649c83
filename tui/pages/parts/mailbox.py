"""Mailbox: the oldest messages, read on demand without taking them out; or of which kinds they are. One can be dropped, or put last."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, cast

from pydantic import BaseModel
from textual.binding import Binding, BindingType

from runtime.port.contract import (
    Bound,
    Drop,
    Letter,
    LetterGroup,
    Mailbox,
    MailboxContents,
    PortRequest,
    Requeue,
)
from tui.format import OLDEST_S, clean, duration, number, plural, tone
from tui.keys import PROCESS
from tui.limits import bound_text
from tui.output.values import one_line
from tui.spans import Spans
from tui.theme import app_of
from tui.widgets.table import Table
from tui.widgets.tabs import Tab
from tui.widgets.value_tree import ValueTree
from tui.widgets.values import Branch, parts_of

from .part import Part, Subject, marks, read_at

if TYPE_CHECKING:
    from tui.app import ObserverApp


class MailboxPart(Part):
    """The head of the mailbox, or its groups."""

    tab = Tab("mailbox", "m", "Mailbox")
    asks = Mailbox

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("G", "group", "group", group=PROCESS, tooltip="by kind, sender and type; or one by one"),
        Binding("D", "drop", "drop", group=PROCESS, tooltip="this message; asks first"),
        Binding("R", "requeue", "put last", group=PROCESS, tooltip="this message; asks first"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.waiting: int | None = None
        """How many messages wait now, as the poll of the process says."""
        self.bound: Bound | None = None
        """The mailbox's limit, if it has one."""
        self.grouped = False
        """Whether its groups are asked for."""
        self.letters: list[Letter] = []
        """The messages that are on screen, one by one."""

    def content(self) -> Table[Any]:
        """A tree: one message a row, its parts below it."""
        return ValueTree(empty="no message waits", id="mailbox-tree")

    def request(self, subject: Subject) -> PortRequest[Any]:
        """The oldest messages, and their groups where these are shown."""
        return Mailbox(process=subject.pid, groups=self.grouped)

    def show(self, answer: BaseModel) -> None:
        """Messages, oldest first."""
        if not isinstance(answer, MailboxContents):
            return
        if self.grouped:
            self.letters, roots = [], [_group(group) for group in answer.groups]
            what = f"{plural(answer.total, 'message')} in {plural(len(roots), 'group')}"
        else:
            self.letters, roots = answer.letters, [_branch(letter) for letter in answer.letters]
            what = f"{number(len(roots))} of {number(answer.total)}, oldest first"
        self.query_one(ValueTree).show_value(roots)
        shown: Spans = [(what, "muted")]
        if self.bound is not None:
            full = answer.total >= self.bound.limit
            shown.append((f" · limit {bound_text(self.bound)}", "warn" if full else "muted"))
        self.say(
            read_at(
                answer.at,
                shown,
                *marks(truncated=False, redacted=answer.redacted, torn=answer.torn, note=answer.note),
            )
        )

    def count(self) -> str:
        """How many wait now."""
        return "" if self.waiting is None else number(self.waiting)

    # --- keys ---------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that the role, the node or `--read-only` forbid are not there at all."""
        del parameters
        needed: dict[str, type[PortRequest[Any]]] = {"group": Mailbox, "drop": Drop, "requeue": Requeue}
        return action not in needed or self._app.session.may(needed[action])

    def action_group(self) -> None:
        """Show groups, or single messages."""
        self.grouped = not self.grouped
        self.query_one(ValueTree).forget()
        self._again()

    def action_drop(self) -> None:
        """Ask, then take the message under the cursor out."""
        self._move(self._app.operations.drop)

    def action_requeue(self) -> None:
        """Ask, then put the message under the cursor behind all others."""
        self._move(self._app.operations.requeue)

    def _move(self, move: Callable[[str, Letter, Callable[[], None]], None]) -> None:
        place = self.table.cursor
        if place is None or not self.letters or not isinstance(self.answer, MailboxContents):
            why = "G shows the messages one by one" if self.grouped else "no message is selected here"
            self._app.tell(why, failed=True)
            return
        move(self.answer.pid, self.letters[int(place.split(".", 1)[0])], self._again)

    def _again(self) -> None:
        """Read the mailbox again."""
        self.call_later(self.run_action, "screen.read")

    @property
    def _app(self) -> ObserverApp:
        return cast("ObserverApp", app_of(self))

    def reset(self) -> None:
        """Another process."""
        self.waiting = self.bound = None
        self.letters = []
        self.query_one(ValueTree).forget()
        super().reset()


def _branch(letter: Letter) -> Branch:
    text: Spans = [
        (f"{clean(letter.kind, 8):<5}", "accent"),
        (f"{duration(letter.age_s):>7}  ", tone(letter.age_s, OLDEST_S)),
        (clean(one_line(letter.value), 300) if letter.value is not None else clean(letter.type, 100), "text"),
        (f"  from {clean(letter.sender, 60)}" if letter.sender else "", "muted"),
    ]  # fmt: skip
    return Branch("", letter.value, text=text, children=parts_of(letter.value), open=False)


def _group(group: LetterGroup) -> Branch:
    text: Spans = [
        (f"{number(group.count):>6}  ", "strong"),
        (f"{clean(group.kind, 8):<5}", "accent"),
        (f"{duration(group.oldest_s):>7}  ", tone(group.oldest_s, OLDEST_S)),
        (clean(group.type, 100), "text"),
        (f"  from {clean(group.sender, 60)}" if group.sender else "  from the host", "muted"),
    ]
    return Branch("", None, text=text, children=(), open=False)
