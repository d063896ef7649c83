"""What a handler's result comes to, with no process that it happens to: the rules of `server_process.settle` and `state_machine.process.settle`.

outcome_of(kind, handler, before, result)   the next state, the reply, the end
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (states are of any type)

from __future__ import annotations

from dataclasses import dataclass
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any, Final

from ..errors import BadReturn, ProcessExit
from ..messages import is_constant, share
from ..results import NOTHING, Continue, Ignore, NoReply, Reply, Stop
from ..server import bad_return
from ..state_machine.behaviour import StateAndData, StateMachine, check_state
from ..state_machine.events import Enter
from ..state_machine.results import KeepState, NextState, RepeatState
from .tape import Tape

__all__ = ["Outcome", "outcome_of", "raised"]

_RESULTS: Final = frozenset({Reply, NoReply, Stop, Continue})
_MACHINE: Final = frozenset({NextState, KeepState, RepeatState})
_NO_STATE: Final = frozenset(
    {GeneratorType, AsyncGeneratorType, CoroutineType, Ignore, type(None), type(NOTHING)}
)


@dataclass(slots=True)
class Outcome:
    """What has become of a step.

    Attributes:
        state: the state after it.
        reply: the answer to the call; NOTHING where there is none.
        how: it goes on, has said `Stop`, or has raised.
        reason: why it ends.
    """

    state: Any
    reply: Any = NOTHING
    how: str = "goes on"
    reason: Any = None


def raised(before: Any, error: BaseException) -> Outcome:
    """A handler has raised."""
    reason = error.reason if isinstance(error, ProcessExit) else error
    return Outcome(before, how="raises", reason=reason)


def outcome_of(kind: type[Any], handler: str, message: Any, before: Any, result: Any, tape: Tape) -> Outcome:
    """The outcome of a step.

    Args:
        kind: the behaviour's class.
        handler: `handle_call` and the like.
        message: what was handled.
        before: the state before it.
        result: what was returned.
        tape: notes what follows.

    Raises:
        BadReturn: it may not return that.
        TypeError: a state machine has no such state.
        NotSendable: the reply cannot be shared.
    """
    if issubclass(kind, StateMachine):
        return _machine(kind, message, before, result, tape)
    return _server(kind, handler, before, result, tape)


def _server(kind: type[Any], handler: str, before: Any, result: Any, tape: Tape) -> Outcome:
    which, call = type(result), handler == "handle_call"
    if which is Stop:
        state = before if result.state is None else _fit(kind, handler, result, result.state)
        return Outcome(state, _shared(result.reply), "stops", result.reason)
    if which is Continue:
        tape.note("continue", None, "itself", result.message)
        return Outcome(_fit(kind, handler, result, result.state), _shared(result.reply) if call else NOTHING)
    if (which is Reply and not call) or (call and which not in _RESULTS) or which in _NO_STATE:
        raise bad_return(handler, result)
    if which is Reply:
        return Outcome(_fit(kind, handler, result, result.state), _shared(result.value))
    return Outcome(_fit(kind, handler, result, result.state if which is NoReply else result))


def _shared(reply: Any) -> Any:
    return reply if reply is NOTHING else share(reply)


def _fit(kind: type[Any], handler: str, result: Any, state: Any) -> Any:
    if state is None:
        raise bad_return(handler, result)
    if kind.strict and not is_constant(state):
        raise BadReturn(
            f"{handler} returned a mutable state ({type(state).__name__}), and {kind.__name__} is strict"
        )
    return state


def _machine(kind: Any, message: Any, before: StateAndData, result: Any, tape: Tape) -> Outcome:
    which, entering = type(result), type(message) is Enter
    if which is Stop:
        return Outcome(
            StateAndData(before.state, result.state), _shared(result.reply), "stops", result.reason
        )
    if which not in _MACHINE:
        raise BadReturn(
            f"state {before.state} returned a {which.__name__}; return NextState, KeepState, RepeatState or Stop"
        )
    state = result.state if which is NextState else before.state
    changed = state != before.state
    if changed and entering:
        raise BadReturn(
            f"state {before.state} returned the state {state!r:.80}; what follows from `Enter` stays in the state"
        )
    if changed:
        check_state(kind, state)
    there = StateAndData(state, result.data)
    if kind.strict and not is_constant(there):
        raise BadReturn(f"state {before.state} returned mutable data, and {kind.__name__} is strict")
    for action in result.actions:
        tape.note("action", None, type(action).__name__, share(action))
    return Outcome(there, _shared(result.reply))
