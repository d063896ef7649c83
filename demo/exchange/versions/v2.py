"""Call handling, version 2: a call from dialling to its bill. New: call waiting, with hold, which costs nothing.

seizing ── rings ──> ringing ── lifted ──> talking ── hung up ──> bill
   |                 └── hung up: no bill   |   ^
   └── engaged ──> knocking                 R   R
                      |                     v   |
                      ├── beeps ──> waiting     held
                      |               └── lifted ──> talking
                      └── engaged: busy tone
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from demo.exchange.signals import (
    Beeps,
    Bill,
    Engaged,
    Free,
    Held,
    HungUp,
    Knock,
    Lifted,
    Placed,
    Rings,
    Said,
    Seize,
    Tone,
)
from runtime import Cast, Event, KeepState, NextState, StateMachine, StateMachineResult, Stop

__version__ = "2"


@dataclass(frozen=True, slots=True)
class Connection:
    """Who is connected with whom, since when, and how long before."""

    caller: str
    callee: str
    since: int | None = None
    """The second since which they talk; None while they do not."""
    talked: int = 0
    """Seconds that they have talked before that."""
    billable: bool = False
    """Whether it was answered."""


class Call(StateMachine[Connection]):
    """One call."""

    @staticmethod
    def code_change(old_version: str, state: str, data: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Version 1 knew only when a call was answered: it was never interrupted since."""
        if old_version != "1":
            return state, data
        answered = data.pop("answered")
        return state, {**data, "since": answered, "talked": 0, "billable": answered is not None}

    @staticmethod
    def code_change_down(version: str, state: str, data: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Version 1 wants one moment: as if they had begun so much later as they were on hold."""
        if version != "1":
            return state, data
        since, talked, _ = data.pop("since"), data.pop("talked"), data.pop("billable")
        return state, {**data, "answered": since - talked if since is not None else None}

    def init(self, caller: str, callee: str, switch: str) -> NextState[Connection]:
        """Try to get the line of who is called."""
        self.label = f"{caller} calls {callee}"
        for name in (switch, caller):
            self.named(name).cast(Placed(self.pid))
        self.named(callee).cast(Seize(self.pid))
        return NextState("seizing", Connection(caller, callee))

    def seizing(self, event: Event, call: Connection) -> StateMachineResult[Connection]:
        """The other line has not said whether it is free."""
        match event:
            case Cast(Rings()):
                self.named(call.caller).cast(Tone("ringing"))
                return NextState("ringing", call)
            case Cast(Engaged()):
                self.named(call.callee).cast(Knock(self.pid))
                return NextState("knocking", call)
            case Cast(HungUp(by, at)):
                return self.ended(call, by, at)
            case _:
                return KeepState(call)

    def knocking(self, event: Event, call: Connection) -> StateMachineResult[Connection]:
        """The other line is taken, and has not said whether it has beeped."""
        match event:
            case Cast(Rings()):  # it was put down in between
                self.named(call.caller).cast(Tone("ringing"))
                return NextState("ringing", call)
            case Cast(Beeps()):
                self.named(call.caller).cast(Tone("waiting"))
                return NextState("waiting", call)
            case Cast(Engaged()):
                self.named(call.caller).cast(Free(self.pid, "busy"))
                return Stop("normal", call)
            case Cast(HungUp(by, at)):
                return self.ended(call, by, at)
            case _:
                return KeepState(call)

    def ringing(self, event: Event, call: Connection) -> StateMachineResult[Connection]:
        """It rings there."""
        match event:
            case Cast(Lifted(_, at)):
                return self.connected(call, at)
            case Cast(HungUp(by, at)):
                return self.ended(call, by, at)
            case _:
                return KeepState(call)

    def waiting(self, event: Event, call: Connection) -> StateMachineResult[Connection]:
        """It has beeped there."""
        match event:
            case Cast(Lifted(_, at)):
                return self.connected(call, at)
            case Cast(HungUp(by)):
                self.named(by).cast(Free(self.pid, "cleared"))
                return Stop("normal", call)
            case _:
                return KeepState(call)

    def talking(self, event: Event, call: Connection) -> StateMachineResult[Connection]:
        """They talk."""
        match event:
            case Cast(Said(by, words)):
                self.named(self.other(call, by)).cast(Tone(words))
                return KeepState(call)
            case Cast(Held(by, at)):
                self.named(self.other(call, by)).cast(Tone("hold"))
                return NextState("held", replace(call, since=None, talked=self.seconds(call, at)))
            case Cast(HungUp(by, at)):
                return self.ended(call, by, at)
            case _:
                return KeepState(call)

    def held(self, event: Event, call: Connection) -> StateMachineResult[Connection]:
        """One of them talks to somebody else."""
        match event:
            case Cast(Lifted(_, at)):
                for number in (call.caller, call.callee):
                    self.named(number).cast(Tone("back"))
                return NextState("talking", replace(call, since=at))
            case Cast(HungUp(by, at)):
                return self.ended(call, by, at)
            case _:
                return KeepState(call)

    def connected(self, call: Connection, at: int) -> NextState[Connection]:
        """From now on they can talk."""
        for number in (call.caller, call.callee):
            self.named(number).cast(Tone("connected"))
        return NextState("talking", replace(call, since=at, billable=True))

    def ended(self, call: Connection, by: str, at: int) -> Stop[Connection]:
        """One of them has hung up: the other hears it, and it is billed."""
        if call.billable:
            self.named("billing").cast(Bill(call.caller, call.callee, at, self.seconds(call, at)))
        self.named(self.other(call, by)).cast(Free(self.pid, "over"))
        self.named(by).cast(Free(self.pid, "cleared"))
        return Stop("normal", call)

    @staticmethod
    def seconds(call: Connection, at: int) -> int:
        """How long they have talked."""
        return call.talked + (at - call.since if call.since is not None else 0)

    @staticmethod
    def other(call: Connection, number: str) -> str:
        """The other end."""
        return call.callee if number == call.caller else call.caller
