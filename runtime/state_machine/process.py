"""How a state machine runs: a server whose results say where it goes.

    mailbox ──> event ──> the state ──> settle ──────────────┬──> arrive ──> the next event of the agenda, before the mailbox
                                          │ enters a state   │
                                          └──> Enter ──> settle

Steps, waiting for `async` methods, ends and crashes are those of `ServerProcess`. At any time at most one event of the agenda
stands in the mailbox, at its head.
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (data are of any type)

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import BadReturn, describe
from ..mailbox import CALL, CAST, CONTINUE, EVENT, INFO, INIT, SHUTDOWN, SYSTEM, Entry
from ..messages import is_constant
from ..preemption.guards import boundary, open_to_switches
from ..results import NOTHING, Stop
from ..server_end import stop
from ..server_process import ServerProcess
from ..trace.turns import done
from .agenda import Agenda, Transition, event_of
from .behaviour import StateAndData, StateMachine, check_state
from .events import Call, Cast, Enter, EventTimeout, GenericTimeout, Info, Internal, StateTimeout
from .results import (
    CancelTimeout,
    KeepState,
    NextEvent,
    NextState,
    Postpone,
    RepeatState,
    ReplyTo,
    UpdateTimeout,
)

if TYPE_CHECKING:
    from ..scheduler import Scheduler

__all__ = ["StateMachineProcess"]

_RESULTS = frozenset({NextState, KeepState, RepeatState})
_TIMEOUTS = frozenset({StateTimeout, EventTimeout, GenericTimeout})
_INSERTABLE = frozenset({Call, Cast, Info, Internal, *_TIMEOUTS})
_KINDS: dict[Any, int] = {Call: CALL, Cast: CAST, Info: INFO}


class StateMachineProcess(ServerProcess):
    """A process that runs a `StateMachine`."""

    __slots__ = ("agenda",)

    settles: ClassVar[bool] = True
    handle: StateMachine[Any]  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleVariableOverride]  # set once, by the node
    state: StateAndData | Any
    agenda: Agenda | None
    """None as long as there has been no need of one."""

    def __init__(self, sched: Scheduler, number: int, started: float) -> None:
        super().__init__(sched, number, started)
        self.agenda = None

    @boundary
    def _other(self, entry: Entry) -> Any:
        kind = entry[0]
        if kind == EVENT:
            if self.agenda is not None:
                self.agenda.handled(entry[1])
            return self.handle.handle_continue(entry[1], self.state)
        if kind == CONTINUE and type(entry[1]) is Enter and self.agenda is not None:
            assert self.agenda.transition is not None
            return self.handle.handle_continue(entry[1], self.agenda.transition.target)
        if kind == SHUTDOWN:
            return Stop(entry[1], self.state.data)
        return super()._other(entry)

    @boundary
    def terminate(self, reason: Any) -> Any:
        """Let the user's code clean up, in a step of its own."""
        return self.handle.terminate(reason, self.state.state, self.state.data)

    def handler(self, entry: Entry) -> str:
        """The state that handles an entry, in words; `init` and `terminate` as in any server. Safe from any thread."""
        agenda, now = self.agenda, self.state
        transition = agenda.transition if agenda is not None else None
        if transition is not None and type(entry[1]) is Enter:
            now = transition.target
        known = type(now) is StateAndData and entry[0] not in {INIT, SHUTDOWN, SYSTEM}
        return describe(now.state) if known else super().handler(entry)

    @property
    def situation(self) -> StateAndData:
        """State and data; while a state is to be entered, those that it is entered with. Settable."""
        transition = self.agenda.transition if self.agenda is not None else None
        return self.state if transition is None else transition.target

    @situation.setter
    def situation(self, there: StateAndData) -> None:
        transition = self.agenda.transition if self.agenda is not None else None
        if transition is None:
            self.state = there
        else:
            transition.target = there

    def release(self) -> None:
        """Let go of what it held."""
        super().release()
        self.agenda = None

    # --- results ----------------------------------------------------------------------------------

    @open_to_switches
    def settle(self, entry: Entry, result: Any) -> None:
        """Do what a state has returned. The step is over when `current` is None.

        Raises:
            BadReturn: it may not return that.
            TypeError: there is no such state.
            NotSendable: a reply cannot be shared.
        """
        kind, event, caller, _, sender, _ = entry
        before = self.state if self.sched.traced else None
        transition = self._entered(entry)
        entering = transition is not None
        if transition is not None:
            self.state = transition.target  # what has returned has been entered, whatever it returned
        now: StateAndData | None = self.state
        if type(result) not in _RESULTS:
            self._leave(entry, result, now)
            return
        self.state = there = self._target(entry, result, now, entering)
        anew = now is None or type(result) is RepeatState or there.state != now.state
        if transition is None and (anew or result.actions or self.agenda is not None):
            transition = Transition(entry, there if now is None else now)
        reply = result.reply
        if reply is not NOTHING:
            self._reply(entry, reply)
        if transition is not None:  # else nothing follows
            transition.target = there
            for action in result.actions:
                self._act(entry, action, transition, entering)
        if caller is not None and not caller._answered:
            caller._wait()
        self.current = None
        if kind == CONTINUE:
            kind = _KINDS.get(type(event), EVENT)
            event = event if kind == EVENT else event.message
        if self.sched.keep is not None:
            done(self, entry, kind, event, before, reply)
        elif kind != INIT:
            self.log(kind, event, sender, reply)
        if transition is not None:
            if anew and type(self.handle).state_enter:
                self._enter(transition)
            else:
                self._arrive(transition)
        if entry[0] == INIT:
            self._initialised()

    def _entered(self, entry: Entry) -> Transition | None:
        """The transition that has led to the state that was being entered; None for any other event."""
        agenda = self.agenda
        if agenda is None or entry[0] != CONTINUE or type(entry[1]) is not Enter:
            return None
        transition, agenda.transition = agenda.transition, None
        return transition

    def _target(self, entry: Entry, result: Any, now: StateAndData | None, entering: bool) -> StateAndData:
        """Where the machine goes. Raises what `settle` raises."""
        which = type(result)
        if now is None and which is not NextState:
            raise self._bad(entry, result, now)
        state = result.state if which is NextState else now.state  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
        if now is not None and (which is not NextState or state == now.state):
            there = now if result.data is now.data else _situation(now.state, result.data)
        else:
            if entering:
                raise BadReturn(
                    f"{self._called(entry, now)} returned the state {state!r:.80}; what follows from `Enter` stays in the state"
                )
            check_state(type(self.handle), state)
            there = _situation(state, result.data)
        if type(self.handle).strict and not is_constant(there):
            raise BadReturn(
                f"{self._called(entry, now)} returned mutable data ({type(result.data).__name__}), and "
                f"{type(self.handle).__name__} is strict; use a frozen dataclass, a tuple, or a frozen model"
            )
        return there

    @open_to_switches
    def _act(self, entry: Entry, action: Any, transition: Transition, entering: bool) -> None:
        which = type(action)
        if which is ReplyTo:
            action.caller.reply(action.value)
        elif _is_timeout(action):
            transition.timeouts.append(action)
        elif which is NextEvent and type(action.event) in _INSERTABLE and not entering:
            transition.inserted.append(action.event)
        elif which is Postpone and not entering:
            transition.postpone = True
        else:
            raise BadReturn(
                f"{self._called(entry, self.state)} returned the action {_why_not(action, entering)}"
            )

    @open_to_switches
    def _reply(self, entry: Entry, value: Any) -> None:
        """Answer the call that is handled; it may have been put off before."""
        if entry[2] is None:
            raise BadReturn(
                f"{self._called(entry, self.state)} returned reply={describe(value)}, and this event is no call; "
                "ReplyTo(caller, value) answers another"
            )
        entry[2].reply(value)

    @open_to_switches
    def _leave(self, entry: Entry, result: Any, now: StateAndData | None) -> None:
        """What a state returns that says not where it goes: it stops, or has answered `system`."""
        if entry[0] == SYSTEM and result is NOTHING:
            self.current = None
            return
        if type(result) is not Stop:
            raise self._bad(entry, result, now)
        if result.reply is not NOTHING:
            self._reply(entry, result.reply)
        state = StateAndData(now.state, result.state) if now is not None else None
        stop(self, result.reason, state, None, NOTHING)

    # --- transitions ------------------------------------------------------------------------------

    def _enter(self, transition: Transition) -> None:
        """Let the state be entered. Until then the machine is where it was, and it is there that it is if this fails."""
        if self.agenda is None:
            self.agenda = Agenda(self)
        self.agenda.transition = transition
        self.state = transition.origin
        self.before_all(self.agenda.entry(Enter(transition.origin.state)))

    def _arrive(self, transition: Transition) -> None:
        """The state is the one that it is: do what follows, and go on with the agenda."""
        agenda = self.agenda
        if agenda is None:
            if not (transition.postpone or transition.inserted or transition.timeouts):
                return
            agenda = self.agenda = Agenda(self)
        agenda.arrive(transition)
        following = agenda.next()
        if following is not None:
            self.before_all(following)

    # --- what is wrong ----------------------------------------------------------------------------

    def _bad(self, entry: Entry, result: Any, now: StateAndData | None) -> BadReturn:
        """The error of a state that returned what it may not."""
        text = (
            repr(result) if result is None or isinstance(result, int | str) else f"a {type(result).__name__}"
        )
        if now is None:
            return BadReturn(f"init returned {text:.80}; return NextState(state, data) or Stop(reason, data)")
        return BadReturn(
            f"{self._called(entry, now)} returned {text:.80} for {type(event_of(entry)).__name__}; return NextState(state, data), "
            "KeepState(data), RepeatState(data) or Stop(reason, data)"
        )

    def _called(self, entry: Entry, now: StateAndData | None) -> str:
        """What was called: `init`, or the state."""
        return "init" if entry[0] == INIT or now is None else f"state {describe(now.state)}"


def _situation(state: Any, data: Any) -> StateAndData:
    """`StateAndData(state, data)`, in a third of the time."""
    return tuple.__new__(StateAndData, (state, data))


def _is_timeout(action: Any) -> bool:
    """Whether it starts, cancels or changes a time-out."""
    which = type(action)
    if which in _TIMEOUTS:
        return action.after is not None or action.at is not None
    return which in {CancelTimeout, UpdateTimeout} and type(action.timeout) in _TIMEOUTS


def _why_not(action: Any, entering: bool) -> str:
    which = type(action)
    if entering and which in {NextEvent, Postpone}:
        return f"{which.__name__}; a state that is being entered may neither insert events nor put one off"
    if which in _TIMEOUTS:
        return f"{which.__name__} without a time; give it `after` (seconds) or `at` (a moment of time.monotonic())"
    if which in {NextEvent, CancelTimeout, UpdateTimeout}:
        return f"{which.__name__} of {describe(action.event if which is NextEvent else action.timeout)}, which is none"
    return (
        f"{describe(action)}; an action is NextEvent, Postpone, ReplyTo, StateTimeout, EventTimeout, GenericTimeout, "
        "CancelTimeout or UpdateTimeout"
    )
