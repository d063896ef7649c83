"""How a process is asked: a message in its mailbox; where it is suspended, before all that waits there."""

from __future__ import annotations

import asyncio
from threading import get_ident
from typing import TYPE_CHECKING, TypeVar

from ..caller import Caller
from ..calls import expire
from ..errors import NodeError, NoProcess, SelfCall
from ..mailbox import SYSTEM
from ..status import ENDED
from ..suspension import ask as put_in

if TYPE_CHECKING:
    from ..pid import Address
    from ..process import Process
    from .requests import SystemRequest

__all__ = ["ask"]

R = TypeVar("R")


async def ask(target: Address, request: SystemRequest[R], timeout: float | None) -> R:
    """Ask something of a process, and wait for the answer. `operations` says what it raises.

    Raises, beside what the request itself does:
        ValueError: the time-out is negative or not a number.
    """
    process = await _present(target)
    sched = process.sched
    if timeout is not None and not timeout >= 0:
        raise ValueError(f"timeout={timeout!r}; it is seconds, 0 or more, or None to wait for ever")
    if sched.works_for(process):
        raise SelfCall(target)
    request.check(process)
    if not request.needs_step(process):
        return request.answer(process)
    caller: Caller[R] = Caller(process, None if timeout is None else sched.clock() + timeout)
    future = caller._wait()
    expiry = None
    try:
        sched.waits.begin(caller, sent=False)
        put_in(process, (SYSTEM, request, caller, sched.tick(), sched.sender(), sched.under()))
        if timeout is not None:
            expiry = sched.loop.call_later(timeout, expire, future, target, process, timeout)
        answer: R = await future
    finally:
        if expiry is not None:
            expiry.cancel()
        sched.waits.over(caller)
        caller._forget()
    return answer


async def _present(target: Address) -> Process:
    """The process, which is alive."""
    process: Process | None = target._process
    if process is None or process.status == ENDED:
        await asyncio.sleep(0)  # whoever tries again at once must let the supervisor have its turn
        process = target._process
        if process is None:
            raise target._missing()
        if process.status == ENDED:
            raise NoProcess(target)
    if get_ident() != process.sched.thread:
        raise NodeError(
            f"{target} lives in another thread; use asyncio.run_coroutine_threadsafe(…, its loop)"
        )
    if process.far:
        raise NodeError(f"{target} lives in another OS process; ask for it in that of the node")
    return process
