"""What handlers return, and `Request`, which types the answer of a call.

    Reply(value, state)           answer now, go on with `state`        handle_call
    NoReply(state)                answer later with `caller.reply`      handle_call (elsewhere: the bare state)
    Stop(reason, state, reply=…)  answer if `reply` is given, then end  every handler
    Continue(message, state)      handle_continue(message, state) runs  every handler, and init
                                  before the next message
    Ignore()                      no process is wanted                  init

Plain slotted classes: one is made for every message, and a frozen dataclass costs three times as much.
"""

from __future__ import annotations

from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any, Final, Generic, TypeVar

__all__ = ["Continue", "Ignore", "NoReply", "Reply", "Request", "Stop"]

State = TypeVar("State", covariant=True)  # noqa: PLC0105 - the parameter's name is what users read
R = TypeVar("R", covariant=True)  # noqa: PLC0105


class Request(Generic[R]):
    """Base of a message class whose answer has type `R`: `await pid.call(message)` is then typed `R`."""

    __slots__ = ()


class _Nothing:
    """The type of `NOTHING`, which tells "no reply" from "the reply None"."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final = _Nothing()


class Ignore:
    """What `init` returns where no process is wanted: it ends, `normal`, and that is no failure.

    Whoever starts it gets None instead of a pid. Its supervisor keeps the spec, unless it is temporary.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "Ignore()"


class _Result(Generic[State]):
    __slots__ = ("state",)
    state: State

    def __repr__(self) -> str:
        fields = (f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
        return f"{type(self).__name__}({', '.join(fields)})"

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__match_args__)

    __hash__ = None  # type: ignore[assignment]  # as for any value with mutable parts
    __match_args__: tuple[str, ...] = ("state",)


class Reply(_Result[State]):
    """The answer to the caller and the next state."""

    __slots__ = ("value",)
    __match_args__ = ("value", "state")

    def __init__(self, value: Any, state: State) -> None:
        self.value = value
        self.state = state


class NoReply(_Result[State]):
    """No answer yet: `caller.reply(value)` gives it later, from anywhere."""

    __slots__ = ()

    def __init__(self, state: State) -> None:
        self.state = state


class Stop(_Result[State]):
    """End the process with `reason` after `terminate`.

    Args:
        reason: `"normal"`, `"shutdown"`, `("shutdown", term)`, or anything else, which is a crash.
        state: the last state, for `terminate`.
        reply: the answer to the caller. Optional. Defaults to none.
    """

    __slots__ = ("reason", "reply")
    __match_args__ = ("reason", "state", "reply")

    def __init__(self, reason: Any, state: State, reply: Any = NOTHING) -> None:
        self.reason = reason
        self.state = state
        self.reply = reply


class Continue(_Result[State]):
    """The next state, and a message that `handle_continue` gets before any other.

    Args:
        message: what `handle_continue` is called with.
        state: the next state.
        reply: the answer to the caller, in `handle_call`. Optional. Defaults to none.
    """

    __slots__ = ("message", "reply")
    __match_args__ = ("message", "state", "reply")

    def __init__(self, message: Any, state: State, reply: Any = NOTHING) -> None:
        self.message = message
        self.state = state
        self.reply = reply


RESULTS: Final = frozenset({Reply, NoReply, Stop, Continue})
_MISTAKES: Final = frozenset({GeneratorType, AsyncGeneratorType})
"""What a handler with a `yield` in it returns."""
NEVER: Final = _MISTAKES | {Ignore}
NO_STATE: Final = RESULTS | NEVER | {CoroutineType, type(None)}
"""What a handler may return, or return by mistake, that is not simply the next state."""
