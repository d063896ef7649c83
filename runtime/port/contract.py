"""The language of the port: every request, every answer, every error, as frozen models.

One request is one JSON document, one answer is one JSON document, and both ends
validate with the models of this file:

    client                                          node
    ------                                          ----
    Ps(sort="mailbox").document()  --- str --->     parse_request(text)  -> Ps(...)
    parse_answer(Ps, text)         <-- str ---      answer_document(ProcessPage(...))
                                                    error_document(code, message)

A request class names its operation (`op`), the role that may ask (`role`) and the
model that answers (its type parameter). Durations are seconds as floats, times are
RFC 3339 in UTC. This file knows neither rpyc nor the runtime: the console and the
node both read it.
"""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

CONTRACT = 1
"""The contract's version. A client and a node whose versions differ part at the handshake (exit code 6)."""

DEFAULT_LIMIT = 100
"""Rows that `ps` answers unless told otherwise."""


class Role(StrEnum):
    """What a key may do. Each role includes those before it."""

    VIEWER = "viewer"
    """Lists, tree, counts; history without values."""
    OPERATOR = "operator"
    """And state, mailbox, stack, events, kill, suspend, resume, send."""
    ADMIN = "admin"
    """And whatever executes code."""

    def includes(self, other: Role) -> bool:
        """Whether this role may do what `other` may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


class Code(StrEnum):
    """Why a request failed."""

    NO_PROCESS = "no_such_process"
    REFUSED = "refused"
    BAD_REQUEST = "bad_request"
    CANNOT_CONNECT = "cannot_connect"
    DENIED = "denied"
    TIMEOUT = "timeout"
    VERSION = "version"
    INTERNAL = "internal"


class Model(BaseModel):
    """An answer, or a part of one. Unknown fields are ignored, so a newer node can say more."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="null")


R = TypeVar("R", bound=BaseModel)


class PortRequest(BaseModel, Generic[R]):
    """A question to the node. Unknown fields are an error: they are somebody's misspelling."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    op: ClassVar[str]
    role: ClassVar[Role] = Role.VIEWER
    answer: ClassVar[type[BaseModel]]
    action: ClassVar[bool] = False
    """Whether it changes the node, and so is recorded."""

    def document(self) -> str:
        """This request as one JSON document."""
        return json.dumps({"op": self.op, "args": self.model_dump(mode="json")})


# --- the node -------------------------------------------------------------------------------------


class Frame(Model):
    """One frame of a stack, outermost first."""

    file: str
    line: int
    function: str
    source: str = ""


class Running(Model):
    """The process whose step runs at this moment."""

    pid: str
    for_s: float
    stack: list[Frame] = []
    name: str | None = None
    handler: str | None = None


class Trouble(Model):
    """One line of the answer to "what is wrong, and where"."""

    pid: str
    name: str
    value: float
    text: str = ""


class NodeInfo(Model):
    """The node at a glance."""

    name: str
    incarnation: str
    version: str
    python: str
    host: str | None = None
    port: int | None = None
    pid: int = 0
    """The operating system's number of the node's process."""
    uptime_s: float
    processes: int
    mailbox_total: int
    lag_ms: float
    rss_bytes: int
    preemption: str
    """`off` and why, until time-slicing is on."""
    running: Running | None = None
    observer_ms_per_s: float
    at: datetime
    contract: int = CONTRACT
    capabilities: list[str] = []
    """Operations that this node offers; pages ask for these, never for versions."""
    key: str = ""
    role: Role = Role.VIEWER
    """Who asks, as the node has proven it."""
    messages_handled: int = 0
    crashes: int = 0
    restarts: int = 0
    late_replies: int = 0
    """Replies dropped because the caller's deadline had passed."""
    statuses: dict[str, int] = {}
    """How many processes are in each status."""
    counters: dict[str, float] = {}
    deepest: Trouble | None = None
    """Longest mailbox, in messages."""
    oldest: Trouble | None = None
    """Longest-waiting message, in seconds."""
    busiest: Trouble | None = None
    """Largest share of the loop's samples, 0 to 1."""
    last_crash: Trouble | None = None
    """`value` is seconds ago; `text` the reason."""
    restarting: Trouble | None = None
    """The child restarted most often within its supervisor's window: `value` times, `text` what is left."""


class NodeQuery(PortRequest[NodeInfo]):
    """The node, its figures, and what is in trouble. Cost: one pass over the process table."""

    op = "node"
    answer = NodeInfo
    stack: bool = True
    """Whether to read the stack of what runs now. Ignored for a viewer."""


# --- processes ------------------------------------------------------------------------------------

Status = Literal["running", "ready", "waiting", "awaiting", "parked", "suspended", "restarting", "ended"]


class ProcessRow(Model):
    """One process in a list."""

    pid: str
    name: str | None = None
    label: str | None = None
    behaviour: str
    status: Status
    doing: str | None = None
    mailbox: int = 0
    mailbox_delta: float | None = None
    """Change of the mailbox per second since the last sample."""
    oldest_s: float | None = None
    reductions: int = 0
    reductions_delta: float | None = None
    """Reductions per second since the last sample."""
    busy: float = 0.0
    """Share of the loop's samples, 0 to 1."""
    restarts: int = 0
    parent: str | None = None
    counters: dict[str, float] = {}


SORTS = (
    "pid", "name", "behaviour", "status", "mailbox", "oldest", "reductions", "busy", "restarts", "doing",
)  # fmt: skip
Sort = Literal[
    "pid", "name", "behaviour", "status", "mailbox", "oldest", "reductions", "busy", "restarts", "doing"
]


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


class Ps(PortRequest[ProcessPage]):
    """Processes, sorted and filtered on the node. Cost: one pass over the table, in slices."""

    op = "ps"
    answer = ProcessPage
    sort: str = "pid"
    """One of `SORTS`, or `counter:NAME`."""
    desc: bool = False
    delta: bool = False
    """Sort by change per second instead (mailbox, reductions, restarts and counters)."""
    filter: str = Field(default="", max_length=200)
    """A substring of pid, name, label, behaviour, status or doing, any case; a leading `!` inverts."""
    limit: int = Field(default=DEFAULT_LIMIT, ge=0, le=5000)
    offset: int = Field(default=0, ge=0)
    keep: list[str] = Field(default=[], max_length=50)


class Link(Model):
    """A relation to another process."""

    pid: str
    name: str | None = None
    alive: bool = True


class TaskInfo(Model):
    """A task that a process started with `self.task`."""

    ref: str
    name: str
    for_s: float


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
    links: list[Link] = []
    monitors: list[Link] = []
    monitored_by: list[Link] = []
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

    kind: str
    """call, cast, info."""
    sender: str | None = None
    age_s: float
    type: str
    value: JsonValue = None


class MailboxContents(Model):
    """The head of a mailbox."""

    pid: str
    at: datetime
    total: int
    letters: list[Letter]
    truncated: bool = False
    redacted: int = 0
    torn: bool = False


class Mailbox(PortRequest[MailboxContents]):
    """The oldest messages of a mailbox, without taking them out."""

    op = "mailbox"
    role = Role.OPERATOR
    answer = MailboxContents
    process: str
    limit: int = Field(default=50, ge=1, le=1000)


# --- supervision ----------------------------------------------------------------------------------


class TreeNode(Model):
    """A supervisor or a worker, and what hangs below it."""

    pid: str | None
    """None while the child is restarting, ended or has been given up."""
    id: str
    kind: Literal["supervisor", "worker"] = "worker"
    strategy: str | None = None
    max_restarts: int | None = None
    max_seconds: float | None = None
    used: int | None = None
    """Restarts counted in the current window."""
    children: list[TreeNode] = []
    more: int = 0
    """Children not listed."""
    status: Status = "waiting"
    restart: str | None = None
    behaviour: str = ""
    restarts: int = 0
    busy: float = 0.0
    mailbox: int = 0
    counters: dict[str, float] = {}
    """Its own, and for a supervisor the sum below it."""
    doing: str | None = None
    last_reason: str | None = None
    last_restart_s: float | None = None
    """Seconds since its last restart."""


class Tree(Model):
    """The supervision trees of a node."""

    at: datetime
    processes: int
    roots: list[TreeNode]


class TreeQuery(PortRequest[Tree]):
    """The supervision tree."""

    op = "tree"
    answer = Tree
    children: int = Field(default=100, ge=1, le=10_000)
    """How many children of one supervisor to list."""
    process: str | None = None
    """Begin at this supervisor instead."""


class Restart(Model):
    """One end of a child, and what followed."""

    at: datetime
    child: str
    old_pid: str
    new_pid: str | None = None
    """None where it was not started again."""
    reason: str
    lived_s: float
    lost: int
    """Messages that its mailbox held when it ended."""
    by: str | None = None
    """Who ended it: `key NAME`, `sibling ID`, or None for itself."""
    supervisor: str | None = None


class Restarts(Model):
    """Restart history, newest first."""

    at: datetime
    entries: list[Restart]


class History(PortRequest[Restarts]):
    """What ended and was restarted: of one child (under every incarnation), of a supervisor's children, or of all."""

    op = "history"
    answer = Restarts
    process: str | None = None
    limit: int = Field(default=100, ge=1, le=5000)


# --- what happened --------------------------------------------------------------------------------


class Event(Model):
    """Something that happened to a process."""

    seq: int
    at: datetime
    pid: str | None = None
    name: str | None = None
    kind: str
    """started, call, cast, info, reply, crash, ended, restarted, gave_up, suspended, resumed, …"""
    text: str = ""
    value: JsonValue = None


class Events(Model):
    """Events, oldest first."""

    at: datetime
    events: list[Event]
    cursor: int = 0
    """Ask again from here."""
    missed: int = 0
    """Events that were dropped before this reader came for them."""


class ProcessEvents(PortRequest[Events]):
    """The last 20 events of one process (OTP's `sys:log`)."""

    op = "events"
    role = Role.OPERATOR
    answer = Events
    process: str
    limit: int = Field(default=20, ge=1, le=100)


class Feed(PortRequest[Events]):
    """The node's lifecycle events after a cursor; waits up to `wait_s` for the first. No values."""

    op = "feed"
    answer = Events
    cursor: int = Field(default=0, ge=0)
    wait_s: float = Field(default=0.0, ge=0, le=30)
    limit: int = Field(default=500, ge=1, le=5000)


class Crash(Model):
    """A crash report."""

    at: datetime
    pid: str
    name: str | None = None
    label: str | None = None
    behaviour: str
    reason: str
    traceback: str = ""
    last_message: JsonValue = None
    last_state: JsonValue = None
    state_note: str = ""
    """`may be half-changed` where the state is mutable."""
    mailbox_sample: list[JsonValue] = []
    lost: int = 0
    """Messages that were in the mailbox."""
    ancestors: list[str] = []
    links: list[str] = []
    lived_s: float = 0.0
    redacted: int = 0


class Crashes(Model):
    """Crash reports, newest first."""

    at: datetime
    reports: list[Crash]


class CrashQuery(PortRequest[Crashes]):
    """Crash reports: of one process or child (under every incarnation), or of all."""

    op = "crashes"
    role = Role.OPERATOR
    answer = Crashes
    process: str | None = None
    limit: int = Field(default=10, ge=1, le=100)


class AuditEntry(Model):
    """An action that an operator took."""

    at: datetime
    key: str
    role: Role
    peer: str
    action: str
    target: str
    detail: str = ""
    outcome: str
    """`ok`, or why not."""


class Audit(Model):
    """Operator actions, newest first."""

    at: datetime
    entries: list[AuditEntry]


class AuditQuery(PortRequest[Audit]):
    """Who did what to this node."""

    op = "audit"
    role = Role.OPERATOR
    answer = Audit
    limit: int = Field(default=100, ge=1, le=1000)


# --- changes --------------------------------------------------------------------------------------


class Done(Model):
    """An action that took effect."""

    at: datetime
    pid: str
    text: str
    reply: JsonValue = None


class Kill(PortRequest[Done]):
    """Send an exit signal. `kill`, the default, cannot be trapped; any other reason can."""

    op = "kill"
    role = Role.OPERATOR
    answer = Done
    action = True
    process: str
    reason: str = Field(default="kill", min_length=1, max_length=200)
    deadline_s: float = Field(default=5.0, gt=0, le=60)


class Suspend(PortRequest[Done]):
    """Let a process finish what it does and handle nothing more until resumed."""

    op = "suspend"
    role = Role.OPERATOR
    answer = Done
    action = True
    process: str
    deadline_s: float = Field(default=5.0, gt=0, le=60)


class Resume(PortRequest[Done]):
    """Let a suspended process go on."""

    op = "resume"
    role = Role.OPERATOR
    answer = Done
    action = True
    process: str
    deadline_s: float = Field(default=5.0, gt=0, le=60)


class Send(PortRequest[Done]):
    """Send a message: a plain JSON value, or `{"type": NAME, …}` for one of the behaviour's declared `accepts`."""

    op = "send"
    role = Role.OPERATOR
    answer = Done
    action = True
    process: str
    message: JsonValue
    kind: Literal["call", "cast", "info"] = "info"
    deadline_s: float = Field(default=5.0, gt=0, le=60)


REQUESTS: dict[str, type[PortRequest[Any]]] = {
    request.op: request
    for request in (
        NodeQuery, Ps, Info, StackQuery, State, Mailbox, TreeQuery, History, ProcessEvents, Feed, CrashQuery,
        AuditQuery, Kill, Suspend, Resume, Send,
    )
}  # fmt: skip
"""Every operation, by name."""


# --- documents ------------------------------------------------------------------------------------


class Failure(Exception):  # noqa: N818 - it is an answer, not an error of this program
    """The node's answer that something cannot be done, or the client's that it cannot ask."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def parse_request(text: str) -> PortRequest[Any]:
    """The request in `text`.

    Raises:
        Failure: `BAD_REQUEST`, saying what is wrong with it.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Failure(Code.BAD_REQUEST, f"the request is not JSON: {error}") from None
    if not isinstance(document, dict) or not isinstance(document.get("args", {}), dict):
        raise Failure(Code.BAD_REQUEST, 'a request is {"op": NAME, "args": {…}}')
    op = document.get("op")
    kind = REQUESTS.get(op) if isinstance(op, str) else None
    if kind is None:
        raise Failure(Code.BAD_REQUEST, f"no operation {str(op)[:40]!r}; there are: {', '.join(REQUESTS)}")
    try:
        return kind.model_validate_json(json.dumps(document.get("args", {})))
    except ValidationError as error:
        raise Failure(Code.BAD_REQUEST, f"{op}: {explain(error)}") from None


def answer_document(answer: BaseModel) -> str:
    """A good answer, as one JSON document."""
    return '{"ok":true,"answer":' + answer.model_dump_json() + "}"


def error_document(code: Code, message: str) -> str:
    """A refusal, as one JSON document."""
    return json.dumps({"ok": False, "code": code.value, "message": message})


def parse_answer(request: PortRequest[R], text: str) -> R:
    """The answer to `request` that stands in `text`.

    Raises:
        Failure: what the node said is a refusal, or is no answer of this contract.
    """
    try:
        document = json.loads(text)
        if document["ok"] is True:
            answer: R = type(request).answer.model_validate_json(json.dumps(document["answer"]))  # type: ignore[assignment]
            return answer
        code, message = Code(document["code"]), str(document["message"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Failure(
            Code.VERSION, f"the node's answer to {request.op} is not of contract {CONTRACT}: {error}"
        ) from None
    raise Failure(code, message)


def explain(error: ValidationError) -> str:
    """A validation error on one line: where, what, and the value."""
    return "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'value'}: {item['msg']} (got {str(item['input'])[:80]!r})"
        for item in error.errors()[:3]
    )
