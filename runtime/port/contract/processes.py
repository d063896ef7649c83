"""Processes: the list, one of them, and what it holds."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field, JsonValue

from .base import DEFAULT_LIMIT, Model, PortRequest, Role, Status
from .code import CodeMark, ProcessCode
from .elsewhere import OSProcess, OwnThread, Place
from .node import Frame, Zombie
from .relations import Entry, Link, Wait

__all__ = [
    "SORTS",
    "Bound",
    "Info",
    "Letter",
    "LetterGroup",
    "Mailbox",
    "MailboxContents",
    "ProcessInfo",
    "ProcessPage",
    "ProcessRow",
    "Ps",
    "Sort",
    "Stack",
    "StackQuery",
    "State",
    "Status",
    "TaskInfo",
    "Value",
]


class ProcessRow(Model):
    """One process in a list."""

    pid: str
    name: str | None = None
    label: str | None = None
    behaviour: str
    place: Place | None = None
    """Where it runs, if not on the node's loop."""
    status: Status
    doing: str | None = None
    mailbox: int = 0
    mailbox_delta: float | None = None
    """Change of the mailbox per second since the last sample."""
    oldest_s: float | None = None
    reductions: int = 0
    reductions_delta: float | None = None
    """Reductions per second since the last sample."""
    memory: int | None = None
    """About how many bytes its state, mailbox and last messages take, where that was asked for. What it shares with others counts
    in full; what stands elsewhere than in these does not. Of an isolated process: resident memory of its OS process."""
    memory_cut: bool = False
    """Whether there was more than could be looked at, so that it is at least so much."""
    memory_delta: float | None = None
    """Change of that per second since the last sample."""
    busy: float = 0.0
    """Share of the loop's samples, 0 to 1."""
    restarts: int = 0
    code: CodeMark | None = None
    """Whether its code is older than the file on disk, as of a second ago, or than what is in place."""
    parent: str | None = None
    counters: dict[str, float] = {}


SORTS = (
    "pid", "name", "behaviour", "status", "mailbox", "oldest", "reductions", "memory", "busy", "restarts",
    "doing",
)  # fmt: skip
Sort = Literal[
    "pid", "name", "behaviour", "status", "mailbox", "oldest", "reductions", "memory", "busy", "restarts", "doing"
]  # fmt: skip


class ProcessPage(Model):
    """A window of the process list."""

    at: datetime
    total: int
    """Processes in the node."""
    matched: int
    """Processes that the filter lets through."""
    rows: list[ProcessRow]
    kept: list[ProcessRow] = []
    """Rows asked for by `keep` that stand outside the window."""
    ended: list[str] = []
    """Pids asked for by `keep` that are no longer alive."""
    counters: list[str] = []
    """Names of the counters that processes declare: columns on demand."""
    order_age_s: float = 0.0
    """Seconds since every process was looked at for this order. Who goes on watching many processes gets, in between, the
    same ones with their figures of now, and whoever is at work."""


class Ps(PortRequest[ProcessPage]):
    """Processes, sorted and filtered on the node. Cost: one pass over the table, in slices; by pid unfiltered, none."""

    op = "ps"
    answer = ProcessPage
    sort: str = "pid"
    """One of `SORTS`, or `counter:NAME`."""
    desc: bool = False
    delta: bool = False
    """Sort by change per second instead (mailbox, reductions, restarts, memory and counters)."""
    memory: bool = False
    """Whether the rows say how much memory they hold, which takes some microseconds for each. Where they are sorted by it, they
    do, and every process has to be weighed."""
    filter: str = Field(default="", max_length=200)
    """A substring of pid, name, label, behaviour, status or doing, any case; a leading `!` inverts."""
    limit: int = Field(default=DEFAULT_LIMIT, ge=0, le=5000)
    offset: int = Field(default=0, ge=0)
    keep: list[str] = Field(default=[], max_length=50)


class TaskInfo(Model):
    """A task that a process started with `self.task`."""

    ref: str
    name: str
    for_s: float


class Bound(Model):
    """The limit of a mailbox, and what has become of those that were too many."""

    limit: int
    policy: str
    """refuse, drop_oldest or block."""
    refused: int = 0
    dropped: int = 0
    blocked: int = 0
    waiting: int = 0
    """Senders that wait for room now."""


class ProcessInfo(Model):
    """One process, in full but without values."""

    at: datetime
    row: ProcessRow
    started_at: datetime
    age_s: float
    ancestors: list[Link] = []
    parent: Link | None = None
    handler: str | None = None
    """The handler that runs or awaits now, as `handle_call(Deposit)`."""
    handler_for_s: float | None = None
    thread: OwnThread | None = None
    """Its own thread, once that has been started."""
    os_process: OSProcess | None = None
    """Its own OS process."""
    lives_in: Link | None = None
    """The isolated process in whose OS process it was spawned."""
    slices: int = 0
    """Time slices that its parked step has used up; 0 while it is not parked."""
    zombie: Zombie | None = None
    """Where it has ended, and its code does not."""
    links: list[Link] = []
    monitors: list[Link] = []
    monitored_by: list[Link] = []
    waits_for: Wait | None = None
    """The call whose answer its handler waits for."""
    waited_by: list[Wait] = []
    """The calls that wait for its answer, those that have waited longest first; cut at 100."""
    entries: list[Entry] = []
    """What it is registered as, and belongs to; cut at 100."""
    more_entries: int = 0
    """Entries not listed."""
    bound: Bound | None = None
    """Of its mailbox; None where it has no limit."""
    tasks: list[TaskInfo] = []
    timers: int = 0
    trap_exits: bool = False
    child_id: str | None = None
    restart: str | None = None
    """permanent, transient or temporary; None where no supervisor looks after it."""
    shutdown_s: float | None = None
    """None for infinity or where there is no supervisor."""
    restarts: int = 0
    remaining: int | None = None
    """Restarts that its supervisor has left in the current window."""
    window_s: float | None = None
    accepts: list[str] = []
    """Message types that `send` may make."""
    source: str | None = None
    """`file:line` of its behaviour."""
    code: ProcessCode | None = None
    """The version of its code; None where that is the runtime's own."""
    has_crash: bool = False
    more_links: int = 0
    """Links and monitors not listed: lists are cut at 100."""


class Info(PortRequest[ProcessInfo]):
    """One process."""

    op = "info"
    answer = ProcessInfo
    process: str
    """A pid as `<0.42.0>`, `0.42.0` or `42`, or a registered name."""


class Stack(Model):
    """Where a process stands."""

    pid: str
    at: datetime
    status: Status
    frames: list[Frame]
    note: str = ""
    """Why there are no frames, where there are none."""


class StackQuery(PortRequest[Stack]):
    """The stack of a process that runs, awaits or is parked. Works while the loop is stuck."""

    op = "stack"
    role = Role.OPERATOR
    answer = Stack
    process: str


class Value(Model):
    """A value read from a process, bounded and redacted.

    `value` is plain JSON with these marks: an object's type under `$type`; a thing that is only text under
    `$text`; items of a set under `$items`; what was cut as `$more` (how many); `$redacted`; `$cycle`.
    A mapping's own key that begins with `$` gets a second one.
    """

    pid: str
    at: datetime
    value: JsonValue
    truncated: bool = False
    redacted: int = 0
    """How many values were hidden."""
    torn: bool = False
    """It changed while it was read."""
    approx_bytes: int = 0
    note: str = ""


class State(PortRequest[Value]):
    """A process's state."""

    op = "state"
    role = Role.OPERATOR
    answer = Value
    process: str
    depth: int = Field(default=8, ge=1, le=32)
    width: int = Field(default=100, ge=1, le=10_000)


class Letter(Model):
    """One message in a mailbox, oldest first."""

    id: str = ""
    """By which `Drop` and `Requeue` mean it, as long as it waits."""
    kind: str
    """call, cast, info."""
    sender: str | None = None
    age_s: float
    type: str
    value: JsonValue = None


class LetterGroup(Model):
    """Messages of one kind, sender and type that wait in a mailbox."""

    kind: str
    sender: str | None = None
    type: str
    count: int
    oldest_s: float
    newest_s: float


class MailboxContents(Model):
    """The head of a mailbox."""

    pid: str
    at: datetime
    total: int
    letters: list[Letter]
    groups: list[LetterGroup] = []
    """The largest first; where they were asked for."""
    truncated: bool = False
    redacted: int = 0
    torn: bool = False
    note: str = ""
    """What may be missing: messages in an OS process that does not answer, or that were too many to be counted."""


class Mailbox(PortRequest[MailboxContents]):
    """The oldest messages of a mailbox, without taking them out."""

    op = "mailbox"
    role = Role.OPERATOR
    answer = MailboxContents
    process: str
    limit: int = Field(default=50, ge=1, le=1000)
    groups: bool = False
    """Whether to say how many there are of each kind, sender and type."""
