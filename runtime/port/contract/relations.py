"""Relations between processes: links and monitors, calls in flight, what they are registered as and belong to."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from .base import DEFAULT_LIMIT, Model, PortRequest

__all__ = ["Entry", "Link", "Registered", "RegistryQuery", "Stage", "Table", "Wait", "Waits", "WaitsQuery"]

Stage = Literal["mailbox", "handling", "later"]
"""The message stands in the mailbox; its handler runs; or the handler is over and somebody is to answer later."""


class Link(Model):
    """A relation to another process."""

    pid: str
    name: str | None = None
    alive: bool = True


class Wait(Model):
    """One call that waits for its answer."""

    caller: Link | None
    """None for the host."""
    callee: Link
    message: str | None = None
    """The message's type; None once its handler is over."""
    for_s: float
    left_s: float | None = None
    """Seconds until the caller gives up; None if never."""
    stage: Stage
    ahead: int = 0
    """Messages that stand before it in the mailbox."""
    own: bool
    """Whether the caller's handler itself waits, so that it handles nothing else; else a task beside it."""


class Waits(Model):
    """Calls in flight, those that have waited longest first."""

    at: datetime
    total: int
    waits: list[Wait]
    cycles: list[list[Link]] = []
    """Processes whose handlers wait for each other in a circle. What could never be answered is refused at once; so somebody
    outside of the circle is to answer one of these calls, or has forgotten to."""


class WaitsQuery(PortRequest[Waits]):
    """Who waits for whom."""

    op = "waits"
    answer = Waits
    process: str | None = None
    """Only the calls from and to this one."""
    limit: int = Field(default=DEFAULT_LIMIT, ge=0, le=5000)


class Entry(Model):
    """One process under one key: of a registry, in a group, on a topic, present. Without its value."""

    kind: str
    """key, group, topic or presence."""
    scope: str
    """The registry, the scope of groups, …, by name."""
    key: str
    process: Link


class Table(Model):
    """A registry, a scope of groups, … of this node."""

    kind: str
    scope: str
    entries: int


class Registered(Model):
    """Who is found where, by key."""

    at: datetime
    total: int
    """Entries, of the process or of the node."""
    tables: list[Table] = []
    entries: list[Entry] = []


class RegistryQuery(PortRequest[Registered]):
    """Who is found where: keys of registries, process groups, topics, presence. No values. Cost: as many entries as asked for."""

    op = "registry"
    answer = Registered
    process: str | None = None
    """Only the entries of this one."""
    scope: str | None = None
    """Only registries, scopes, … of this name."""
    limit: int = Field(default=DEFAULT_LIMIT, ge=0, le=5000)
