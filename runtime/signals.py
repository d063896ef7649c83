"""What the runtime itself puts into a mailbox, and what exit reasons mean.

    Down(ref, pid, reason)      a monitored process ended
    Exit(pid, reason)           a linked process ended, and this one traps exits
    TaskDone(ref, value)        a task of `self.task` returned
    TaskFailed(ref, reason)     ... raised, or was cancelled
    Call(message, caller)       a call, as a coroutine process receives it
    Joined(ref, group, pids)    processes have joined a monitored process group
    Left(ref, group, pids)      ... have left it, or have ended

Exit reasons are OTP's: `"normal"`, `"shutdown"`, `("shutdown", term)`, `"kill"` (cannot be trapped, seen by others
as `"killed"`), `"noproc"`, or whatever a process crashed with, usually an exception.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .caller import Caller
    from .pid import Pid, Ref
    from .tasks import TaskRef

__all__ = [
    "RUNTIME_SIGNALS",
    "Call",
    "Down",
    "Exit",
    "Joined",
    "Left",
    "TaskDone",
    "TaskFailed",
    "is_orderly",
]


@dataclass(frozen=True, slots=True)
class Down:
    """A monitored process has ended. For a process that was already dead, `reason` is `"noproc"`."""

    ref: Ref
    pid: Pid | None
    reason: Any


@dataclass(frozen=True, slots=True)
class Exit:
    """An exit signal, as a process that traps exits sees it."""

    pid: Pid | None
    reason: Any


@dataclass(frozen=True, slots=True)
class TaskDone:
    """A task of this process has returned `value`."""

    ref: TaskRef
    value: Any


@dataclass(frozen=True, slots=True)
class TaskFailed:
    """A task of this process has ended with an exception, or with `"cancelled"`."""

    ref: TaskRef
    reason: Any


@dataclass(frozen=True, slots=True)
class Call:
    """A call, as `receive` gives it to a coroutine process; answer with `caller.reply(value)`."""

    message: Any
    caller: Caller[Any]


@dataclass(frozen=True, slots=True)
class Joined:
    """Processes have joined a group that this one monitors."""

    ref: Ref
    group: Any
    pids: tuple[Pid, ...]


@dataclass(frozen=True, slots=True)
class Left:
    """Processes have left a group that this one monitors, or have ended; a pid for each membership."""

    ref: Ref
    group: Any
    pids: tuple[Pid, ...]


RUNTIME_SIGNALS: Final[set[type[Any]]] = {Down, Exit, TaskDone, TaskFailed, Joined, Left}
"""What no bounded mailbox refuses or drops, and no operator. What a supervisor says to itself is added where it is declared."""


def is_orderly(reason: Any) -> bool:
    """Whether a transient child that ended so stays ended: normal, shutdown, or (shutdown, term).

    The rule is the one of OTP's supervisor manual under "restart".
    """
    if isinstance(reason, tuple):
        return len(reason) == 2 and isinstance(reason[0], str) and reason[0] == "shutdown"  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]
    return isinstance(reason, str) and reason in {"normal", "shutdown"}
