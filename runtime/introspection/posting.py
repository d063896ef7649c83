"""What has to run on the node's loop: posted there, with a deadline, and withdrawn when the loop does not come to it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final, TypeVar

from runtime.port.contract import Code, Failure
from runtime.port.pace import give_way

from .lookup import pid_text, title

if TYPE_CHECKING:
    from runtime.node import Node

__all__ = ["UNCHANGED", "busy_with", "on_loop"]

T = TypeVar("T")
UNCHANGED: Final = "nothing was changed. Try again, or give more --timeout"


def on_loop(node: Node, work: Callable[[], T], deadline_s: float, otherwise: str = UNCHANGED) -> T:
    """Run `work` on the node's loop and wait for it.

    Args:
        node: whose loop.
        work: runs in one go there.
        deadline_s: seconds to wait.
        otherwise: what to say of the consequence when it has not begun in time.

    Raises:
        Failure: `TIMEOUT`: it has not begun, and will not; or it has begun, and is not over. Or what `work` raised.
    """
    if threading.get_ident() == node.scheduler.thread:
        return work()
    answer: Future[T] = Future()

    def run() -> None:
        if not answer.set_running_or_notify_cancel():
            return
        try:
            answer.set_result(work())
        except BaseException as error:  # the thread that waits is told, whatever it is
            answer.set_exception(error)

    try:
        node.scheduler.loop.call_soon_threadsafe(run)
    except RuntimeError:
        raise Failure(Code.TIMEOUT, f"the node's loop is closed; {otherwise}") from None
    give_way()
    try:
        return answer.result(deadline_s)
    except TimeoutError:
        if answer.done():
            return answer.result()  # it came at the last moment, or raised a TimeoutError itself
        if answer.cancel():
            raise Failure(Code.TIMEOUT, f"{busy_with(node)}; {otherwise}") from None
        raise Failure(
            Code.TIMEOUT, f"the loop has begun to do this, and has not ended after {deadline_s:g} s"
        ) from None


def busy_with(node: Node) -> str:
    """Who holds the loop, and for how long."""
    sched = node.scheduler
    process, since = sched.running, sched.since
    if process is None:
        return "the loop has not come round in time: code of the host holds it"
    who = f"{pid_text(process.number)} ({title(process)})"
    return f"the loop has been busy with {who} for {max(0.0, sched.clock() - since):.1f} s"
