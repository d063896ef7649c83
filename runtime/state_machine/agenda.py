"""What a state machine has to do before it looks into its mailbox, what it has put off, and its time-outs.

    events      inserted, or come again after a change of state     the next to be handled, in this order
    due         time-outs of 0 s                                     after these
    mailbox     everything else, time-outs that have fired too       after those

    postponed   put aside until the state changes
    running     time-outs that have been started, and have not been handled

An event stands here as an entry for the mailbox. This file calls no handler; the order is that of gen_statem.erl.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ..mailbox import CALL, CAST, CONTINUE, EVENT, INFO, INIT, Entry
from ..timers import cancel_timer, read_timer, start
from .events import Call, Cast, Event, EventTimeout, Info, StateTimeout, Timeout, key_of
from .results import Action, CancelTimeout, UpdateTimeout

if TYPE_CHECKING:
    from tracing.context import Context

    from ..pid import Ref
    from ..process import Process
    from .behaviour import StateAndData

__all__ = ["Agenda", "Transition", "event_of"]


class Transition:
    """What follows from an event, until the machine has arrived: entering a state may add to it, and may take its time.

    Attributes:
        entry: the event, as it stood in the mailbox.
        origin: state and data before it. Until the state has been entered, this is where the machine is.
        target: where it goes.
        postpone: whether the event is put off.
        inserted: events to be handled next.
        timeouts: what becomes of time-outs, in the order of the actions.
    """

    __slots__ = ("entry", "inserted", "origin", "postpone", "target", "timeouts")

    def __init__(self, entry: Entry, origin: StateAndData) -> None:
        self.entry = entry
        self.origin = self.target = origin
        self.postpone = False
        self.inserted: list[Event] = []
        self.timeouts: list[Action] = []


class Agenda:
    """The agenda of one machine; made when it first needs one."""

    __slots__ = ("_due", "_events", "_process", "_running", "postponed", "transition")

    def __init__(self, process: Process) -> None:
        self._process = process
        self._events: deque[Entry] = deque()
        self._due: list[Any] = []
        self._running: dict[Any, tuple[Timeout, Ref | None]] = {}
        self.postponed: list[Entry] = []
        self.transition: Transition | None = None
        """The one that waits for the state to be entered."""

    def next(self) -> Entry | None:
        """The event that comes before the mailbox; None if there is none."""
        if self._events:
            return self._events.popleft()
        if self._due:
            timeout, _ = self._running.pop(self._due.pop(0))
            return self.entry(timeout)
        return None

    def entry(self, event: Event) -> Entry:
        """An event of the machine's own, as it stands in the mailbox."""
        process = self._process
        caller = event.caller if type(event) is Call else None
        return (CONTINUE, event, caller, process.sched.now, process.number, process.sched.under())

    def arrive(self, transition: Transition) -> None:
        """The machine is where it goes to: do what follows, in the order of gen_statem."""
        self.cancel(EventTimeout)
        if transition.postpone and transition.entry[0] != INIT:
            self.postponed.append(_again(transition.entry))
        if transition.target.state != transition.origin.state:
            self.cancel(StateTimeout)
            self._events.extendleft(reversed(self.postponed))
            self.postponed.clear()
        self._events.extendleft(map(self.entry, reversed(transition.inserted)))
        self._set(transition.timeouts)

    def timeouts(self) -> list[tuple[Any, float]]:
        """The time-outs that are running, by what tells them apart, and the seconds that are left."""
        return [
            (key, (read_timer(self._process, ref) if ref is not None else None) or 0.0)
            for key, (_, ref) in self._running.items()
        ]

    def translate(self, turn: Callable[[Any], Any]) -> None:
        """Newer code is about to handle what stands here: `turn` gives each event as that knows it."""
        self._events = deque((entry[0], turn(entry[1]), *entry[2:]) for entry in self._events)
        self.postponed = [(entry[0], turn(entry[1]), *entry[2:]) for entry in self.postponed]
        self._running = {key: (turn(timeout), ref) for key, (timeout, ref) in self._running.items()}

    # --- time-outs --------------------------------------------------------------------------------

    def handled(self, timeout: Timeout) -> None:
        """A time-out that has fired is being handled: it is running no more."""
        self._running.pop(key_of(timeout), None)

    def cancel(self, key: Any) -> None:
        """Cancel a time-out, wherever it is by now."""
        timeout, ref = self._running.pop(key, (None, None))
        if timeout is None:
            return
        process = self._process
        if ref is None:
            self._due.remove(key)
        elif cancel_timer(process, ref) is None and process.mailbox is not None:  # it has fired
            index = self._place(timeout)
            if index is not None:
                del process.mailbox[index]

    def _set(self, actions: Sequence[Action]) -> None:
        """Start, cancel and change time-outs. Of several for the same one, the last counts."""
        last = {key_of(_timeout_of(action)): action for action in actions}
        # Where it stands among those of 0 s is where its last action stood.
        for action in [action for action in actions if last[key_of(_timeout_of(action))] is action]:
            match action:
                case CancelTimeout(timeout):
                    self.cancel(key_of(timeout))
                case UpdateTimeout(timeout):
                    self._update(timeout)
                case _:
                    self._start(_timeout_of(action))

    def _start(self, timeout: Timeout) -> None:
        key = key_of(timeout)
        self.cancel(key)
        if timeout.after == 0:
            self._now(key, timeout)
        elif math.inf not in {timeout.after, timeout.at}:
            process = self._process
            seconds = timeout.after
            if seconds is None:
                assert timeout.at is not None
                seconds = max(0.0, timeout.at - process.sched.clock())
            self._running[key] = (
                timeout,
                start(process, seconds, partial(self._fire, key, process.sched.within())),
            )

    def _now(self, key: Any, timeout: Timeout) -> None:
        self._running[key] = (timeout, None)
        self._due.append(key)

    def _fire(self, key: Any, story: Context | None) -> None:
        process = self._process
        timeout, _ = self._running[key]
        sched = process.sched
        process.post((EVENT, timeout, None, sched.tick(), process.number, sched.after(story)))

    def _update(self, timeout: Timeout) -> None:
        key = key_of(timeout)
        running = self._running.get(key)
        if running is None:
            self._now(key, timeout)
            return
        old, ref = running
        self._running[key] = (timeout, ref)
        index = self._place(old)
        mailbox = self._process.mailbox
        if index is not None and mailbox is not None:
            mailbox[index] = (EVENT, timeout, *mailbox[index][2:])

    def _place(self, timeout: Timeout) -> int | None:
        """Where a time-out that has fired stands in the mailbox."""
        waiting = enumerate(self._process.mailbox or ())
        return next((index for index, entry in waiting if entry[0] == EVENT and entry[1] is timeout), None)


def _timeout_of(action: Any) -> Timeout:
    timeout: Timeout = action.timeout if type(action) in {CancelTimeout, UpdateTimeout} else action
    return timeout


def event_of(entry: Entry) -> Event:
    """What an entry of the mailbox is to a state."""
    kind, message, caller, *_ = entry
    if kind == CALL:
        assert caller is not None
        return Call(message, caller)
    if kind == CAST:
        return Cast(message)
    event: Event = Info(message) if kind == INFO else message
    return event


def _again(entry: Entry) -> Entry:
    """An entry that was put off, for the agenda."""
    return (CONTINUE, event_of(entry), *entry[2:])
