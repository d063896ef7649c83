"""What happens to a state machine: the first argument of every state. OTP's event types, as classes to match on.

    Call(message, caller)             pid.call(message)
    Cast(message)                     pid.cast(message)
    Info(message)                     pid.send(message), Down, Exit, TaskDone, TaskFailed, timers
    Internal(message)                 only from the machine itself: NextEvent(Internal(message))
    StateTimeout(message)             the machine has been in this state for so long
    EventTimeout(message)             nothing has happened for so long
    GenericTimeout(name, message)     so much time has passed, whatever happened
    Enter(previous)                   the state has just been entered (with `state_enter = True`)

A time-out is also the action that starts it, then with the time: `StateTimeout("too slow", after=10)`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ..signals import Call

__all__ = [
    "Call",
    "Cast",
    "Enter",
    "Event",
    "EventTimeout",
    "GenericTimeout",
    "Info",
    "Internal",
    "StateTimeout",
    "Timeout",
    "key_of",
]


@dataclass(frozen=True, slots=True)
class Cast:
    """A message of `cast`."""

    message: Any


@dataclass(frozen=True, slots=True)
class Info:
    """Any other message."""

    message: Any


@dataclass(frozen=True, slots=True)
class Internal:
    """An event that the machine has inserted; nobody else can send one."""

    message: Any


@dataclass(frozen=True, slots=True)
class Enter:
    """The state was entered from `previous`, which is the state itself at the start and for `RepeatState`."""

    previous: Any


@dataclass(frozen=True, slots=True)
class _Timed:
    """When a time-out is due: `after` so many seconds, or `at` a moment of `time.monotonic()`. One of them, in an action."""

    after: float | None = field(default=None, kw_only=True, compare=False, repr=False)
    at: float | None = field(default=None, kw_only=True, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.after is not None and self.at is not None:
            raise ValueError("a time-out is due `after` some seconds or `at` a moment; not both")
        if self.after is not None and not self.after >= 0:
            raise ValueError(
                f"a time-out after {self.after!r} seconds; it takes a number that is not negative"
            )
        if self.at is not None and math.isnan(self.at):
            raise ValueError(f"a time-out at {self.at!r}; it takes a moment, in seconds of time.monotonic()")


@dataclass(frozen=True, slots=True)
class StateTimeout(_Timed):
    """The machine has stayed in the state. As an action: it is cancelled when the state changes.

    Args:
        message: whatever the state is to be told. Optional. Defaults to None.
        after: seconds; 0 comes before any message of others, `math.inf` cancels. For the action.
        at: a moment of `time.monotonic()` instead.
    """

    message: Any = None


@dataclass(frozen=True, slots=True)
class EventTimeout(_Timed):
    """Nothing has happened. As an action: it is cancelled by any event whatever. Arguments as `StateTimeout`."""

    message: Any = None


@dataclass(frozen=True, slots=True)
class GenericTimeout(_Timed):
    """A time-out with a name. As an action: nothing cancels it but `CancelTimeout`, or another of this name, which replaces it.

    Args:
        name: of the time-out; anything that can be hashed.
        message, after, at: as `StateTimeout`.
    """

    name: Any
    message: Any = None


Timeout: TypeAlias = StateTimeout | EventTimeout | GenericTimeout
Event: TypeAlias = Call | Cast | Info | Internal | StateTimeout | EventTimeout | GenericTimeout | Enter
"""What a state gets."""


def key_of(timeout: Timeout) -> Any:
    """What tells time-outs apart: a machine has one for its state, one for events, and one for each name."""
    return (timeout.name,) if type(timeout) is GenericTimeout else type(timeout)
