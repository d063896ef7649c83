"""What code on another thread asks of its node: done on the loop, as a step of the process, while the thread waits.

    thread                                    loop
    self.link(pid) ── posted ──────────────>  exits.link(…)
                   <── result or exception ──

The methods of a handle that touch the node are decorated with `on_loop`: on the loop's own thread they cost a comparison more.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from threading import get_ident
from typing import TYPE_CHECKING, Any, TypeVar

from ..preemption.errand import Errand
from ..preemption.guards import boundary, open_to_switches
from ..preemption.worker import Killed
from ..status import ENDED
from ..trace.stories import OUTSIDE

if TYPE_CHECKING:
    from ..process import Process

__all__ = ["do_on_loop", "on_loop", "post", "wait_for"]

F = TypeVar("F", bound=Callable[..., Any])


def on_loop(method: F) -> F:
    """Decorates a method of a handle: from another thread than the loop's it is done on the loop, and waited for."""

    @functools.wraps(method)
    @open_to_switches
    def either(self: Any, *args: Any, **options: Any) -> Any:
        process = self._process
        if get_ident() == process.sched.thread:
            return method(self, *args, **options)
        return do_on_loop(process, method, self, *args, **options)

    return either  # type: ignore[return-value]  # pyright: ignore[reportReturnType]  # it has the same signature


@open_to_switches
def do_on_loop(process: Process, work: Callable[..., Any], /, *args: Any, **options: Any) -> Any:
    """Do `work(*args, **options)` on the loop, as a step of `process`, and wait for it. From another thread.

    Raises:
        Killed: the process has ended; what is left of its code ends here.
        BaseException: what was raised on the loop.
    """
    answer: Future[Any] = Future()
    post(process, lambda: _answer(answer, work, args, options))
    return wait_for(process, answer)


def post(process: Process, work: Callable[..., None], *args: Any) -> None:
    """Do `work(*args)`, which never raises, on the loop, as a step of `process`. From any thread."""
    sched = process.sched

    def enter() -> None:
        sched.story = OUTSIDE.get()  # of the thread's: this runs in a copy of its context
        sched.enter(process, sched.clock(), None, Errand(work), args)

    sched.loop.call_soon_threadsafe(enter)


def wait_for(process: Process, answer: Future[Any]) -> Any:
    """The result of `answer`, which the loop will set; from another thread.

    Raises:
        Killed: the process has ended; what is left of its code ends here.
        BaseException: what was raised on the loop.
    """
    try:
        result = answer.result()
    except CancelledError:
        if process.status != ENDED:
            raise
        raise Killed(f"{process} has ended") from None
    if process.status == ENDED:
        raise Killed(f"{process} has ended")
    return result


@boundary
def _answer(
    answer: Future[Any], work: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]
) -> None:
    try:
        answer.set_result(work(*args, **options))
    except BaseException as error:  # whoever waits is told, whatever it is
        answer.set_exception(error)
