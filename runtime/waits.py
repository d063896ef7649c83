"""Who waits for whom: the calls in flight of a node, and the ones that could never be answered.

    call ── not answered at once ──> begin(caller) ──> the wait is known until its answer, its time-out, or its end
                                         │
                                         └── it closes a cycle ──> CallCycle, at once instead of at the time-out

A process handles one message after the other. So if one step waits for a process whose own step waits, in the end, for the first,
no answer can come. That is certain only while the answer is up to those steps alone: the message still stands in the mailbox, or
is the one that is being handled by a process that has no tasks and has handed the caller to nobody. A step that waits for room in
a bounded mailbox (`bounded`) waits for its process in the same way. What may be answered by somebody else, later, or has been
answered already, is shown as a wait, and never refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .errors import CallCycle
from .work import current

if TYPE_CHECKING:
    from .caller import Caller
    from .process import Process
    from .scheduler import Scheduler

__all__ = ["Wait", "Waits"]


class Wait(NamedTuple):
    """One call in flight.

    Attributes:
        asker: who waits; None for the host.
        own: whether its own step waits, so that it handles nothing meanwhile; else a task beside it does.
        since: when it began, by the node's clock.
    """

    asker: Process | None
    own: bool
    since: float


class Waits:
    """The calls in flight of one node. Those that are answered at once never come here.

    Attributes:
        calls: every call that waits.
        blocked: the processes whose own steps wait, and for which answer.
        room: the processes whose own steps wait for room in a mailbox, and in whose (see `bounded`).
    """

    def __init__(self, sched: Scheduler) -> None:
        self._sched: Final = sched
        self.calls: Final[dict[Caller[Any], Wait]] = {}
        self.blocked: Final[dict[Process, Caller[Any]]] = {}
        self.room: Final[dict[Process, Process]] = {}

    def begin(self, caller: Caller[Any], *, sent: bool) -> None:
        """The present step, or task, waits for the answer of `caller` from now on.

        Args:
            caller: the call.
            sent: whether its message has been sent already; else it is about to be.

        Raises:
            CallCycle: who is called waits, in the end, for this step.
        """
        running, work = self._sched.running, current.get()
        asker = running if work is None else work[0]
        own = work is not None and asker is running and (work[1] is None or work[1] is work[0].current)
        if own and asker is not None:
            cycle = self._cycle(asker, caller.callee)
            if cycle is not None and (not sent or is_certain(caller)):
                raise CallCycle(cycle)
            self.blocked[asker] = caller
        self.calls[caller] = Wait(asker, own, self._sched.clock())

    def note(self, caller: Caller[Any]) -> None:
        """A request was sent whose answer may be awaited later, by whom it may."""
        self.calls[caller] = Wait(self._sched.running, False, self._sched.clock())

    def over(self, caller: Caller[Any]) -> None:
        """Nobody waits for this answer any more."""
        wait = self.calls.pop(caller, None)
        if wait is not None and wait.asker is not None and self.blocked.get(wait.asker) is caller:
            del self.blocked[wait.asker]

    def never_has_room(self, sender: Process, process: Process) -> bool:
        """Whether `process`, full, waits in the end for the step of `sender`: it would take nothing in while that waits for room."""
        return self._cycle(sender, process) is not None

    def _cycle(self, asker: Process, callee: Process) -> list[Process] | None:
        """Who would wait for whom, from `asker` on, if its step waited for `callee` and could never go on; else None."""
        chain = {asker: None}
        process: Process | None = callee
        while process is not asker:
            if process is None or process in chain:
                return None
            chain[process] = None
            process = self._behind(process)
        return list(chain)

    def _behind(self, process: Process) -> Process | None:
        """For whom the own step of `process` waits, where nobody else can end its wait."""
        if process in self.room:
            return self.room[process]
        caller = self.blocked.get(process)
        return caller.callee if caller is not None and is_certain(caller) else None


def is_certain(caller: Caller[Any]) -> bool:
    """Whether only a step of its callee can still answer it."""
    callee = caller.callee
    if caller.gone:
        return False
    if any(entry[2] is caller for entry in callee.mailbox or ()):  # it is in a step, and takes none out
        return True
    tasks = callee.extra.tasks if callee.extra is not None else None
    return callee.handles(caller) and not caller.lent and not tasks
