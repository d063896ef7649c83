"""Call handling, version 1: a call from dialling to its bill.

seizing ── rings ──> ringing ── lifted ──> talking ── hung up ──> bill
   └── engaged: busy tone    └── hung up: no bill
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from demo.exchange.signals import (
    Bill,
    Engaged,
    Free,
    HungUp,
    Lifted,
    Placed,
    Rings,
    Said,
    Seize,
    Tone,
)
from runtime import Cast, Event, KeepState, NextState, StateMachine, StateMachineResult, Stop

__version__ = "1"


@dataclass(frozen=True, slots=True)
class Connection:
    """Who is connected with whom, since when."""

    caller: str
    callee: str
    answered: int | None = None
    """The second at which it was answered."""


class Call(StateMachine[Connection]):
    """One call."""

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
                for number in (call.caller, call.callee):
                    self.named(number).cast(Tone("connected"))
                return NextState("talking", replace(call, answered=at))
            case Cast(HungUp(by, at)):
                return self.ended(call, by, at)
            case _:
                return KeepState(call)

    def talking(self, event: Event, call: Connection) -> StateMachineResult[Connection]:
        """They talk."""
        match event:
            case Cast(Said(by, words)):
                self.named(self.other(call, by)).cast(Tone(words))
                return KeepState(call)
            case Cast(HungUp(by, at)):
                return self.ended(call, by, at)
            case _:
                return KeepState(call)

    def ended(self, call: Connection, by: str, at: int) -> Stop[Connection]:
        """One of them has hung up: the other hears it, and it is billed."""
        if call.answered is not None:
            self.named("billing").cast(Bill(call.caller, call.callee, at, at - call.answered))
        self.named(self.other(call, by)).cast(Free(self.pid, "over"))
        self.named(by).cast(Free(self.pid, "cleared"))
        return Stop("normal", call)

    @staticmethod
    def other(call: Connection, number: str) -> str:
        """The other end."""
        return call.callee if number == call.caller else call.caller
