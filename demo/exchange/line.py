"""A line: the telephone at the end of it, the call that it is in, and one more that waits or is on hold.

    on_hook ── seize ──> ringing ── lift ──> off_hook ── hang up ──> on_hook
       └── dial ─────────────────────────────^  R: the other call

It knows nothing of how calls are handled; what a person does goes to the call as it is, and what comes back is heard.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from demo.exchange.signals import (
    Beeps,
    Connect,
    Dial,
    Engaged,
    Free,
    HangUp,
    Heard,
    Held,
    HungUp,
    Knock,
    Lift,
    Lifted,
    Placed,
    Recall,
    Rings,
    Said,
    Say,
    Seize,
    Tone,
)
from runtime import (
    Cast,
    Down,
    Event,
    Info,
    KeepState,
    NextState,
    Pid,
    StateMachine,
    StateMachineResult,
)

__all__ = ["Line", "Wires"]


@dataclass(frozen=True, slots=True)
class Wires:
    """What a line is connected with."""

    number: str
    call: Pid | None = None
    other: Pid | None = None
    """A second call: it waits, or is on hold."""


class Line(StateMachine[Wires]):
    """One line."""

    def init(self, number: str) -> NextState[Wires]:
        """Begin with the receiver on its hook."""
        return NextState("on_hook", Wires(number))

    def on_hook(self, event: Event, wires: Wires) -> StateMachineResult[Wires]:
        """Nobody uses it."""
        match event:
            case Cast(Seize(call) | Knock(call)):
                self.monitor(call)
                call.cast(Rings())
                self.hears(wires, "rings")
                return NextState("ringing", replace(wires, call=call))
            case Cast(Dial(number)):
                self.named(f"switch-{area_of(wires.number)}").cast(Connect(wires.number, number))
                return NextState("off_hook", wires)
            case Cast(HangUp()):
                self.hears(wires, "cleared")
            case Cast(Free(_, sound)):
                self.hears(wires, sound)
            case Cast(Placed(call)):  # it was put down before the call had begun
                call.cast(HungUp(wires.number, 0))
            case _:
                pass
        return KeepState(wires)

    def ringing(self, event: Event, wires: Wires) -> StateMachineResult[Wires]:
        """The bell rings."""
        match event:
            case Cast(Lift(at)):
                self.to(wires.call, Lifted(wires.number, at))
                return NextState("off_hook", wires)
            case Cast(Seize(call) | Knock(call)):
                call.cast(Engaged())
            case Cast(Free(call, sound)) if call == wires.call:
                self.hears(wires, sound)
                return NextState("on_hook", replace(wires, call=None))
            case Info(Down(_, call, reason)) if call == wires.call and reason != "normal":
                self.hears(wires, "dropped")
                return NextState("on_hook", replace(wires, call=None))
            case _:
                pass
        return KeepState(wires)

    def off_hook(self, event: Event, wires: Wires) -> StateMachineResult[Wires]:
        """Somebody has the receiver at an ear."""
        match event:
            case Cast(Tone(sound)):
                self.hears(wires, sound)
            case Cast(Say(words)):
                self.to(wires.call, Said(wires.number, words))
            case Cast(Recall(at)):
                wires = self.recalled(wires, at)
            case Cast(HangUp(at)):
                return self.hung_up(wires, at)
            case Cast(Placed(call)):
                self.monitor(call)
                return KeepState(replace(wires, call=call))
            case Cast(Knock(call)) if wires.other is None:
                self.monitor(call)
                call.cast(Beeps())
                self.hears(wires, "beeps")
                return KeepState(replace(wires, other=call))
            case Cast(Seize(call) | Knock(call)):
                call.cast(Engaged())
            case Cast(Free(call, sound)):
                self.hears(wires, sound)
                return KeepState(without(wires, call))
            case Info(Down(_, call, reason)) if call in {wires.call, wires.other} and reason != "normal":
                self.hears(wires, "dropped")
                return KeepState(without(wires, call))
            case _:
                pass
        return KeepState(wires)

    def recalled(self, wires: Wires, at: int) -> Wires:
        """R was pressed."""
        if wires.other is None or not wires.other.alive:
            self.hears(wires, "silence")
            return replace(wires, other=None)
        self.to(wires.call, Held(wires.number, at))
        wires.other.cast(Lifted(wires.number, at))
        return replace(wires, call=wires.other, other=wires.call)

    def hung_up(self, wires: Wires, at: int) -> NextState[Wires]:
        """The receiver was put down: that ends all that is left."""
        calls = [call for call in (wires.call, wires.other) if call is not None]
        for call in calls:
            call.cast(HungUp(wires.number, at))
        if not calls:
            self.hears(wires, "cleared")
        return NextState("on_hook", Wires(wires.number))

    def hears(self, wires: Wires, sound: str) -> None:
        """Whoever is at this line hears it."""
        self.named("subscribers").cast(Heard(wires.number, sound))

    @staticmethod
    def to(call: Pid | None, message: object) -> None:
        """Tell the call, if there is one."""
        if call is not None:
            call.cast(message)


def area_of(number: str) -> str:
    """The area that a number belongs to: what stands before the dash."""
    return number.partition("-")[0]


def without(wires: Wires, call: Pid | None) -> Wires:
    """The call is gone."""
    if call == wires.call:
        return replace(wires, call=None)
    return replace(wires, other=None) if call == wires.other else wires
