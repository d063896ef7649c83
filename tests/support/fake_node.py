"""A node that answers from data, for the console's tests: fixed clock, fixed pids, and faults on demand.

node = crew()                    the demo's shape, at a moment when things are happening
app = ObserverApp(node.client)   the console's link runs for real, on its threads
node.down()                      from now on nothing can connect and nothing is answered
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from runtime.port.contract import (
    Code,
    CodePlan,
    Crashes,
    CrashQuery,
    Done,
    Drop,
    Events,
    Failure,
    History,
    Info,
    Kill,
    Link,
    Mailbox,
    MailboxContents,
    Modules,
    ModulesQuery,
    NodeInfo,
    NodeQuery,
    PlanUpgrade,
    PortRequest,
    ProcessEvents,
    ProcessInfo,
    ProcessPage,
    ProcessRow,
    Ps,
    Reload,
    Requeue,
    Restarts,
    Resume,
    Role,
    Rollback,
    Stack,
    StackQuery,
    State,
    Suspend,
    Tree,
    TreeQuery,
    Upgrade,
    Upgrades,
    UpgradesQuery,
    Value,
)

NOON = datetime(2026, 3, 14, 14, 2, 11, tzinfo=UTC)
"""When everything in the tests happens."""


@dataclass
class FakeNode:
    """What a node would answer. Tests change its fields while the console looks on."""

    rows: list[ProcessRow]
    info: NodeInfo
    tree: Tree
    history: Restarts = field(default_factory=lambda: Restarts(at=NOON, entries=[]))
    crashes: Crashes = field(default_factory=lambda: Crashes(at=NOON, reports=[]))
    events: Events = field(default_factory=lambda: Events(at=NOON, events=[]))
    states: dict[str, Value] = field(default_factory=dict)
    mailboxes: dict[str, MailboxContents] = field(default_factory=dict)
    stacks: dict[str, Stack] = field(default_factory=dict)
    details: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Fields of ProcessInfo by pid."""
    inside: list[ProcessRow] = field(default_factory=list)
    """Processes that live in isolated ones: no list has them."""
    modules: Modules = field(default_factory=lambda: Modules(at=NOON, modules=[], total=0))
    plans: dict[str, CodePlan | Failure] = field(default_factory=dict)
    """By kind: upgrade, rollback."""
    outcomes: dict[str, Upgrade | Failure] = field(default_factory=dict)
    """By kind: what becomes of an upgrade and of a rollback."""
    upgrades: list[Upgrade] = field(default_factory=list)
    total: int | None = None
    """Processes in the node, where the rows are only some of them."""
    tracing: Any = None
    """What it answers about tracing (`trace_nodes.FakeTracing`)."""
    fault: Failure | None = None
    hold: threading.Event | None = None
    """While it is not set, no answer comes."""
    asked: list[PortRequest[Any]] = field(default_factory=list)
    connects: int = 0

    def client(self) -> FakeClient:
        """An unconnected client."""
        return FakeClient(self)

    def down(self, code: Code = Code.CANNOT_CONNECT) -> None:
        """From now on nothing is answered."""
        self.fault = Failure(code, "connection refused")

    def up(self) -> None:
        """It answers again."""
        self.fault = None

    def later(self, seconds: float) -> None:
        """Let the node's clock go on."""
        at = self.info.at + timedelta(seconds=seconds)
        self.info = self.info.model_copy(update={"at": at, "uptime_s": self.info.uptime_s + seconds})

    def change(self, pid: str, **fields: Any) -> None:
        """Change a row."""
        self.rows = [row.model_copy(update=fields) if row.pid == pid else row for row in self.rows]

    def end(self, pid: str) -> None:
        """A process ends."""
        self.rows = [row for row in self.rows if row.pid != pid]

    def count(self, kind: type[PortRequest[Any]]) -> int:
        """How often that was asked."""
        return sum(isinstance(request, kind) for request in self.asked)

    # --- answers ------------------------------------------------------------------------------

    def answer(self, request: PortRequest[Any]) -> Any:
        if self.hold is not None:
            self.hold.wait(10)
        if self.fault is not None:
            raise self.fault
        self.asked.append(request)
        if not self.info.role.includes(request.role):
            raise Failure(Code.DENIED, f"{request.op} needs the role {request.role}")
        answers: dict[type, Callable[[Any], Any]] = {
            NodeQuery: lambda it: self.info,
            Ps: self._ps,
            Info: self._info,
            TreeQuery: lambda it: self.tree,
            History: self._history,
            CrashQuery: lambda it: self.crashes,
            ProcessEvents: lambda it: self.events,
            State: lambda it: self._of(self.states, it.process),
            Mailbox: lambda it: self._of(self.mailboxes, it.process),
            StackQuery: lambda it: self._of(self.stacks, it.process),
            Kill: self._kill,
            Suspend: lambda it: self._set_status(it.process, "suspended"),
            Resume: lambda it: self._set_status(it.process, "waiting"),
            Drop: lambda it: self._move(it, "dropped"),
            Requeue: lambda it: self._move(it, "put behind all others"),
            ModulesQuery: lambda it: self.modules.model_copy(update={"at": self.info.at}),
            PlanUpgrade: lambda it: _given(self.plans["rollback" if it.rollback else "upgrade"]),
            Reload: lambda it: _given(self.outcomes["upgrade"]),
            Rollback: lambda it: _given(self.outcomes["rollback"]),
            UpgradesQuery: lambda it: Upgrades(
                at=self.info.at, total=len(self.upgrades), upgrades=self.upgrades
            ),
        }
        if self.tracing is not None:
            answers.update(self.tracing.answers())
        return answers[type(request)](request)

    def _of(self, known: dict[str, Any], process: str) -> Any:
        row = self._row(process)
        if row.pid not in known:
            raise Failure(Code.REFUSED, f"{row.pid} has none in this test")
        return known[row.pid]

    afterwards = ""
    """What is said of who is gone: when there will be a successor."""

    def _row(self, process: str) -> ProcessRow:
        for row in [*self.rows, *self.inside]:
            if process in {row.pid, row.name, row.pid.strip("<>"), row.pid.split(".")[1]}:
                return row
        raise Failure(Code.NO_PROCESS, f"no process {process}{self.afterwards}")

    def _ps(self, request: Ps) -> ProcessPage:
        wanted, inverted = request.filter.lower(), request.filter.startswith("!")
        text = wanted.removeprefix("!")
        found = [row for row in self.rows if (text in _words(row)) != inverted] if text else list(self.rows)
        found.sort(key=lambda row: _key(row, request), reverse=request.desc)
        rows = found[request.offset : request.offset + request.limit]
        shown = {row.pid for row in rows}
        alive = {row.pid: row for row in self.rows}
        more = (self.total or len(self.rows)) - len(self.rows)
        return ProcessPage(
            at=self.info.at,
            total=len(self.rows) + more,
            matched=len(found) + (0 if text else more),
            rows=rows,
            kept=[alive[pid] for pid in request.keep if pid in alive and pid not in shown],
            ended=[pid for pid in request.keep if pid not in alive],
            counters=sorted(self.info.counters),
        )

    def _info(self, request: Info) -> ProcessInfo:
        row = self._row(request.process)
        detail = {"started_at": NOON - timedelta(seconds=41), "age_s": 41.0, **self.details.get(row.pid, {})}
        return ProcessInfo(at=self.info.at, row=row, restarts=row.restarts, **detail)

    def _history(self, request: History) -> Restarts:
        entries = [
            it for it in self.history.entries if request.process in {None, it.child, it.old_pid, it.new_pid}
        ]
        return Restarts(at=self.info.at, entries=entries)

    def _kill(self, request: Kill) -> Done:
        row = self._row(request.process)
        self.end(row.pid)
        return Done(at=self.info.at, pid=row.pid, text=f"killed {row.pid}")

    def _move(self, request: Drop | Requeue, done: str) -> Done:
        contents = self.mailboxes[self._row(request.process).pid]
        letter = next((it for it in contents.letters if it.id == request.message), None)
        if letter is None:
            raise Failure(Code.REFUSED, f"no message {request.message} waits")
        others = [it for it in contents.letters if it is not letter]
        last = [letter] if isinstance(request, Requeue) else []
        self.mailboxes[contents.pid] = contents.model_copy(update={"letters": [*others, *last]})
        return Done(at=self.info.at, pid=contents.pid, text=f"{done}: {letter.kind} {letter.type}")

    def _set_status(self, process: str, status: str) -> Done:
        row = self._row(process)
        self.change(row.pid, status=status)
        return Done(at=self.info.at, pid=row.pid, text=f"{row.pid} is {status}")


class FakeClient:
    """Stands for `runtime.port.client.Client`."""

    def __init__(self, node: FakeNode) -> None:
        self._node = node
        self.closed = False

    def connect(self) -> None:
        self._node.connects += 1
        if self._node.fault is not None:
            raise self._node.fault

    def ask(self, request: PortRequest[Any], timeout: float | None = None) -> Any:
        assert not self.closed
        return self._node.answer(request)

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        if self._node.hold is not None:
            self._node.hold.set()


def _given(answer: Any) -> Any:
    if isinstance(answer, Failure):
        raise answer
    return answer


def _words(row: ProcessRow) -> str:
    return " ".join(
        filter(None, [row.pid, row.name, row.label, row.behaviour, row.status, row.doing])
    ).lower()


def _key(row: ProcessRow, request: Ps) -> Any:
    if request.sort.startswith("counter:"):
        return row.counters.get(request.sort.removeprefix("counter:"), 0.0)
    if request.delta:
        value = {
            "mailbox": row.mailbox_delta,
            "reductions": row.reductions_delta,
            "memory": row.memory_delta,
        }.get(request.sort, 0.0)
    else:
        value = {
            "pid": int(row.pid.split(".")[1]),
            "name": row.name or "~",
            "doing": row.doing or "",
            "oldest": row.oldest_s or 0.0,
        }.get(request.sort, getattr(row, request.sort, None))
    return value if value is not None else 0


def viewer(node: FakeNode) -> FakeNode:
    """The same node, asked with a viewer's key."""
    node.info = node.info.model_copy(update={"role": Role.VIEWER, "key": "guest"})
    return node


def link(row: ProcessRow) -> Link:
    """A relation to a row's process."""
    return Link(pid=row.pid, name=row.name)
