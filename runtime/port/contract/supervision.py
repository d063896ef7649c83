"""Supervision trees and restart history."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from .base import Model, PortRequest, Status
from .code import CodeMark

__all__ = ["Bottom", "History", "Restart", "Restarts", "Tree", "TreeNode", "TreeQuery"]


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
    code: CodeMark | None = None
    """As in `ProcessRow`."""
    counters: dict[str, float] = {}
    """Its own, and for a supervisor the sum below it."""
    doing: str | None = None
    last_reason: str | None = None
    last_restart_s: float | None = None
    """Seconds since its last restart."""
    wait_s: float | None = None
    """Seconds until it is started again, while its backoff lasts."""
    significant: bool = False
    """Whether its end may end its supervisor."""
    auto_shutdown: str | None = None
    """Of a supervisor: never, any_significant or all_significant."""
    gave_up: str | None = None
    """Of a supervisor that gave up and does not run: because of which child, and what was too much."""


class Tree(Model):
    """The supervision trees of a node."""

    at: datetime
    processes: int
    roots: list[TreeNode]
    more: int = 0
    """Trees not listed."""


class TreeQuery(PortRequest[Tree]):
    """The supervision tree."""

    op = "tree"
    answer = Tree
    children: int = Field(default=100, ge=1, le=10_000)
    """How many children of one supervisor to list."""
    limit: int = Field(default=1000, ge=1, le=10_000)
    """How many rows to list, over all supervisors."""
    process: str | None = None
    """Begin at this supervisor instead."""


class Bottom(Model):
    """Where a supervisor's giving up began: the end of a child, as many supervisors further down as there were between."""

    child: str
    pid: str
    reason: str


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
    gave_up: Bottom | None = None
    """Of a supervisor that gave up: because of whom, at the bottom."""


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
