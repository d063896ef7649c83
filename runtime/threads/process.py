"""A server with a thread of its own: its plain handlers run there, one after the other, `init` and `terminate` too.

What is kept by thread (a connection of `sqlite3`, a device's handle) therefore stays usable from message to message; a restart gets a
new thread. The state, the mailbox and the answers stay with the node, as for any server.
"""

from __future__ import annotations

from collections.abc import Awaitable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from ..delegated import DelegatedProcess
from ..mailbox import CALL, CAST, CONTINUE, INFO, Entry
from ..preemption.waiting import scheduled
from ..results import Stop
from .lane import Lane
from .marshal import post, wait_for

if TYPE_CHECKING:
    from asyncio import Future

    from ..scheduler import Scheduler

__all__ = ["ThreadProcess"]

T = TypeVar("T")


class ThreadProcess(DelegatedProcess):
    """A process that runs a `Server` on a thread of its own."""

    place: ClassVar[str] = "thread"

    __slots__ = ("lane",)

    def __init__(self, sched: Scheduler, number: int, started: float) -> None:
        super().__init__(sched, number, started)
        self.lane = Lane(self)

    def start_elsewhere(self, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """`init`, on the thread."""
        init: Any = getattr(self.handle, "init", None)
        if init is None:
            raise TypeError(f"{type(self.handle).__name__} has no init(…); it returns the first state")
        return self.lane.do(partial(init, *args, **options))

    def elsewhere(self, entry: Entry) -> Any:
        """A handler, on the thread."""
        kind, message, caller, *_ = entry
        handle, state = self.handle, self.state
        if kind == CALL:
            assert caller is not None
            return self.lane.do(partial(handle.handle_call, message, caller, state))
        if kind == CAST:
            return self.lane.do(partial(handle.handle_cast, message, state))
        if kind == INFO:
            return self.lane.do(partial(handle.handle_info, message, state))
        if kind == CONTINUE:
            return self.lane.do(partial(handle.handle_continue, message, state))
        return Stop(message, state)  # SHUTDOWN

    def terminate(self, reason: Any) -> Any:
        """`terminate`, on the thread."""
        return self.lane.do(partial(self.handle.terminate, reason, self.state))

    def let_go(self, reason: Any) -> None:  # noqa: ARG002 - whatever the reason
        """It has ended: so does its thread, if it can."""
        self.lane.close()

    def waits(self, awaitable: Awaitable[T]) -> T:
        """The body of `self.wait` on the thread."""
        if not self.lane.is_current:
            super().waits(awaitable)
        answer = self.lane.answer()

        def begin() -> None:
            try:
                future = scheduled(self, awaitable)
            except BaseException as error:
                _fail(answer, error)
                return
            future.add_done_callback(lambda done: _settle(answer, done))
            answer.add_done_callback(
                lambda _: self.sched.loop.call_soon_threadsafe(future.cancel) if answer.cancelled() else None
            )

        post(self, begin)
        result: T = wait_for(self, answer)
        return result


def _settle(answer: Any, done: Future[Any]) -> None:
    if done.cancelled():
        answer.cancel()
    elif (error := done.exception()) is not None:
        _fail(answer, error)
    elif answer.set_running_or_notify_cancel():
        answer.set_result(done.result())


def _fail(answer: Any, error: BaseException) -> None:
    if answer.set_running_or_notify_cancel():
        answer.set_exception(error)
