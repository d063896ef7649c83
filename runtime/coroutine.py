"""Coroutine processes: `async def worker(process, …)`, with a mailbox and selective `receive`.

    pid = node.spawn(worker, 1)          pid.send("go")
    async def worker(process, n):        message = await process.receive(match=str, timeout=5)

It ends with the coroutine: returning is `normal`, raising is a crash, `ProcessExit(reason)` is that reason. An exit
signal that is not trapped cancels it: its `finally` blocks run, but nothing waits for them.
"""

from __future__ import annotations

import asyncio
import functools
import types
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from itertools import islice
from typing import Any, cast

from .caller import Caller
from .crash import report
from .errors import NoProcess, ProcessExit
from .exits import end
from .handle import Handle
from .mailbox import CALL, Entry
from .messages import share
from .preemption.guards import boundary
from .process import Arguments, Process
from .scheduler import TURN_S, Scheduler
from .signals import Call
from .status import AWAITING, ENDED, RECEIVING, SUSPENDED
from .steps import Steps
from .trace.births import born_of
from .trace.turns import received
from .work import current

__all__ = ["RESTARTS", "CoroutineHandle", "CoroutineProcess", "Match"]

RESTARTS = "__restarts_on_upgrade__"
"""What a function has that newer code may begin anew, with its first arguments (see `code.coroutines`)."""
Match = type | types.UnionType | tuple[type, ...] | Callable[[Any], object]
"""What `receive` takes: a class, several (`int | str`, or a tuple), or a predicate on the message."""


class CoroutineHandle(Handle):
    """What a coroutine process gets as its first argument."""

    _process: CoroutineProcess  # pyright: ignore[reportIncompatibleVariableOverride]  # set once, by the node

    @property
    def trap_exits(self) -> bool:
        """Whether exit signals arrive as `Exit(pid, reason)` instead of ending the process. Settable."""
        return self._process.trap_exits

    @trap_exits.setter
    def trap_exits(self, on: bool) -> None:
        self._process.trap_exits = bool(on)

    def continue_with(self, *args: Any, **options: Any) -> None:
        """Say how newer code goes on, should it take over: it begins as `function(process, *args, **options)`, in a `receive`.

        Without this the process keeps its code until it ends (see `node.code`).

        Raises:
            NotSendable: an argument holds what cannot be shared.
        """
        self._process.again = share(args), share(options)

    async def receive(self, match: Match | None = None, timeout: float | None = None) -> Any:
        """The oldest message that matches; the others stay where they are.

        Args:
            match: a class, `int | str`, a tuple of classes, or a predicate. A call arrives as `Call(message, caller)`.
                Optional. Defaults to any message.
            timeout: seconds to wait; 0 takes only what is there. Optional. Defaults to for ever.

        Raises:
            TimeoutError: nothing that matches has come in time.
            ValueError: the time-out is negative or not a number.
            RuntimeError: another `receive` of this process waits; it has one mailbox, and takes one message at a time.
            NoProcess: the process has ended; what is left of its code receives nothing any more.
        """
        return await self._process.receive(match, timeout)


class CoroutineProcess(Process):
    """A process that runs one coroutine."""

    __slots__ = ("again", "function", "looked", "newer", "received", "receiver")

    handle: CoroutineHandle  # pyright: ignore[reportIncompatibleVariableOverride]  # set once, by the node

    def __init__(self, sched: Scheduler, number: int, started: float) -> None:
        super().__init__(sched, number, started)
        self.function: Callable[..., Coroutine[Any, Any, Any]] | None = None
        self.received: Caller[Any] | None = None
        """Whose call it has received last, if its last message was one."""
        self.receiver: asyncio.Future[None] | None = None
        self.looked = 0
        """How many messages its `receive` has looked at that it does not want."""
        self.again: tuple[tuple[Any, ...], dict[str, Any]] | None = None
        """With what newer code begins; None if it has not been said."""
        self.newer: Callable[[], None] | None = None
        """Newer code that takes over in the next `receive`."""

    @property
    def behaviour(self) -> str:
        """The function that it runs, as `module:qualname`."""
        function: Any = self.function
        while isinstance(function, functools.partial):
            function = function.func
        if function is None:  # it is in the table, and begins in a moment
            function = type(self)
        return f"{function.__module__}:{function.__qualname__}"

    def begin(
        self,
        function: Callable[..., Coroutine[Any, Any, Any]],
        args: Arguments,
        options: dict[str, Any],
    ) -> None:
        """Run `function(handle, …)` from the next turn of the loop on; ends at once if it does not take these arguments."""
        self.function = function
        if getattr(function, RESTARTS, False) and isinstance(args, tuple):
            self.again = args, options
        self.status = AWAITING
        story = born_of(self, args)
        context = copy_context()
        context.run(current.set, (self, None))
        if story is not None:
            self.sched.told_to(context, story)
        try:
            coroutine = self.called(function, args, options)
        except BaseException as error:  # wrong arguments
            end(self, error, crash=report(self, error, error))
            return
        self.coroutine = coroutine
        self.task = self.sched.task(Steps(self, coroutine, context=context, story=story), context)
        self.task.add_done_callback(self.done, context=context)

    def called(self, function: Any, args: Arguments, options: dict[str, Any]) -> Coroutine[Any, Any, Any]:
        """The coroutine that it runs."""
        if not isinstance(args, tuple):
            return _computed(self.handle, function, args, options)
        coroutine: Coroutine[Any, Any, Any] = function(self.handle, *args, **options)
        return coroutine

    def done(self, task: asyncio.Task[Any]) -> None:
        """The coroutine is over, and with it the process; unless newer code has taken over."""
        if task is not self.task and self.status != ENDED:
            return
        self.coroutine = None
        if self.status == ENDED:
            return
        self.task = None
        error = (
            asyncio.CancelledError("the coroutine was cancelled") if task.cancelled() else task.exception()
        )
        if error is None:
            end(self, "normal")
            return
        reason = error.reason if isinstance(error, ProcessExit) else error
        end(self, reason, crash=report(self, reason, error))

    def awaiting(self) -> int:
        """Its status between two steps: in `receive`, or in another await."""
        if self.receiver is None:
            return AWAITING
        return SUSPENDED if self.suspend else RECEIVING

    def handles(self, caller: Caller[Any]) -> bool:
        """Whether it has received this call, and nothing since."""
        return self.received is caller

    def wake(self) -> None:
        """Something is in the mailbox: let `receive` look."""
        if self.receiver is not None and not self.receiver.done() and not self.suspend:
            self.receiver.set_result(None)

    def handled_by(self, kind: int) -> str:  # noqa: ARG002 - whatever the kind
        """It takes all of its messages in the same way."""
        return "receive"

    def rest(self) -> None:
        """Resumed: look at the mailbox again."""
        self.status = self.awaiting()
        self.wake()

    async def receive(self, match: Match | None, timeout: float | None) -> Any:
        """The body of `CoroutineHandle.receive`."""
        self._may_receive(timeout)
        sched, loop = self.sched, self.sched.loop
        if sched.running is self and sched.clock() - sched.since >= TURN_S:
            await asyncio.sleep(0)  # a full mailbox never makes it wait; its neighbours must have their turns
        deadline = None if timeout is None else loop.time() + timeout
        accepts = _predicate(match)
        self.looked = 0
        while True:
            if not self.suspend and self.newer is None:
                found = self._take(accepts)
                if found is not None:
                    return self._received(found)
            receiver = self.receiver = loop.create_future()
            if self.status == AWAITING:  # another task of its code asks: `wait_for` makes one on 3.11
                self.status = RECEIVING
            if self.newer is not None:
                loop.call_soon(self.newer)
            expiry = None if deadline is None else loop.call_at(deadline, _expire, receiver)
            try:
                if deadline is not None and deadline <= loop.time():
                    raise TimeoutError
                await receiver
            except TimeoutError:
                raise TimeoutError(f"nothing for {self} to receive within {timeout:g} s") from None
            finally:
                if self.receiver is receiver:  # else newer code has taken over
                    self.receiver = None
                    if self.status == RECEIVING:
                        self.status = AWAITING
                if expiry is not None:
                    expiry.cancel()

    def _may_receive(self, timeout: float | None) -> None:
        if self.status == ENDED:
            raise NoProcess(self.pid)
        if self.receiver is not None:
            raise RuntimeError(f"{self} is in `receive` already; it takes one message at a time")
        if timeout is not None and not timeout >= 0:
            raise ValueError(f"timeout={timeout!r}; it is seconds, 0 or more, or None to wait for ever")

    def taken_out(self, index: int) -> None:
        """One message less to be passed over."""
        if index < self.looked:
            self.looked -= 1

    def _take(self, accepts: Callable[[Any], object] | None) -> Entry | None:
        """The first entry that matches, of those that have not been looked at, taken out; else None."""
        mailbox = self.mailbox or ()
        for index, entry in enumerate(islice(mailbox, self.looked, None), self.looked):
            if accepts is None or accepts(_visible(entry)):
                del self.mailbox[index]  # type: ignore[union-attr]  # pyright: ignore[reportOptionalSubscript]
                if not self.mailbox:
                    self.mailbox = None
                return entry
        self.looked = len(mailbox)
        return None

    def _received(self, entry: Entry) -> Any:
        kind, message, self.received, _, sender, _ = entry
        self.reductions += 1
        self.sched.handled += 1
        if self.sched.keep is None:
            self.log(kind, message, sender)
        else:
            received(self, entry)
        return _visible(entry)


@boundary
async def _computed(handle: CoroutineHandle, function: Any, args: Any, options: dict[str, Any]) -> None:
    """Run it with arguments that are computed in its first step."""
    await function(handle, *args.compute(), **options)


def _visible(entry: Entry) -> Any:
    """An entry as `receive` shows it."""
    if entry[0] == CALL and entry[2] is not None:
        entry[2]._wait()
        return Call(entry[1], entry[2])
    return entry[1]


def _predicate(match: Match | None) -> Callable[[Any], object] | None:
    if match is None:
        return None
    if isinstance(match, type | tuple | types.UnionType):
        kinds = cast("tuple[type, ...]", match)
        return lambda message: isinstance(message, kinds)
    return match


def _expire(receiver: asyncio.Future[None]) -> None:
    if not receiver.done():
        receiver.set_exception(TimeoutError())
