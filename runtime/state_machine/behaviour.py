"""State machines: what a class has to say (OTP's gen_statem). For each state a method of its name.

    User class                                   Runtime
    ----------                                   -------
    init(*args)                       <--------  start
      -> NextState(state, data, *actions)
       | Stop(reason, data)                      the start fails

    <state>(event, data)              <--------  whatever happens while the machine is in that state
      -> NextState(state, data, *actions, reply=…)
       | KeepState(data, *actions, reply=…)
       | RepeatState(data, *actions, reply=…)
       | Stop(reason, data, reply=…)

    terminate(reason, state, data)    <--------  Stop; a state raised; the parent's exit signal, if exits are trapped

Events are in `events`, actions in `results`. Methods may be plain or `async`. What a state returns is done in this order
(that of the manual of gen_statem, under `transition_option`):

    1. replies, in order
    2. with `state_enter`: the new state gets `Enter(previous)`; what it returns has no other state, and its actions join the others
    3. `Postpone`: this event is put aside
    4. the state has changed: its time-out is cancelled, and what was put aside comes again, the oldest first
    5. inserted events come before these
    6. time-outs are started; of two for the same, the later counts; one of 0 s comes after what is inserted and before the mailbox
    7. the next event

Why a method for each state: a state is found by its name in the source, in stacks and in crash reports, `match` reads an event
as Erlang's clauses do, and a state that does not exist is refused at once. Who wants one function for all states overrides
`handle_event`, as with gen_statem's `handle_event_function`; states may then be any values, such as tuples.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, NamedTuple, TypeVar

from ..handle import Handle
from ..preemption.guards import boundary
from ..server import Server
from .events import Call, Cast, Event, Info
from .results import StateResult

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from ..caller import Caller

__all__ = ["StateAndData", "StateMachine", "StateMachineResult"]

Data = TypeVar("Data")
StateMachineResult = StateResult[Data] | Coroutine[Any, Any, StateResult[Data]]
"""What `handle_event` and the methods of states return."""


class StateAndData(NamedTuple):
    """What a state machine is in, as crash reports and observers see it (OTP's `{State, Data}`)."""

    state: Any
    data: Any


if TYPE_CHECKING:

    class _Base(Handle):
        """A server, but for `terminate`, which has other arguments: to a type checker, no server."""

        accepts: ClassVar[tuple[type, ...]]
        counters: ClassVar[tuple[str, ...]]
        trap_exits: ClassVar[bool]
        strict: ClassVar[bool]

else:
    _Base = Server


class StateMachine(_Base, Generic[Data]):
    """Base class of state machines; the file's head says what to write.

    Class attributes, beside those of `Server`:
        state_enter: whether a state gets `Enter(previous)` before any other event. Optional. Defaults to False.

    `redact`, where there is one, gets a `StateAndData` for the state.
    """

    state_enter: ClassVar[bool] = False

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        taken = [name for name in _HANDLERS if name in cls.__dict__]
        if taken:
            raise TypeError(
                f"{cls.__name__} defines {', '.join(taken)}; a state machine has a method for each state, which gets "
                "Call, Cast and Info as events; or `handle_event` for all of them"
            )

    @boundary
    def handle_event(self, event: Event, state: Any, data: Any, /) -> StateMachineResult[Any]:
        """Hand the event to the method of the state's name.

        Override it for what is the same in all states, and hand on the rest: `return super().handle_event(event, state, data)`.
        """
        method = _method(type(self), state)
        result: StateMachineResult[Any] = method(self, event, data)
        return result

    if TYPE_CHECKING:

        def terminate(self, reason: Any, state: Any, data: Data, /) -> Awaitable[None] | None:
            """Clean up before the end. Its result is ignored. It does not run when the process is killed."""

    # --- how the runtime asks a server -----------------------------------------------------------

    @boundary
    def handle_call(self, message: Any, caller: Caller[Any], now: StateAndData, /) -> Any:
        """A call is an event."""
        return self.handle_event(Call(message, caller), now[0], now[1])

    @boundary
    def handle_cast(self, message: Any, now: StateAndData, /) -> Any:
        """A cast is an event."""
        return self.handle_event(Cast(message), now[0], now[1])

    @boundary
    def handle_info(self, message: Any, now: StateAndData, /) -> Any:
        """Any other message is an event."""
        return self.handle_event(Info(message), now[0], now[1])

    @boundary
    def handle_continue(self, message: Event, now: StateAndData, /) -> Any:
        """An event of the machine itself, or one that comes again."""
        return self.handle_event(message, now[0], now[1])


_HANDLERS: Final = ("handle_call", "handle_cast", "handle_info", "handle_continue")
_TAKEN: Final = frozenset({*dir(StateMachine), "init", "redact"})
"""Names that mean something else in a machine."""


def check_state(kind: type[StateMachine[Any]], state: Any) -> None:
    """See that `kind` has this state.

    Raises:
        TypeError: a class with a method for each state has none of this name.
    """
    if kind.handle_event is StateMachine.handle_event:  # pyright: ignore[reportUnknownMemberType]  # of any data
        _method(kind, state)


def _method(kind: type[StateMachine[Any]], state: Any) -> Any:
    """The method of a state. Raises TypeError where there is none."""
    method = getattr(kind, state, None) if isinstance(state, str) else None
    if method is None:
        raise TypeError(
            f"{kind.__name__} has no state {state!r:.80}: a state is the name of a method of it with the arguments (event, data); "
            "override handle_event(event, state, data) for states of other kinds"
        )
    if state in _TAKEN:
        raise TypeError(
            f"{kind.__name__}: {state!r} is a method that means something else, and cannot be the name of a state"
        )
    return method
