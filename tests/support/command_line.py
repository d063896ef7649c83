"""Run `observer` command lines inside the test's process, against a node of ready-made answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from runtime.port import client as port
from runtime.port.client import Place
from runtime.port.contract import (
    Event,
    Failure,
    NodeInfo,
    PortRequest,
    ProcessInfo,
    ProcessPage,
    ProcessRow,
    Restart,
    TreeNode,
    Value,
)  # fmt: skip
from tui.cli import main

AT = datetime(2026, 3, 1, 14, 2, 11, tzinfo=UTC)
"""The time at which everything is read."""

Answer = BaseModel | Failure | BaseException | Callable[[Any], BaseModel]


@dataclass
class Result:
    """What a command line left behind."""

    code: int
    out: str
    err: str


@dataclass
class FakeNode:
    """Answers each kind of question with what the test laid out, and keeps the questions."""

    answers: dict[type[PortRequest[Any]], Answer] = field(default_factory=dict)
    asked: list[PortRequest[Any]] = field(default_factory=list)
    timeouts: list[float | None] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    unreachable: Failure | None = None
    sought: list[str | None] = field(default_factory=list)
    closed: int = 0
    naps: list[float] = field(default_factory=list)

    def find(self, text: str | None) -> Place:
        """As `runtime.port.client.find`."""
        self.sought.append(text)
        return Place(name="bank", pid=4711, socket="/run/bank.sock")

    def client(self, place: Place, **options: Any) -> FakeClient:
        """As `runtime.port.client.Client`."""
        self.options = options
        return FakeClient(self, place)


class FakeClient:
    """A connection to a `FakeNode`."""

    def __init__(self, fake: FakeNode, place: Place) -> None:
        self.fake, self.place = fake, place
        self.node = SimpleNamespace(name="bank", incarnation="7f3a")

    def connect(self) -> None:
        if self.fake.unreachable:
            raise self.fake.unreachable

    def ask(self, request: PortRequest[Any], timeout: float | None = None) -> BaseModel:
        self.fake.asked.append(request)
        self.fake.timeouts.append(timeout)
        answer = self.fake.answers[type(request)]
        if isinstance(answer, BaseException):
            raise answer
        return answer if isinstance(answer, BaseModel) else answer(request)

    def close(self) -> None:
        self.fake.closed += 1


def row(pid: str = "<0.42.0>", **fields: Any) -> ProcessRow:
    """A process in a list."""
    return ProcessRow(**{"pid": pid, "name": "alice", "behaviour": "Account", "status": "waiting"} | fields)


def page(*rows: ProcessRow, total: int | None = None, matched: int | None = None) -> ProcessPage:
    """A window of the process list."""
    everything = len(rows) if total is None else total
    return ProcessPage(
        at=AT, total=everything, matched=everything if matched is None else matched, rows=list(rows)
    )


def node_info(**fields: Any) -> NodeInfo:
    """A node at a glance."""
    ground = {
        "name": "bank", "incarnation": "7f3a", "version": "0.1.0", "python": "3.12.1", "host": "127.0.0.1",
        "port": 18812, "uptime_s": 41.0, "processes": 3, "mailbox_total": 0, "lag_ms": 0.4,
        "rss_bytes": 84_000_000, "preemption": "off: asked", "observer_ms_per_s": 1.5, "at": AT,
    }  # fmt: skip
    return NodeInfo(**ground | fields)


def process_info(**fields: Any) -> ProcessInfo:
    """One process in full."""
    return ProcessInfo(**{"at": AT, "row": row(), "started_at": AT, "age_s": 12.0} | fields)


def tree_node(name: str, *children: TreeNode, **fields: Any) -> TreeNode:
    """A supervisor with children, or a worker."""
    ground: dict[str, Any] = {"pid": "<0.40.0>", "id": name, "children": list(children)}
    if children:
        ground |= {
            "kind": "supervisor",
            "strategy": "one_for_one",
            "max_restarts": 3,
            "max_seconds": 5.0,
            "used": 1,
        }
    return TreeNode(**ground | fields)


def restart(**fields: Any) -> Restart:
    """One end of a child."""
    ground = {
        "at": AT, "child": "alice", "old_pid": "<0.42.0>", "new_pid": "<0.43.0>", "reason": "OverBudget",
        "lived_s": 4.1, "lost": 2,
    }  # fmt: skip
    return Restart(**ground | fields)


def value_of(value: Any, **fields: Any) -> Value:
    """A value that was read from a process."""
    return Value(**{"pid": "<0.42.0>", "at": AT, "value": value} | fields)


def event(seq: int, kind: str = "started", **fields: Any) -> Event:
    """Something that happened."""
    return Event(**{"seq": seq, "at": AT, "pid": "<0.42.0>", "name": "alice", "kind": kind} | fields)


class CommandLine:
    """`observer` as a function: `bank.run("ps", "--json")`, answered by `bank.node`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.node = FakeNode()
        self.places: list[Place] = []
        self._capsys = capsys
        monkeypatch.setattr(port, "find", self.node.find)
        monkeypatch.setattr(port, "nodes", lambda: self.places)
        monkeypatch.setattr(port, "Client", self.node.client)
        monkeypatch.setattr("tui.commands.context.time", SimpleNamespace(sleep=self.node.naps.append))
        monkeypatch.delenv("OBSERVER_NODE", raising=False)

    def answer(self, request: type[PortRequest[Any]], answer: Answer) -> CommandLine:
        """Lay out an answer."""
        self.node.answers[request] = answer
        return self

    def run(self, *argv: str) -> Result:
        """Run one command line."""
        self._capsys.readouterr()
        code = main(argv)
        out, err = self._capsys.readouterr()
        return Result(code, out, err)
