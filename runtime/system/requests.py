"""What is asked of a process, as the messages that they are: `answer` is what the process does about it.

    SystemRequest ──> mailbox ──> handle, a step of the process ──> answer(process) ──> whoever asks
                                                                        └── raises ───> the same, and the process goes on

A request needs a step where the process has any between two messages. What has none (a coroutine process) answers at once, or refuses.
"""

# pyright: reportUnknownVariableType=false
# (states are of any type)

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar, get_args

from ..errors import CallbackFailed, NodeError
from ..mailbox import SHUTDOWN
from ..messages import share
from ..pid import Pid
from ..preemption.guards import boundary
from ..results import NOTHING, Stop
from ..server_process import ServerProcess
from ..status import ENDED, SUSPENDED
from ..suspension import suspended
from . import counting, states

if TYPE_CHECKING:
    from ..caller import Caller
    from ..process import Process

__all__ = [
    "GetState", "GetStatus", "Measure", "ReplaceState", "Resume", "Status", "Suspend", "SystemRequest", "Terminate",
]  # fmt: skip

R = TypeVar("R")
_WHAT = Literal["get", "on", "off"]


@dataclass(frozen=True, slots=True)
class Status:
    """What a process is, between two messages.

    Attributes:
        pid: its pid.
        name: what it is registered as, or None.
        behaviour: `module:qualname`.
        suspended: whether it is.
        parent: who started it; None for the host.
        waiting: how many messages wait in its mailbox.
    """

    pid: Pid
    name: str | None
    behaviour: str
    suspended: bool
    parent: Pid | None
    waiting: int


class SystemRequest(Generic[R]):
    """Base of what is asked. It is not copied: who asks keeps nothing of it.

    Class attributes:
        inside: whether it is about what a process that lives in another OS process has there.
    """

    __slots__ = ()
    inside: ClassVar[bool] = True

    def answer(self, process: Any) -> R:
        """Do it. It runs in a step of the process, and may raise: that is told to whoever asks, and does not end the process."""
        raise NotImplementedError

    def check(self, process: Process) -> None:
        """Raise what speaks against it, before it is sent."""

    def needs_step(self, process: Process) -> bool:
        """Whether the process has to come to it between two messages."""
        return isinstance(process, ServerProcess)

    @boundary
    def handle(self, process: Process, caller: Caller[R] | None) -> Any:
        """The step. What it returns is to be settled: NOTHING is left to do, or it stops. Nobody waits where there is no caller."""
        try:
            answer: Any = self.answer(process)
            if type(answer) is Stop:
                answer.reply = None if caller is not None else NOTHING
                return answer
            answer = share(answer)
        except BaseException as error:
            if process.status == ENDED:
                raise
            if caller is not None:
                caller._fail(error if isinstance(error, Exception) else CallbackFailed(process.pid, error))
            return NOTHING
        if caller is not None:
            caller._settle(answer)
        return NOTHING


class Suspend(SystemRequest[None]):
    """Handle nothing more."""

    __slots__ = ()
    inside = False

    def answer(self, process: Process) -> None:
        """From this step on."""
        if not suspended(process):
            process.pause()
            process.sched.node.ledger.recorder.record("suspended", process.number, process.name)

    def check(self, process: Process) -> None:
        """The root cannot be suspended."""
        _spare_root(process)


class Resume(SystemRequest[None]):
    """Go on."""

    __slots__ = ()
    inside = False

    def answer(self, process: Process) -> None:
        """From this step on."""
        if suspended(process):
            process.resume()
            process.sched.node.ledger.recorder.record("resumed", process.number, process.name)

    def needs_step(self, process: Process) -> bool:
        """One that an operator has stopped in the middle of a step would never come to it."""
        in_a_step = process.status == SUSPENDED and process.current is not None
        return super().needs_step(process) and not in_a_step


class GetState(SystemRequest[Any]):
    """Say the state."""

    __slots__ = ()

    def answer(self, process: Process) -> Any:
        """It is copied by who hands it over."""
        return states.state_of(process)


@dataclass(frozen=True, slots=True)
class ReplaceState(SystemRequest[Any]):
    """Have another state."""

    function: Callable[[Any], Any]

    @boundary
    def answer(self, process: Process) -> Any:
        """The new state."""
        return states.replace(process, self.function)

    def check(self, process: Process) -> None:
        """Only what has a state of its own has another."""
        states.check_replaceable(process)


class GetStatus(SystemRequest[Status]):
    """Say what you are."""

    __slots__ = ()
    inside = False

    def answer(self, process: Process) -> Status:
        """As it is now."""
        parent = process.parent
        return Status(
            process.pid,
            process.name,
            process.behaviour,
            suspended(process),
            parent.pid if parent is not None else None,
            process.letters,
        )


@dataclass(frozen=True, slots=True)
class Measure(SystemRequest["counting.Statistics | None"]):
    """Count your messages, or do not, or say how many there were."""

    do: _WHAT

    def answer(self, process: Process) -> counting.Statistics | None:
        """How many there were, for `get`."""
        if self.do == "get":
            return counting.measured(process)
        (counting.begin if self.do == "on" else counting.stop)(process)
        return None

    def check(self, process: Process) -> None:  # noqa: ARG002 - whatever process it is
        """It is one of three."""
        if self.do not in get_args(_WHAT):
            raise ValueError(f"statistics {self.do!r}; it is one of {', '.join(get_args(_WHAT))}")


class Terminate(SystemRequest[None]):
    """End, in good order."""

    __slots__ = ("reason",)

    def __init__(self, reason: Any) -> None:
        self.reason = share(reason)

    def answer(self, process: Any) -> Any:
        """As its supervisor would have it end; the answer comes last."""
        return process._other((SHUTDOWN, self.reason, None, process.sched.now, 0, process.sched.under()))

    def check(self, process: Process) -> None:
        """It needs a `terminate`."""
        _spare_root(process)
        if not isinstance(process, ServerProcess):
            raise TypeError(
                f"{process.pid} is a coroutine process ({process.behaviour}), which has no `terminate`; send it an exit signal"
            )


def _spare_root(process: Process) -> None:
    if process is process.sched.node.root:
        raise NodeError("the root supervisor is the node itself; stop the node instead")
