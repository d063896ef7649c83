"""Who runs the code of some modules: processes, by what they run.

A server does if its class, or one that it inherits from, is of these modules; a coroutine process if its function is.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

from ..coroutine import CoroutineProcess
from ..delegated import DelegatedProcess
from ..pid import pid_text
from ..server_process import ServerProcess
from ..state_machine.process import StateMachineProcess
from ..status import AWAITING, IDLE, PARKED, READY, RUNNING, SUSPENDED
from .records import Affected

if TYPE_CHECKING:
    from ..process import Process
    from .draft import Draft

__all__ = ["Summary", "at_rest", "behaviour_of", "concerned", "describe", "is_far", "kind_of"]

SHOWN: Final = 100
FAR: Final = "begins anew at its next receive in its OS process, if it has called continue_with; else it keeps the old code"


def behaviour_of(process: Process) -> Any:
    """The class, or the function, that a process runs."""
    if isinstance(process, CoroutineProcess):
        function: Any = process.function
        while isinstance(function, functools.partial):
            function = function.func
        return function
    return type(process.handle)


def concerned(draft: Draft, process: Process) -> bool:
    """Whether it runs an older version of the draft's modules."""
    behaviour = behaviour_of(process)
    if isinstance(behaviour, type):
        return any(draft.concerns(base) for base in behaviour.__mro__ if base.__module__ in draft.modules.of)
    return behaviour is not None and hasattr(behaviour, "__qualname__") and draft.concerns(behaviour)


def is_far(process: Process) -> bool:
    """Whether it lives in another OS process: it imports its code there."""
    return process.far or getattr(process, "cell", None) is not None


def kind_of(process: Process) -> str:
    """What it is, in words."""
    if is_far(process):
        return "isolated"
    if isinstance(process, CoroutineProcess):
        return "coroutine"
    return "state machine" if isinstance(process, StateMachineProcess) else "server"


def at_rest(process: Process) -> bool:
    """Whether a server is between two messages. From the loop, outside of any step."""
    if process.current is not None or process.status not in {IDLE, READY, SUSPENDED}:
        return False
    if process.extra is not None and process.extra.exiting:
        return False
    agenda = process.agenda if isinstance(process, StateMachineProcess) else None
    return agenda is None or agenda.transition is None


class Summary:
    """The processes, by behaviour; told one after the other."""

    def __init__(self, draft: Draft) -> None:
        self._draft: Final = draft
        self._groups: Final[dict[tuple[Any, str], _Group]] = {}

    def add(self, process: Process) -> None:
        """A process that is concerned."""
        key = (behaviour_of(process), kind_of(process))
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group(process.behaviour, key[1], _migration(self._draft, process))
        group.add(process, _way(self._draft, process))

    def all(self) -> tuple[Affected, ...]:
        """What is shown of them."""
        return tuple(
            sorted((group.shown() for group in self._groups.values()), key=lambda each: each.behaviour)
        )


class _Group:
    def __init__(self, name: str, kind: str, migration: str) -> None:
        self._name, self._kind, self._migration = name, kind, migration
        self._count = self._busy = self._waiting = 0
        self._pids: list[str] = []
        self._ways: set[str] = set()

    def add(self, process: Process, way: str) -> None:
        self._count += 1
        self._busy += process.status in {AWAITING, PARKED, RUNNING}
        self._waiting += process.letters
        self._ways.add(way)
        if len(self._pids) < SHOWN:
            self._pids.append(pid_text(process.number))

    def shown(self) -> Affected:
        return Affected(
            behaviour=self._name,
            kind=self._kind,
            count=self._count,
            pids=tuple(self._pids),
            busy=self._busy,
            waiting=self._waiting,
            how="; ".join(sorted(self._ways)),
            migration=self._migration,
        )


def _way(draft: Draft, process: Process) -> str:
    if isinstance(process, CoroutineProcess):
        return FAR if is_far(process) else describe(draft, process)
    if is_far(process):
        return "swapped between two messages, in its OS process"
    if isinstance(process, DelegatedProcess):
        return "swapped when its thread has finished a message"
    return "swapped between two messages"


def describe(draft: Draft, process: CoroutineProcess) -> str:
    """What happens to a coroutine process."""
    from .coroutines import again  # noqa: PLC0415 - the two know each other

    if again(process, draft.new_of(behaviour_of(process))) is None:
        return "keeps the old code until it ends (it has not called continue_with)"
    return "begins anew on the new code at its next receive"


def _migration(draft: Draft, process: Process) -> str:
    from .migration import hook_of  # noqa: PLC0415 - as above

    behaviour = behaviour_of(process)
    if isinstance(process, ServerProcess) and hook_of(draft, behaviour) is not None:
        return "code_change_down" if draft.back else "code_change"
    if isinstance(process, CoroutineProcess) and process.again is not None:
        return "structure" if draft.translation.holds(process.again) else "none"
    return "structure" if is_far(process) or draft.translation.holds(process.state) else "none"
