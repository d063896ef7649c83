"""The states of processes of every kind, as others may have them, and how one is replaced from outside.

what is asked      get_state                        replace_state
of a server        the state                        function(state) -> state
of a machine       StateAndData(state, data)        function(StateAndData) -> StateAndData, or such a pair
of a supervisor    SupervisorState                  TypeError: what it knows is not for others to change
of a coroutine     TypeError: its local variables   TypeError
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# (states are of any type)

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import BadReturn, CallbackFailed, describe
from ..messages import is_constant, share
from ..preemption.guards import boundary
from ..server_process import ServerProcess
from ..state_machine.behaviour import StateAndData, check_state
from ..state_machine.process import StateMachineProcess
from ..status import ENDED
from ..supervision.engine import info
from ..supervision.family import SupervisorProcess

if TYPE_CHECKING:
    from ..process import Process
    from ..supervision.requests import ChildInfo

__all__ = ["SupervisorState", "check_replaceable", "replace", "state_of"]


@dataclass(frozen=True, slots=True)
class SupervisorState:
    """What a running supervisor is about.

    Attributes:
        kind: the name of its class: `Supervisor`, `DynamicSupervisor`, …
        strategy: who is restarted when one ends.
        max_restarts: restarts allowed within `max_seconds`.
        max_seconds: seconds of the window.
        auto_shutdown: whether it ends when significant children have.
        restarts: how many the window counts now.
        children: as `which_children` lists them.
    """

    kind: str
    strategy: str
    max_restarts: int
    max_seconds: float
    auto_shutdown: str
    restarts: int
    children: tuple[ChildInfo, ...]


def state_of(process: Process) -> Any:
    """The state of a process, for whoever asks; it may be mutable, and is then to be copied.

    Raises:
        TypeError: it is a coroutine process.
    """
    if isinstance(process, SupervisorProcess):
        return _described(process)
    if isinstance(process, StateMachineProcess):
        return process.situation
    if isinstance(process, ServerProcess):
        return process.state
    raise _stateless(process)


def check_replaceable(process: Process) -> None:
    """Raises TypeError for a process whose state nobody else may replace."""
    if isinstance(process, SupervisorProcess):
        raise TypeError(
            f"{process.pid} is a supervisor: its state is not replaced; use start_child, terminate_child and the like"
        )
    if not isinstance(process, ServerProcess):
        raise _stateless(process)


@boundary
def replace(process: Any, function: Callable[[Any], Any]) -> Any:
    """Let the state of `process`, in a step of which this runs, be what `function` makes of it. `operations` says what it raises."""
    machine = isinstance(process, StateMachineProcess)
    state = share(process.situation if machine else process.state)
    try:
        made = function(state)
    except BaseException as error:
        if process.status == ENDED:
            raise
        raise CallbackFailed(process.pid, error) from error
    if inspect.iscoroutine(made):
        made.close()
        raise TypeError(f"replace_state takes a plain function; {describe(function)} is async")
    made = share(_checked_pair(process, made) if machine else _checked(process, made))
    if process.status == ENDED:  # what was thrown into it has not ended the function
        return None
    if machine:
        process.situation = made
    else:
        process.state = made
    process.note("state replaced")
    return made


def _checked(process: ServerProcess, made: Any) -> Any:
    if made is None:
        raise BadReturn("the function of replace_state returned None; None is never a state")
    _check_strict(process, made, made)
    return made


def _checked_pair(process: StateMachineProcess, made: Any) -> StateAndData:
    if not isinstance(made, tuple) or len(made) != 2:
        raise BadReturn(
            f"the function of replace_state returned {describe(made)}; of a state machine it returns StateAndData(state, data)"
        )
    state, data = made
    check_state(type(process.handle), state)
    _check_strict(process, data, made)
    return StateAndData(state, data)


def _check_strict(process: ServerProcess, shown: Any, made: Any) -> None:
    if type(process.handle).strict and not is_constant(made):
        raise BadReturn(
            f"the function of replace_state returned a mutable state ({type(shown).__name__}), and "
            f"{type(process.handle).__name__} is strict; use a frozen dataclass, a tuple, or a frozen model"
        )


def _stateless(process: Process) -> TypeError:
    return TypeError(
        f"{process.pid} is a coroutine process ({process.behaviour}): its state is its local variables, and nobody else's"
    )


def _described(process: SupervisorProcess) -> SupervisorState:
    family = process.state
    spec = family.spec
    return SupervisorState(
        type(spec).__name__,
        spec.strategy,
        spec.max_restarts,
        spec.max_seconds,
        spec.auto_shutdown,
        family.intensity.used(process.sched.clock()),
        tuple(map(info, family.children.values())),
    )
