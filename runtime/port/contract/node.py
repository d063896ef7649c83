"""The node at a glance."""

from __future__ import annotations

from datetime import datetime

from .base import CONTRACT, Model, PortRequest, Role

__all__ = ["Frame", "NodeInfo", "NodeQuery", "Running", "Trouble"]


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
    dead_letters: int = 0
    """Messages dropped because nobody was there: to pids that had ended, and to names that nobody had."""
    statuses: dict[str, int] = {}
    """How many processes are in each status."""
    census_age_s: float = 0.0
    """Seconds since every process was looked at: how old `statuses` and `mailbox_total` are, and who is `deepest` and
    `oldest`."""
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
    """The supervisor that has restarted most often within its window: `value` times, `text` what is left."""
    gave_up: Trouble | None = None
    """The supervisor that gave up last, while none runs in its place: `value` seconds ago, `text` because of whom."""


class NodeQuery(PortRequest[NodeInfo]):
    """The node, its figures, and what is in trouble. Cost: one pass over the process table."""

    op = "node"
    answer = NodeInfo
    stack: bool = True
    """Whether to read the stack of what runs now. Ignored for a viewer."""
