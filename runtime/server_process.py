"""How a server runs: one step for each message, and what becomes of what its handler returned.

    step (call) ┐                      ┌─ a state ────> state = it
    run ────────┼─> handler(message) ──┼─ Reply … ────> settle
                                       ├─ coroutine ──> a task; settle when it is done
                                       └─ raises ─────> crash (server_end)

Nothing that a handler raises leaves this room.
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnnecessaryComparison=false
# (states are of any type, and a handler may end its own process: pyright does not see `current` and `status` change)

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import CoroutineType
from typing import TYPE_CHECKING, Any, ClassVar

from .errors import BadReturn
from .log import KEPT_FIELDS, MOST_FIELDS, LogItem
from .mailbox import CALL, CAST, CONTINUE, HANDLERS, INFO, INIT, PLAIN, SYSTEM, Entry
from .messages import ATOMS, is_constant, share
from .preemption.errand import Errand
from .preemption.guards import boundary, open_to_switches
from .process import Arguments, Process
from .results import NEVER, NO_STATE, NOTHING, RESULTS, Continue, Ignore, NoReply, Reply, Stop
from .run_queue import BUDGET
from .server import Server, bad_return
from .server_end import crash, ignore, stop
from .status import ENDED, IDLE, RUNNING
from .steps import steps_of
from .trace.births import born_of
from .trace.telling import tell
from .trace.turns import done, traced_turn

if TYPE_CHECKING:
    from .caller import Caller
    from .run_queue import RunQueue

__all__ = ["ServerProcess"]


class ServerProcess(Process):
    """A process that runs a `Server`."""

    __slots__ = ("strict",)

    handle: Server[Any]  # pyright: ignore[reportIncompatibleVariableOverride]  # set once, by the node
    strict: bool
    """Whether each result is looked at, since its state may not be mutable (its class's `strict`, from `begin` on), or since
    it is never simply the next state (`settles`)."""
    settles: ClassVar[bool] = False
    obeys_parent: ClassVar[bool] = True

    @property
    def initialising(self) -> bool:
        """Whether its `init` is not over."""
        return self.current is not None and self.current[0] == INIT

    # --- start ------------------------------------------------------------------------------------

    def begin(self, args: Arguments, options: dict[str, Any]) -> None:
        """Run `init`. Afterwards the process is alive, has ended, or (an async init) is AWAITING."""
        kind = type(self.handle)
        self.trap_exits = kind.trap_exits
        self.strict = kind.strict or self.settles
        sched, story = self.sched, self.sched.story
        entry: Entry = (INIT, args, None, sched.now, 0, born_of(self, args))
        self.current, self.reductions, self.since = entry, 1, sched.now
        sched.story = entry[5]
        context = sched.own_context(entry[5]) if sched.keep is not None else None
        sched.enter(self, self.since, context, Errand(self._init), (entry, args, options))
        sched.story = story

    @boundary
    def _init(self, entry: Entry, args: Arguments, options: dict[str, Any]) -> None:
        try:
            if not isinstance(args, tuple):
                self.current = (INIT, (), None, entry[3], 0, entry[5])
                args = args.compute()
                self.current = entry = (INIT, args, None, entry[3], 0, entry[5])
            init: Any = getattr(self.handle, "init", None)
            if init is None:
                raise TypeError(f"{type(self.handle).__name__} has no init(…); it returns the first state")
            result = init(*args, **options)
            if type(result) in NO_STATE or self.strict or self.status != RUNNING:
                self._after(entry, result)
            else:
                self.state = result
                self._initialised()
        except BaseException as error:
            crash(self, error)

    # --- steps ------------------------------------------------------------------------------------

    @boundary
    def step(self, entry: Entry, /) -> None:
        """Handle a call at once, in a step that `Scheduler.enter` has begun."""
        sched: RunQueue = self.sched
        _, message, asked, now, sender, _ = entry
        caller: Caller[Any] = asked  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # a CALL has one
        self.status = RUNNING
        self.current = entry
        self.since = sched.now = now
        self.reductions += 1
        sched.handled += 1
        try:
            state = self.state
            result = self.handle.handle_call(message, caller, state)
            if (
                type(result) is not Reply
                or self.status != RUNNING
                or caller._future is not None
                or caller._answered
            ):
                self._after(entry, result)
                if self.status == RUNNING and self.current is None:
                    self.rest()
                return
            answer: Reply[Any] = result
            value, state = answer.value, answer.state
            if state is None or self.strict:
                self._check("handle_call", result, state)
            if type(value) not in ATOMS:
                value = share(value)
        except BaseException as error:
            crash(self, error)
            return
        if self.status != RUNNING:  # it was ended in the copy, which did not let itself be ended
            self.current = None
            return
        self.state = state
        if caller._future is None:
            caller._answered = True
            caller._value = value
        else:  # the step was parked while the value was copied, and its caller waits
            caller._settle(value)
        keep = sched.keep
        if keep is None:
            item: LogItem = (now, CALL, message, sender, value, self, None, None, now)
        else:
            item = (now, CALL, message, sender, value, self, sched.story, sched.clock(), now)
            keep(item)
        events = self.events  # `Process.keep`, written out
        if events is None:
            events = self.events = []
        events += item
        if len(events) > MOST_FIELDS:
            del events[:-KEPT_FIELDS]
        if self.mailbox is None and not self.suspend and self.status == RUNNING:
            self.current = None
            self.status = IDLE
        else:
            self.rest()

    @boundary
    def run(self, until: float) -> None:
        """One turn: messages until the budget or the turn is used up."""
        sched: RunQueue = self.sched
        clock = sched.clock
        keep = sched.keep
        handle = self.handle
        mailbox = self.mailbox
        plain: frozenset[int] = frozenset() if self.strict else PLAIN
        events: Any = self.events
        if events is None:
            events = self.events = []
        sched.running = self
        sched.since = self.since = now = began = sched.now
        self.status = RUNNING
        handled = 0
        while mailbox:
            entry = mailbox.popleft()
            kind, message, _, came, sender, context = entry
            handled += 1
            self.current = entry
            sched.story = context
            try:
                state = self.state
                if kind == CAST:
                    result: Any = handle.handle_cast(message, state)
                elif kind == INFO:
                    result = handle.handle_info(message, state)
                else:
                    result = self._other(entry)
                if self.status != RUNNING:  # it was ended in its own step
                    self._discard(result)
                    over = clock()
                elif kind not in plain or type(result) in NO_STATE:
                    self._after(entry, result)
                    over = clock()
                    events = self.events  # `system` may have put another list there; None where it has ended
                else:
                    self.state = result
                    self.current = None
                    over = clock()
                    item = (now, kind, message, sender, None, self, sched.story, over, came)
                    events += item
                    if keep is not None:
                        keep(item)
            except BaseException as error:
                crash(self, error)
                over = clock()
            sched.now = sched.since = now = over
            if self.current is not None:  # an async handler goes on, since when it began
                break
            self.since = now
            if self.status != RUNNING or self.suspend:
                break
            mailbox = self.mailbox  # Continue may have made a new one
            if handled >= BUDGET or now >= until:
                break
        sched.running = None
        if events is not None and len(events) > MOST_FIELDS:
            del events[:-KEPT_FIELDS]
        sched.last, sched.last_from = self, began
        self.reductions += handled
        sched.handled += handled
        if self.status == RUNNING and self.current is None:
            self.rest()

    def run_traced(self, until: float) -> None:
        """As `run`, while a session wants to know of each message."""
        traced_turn(self, until)

    @boundary
    def _other(self, entry: Entry) -> Any:
        kind, state = entry[0], self.state
        if kind == CALL:
            return self.handle.handle_call(entry[1], entry[2], state)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a CALL has its caller
        if kind == CONTINUE:
            return self.handle.handle_continue(entry[1], state)
        if kind == SYSTEM:
            return entry[1].handle(self, entry[2])
        return Stop(entry[1], state)  # SHUTDOWN

    @boundary
    def terminate(self, reason: Any) -> Any:
        """Let the user's code clean up, in a step of its own."""
        return self.handle.terminate(reason, self.state)

    @property
    def silent(self) -> bool:
        """Whether it has nothing to say at its end."""
        return type(self.handle).terminate is Server.terminate

    # --- results ----------------------------------------------------------------------------------

    @open_to_switches
    def _after(self, entry: Entry, result: Any) -> None:
        """Apply a result, or wait for it when it is a coroutine."""
        if self.status != RUNNING:
            self._discard(result)
        elif type(result) is CoroutineType:
            self._await(entry, result)
        else:
            self.settle(entry, result)

    def _await(self, entry: Entry, coroutine: Coroutine[Any, Any, Any]) -> None:
        first = None
        if type(self.handle).by_hand:
            try:
                first = coroutine.send(None)
            except StopIteration as done:
                if self.status == RUNNING:
                    self.settle(entry, done.value)
                return
            if self.status != RUNNING:  # it was ended in this step
                coroutine.close()
                return
        caller = entry[2]
        if caller is not None and not caller._answered:
            caller._wait()
        self.task = task = self.sched.drive(self, coroutine, entry, first)
        if self.status == ENDED:  # in the first step, which runs at once from 3.12 on
            self.sched.cancel(task)
        elif task.done():
            self._conclude(entry, task, at_once=True)
        else:
            task.add_done_callback(lambda done: self._awaited(entry, done))

    def _awaited(self, entry: Entry, task: asyncio.Task[Any]) -> None:
        """An async handler is over. What follows may run code of its own (`terminate`, the copy of a reply)."""
        self.sched.enter(self, self.sched.clock(), None, Errand(self._conclude_and_rest), (entry, task))

    @boundary
    def _conclude_and_rest(self, entry: Entry, task: asyncio.Task[Any]) -> None:
        self._conclude(entry, task)
        if self.status == RUNNING and self.current is None:
            self.rest()

    @open_to_switches
    def _conclude(self, entry: Entry, task: asyncio.Task[Any], *, at_once: bool = False) -> None:
        self.coroutine = None
        if self.status == ENDED:
            return
        self.task = None
        self.status = RUNNING
        sched = self.sched
        if sched.keep is not None and not at_once:  # CPython 3.12.1 dies of asking a task that never waited
            steps = steps_of(task)
            sched.story = entry[5] if steps is None else steps.story
        if task.cancelled():
            crash(self, asyncio.CancelledError(f"{self.handler(entry)} was cancelled"))
            return
        error = task.exception()
        try:
            if error is not None:
                raise error
            self.settle(entry, task.result())
        except BaseException as failure:
            crash(self, failure)

    @open_to_switches
    def settle(self, entry: Entry, result: Any) -> None:
        """Apply what a handler returned. The step is over when `current` is None.

        Raises:
            BadReturn: it may not return that.
            NotSendable: the reply cannot be shared.
        """
        kind, message, caller = entry[0], entry[1], entry[2]
        handler = HANDLERS[kind]
        which = type(result)
        reply: Any = NOTHING
        if which is Reply and kind == CALL:
            reply = result.value
        elif which is NoReply and kind != INIT:
            if kind == CALL and caller is not None and not caller._answered:
                caller._wait()
        elif which is Stop:
            if result.state is not None:
                self._check(handler, result, result.state)
            stop(self, result.reason, result.state, caller, result.reply)
            return
        elif which is Ignore and kind == INIT:
            ignore(self)
            return
        elif which is Continue:
            reply = result.reply
            if reply is NOTHING and kind == CALL and caller is not None and not caller._answered:
                caller._wait()
        elif kind == CALL or which is Reply or which is NoReply or which in NEVER or result is NOTHING:
            if kind == SYSTEM:  # it has done what there was to do
                self.current = None
                return
            raise bad_return(handler, result)
        state = result.state if which in RESULTS else result
        self._check(handler, result, state)
        if reply is not NOTHING and caller is not None:
            caller.reply(reply)
            if self.status != RUNNING:  # as in `step`
                self.current = None
                return
        before = self.state if self.sched.traced else None
        self.state = state
        self.current = None
        if self.sched.keep is not None:
            done(self, entry, kind, message, before, reply)
        elif kind != INIT:
            self.log(kind, message, entry[4], reply)
        if which is Continue:
            self._continue(result.message)
        if kind == INIT:
            self._initialised()

    def _check(self, handler: str, result: Any, state: Any) -> None:
        if state is None:
            raise bad_return(handler, result)
        if self.strict and not is_constant(state):
            raise BadReturn(
                f"{handler} returned a mutable state ({type(state).__name__}), and {type(self.handle).__name__} is strict; "
                "use a frozen dataclass, a tuple, or a frozen model"
            )

    def _continue(self, message: Any) -> None:
        self.before_all((CONTINUE, message, None, self.sched.now, self.number, self.sched.under()))

    def before_all(self, entry: Entry) -> None:
        """Put an entry before all that waits; for a step that is about to end."""
        if self.mailbox is None:
            self.post(entry)
        else:
            self.mailbox.appendleft(entry)

    def _initialised(self) -> None:
        tap = self.sched.tap
        if tap is not None and "started" in tap.kinds:  # the flight recorder has the spawn, and needs it not
            tell(self, "started", took=self.sched.clock() - self.started)
        self.sched.node.started(self)
        if self.status == RUNNING:
            self.rest()

    def _discard(self, result: Any) -> None:
        """The process was ended in the middle of its own step: nothing of what it returns counts."""
        if type(result) is CoroutineType:
            result.close()
        self.current = None
