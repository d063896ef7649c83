"""Recordings of processes, and their replay on today's or on changed code."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field, JsonValue

from .base import Model, PortRequest, Role
from .tracing import TraceLimits, TraceSession

__all__ = [
    "Record", "RecordWait", "Recorded", "Recording", "Recordings", "RecordingsQuery", "Replay", "ReplayChange", "ReplayDifference",
    "ReplayReport", "ReplayStep",
]  # fmt: skip


class Record(PortRequest[TraceSession]):
    """Record one process, with its raw values, until a limit or somebody ends it. It ends with this connection, and is then lost."""

    op = "record"
    role = Role.OPERATOR
    answer = TraceSession
    action = True
    process: str
    limits: TraceLimits = TraceLimits(count=10_000, seconds=60.0, queue=100_000)
    """`count` and `queue` are of events: a step is some."""


class Recording(Model):
    """A recording that the node has kept. Its values do not leave the node."""

    recording: int
    """Its number."""
    name: str
    at: datetime
    text: str = ""
    """How many steps of whom, and why it has ended."""


class Recorded(Model):
    """How a recording stands; once it has ended, under which number it is kept."""

    at: datetime
    session: TraceSession
    over: bool = False
    recording: Recording | None = None
    """Only where it is over, and there was something to keep."""


class RecordWait(PortRequest[Recorded]):
    """Wait for the end of a recording of this connection, up to `wait_s`; then keep it under a name."""

    op = "record_wait"
    role = Role.OPERATOR
    answer = Recorded
    session: int
    name: str = Field(min_length=1, max_length=200)
    wait_s: float = Field(default=0.0, ge=0, le=30)


class Recordings(Model):
    """What is kept, newest first."""

    at: datetime
    recordings: list[Recording]


class RecordingsQuery(PortRequest[Recordings]):
    """The recordings of a node, also of its earlier starts."""

    op = "recordings"
    role = Role.OPERATOR
    answer = Recordings
    limit: int = Field(default=50, ge=1, le=1000)


class ReplayChange(Model):
    """One difference, field by field: from the record to the replay."""

    path: str = ""
    form: Literal["changed", "added", "removed"]
    before: JsonValue = None
    after: JsonValue = None


class ReplayDifference(Model):
    """One way in which a step has gone otherwise than in the record."""

    what: str
    """state, reply, end, effects, unanswered, unreadable."""
    text: str
    changes: list[ReplayChange] = []


class ReplayStep(Model):
    """A step with differences."""

    number: int
    at: datetime
    handler: str
    message: JsonValue = None
    differences: list[ReplayDifference]
    assumed: list[str] = []
    """What it was told that is in no record."""
    traceback: str = ""


class ReplayReport(Model):
    """What a replay has found."""

    at: datetime
    source: str = ""
    """What was replayed, with the file that it is in."""
    pid: str
    name: str | None = None
    behaviour: str
    recorded: str = ""
    """Version of the code that was recorded; empty where it is not known."""
    replayed: str = ""
    mode: str
    steps: int
    done: int
    same: int
    first: int | None = None
    """The number of the first step that differs."""
    differing: list[ReplayStep] = []
    """The first 100."""
    differences: int = 0
    """How many steps differ."""
    ended: str = ""
    """Why it was not replayed to the end; empty if it was."""
    compared: list[str] = []
    notes: list[str] = []
    seconds: float = 0.0
    identical: bool = False


class Replay(PortRequest[ReplayReport]):
    """Feed what was recorded to a copy of the process, on the code that runs, or on the code of a file. The handlers run."""

    op = "replay"
    role = Role.ADMIN
    answer = ReplayReport
    action = True
    what: str = Field(min_length=1, max_length=1000)
    """The name or number of a recording; else a file of one, on the node's machine; `dump N`; or `crash PROCESS`: its last crash, as far
    as the flight recorder has it."""
    process: str | None = None
    """Of whom, where there are several; a pid."""
    code: str | None = None
    """A file on the node's machine, by its whole path."""
    module: str | None = None
    """In whose place that file is executed."""
    free: bool = False
    """Whether the replayed state goes on; else each step begins with the record's."""
    outside: bool = False
    """Whether handlers may reach outside of the node: open connections, write files, start programs."""
    deadline_s: float = Field(default=30.0, gt=0, le=600)
