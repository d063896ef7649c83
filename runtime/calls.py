r"""Sending: the three ways a message gets into a process. This is the hot path.

    call --- callee idle, window open ---> its handler runs at once, in the caller's step
      \---- else -----------------------> mailbox, and the caller waits
    cast, send --------------------------> mailbox

A call to an idle process runs at once because nothing is queued that it could overtake. It does so for at most
1 ms in each turn of the loop (`Scheduler.inline_until`): an `await` that never suspends would starve everybody else.
"""

from __future__ import annotations

import asyncio
from collections import deque
from threading import get_ident
from typing import TYPE_CHECKING, Any, Final

from .caller import Caller
from .errors import CallTimeout, NodeError, NoProcess, SelfCall
from .mailbox import CALL
from .messages import ATOMS, share
from .preemption.guards import open_to_switches
from .status import ENDED, IDLE, READY, RECEIVING

if TYPE_CHECKING:
    from .mailbox import Entry
    from .pid import Address
    from .process import Process

__all__ = ["call", "deliver", "request"]

MAX_DEPTH: Final = 32
"""Calls within calls that run at once; deeper ones are queued, so that the stack stays bounded."""


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
    sched = process.sched
    if get_ident() != sched.thread:
        raise NodeError(
            f"{target} lives in another thread; use asyncio.run_coroutine_threadsafe({target}.call(…), its loop)"
        )
    if type(message) not in ATOMS:
        message = share(message)
    now = sched.clock()
    if timeout is None:
        deadline = None
    elif timeout >= 0:
        deadline = now + timeout
    else:
        raise ValueError(f"timeout={timeout!r}; it is seconds, 0 or more, or None to wait for ever")
    caller: Caller[Any] = Caller(process, deadline)
    if process.status == IDLE and now < sched.inline_until and sched.depth < MAX_DEPTH:
        running = sched.running
        entry: Entry = (CALL, message, caller, now, 0 if running is None else running.number)
        sched.depth += 1
        sched.enter(process, now, None, process, entry)
        sched.depth -= 1
        if caller._answered and caller._future is None:
            return caller._value
        future = caller._future or caller._wait()
    else:
        future = _queue(target, process, message, caller)
    expiry = None
    if timeout is not None and not future.done():
        expiry = sched.loop.call_later(timeout, _expire, future, target, process, timeout)
    try:
        return await future
    finally:
        if expiry is not None:
            expiry.cancel()
        caller._forget()


@open_to_switches
def request(target: Address, process: Process | None, message: Any) -> asyncio.Future[Any]:
    """A call without a time-out whose answer need not be awaited: it is sent now."""
    if process is None:
        raise target._missing()
    caller: Caller[Any] = Caller(process, None)
    return _queue(target, process, share(message), caller)


def _queue(target: Address, process: Process, message: Any, caller: Caller[Any]) -> asyncio.Future[Any]:
    if process.status == ENDED:
        raise NoProcess(target)
    if process.sched.works_for(process):
        raise SelfCall(target)
    future = caller._wait()
    process.post((CALL, message, caller, process.sched.tick(), process.sched.sender()))
    return future


@open_to_switches
def deliver(target: Address, kind: int, message: Any) -> None:
    """The body of `Address.cast` and `Address.send`, which document it."""
    process = target._process
    if type(message) not in ATOMS:
        message = share(message)
    if process is None:
        target._lost()
        return
    sched = process.sched
    if get_ident() != sched.thread:
        sched.from_thread(deliver, target, kind, message)
        return
    status = process.status
    if status == ENDED:
        sched.dead_letters += 1
        return
    running = sched.running
    if running is not None:
        entry = (kind, message, None, sched.now, running.number)
    elif sched.scheduled:
        entry = (kind, message, None, sched.now, 0)
    else:
        entry = (kind, message, None, sched.tick(), 0)
    mailbox = process.mailbox
    if mailbox is None:
        process.mailbox = deque((entry,))
    else:
        mailbox.append(entry)
    if status == IDLE:
        process.status = READY
        sched.enqueue(process)
    elif status == RECEIVING:
        process.wake()


def _expire(future: asyncio.Future[Any], target: Address, process: Process, timeout: float) -> None:
    if not future.done():
        future.set_exception(CallTimeout(target, timeout, process.sched.describe(process)))
