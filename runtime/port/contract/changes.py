"""What an operator can change."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field, JsonValue

from .base import Model, PortRequest, Role

__all__ = ["Done", "Drop", "Kill", "Requeue", "Resume", "Send", "Suspend"]


class Done(Model):
    """An action that took effect."""

    at: datetime
    pid: str = ""
    text: str
    reply: JsonValue = None
    notes: list[str] = []
    """Why it may be in vain: of a trigger that waits for what is not there."""


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


class _Rearrangement(PortRequest[Done]):
    """Something about one message that waits in a mailbox."""

    role = Role.OPERATOR
    answer = Done
    action = True
    process: str
    message: str = Field(min_length=1, max_length=40)
    """Its id, as `Mailbox` tells it."""
    deadline_s: float = Field(default=5.0, gt=0, le=60)


class Drop(_Rearrangement):
    """Take a message out of a mailbox. Whoever has called gets `MessageDropped`."""

    op = "drop"


class Requeue(_Rearrangement):
    """Put a message behind all others of its mailbox."""

    op = "requeue"
