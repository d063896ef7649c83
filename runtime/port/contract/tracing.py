"""Tracing: sessions, their records, one story as a whole, and what the flight recorder has kept."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field, JsonValue

from .base import Model, PortRequest, Role
from .changes import Done

__all__ = [
    "CheckPattern", "Dump", "DumpQuery", "Dumps", "DumpsQuery", "ForgetTrigger", "KeepTrigger", "PatternCheck", "Span", "StopTrace", "Timeline",
    "TimelineQuery", "Trace", "TraceEnd", "TraceLimits", "TraceRead", "TraceRecord", "TraceRecords", "TraceSession", "TraceSessions", "TraceSessionsQuery",
    "Trigger",
]  # fmt: skip


class TraceRecord(Model):
    """An event, as it is read: one shape for all kinds."""

    seq: int
    at: datetime
    mono: float
    """Seconds of the node's monotonic clock: only these tell how long something took."""
    kind: str
    """spawn, ended, link, send, receive, handle, handled, raised, state, restarted, call, reply, timer, parked, code_changed, …"""
    pid: str | None = None
    name: str | None = None
    text: str = ""
    peer: str | None = None
    """The other process: who sends to it, to whom it sends, its parent."""
    trace: str = ""
    """Of the story that it belongs to: 32 hex digits."""
    span: str = ""
    """Of the message whose sending or handling this is: 16 hex digits."""
    cause: str = ""
    """Of the span in which that message was sent; empty where it came from outside."""
    principal: str | None = None
    waited: float | None = None
    """Seconds in the mailbox."""
    took: float | None = None
    """Seconds of work."""
    values: dict[str, JsonValue] = {}
    """What it is about, by label: message, before, state, reply, reason, arguments, …; bounded and redacted."""
    stack: list[str] = []
    cut: bool = False
    """Whether a limit has cut a value."""


class TraceLimits(Model):
    """What a session may cost. At each of these it stops, and says so; `size` cuts."""

    count: int = Field(default=1000, ge=1, le=1_000_000)
    """Records."""
    seconds: float = Field(default=30.0, ge=0.01, le=86_400)
    rate: float = Field(default=20_000.0, ge=1, le=1_000_000)
    """Records a second."""
    work: float = Field(default=200_000.0, ge=1, le=10_000_000)
    """Events a second that it looks at, wanted or not."""
    queue: int = Field(default=5_000, ge=1, le=100_000)
    """Records that wait to be read."""
    size: int = Field(default=10_000, ge=100, le=1_000_000)
    """Characters of the values of one record."""


class TraceEnd(Model):
    """Why a session has stopped."""

    cause: str
    """count, time, rate, work, queue, asked, owner, node, defect."""
    text: str
    at: datetime


class TraceSession(Model):
    """A trace session."""

    session: int
    pattern: str
    key: str
    """The name of the key whose holder has opened it."""
    peer: str
    mine: bool
    """Whether this connection has opened it: with it, it ends."""
    began: datetime
    ends: datetime
    """When its time is over."""
    limits: TraceLimits
    nobody: list[str] = []
    """Names in the pattern that nobody has now: whoever gets one of them is traced from then on."""
    notes: list[str] = []
    """Why it may take nothing, as it was known when it began."""
    taken: int = 0
    """Records so far."""
    seen: int = 0
    """Events that it has looked at."""
    waiting: int = 0
    """Records that can be read now."""
    end: TraceEnd | None = None


class TraceSessions(Model):
    """The sessions of a node, and what its flight recorder waits for."""

    at: datetime
    sessions: list[TraceSession]
    triggers: list[Trigger] = []
    dumps: int = 0
    """How many have been kept."""


class TraceSessionsQuery(PortRequest[TraceSessions]):
    """Who traces what."""

    op = "traces"
    role = Role.OPERATOR
    answer = TraceSessions


class Trace(PortRequest[TraceSession]):
    """Open a session. It ends with this connection, if no limit ends it before."""

    op = "trace"
    role = Role.OPERATOR
    answer = TraceSession
    action = True
    pattern: str = Field(min_length=1, max_length=2000)
    limits: TraceLimits = TraceLimits()
    values: bool = True
    """Whether messages, states and arguments are told; else only that there were some."""
    force: bool = False
    """Whether a dangerous pattern is allowed."""


class TraceRecords(Model):
    """Records of a session, in order, and how it stands."""

    at: datetime
    records: list[TraceRecord]
    session: TraceSession
    over: bool = False
    """Nothing comes any more: it has ended (`session.end` says why), and all has been read."""


class TraceRead(PortRequest[TraceRecords]):
    """The next records of a session of this connection; waits up to `wait_s` for the first."""

    op = "trace_read"
    role = Role.OPERATOR
    answer = TraceRecords
    session: int
    limit: int = Field(default=1000, ge=1, le=5000)
    wait_s: float = Field(default=0.0, ge=0, le=30)


class StopTrace(PortRequest[Done]):
    """Stop a session, also somebody else's."""

    op = "trace_stop"
    role = Role.OPERATOR
    answer = Done
    action = True
    session: int


class PatternCheck(Model):
    """What is wrong with a pattern, or what could come next."""

    problem: str = ""
    """Empty where it can be used as it is."""
    column: int = 0
    """Where, from 1 on."""
    legal: list[str] = []
    """What could stand there."""
    words: list[str] = []
    """What the last word could become: kinds, groups, names, behaviours, functions of this node."""
    start: int = 0
    """Where that word begins, from 1 on."""
    dangers: list[str] = []
    """Why it is refused unless forced."""


class CheckPattern(PortRequest[PatternCheck]):
    """Look at a pattern while it is being typed, up to `column`."""

    op = "trace_check"
    role = Role.OPERATOR
    answer = PatternCheck
    pattern: str = Field(max_length=2000)
    column: int | None = Field(default=None, ge=1)
    """Where the cursor stands, from 1 on; at its end unless given."""
    trigger: bool = False
    """Whether it is a trigger, `keep 5s before crash`; what could come next is not told then."""


class Span(Model):
    """One message and its handling. Times are seconds of the node's monotonic clock."""

    span: str
    cause: str = ""
    pid: str | None = None
    """Who handles it."""
    name: str | None = None
    sender: str | None = None
    title: str = ""
    sent: float | None = None
    began: float | None = None
    ended: float | None = None
    failed: bool = False
    orphan: bool = False
    """Whether its cause is not among the spans, though it has one."""


class Timeline(Model):
    """One story: everything with one trace id, oldest first."""

    at: datetime
    trace: str
    principal: str | None = None
    records: list[TraceRecord]
    spans: list[Span]
    cut: bool = False
    """Whether there is more than was asked for."""
    note: str = ""
    """What is missing, and why: the flight recorder keeps so much and no more."""


class TimelineQuery(PortRequest[Timeline]):
    """A story: by its trace id, or the last one that a process was in. Of the sessions of this node, and its flight recorder."""

    op = "timeline"
    role = Role.OPERATOR
    answer = Timeline
    trace: str | None = Field(default=None, pattern=r"^[0-9a-f]{4,32}$")
    """A trace id, or the beginning of one."""
    process: str | None = None
    limit: int = Field(default=5000, ge=1, le=50_000)
    """Records; those that are left out are the oldest."""
    skip: int = Field(default=0, ge=0)
    """The newest so many records are passed over: a long story is read part by part, and is what it was when its first part was read."""
    values: bool = True
    """Whether messages, states and arguments are told; else only when, who and whom."""
    spans: bool = True
    """Whether spans are made of the records; who reads part by part makes them of all parts together."""


class Trigger(Model):
    """What the flight recorder waits for: `keep 5s before crash`."""

    text: str
    dumps: int = 0
    """What is kept because of it."""


class KeepTrigger(PortRequest[Done]):
    """Set a trigger of the flight recorder."""

    op = "keep"
    role = Role.OPERATOR
    answer = Done
    action = True
    text: str = Field(min_length=1, max_length=2000)
    force: bool = False
    """Whether a dangerous trigger is allowed."""


class ForgetTrigger(PortRequest[Done]):
    """Take a trigger away; what it has kept stays."""

    op = "forget"
    role = Role.OPERATOR
    answer = Done
    action = True
    text: str


class Dump(Model):
    """What was kept: a trigger fired, or a process crashed."""

    dump: int
    """Its number."""
    at: datetime
    trigger: str
    pid: str | None = None
    name: str | None = None
    kind: str
    text: str = ""
    trace: str = ""
    events: int
    """How many records it has."""
    records: list[TraceRecord] = []
    """Only where one dump is asked for."""


class Dumps(Model):
    """What the flight recorder has kept, newest first."""

    at: datetime
    dumps: list[Dump]


class DumpsQuery(PortRequest[Dumps]):
    """What the flight recorder has kept."""

    op = "dumps"
    role = Role.OPERATOR
    answer = Dumps
    limit: int = Field(default=50, ge=1, le=1000)


class DumpQuery(PortRequest[Dump]):
    """One dump, with its records."""

    op = "dump"
    role = Role.OPERATOR
    answer = Dump
    dump: int
