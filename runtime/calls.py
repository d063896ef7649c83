"""A call: it asks (see `sending`), and waits for the answer if there is none yet.

It stays Python where the rest of the hot path is compiled: what `pid.call(…)` makes is a coroutine as any other.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from .errors import CallTimeout
from .preemption.guards import open_to_switches
from .sending import ask
from .status import ENDED

if TYPE_CHECKING:
    from .pid import Address
    from .process import Process

__all__ = ["call", "expire"]


@open_to_switches
async def call(target: Address, message: Any, timeout: float | None = 5.0) -> Any:
    """Send a request and wait for its answer (OTP's `gen_server:call`).

    Args:
        target: whom; this is a method of `Address`.
        message: the request; see `Request` for typed answers.
        timeout: seconds to wait. Optional. Defaults to 5.0; None waits for ever.

    Raises:
        NoProcess: the process has ended.
        NotRegistered: nobody has this name.
        CallTimeout: no answer in time. A late one is dropped and counted.
        ProcessDied: the process ended before it answered.
        SelfCall: a process calls itself.
        CallCycle: who is called waits for this process already, itself or through others.
        NotSendable: the message holds what cannot be shared.
        ValueError: the time-out is negative or not a number.
        NodeError: the node lives in another thread.
    """
    process = target._process
    if process is None or process.status == ENDED:
        await asyncio.sleep(0)  # whoever tries again at once must let the supervisor have its turn
        process = target._process
        if process is None:
            raise target._missing()
    caller = ask(target, process, message, timeout)
    future = caller._future
    if future is None:  # it was answered at once
        return caller._value
    expiry = None
    try:
        if timeout is not None and not future.done():
            expiry = process.sched.loop.call_later(timeout, expire, future, target, process, timeout)
        return await future
    finally:
        if expiry is not None:
            expiry.cancel()
        process.sched.waits.over(caller)
        caller._forget()


def expire(future: asyncio.Future[Any], target: Address, process: Process, timeout: float) -> None:
    """The time of whoever waits for an answer of `process` is over."""
    if not future.done():
        future.set_exception(CallTimeout(target, timeout, process.sched.describe(process)))
