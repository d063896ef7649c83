"""How a server ends by itself: `terminate` sees why and the last good state, who still waits is answered, then it is over.

    a handler raised ──> crash ─┐
    Stop(reason, state) ─> stop ┴─> Farewell ──> terminate, a step of its own ──> the answer ──> exits.end

`terminate` does not run in the middle of `init`, nor a second time.
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (states are of any type)

from __future__ import annotations

import asyncio
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from .crash import report
from .errors import NotSendable, ProcessExit
from .exits import end
from .mailbox import SHUTDOWN, Entry
from .preemption.guards import boundary, to_its_end
from .results import NOTHING
from .signals import is_orderly
from .status import ENDED, RUNNING
from .trace.telling import raised

if TYPE_CHECKING:
    from .caller import Caller
    from .crash import CrashReport
    from .server_process import ServerProcess

__all__ = ["crash", "ignore", "stop"]


@to_its_end
def crash(server: ServerProcess, error: BaseException) -> None:
    """A step raised."""
    if server.status == ENDED:
        return
    reason = error.reason if isinstance(error, ProcessExit) else error
    if server.sched.tap is not None:
        raised(server, reason)
    _Farewell(server, reason, report(server, reason, error), None, NOTHING).begin()


def stop(server: ServerProcess, reason: Any, state: Any, caller: Caller[Any] | None, reply: Any) -> None:
    """A handler returned Stop."""
    if state is not None:
        server.state = state
    error = reason if isinstance(reason, BaseException) else None
    crashed = None if is_orderly(reason) else report(server, reason, error)
    _Farewell(server, reason, crashed, caller, reply).begin()


def ignore(server: ServerProcess) -> None:
    """Its init returned Ignore: an end that is none of a failure, as its supervisor is told."""
    if server.child is not None:
        server.child.ignored = True
    end(server, "normal")


class _Farewell:
    """Why a server ends, what is kept of it, and the answer that it still owes."""

    __slots__ = ("caller", "crash", "reason", "reply", "server")

    def __init__(
        self,
        server: ServerProcess,
        reason: Any,
        crash: CrashReport | None,
        caller: Caller[Any] | None,
        reply: Any,
    ) -> None:
        self.server = server
        self.reason = reason
        self.crash = crash
        self.caller = caller
        self.reply = reply

    def begin(self) -> None:
        """Let it terminate, where it has something to say."""
        server = self.server
        if server.silent or server.initialising or (server.extra is not None and server.extra.exiting):
            self.finish(None)
            return
        server.more().exiting = True
        server.status = RUNNING
        server.sched.enter(server, server.sched.clock(), None, self, None)

    @boundary
    def step(self, _: None, /) -> None:
        """Run `terminate`."""
        server = self.server
        entry: Entry = (SHUTDOWN, self.reason, self.caller, server.sched.now, 0, server.sched.under())
        try:
            result: Any = server.terminate(self.reason)
        except BaseException as error:
            self.finish(error)
            return
        if type(result) is not CoroutineType:
            self.finish(None)
            return
        server.current = entry = server.current or entry
        server.task = task = server.sched.drive(server, result, entry)
        if task.done():
            self._terminated(task)
        else:
            task.add_done_callback(self._terminated)

    def _terminated(self, task: asyncio.Task[Any]) -> None:
        self.server.task = None
        self.finish(None if task.cancelled() else task.exception())

    def finish(self, error: BaseException | None) -> None:
        """Answer, and end. What `terminate` raised, if anything, is now the reason, as in OTP."""
        server, reason, crash = self.server, self.reason, self.crash
        if server.status == ENDED:
            return
        try:
            if self.caller is not None and self.reply is not NOTHING:
                self.caller.reply(self.reply)
        except NotSendable as refused:
            error = error or refused
        if error is not None:
            reason = error.reason if isinstance(error, ProcessExit) else error
            crash = report(server, reason, error)
        end(server, reason, crash=crash)
