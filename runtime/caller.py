"""The other end of a call: who asked, until when, and how to answer."""

from __future__ import annotations

import asyncio
from threading import get_ident
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .messages import ATOMS, passes, share
from .preemption.guards import open_to_switches
from .trace.telling import replied

if TYPE_CHECKING:
    from .mailbox import Entry
    from .process import Process

__all__ = ["Caller"]

R = TypeVar("R")


class Caller(Generic[R]):
    """Who waits for the answer of a call. It can be kept in a state and sent to other processes.

    Attributes:
        deadline: when the caller stops waiting, in seconds of `time.monotonic()`; None if never.
    """

    __slots__ = ("_answered", "_future", "_process", "_value", "asked", "deadline", "lent")
    asked: Entry
    """What was put into the mailbox; there only where a session wanted to know when it was asked."""

    def __init__(self, process: Process, deadline: float | None) -> None:
        self._process = process  # the callee
        self._future: asyncio.Future[Any] | None = None  # made once the caller has to wait
        self._answered = False
        self._value: Any = None
        self.deadline = deadline
        self.lent = False  # whether it has been sent to another process, which may answer

    @property
    def callee(self) -> Process:
        """Who owes the answer."""
        return self._process

    @property
    def gone(self) -> bool:
        """Whether an answer would reach nobody: already given, too late, or the caller has been cancelled."""
        if self._answered or (self._future is not None and self._future.done()):
            return True
        return self.deadline is not None and self._process.sched.clock() >= self.deadline

    @open_to_switches
    def reply(self, value: R) -> None:
        """Answer, from anywhere in the node, from any thread. A reply after the deadline is dropped and counted.

        Raises:
            NotSendable: the value holds what cannot be shared; the caller still waits.
        """
        if self.gone:
            self._process.sched.late_replies += 1
            return
        if type(value) not in ATOMS:
            value = share(value)
        sched = self._process.sched
        if get_ident() == sched.thread:
            self._settle(value)
        else:
            sched.from_thread(self._settle, value)

    def _settle(self, value: R) -> None:
        """Answer with what has been shared, unless it has become too late meanwhile."""
        if self.gone:
            self._process.sched.late_replies += 1
            return
        self._answered = True
        self._value = value
        if self._process.sched.traced:
            replied(self, value)
        if self._future is not None:
            self._future.set_result(value)
        self._forget()

    def _wait(self) -> asyncio.Future[Any]:
        """The future of the answer. Its callee now owes it: should the callee end, the future fails."""
        future = self._future
        if future is None:
            future = self._future = self._process.sched.loop.create_future()
            if self._answered:
                future.set_result(self._value)
        if future.done():  # answered; or whoever asked has given up meanwhile, and nothing is owed any more
            return future
        process = self._process
        process.sched.owed.setdefault(process, set()).add(self)
        return future

    def _fail(self, error: Exception) -> None:
        """No answer will come: the callee has ended."""
        if self._answered:
            return
        self._answered = True
        if self._future is None:
            self._future = self._process.sched.loop.create_future()
        if not self._future.done():
            self._future.set_exception(error)
        self._forget()

    def _forget(self) -> None:
        owed = self._process.sched.owed
        callers = owed.get(self._process)
        if callers is not None:
            callers.discard(self)
            if not callers:
                del owed[self._process]

    def __repr__(self) -> str:
        return f"<caller of {self._process}{', gone' if self.gone else ''}>"

    def __deepcopy__(self, _memo: object) -> Caller[R]:
        return self


def _lend(caller: Caller[Any]) -> None:
    caller.lent = True


passes(Caller, _lend)
