"""What happened: events, crash reports, and what operators did."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field, JsonValue

from .base import Model, PortRequest, Role
from .tracing import TraceRecord

__all__ = [
    "Audit",
    "AuditEntry",
    "AuditQuery",
    "Crash",
    "CrashQuery",
    "Crashes",
    "Event",
    "Events",
    "Feed",
    "ProcessEvents",
]


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
    before: list[TraceRecord] = []
    """What the flight recorder had of the process, and of the story that it was in, when it crashed; oldest first."""


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
