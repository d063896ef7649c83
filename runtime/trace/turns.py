"""The turn of a server while a session wants to know of each message: as `ServerProcess.run`, and each step is told.

    entry ──> story ──> [receive, handle] ──> handler ──> state ──> kept by the flight recorder ──> [handled, state]
                              └── only where a session wants them ──┘

A second body of the same turn, since tests at both ends of each message would cost those whom nobody traces.
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnnecessaryComparison=false
# (states and messages are of any type, and a handler may end its own process)

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracing.records import ABSENT

from ..log import KEPT_FIELDS, MOST_FIELDS
from ..mailbox import CALL, CAST, HANDLERS, INFO, INIT, PLAIN, Entry
from ..messages import ATOMS, share
from ..preemption.guards import boundary
from ..results import NO_STATE, NOTHING, Reply
from ..run_queue import BUDGET
from ..server_end import crash
from ..status import IDLE, RUNNING
from ..steps import steps_of
from .stories import OUTSIDE

if TYPE_CHECKING:
    from ..caller import Caller
    from ..process import Process
    from ..scheduler import Scheduler
    from ..server_process import ServerProcess

__all__ = ["Answering", "begun", "done", "received", "traced_turn"]


@boundary
def traced_turn(process: ServerProcess, until: float) -> None:
    """One turn: messages until the budget or the turn is used up."""
    sched = process.sched
    clock = sched.clock
    handle = process.handle
    mailbox = process.mailbox
    sched.running = process
    sched.since = process.since = now = began = sched.now
    follow = OUTSIDE.set
    keep: Any = sched.keep  # not None: that is why it is done here
    heard = sched.heard
    receive, handles = heard.receive, heard.handle is not None
    over = heard.handled is not None or heard.state is not None
    settles, handled = process.settles, 0
    events: Any = process.events
    if events is None:
        events = process.events = []
    process.status = RUNNING
    while mailbox:
        entry = mailbox.popleft()
        kind, message, _, came, sender, context = entry
        handled += 1
        process.current = entry
        sched.story = context
        ended = None
        follow(
            context
        )  # in a context of the turn's own: what it makes with asyncio belongs to the story, too
        if receive is not None:
            text = process.handler(entry) if settles else None
            receive += (now, "receive", process, text, entry)
        if handles:
            _handles(process, entry, now)
        try:
            state = process.state
            if kind == CAST:
                result: Any = handle.handle_cast(message, state)
            elif kind == INFO:
                result = handle.handle_info(message, state)
            else:
                result = process._other(entry)
            if process.status != RUNNING:  # it was ended in its own step
                process._discard(result)
            elif type(result) in NO_STATE or process.strict or kind not in PLAIN:
                process._after(entry, result)
                events = process.events
            else:
                process.state = result
                process.current = None
                ended = clock()
                item = (now, kind, message, sender, None, process, sched.story, ended, came)
                events += item
                keep(item)
                if over:
                    _told(process, item, state, result)
                    ended = None  # telling takes its time
        except BaseException as error:
            crash(process, error)
        sched.now = sched.since = now = clock() if ended is None else ended
        if process.current is not None:  # an async handler goes on, since when it began
            break
        process.since = now
        if process.status != RUNNING or process.suspend:
            break
        mailbox = process.mailbox  # Continue may have made a new one
        if handled >= BUDGET or now >= until:
            break
    sched.running = None
    if not sched.traced:  # any more: who has a turn next in this context belongs to no story
        follow(None)
    if events is not None and len(events) > MOST_FIELDS:
        del events[:-KEPT_FIELDS]
    sched.last, sched.last_from = process, began
    process.reductions += handled
    sched.handled += handled
    if process.status == RUNNING and process.current is None:
        process.rest()


class Answering:
    """Does the steps of calls that run at once, as `ServerProcess.step`. Whose they are is who runs: `enter` says so before it comes here."""

    def __init__(self, sched: Scheduler) -> None:
        self._sched = sched

    @boundary
    def step(self, entry: Entry, /) -> None:
        """Handle a call, in a step that `Scheduler.enter` has begun."""
        sched = self._sched
        process: Any = sched.running
        if process.place:
            process.step(entry)
            return
        _, message, asked, now, sender, context = entry
        caller: Caller[Any] = asked  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # a CALL has one
        sched.story = context
        OUTSIDE.set(context)  # in a context of the step's own
        process.status = RUNNING
        process.current = entry
        process.since = sched.now = now
        process.reductions += 1
        sched.handled += 1
        heard = sched.heard
        receive, reply = heard.receive, heard.reply
        if receive is not None:
            receive += (now, "receive", process, None, entry)
        if heard.handle is not None:
            _handles(process, entry, now)
        try:
            state = before = process.state  # before the handler is looked up, which may end the process
            result = process.handle.handle_call(message, caller, state)
            if (
                type(result) is not Reply
                or process.status != RUNNING
                or caller._future is not None
                or caller._answered
            ):
                process._after(entry, result)
                if process.status == RUNNING and process.current is None:
                    process.rest()
                return
            answer: Reply[Any] = result
            value, state = answer.value, answer.state
            if state is None or process.strict:
                process._check("handle_call", result, state)
            if type(value) not in ATOMS:
                value = share(value)
        except BaseException as error:
            crash(process, error)
            return
        if process.status != RUNNING:  # it was ended in the copy, which did not let itself be ended
            process.current = None
            return
        process.state = state
        if caller._future is None:
            caller._answered = True
            caller._value = value
        else:  # the step was parked while the value was copied, and its caller waits
            caller._settle(value)
        ended = sched.clock()
        item = (now, CALL, message, sender, value, process, sched.story, ended, now)
        process.keep(item)
        if sched.keep is not None:
            sched.keep(item)
        if reply is not None and caller._future is None:  # else `_settle` has told it
            reply += (ended, "reply", process, value, entry)
        if heard.handled is not None or heard.state is not None:
            _told(process, item, before, state)
        if process.mailbox is None and not process.suspend and process.status == RUNNING:
            process.current = None
            process.status = IDLE
        else:
            process.rest()


def begun(process: Process, entry: Entry, now: float) -> None:
    """A message has been taken from the mailbox, and its handler begins."""
    heard = process.sched.heard
    receive = heard.receive
    if receive is not None:
        receive += (now, "receive", process, process.handler(entry), entry)
    if heard.handle is not None:
        _handles(process, entry, now)


def _handles(process: Process, entry: Entry, now: float) -> None:
    handle = process.sched.heard.handle
    if handle is not None:
        _, message, _, came, sender, context = entry
        waited, values = max(0.0, now - came), (message, process.state)
        handle(process, (now, "handle", process.number, process.name, process.handler(entry), sender, context, values, waited, None, process.redact))  # fmt: skip


def received(process: Process, entry: Entry) -> None:
    """A coroutine process takes a message: what it does from now on belongs to that story."""
    sched = process.sched
    kind, message, _, came, sender, context = entry
    steps = steps_of(process.task)
    if steps is not None:  # else its coroutine runs elsewhere
        OUTSIDE.set(context)
        if sched.running is process:
            sched.story = context
        else:  # it is received in a task that its step awaits
            steps.story = context
    now = sched.now = sched.clock()  # what it sends from now on comes of this message
    item = (now, kind, message, sender, NOTHING, process, context, now, came)
    process.keep(item)
    if sched.keep is not None:
        sched.keep(item)
    receive = sched.heard.receive
    if receive is not None:
        receive += (now, "receive", process, None, entry)


def done(process: Process, entry: Entry, kind: int, message: Any, before: Any, reply: Any) -> None:
    """A handler's result has been applied: it is kept, and told to who wants it. `process.since` is when it began."""
    sched = process.sched
    context = entry[5] if entry[5] is not None else sched.story  # born in this step, by what it has sent
    item = (process.since, kind, message, entry[4], reply, process, context, sched.clock(), entry[3])
    if kind != INIT:
        process.keep(item)
    if sched.keep is not None:
        sched.keep(item)
    if sched.traced:
        _told(process, item, before, process.state)


def _told(process: Process, item: Any, before: Any, state: Any) -> None:
    heard = process.sched.heard
    handled, changed = heard.handled, heard.state
    if handled is None and (changed is None or state is before):
        return
    began, kind, message, sender, reply, _, context, ended, came = item
    number, name, redact, text = process.number, process.name, process.redact, HANDLERS[kind]
    if handled is not None:
        answer = ABSENT if reply is NOTHING or reply is None else reply
        values = (message, before, state, answer)
        handled(process, (ended, "handled", number, name, text, sender, context, values, max(0.0, began - came), ended - began, redact))  # fmt: skip
    if changed is not None and state is not before:
        changed(process, (ended, "state", number, name, text, sender, context, (before, state), None, None, redact))  # fmt: skip
