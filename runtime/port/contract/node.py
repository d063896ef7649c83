"""The node at a glance."""

from __future__ import annotations

from datetime import datetime

from .base import CONTRACT, Model, PortRequest, Role
from .relations import Link

__all__ = ["Frame", "NodeInfo", "NodeQuery", "Running", "Slicing", "Trouble", "Zombie"]


class Frame(Model):
    """One frame of a stack, outermost first."""

    file: str
    line: int
    function: str
    source: str = ""


class Running(Model):
    """A process whose step runs at this moment, or is parked."""

    pid: str
    for_s: float
    """Seconds since the step began."""
    stack: list[Frame] = []
    name: str | None = None
    handler: str | None = None
    slices: int = 0
    """Time slices of about a millisecond that the step has used up; 0 while it is in its first."""


class Slicing(Model):
    """How one step is kept from starving the others, and what that came to so far."""

    mode: str
    """`time-slicing`, `interrupt`, `report only` or `off`."""
    why: str = ""
    """What it rests on, or why it is not time-slicing."""
    parks: int = 0
    """How many times a step has used up its slice."""
    interrupts: int = 0
    """Steps that were interrupted by an exception, since they could not be parked where they were."""
    rescues: int = 0
    """Slices that were lent from within a blocked call of the loop."""
    parked: int = 0
    """Steps that wait for a slice now."""
    zombies: int = 0
    """What is left of processes whose code does not end, whatever is raised in it."""


class Zombie(Model):
    """What is left of a process whose code does not end: never resumed, costs no time but its memory."""

    pid: str
    name: str | None = None
    behaviour: str = ""
    since: datetime
    """Since when nothing more is raised in it."""
    throws: int = 0
    """How often its end was raised in it."""
    ended_by: str = ""
    """Why the process ended, and through whom where that is known; empty where the process lives on and only a hook was
    given up."""
    stack: list[Frame] = []


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
    """How one step is kept from starving the others here, and why, as one sentence; `slicing` says it in parts."""
    slicing: Slicing | None = None
    running: Running | None = None
    spinning: Running | None = None
    """Of the steps that go on in slices the one that has used most of them."""
    zombies: list[Zombie] = []
    """The newest 20, newest first; `slicing.zombies` says how many there are."""
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
    calls: int = 0
    """Calls that wait for their answers."""
    waited_for: Trouble | None = None
    """For whom the call waits, in the end, that has waited longest: its callee, or whom that waits for itself. In seconds;
    `text` tells who waits."""
    circle: list[Link] = []
    """Processes that wait for each other: where there are several such circles, the one that was closed first."""
    circle_s: float = 0.0
    """Seconds since it was closed. One that somebody outside of it opens again soon is no trouble."""
    busiest: Trouble | None = None
    """Largest share of the loop's samples, 0 to 1."""
    last_crash: Trouble | None = None
    """`value` is seconds ago; `text` the reason."""
    restarting: Trouble | None = None
    """The child because of which a supervisor restarts most within its window: `value` times, `text` what is left. Where a
    supervisor below it has given up meanwhile, it is the child at the bottom, `value` tells its ends within that window, and
    `text` its reason too."""
    root_cause: Trouble | None = None
    """Of `gave_up`: the child at the bottom, whose ends made its supervisor give up, and through that the supervisors above it.
    It ended `value` seconds ago; `text` is its reason."""
    gave_up: Trouble | None = None
    """The supervisor that gave up last, while none runs in its place: `value` seconds ago, `text` because of whom."""


class NodeQuery(PortRequest[NodeInfo]):
    """The node, its figures, and what is in trouble. Cost: one pass over the process table."""

    op = "node"
    answer = NodeInfo
    stack: bool = True
    """Whether to read the stack of what runs now. Ignored for a viewer."""
