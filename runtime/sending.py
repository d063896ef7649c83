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
from functools import partial
from threading import get_ident
from typing import TYPE_CHECKING, Any, Final

from tracing.context import newborn

from .caller import Caller
from .errors import NodeError, NoProcess, SelfCall
from .mailbox import CALL
from .messages import ATOMS, share
from .preemption.guards import open_to_switches
from .status import ENDED, IDLE, READY, RECEIVING
from .trace.stories import OUTSIDE, minted
from .trace.telling import HOST, sent
from .work import current

if TYPE_CHECKING:
    from tracing.context import Context

    from .mailbox import Entry
    from .pid import Address
    from .process import Process
    from .run_queue import RunQueue
    from .waits import Waits

__all__ = ["ask", "deliver", "pass_on", "request"]

MAX_DEPTH: Final = 32
"""Calls within calls that run at once; deeper ones are queued, so that the stack stays bounded."""


@open_to_switches
def ask(target: Address, process: Process, message: Any, timeout: float | None) -> Caller[Any]:
    """Send a request to `process`, which is `target`'s, for `calls.call`, which documents it."""
    sched: RunQueue = process.sched
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
    at_once = process.status == IDLE and now < sched.inline_until and sched.depth < MAX_DEPTH
    if at_once:
        running: Process | None = sched.running
        number = 0 if running is None else running.number
        sched.depth += 1
        if sched.keep is None:
            entry: Entry = (CALL, message, caller, now, number, None)
            sched.enter(process, now, None, process, entry)
        else:
            if sched.traced:
                entry = caller.asked = (CALL, message, caller, now, number, minted(sched))
                story = sched.story
                hear = sched.heard.call
                if hear is not None:
                    hear += (now, "call", running or HOST, process, entry)
                sched.enter(process, now, sched.context.copy(), sched.answering, entry)
            else:
                story = sched.story
                if running is not None:
                    if story is None:
                        story = minted(sched)
                    entry = (CALL, message, caller, now, number, story)
                elif sched.outside and OUTSIDE.get() is not None:
                    entry = (CALL, message, caller, now, number, sched.under())
                else:
                    entry = (CALL, message, caller, now, number, None)
                sched.story = entry[5]
                sched.enter(process, now, None, process, entry)
            sched.story = story
        sched.depth -= 1
        if caller._answered and caller._future is None:
            return caller
    else:
        _may_wait(target, process)
    if not caller._wait().done():
        try:
            sched.waits.begin(caller, sent=at_once)
        except BaseException:
            caller._forget()
            raise
        if not at_once:
            _queue(process, message, caller)
    return caller


@open_to_switches
def request(target: Address, process: Process | None, message: Any) -> asyncio.Future[Any]:
    """A call without a time-out whose answer need not be awaited: it is sent now."""
    if process is None:
        raise target._missing()
    message = share(message)
    _may_wait(target, process)
    caller: Caller[Any] = Caller(process, None)
    future: asyncio.Future[Any] = caller._wait()
    waits = process.sched.waits
    waits.note(caller)
    future.add_done_callback(partial(_answered, waits, caller))
    _queue(process, message, caller)
    return future


def _answered(waits: Waits, caller: Caller[Any], _future: asyncio.Future[Any]) -> None:
    waits.over(caller)


def _may_wait(target: Address, process: Process) -> None:
    """Raises NoProcess or SelfCall where no answer could come."""
    if process.status == ENDED:
        raise NoProcess(target)
    if process.sched.works_for(process):
        raise SelfCall(target)


def _queue(process: Process, message: Any, caller: Caller[Any]) -> None:
    sched: RunQueue = process.sched
    entry = (CALL, message, caller, sched.tick(), sched.sender(), sched.under())
    if sched.traced:
        caller.asked = entry
        sent(sched, sched.clock(), "call", process, entry)
    process.post(entry)


@open_to_switches
def deliver(target: Address, kind: int, message: Any) -> None:
    """The body of `Address.cast` and `Address.send`, which document it."""
    process: Process | None = target._process
    if type(message) not in ATOMS:
        message = share(message)
    if process is None:
        target._lost()
        return
    sched: RunQueue = process.sched
    status = process.status
    running: Process | None = sched.running
    if (ident := get_ident()) != sched.untraced:  # from another thread, or a session wants to know
        if ident != sched.thread:
            process.from_elsewhere(target, kind, message)
            return
        if status == ENDED:
            sched.dead_letters += 1
            return
        now = sched.clock()
        if running is None and OUTSIDE.get() is None and current.get() is None:  # `minted`, at half the price
            entry: Entry = (kind, message, None, now, 0, newborn())
        else:
            entry = (kind, message, None, now, 0 if running is None else running.number, minted(sched))
        hear = sched.heard.send
        if hear is not None:
            hear += (now, "send", running or HOST, process, entry)
    elif status == ENDED:
        sched.dead_letters += 1
        return
    elif running is not None:
        story: Context | None = sched.story
        if story is None and sched.keep is not None:
            story = minted(sched)
        entry = (kind, message, None, sched.now, running.number, story)
    else:
        told: Context | None = OUTSIDE.get() if sched.outside else None
        if told is not None:
            told = sched.under()
        entry = (kind, message, None, sched.now if sched.scheduled else sched.tick(), 0, told)
    mailbox = process.mailbox
    if mailbox is None:
        process.mailbox = deque((entry,))
    else:  # where it has a limit, it may refuse, or let its sender wait until it has been handled
        mailbox.append(entry)
    if status == IDLE:
        process.status = READY
        sched.enqueue(process)
    elif status == RECEIVING:
        process.wake()


def pass_on(target: Address, kind: int, message: Any, context: Context | None = None) -> None:
    """As `deliver`, for what nobody on the loop sends: a timer has fired, a message has come from another thread.

    `context` is the story that it belongs to, where that is known.
    """
    process: Process | None = target._process
    if process is None:
        target._lost()
    elif process.status == ENDED:
        process.sched.dead_letters += 1
    else:
        sched = process.sched
        entry = (kind, message, None, sched.tick(), sched.sender(), context or sched.under())
        if sched.traced:
            sent(sched, sched.clock(), "send", process, entry)
        process.offer(entry)
