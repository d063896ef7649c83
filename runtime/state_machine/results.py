"""What a state returns: where the machine goes, its data, and actions, which are done in this order.

    NextState(state, data, *actions, reply=…)    go there                    every state, and init
    KeepState(data, *actions, reply=…)           stay                        every state
    RepeatState(data, *actions, reply=…)         stay, but enter it anew     every state
    Stop(reason, data, reply=…)                  answer, then end            every state, and init

Actions:
    NextEvent(event)                             handled before anything that waits
    Postpone()                                   this event comes again after the state has changed
    StateTimeout(message, after=…), EventTimeout(message, after=…), GenericTimeout(name, message, after=…)
    CancelTimeout(timeout), UpdateTimeout(timeout)
    ReplyTo(caller, value)                       answer a call that has been put off

`reply` answers the call that is being handled. `Stop` is the one of servers (`runtime.results`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from ..caller import Caller
from ..results import NOTHING, Stop
from .events import Call, Cast, EventTimeout, GenericTimeout, Info, Internal, StateTimeout, Timeout

__all__ = [
    "Action",
    "CancelTimeout",
    "KeepState",
    "NextEvent",
    "NextState",
    "Postpone",
    "RepeatState",
    "ReplyTo",
    "StateResult",
    "UpdateTimeout",
]

Data = TypeVar("Data", covariant=True)  # noqa: PLC0105 - the parameter's name is what users read


@dataclass(frozen=True, slots=True)
class NextEvent:
    """Insert an event: it is handled before all that waits. Several are handled in the order of the actions."""

    event: Call | Cast | Info | Internal | StateTimeout | EventTimeout | GenericTimeout


@dataclass(frozen=True, slots=True)
class Postpone:
    """Put this event off until the state has changed. Then all that were put off come again, the oldest first."""


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """Answer a call: `caller` is from its event, kept in the data meanwhile."""

    caller: Caller[Any]
    value: Any


@dataclass(frozen=True, slots=True)
class CancelTimeout:
    """Cancel a time-out: `CancelTimeout(StateTimeout())`, `CancelTimeout(GenericTimeout("ping"))`. No effect without one."""

    timeout: Timeout


@dataclass(frozen=True, slots=True)
class UpdateTimeout:
    """Change the message of a time-out, not its time: `UpdateTimeout(StateTimeout("new"))`. Without one, it is due at once."""

    timeout: Timeout


Action: TypeAlias = (
    NextEvent
    | Postpone
    | ReplyTo
    | StateTimeout
    | EventTimeout
    | GenericTimeout
    | CancelTimeout
    | UpdateTimeout
)


class _StateResult(Generic[Data]):
    __slots__ = ("actions", "data", "reply")
    data: Data
    actions: tuple[Action, ...]
    reply: Any

    def __repr__(self) -> str:
        parts = [repr(getattr(self, name)) for name in self.__match_args__]
        parts += map(repr, self.actions)
        if self.reply is not NOTHING:
            parts.append(f"reply={self.reply!r}")
        return f"{type(self).__name__}({', '.join(parts)})"

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(
            getattr(self, name) == getattr(other, name) for name in (*self.__match_args__, "actions", "reply")
        )

    __hash__ = None  # type: ignore[assignment]  # as for any value with mutable parts
    __match_args__: tuple[str, ...] = ("data",)


class NextState(_StateResult[Data]):
    """The next state (the present one is no change), and the data.

    Args:
        state: its name: that of a method of the class. Any value, where `handle_event` is overridden.
        data: what is kept beside it.
        actions: see the file's head.
        reply: the answer to the caller of this event. Optional. Defaults to none.
    """

    __slots__ = ("state",)
    __match_args__ = ("state", "data")
    state: Any

    def __init__(self, state: Any, data: Data, *actions: Action, reply: Any = NOTHING) -> None:
        self.state = state
        self.data = data
        self.actions = actions
        self.reply = reply


class KeepState(_StateResult[Data]):
    """Stay in this state; what was put off stays put off. Arguments as `NextState`."""

    __slots__ = ()

    def __init__(self, data: Data, *actions: Action, reply: Any = NOTHING) -> None:
        self.data = data
        self.actions = actions
        self.reply = reply


class RepeatState(_StateResult[Data]):
    """As `KeepState`, and the state gets `Enter` again, where `state_enter` is set. Arguments as `NextState`."""

    __slots__ = ()

    def __init__(self, data: Data, *actions: Action, reply: Any = NOTHING) -> None:
        self.data = data
        self.actions = actions
        self.reply = reply


StateResult: TypeAlias = NextState[Data] | KeepState[Data] | RepeatState[Data] | Stop[Data]
"""What a state returns."""
