"""Where the old code has let a process go: between two messages or not, and with which state."""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (states are of any type)

from __future__ import annotations

from types import CoroutineType
from typing import TYPE_CHECKING, Any, Final

from ..delegated import DelegatedProcess
from ..results import Continue, NoReply, Reply, Stop
from ..state_machine.behaviour import StateAndData
from ..state_machine.process import StateMachineProcess
from ..state_machine.results import KeepState, NextState, RepeatState

if TYPE_CHECKING:
    from ..server_process import ServerProcess

__all__ = ["UNKNOWN", "is_boundary", "left"]

UNKNOWN: Final[Any] = object()
"""What is decided later."""
_RESULTS: Final = frozenset({Reply, NoReply, Continue})


def is_boundary(process: ServerProcess) -> bool:
    """Whether the message that is about to be handled is the first after a whole step: no state is being entered."""
    agenda = process.agenda if isinstance(process, StateMachineProcess) else None
    return agenda is None or agenda.transition is None


def left(process: ServerProcess, result: Any) -> Any:
    """The state that a process is about to have; unknown where that is decided later."""
    kind = type(result)
    if kind is CoroutineType or kind is Stop or isinstance(process, DelegatedProcess):
        return UNKNOWN
    if isinstance(process, StateMachineProcess):
        if kind is KeepState:
            there = process.state if is_boundary(process) else process.agenda.transition.target  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
            return StateAndData(there.state, result.data)
        entering = type(process.handle).state_enter
        if kind not in {NextState, RepeatState} or entering:
            return UNKNOWN
        return StateAndData(process.state.state if kind is RepeatState else result.state, result.data)
    return result.state if kind in _RESULTS else result
