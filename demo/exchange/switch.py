"""A switch: has the lines of one area, finds out who was dialled, and starts a call; or passes it on to the area's own switch.

in_service ── as many calls as it has circuits ──> congested: busy tone ── one ends ──> in_service
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from demo.exchange.line import area_of
from demo.exchange.signals import Connect, Free, Placed
from runtime import Cast, ChildSpec, Down, Event, Info, KeepState, NextState, StateMachine, StateMachineResult

__all__ = ["Frame", "Switch"]


@dataclass(frozen=True, slots=True)
class Frame:
    """What a switch knows."""

    area: str
    circuits: int
    """How many calls it can have at a time."""
    handling: type[StateMachine[Any]]
    """What handles a call."""
    calls: int = 0


class Switch(StateMachine[Frame]):
    """One switch."""

    counters = ("calls",)

    def init(self, area: str, circuits: int, handling: type[StateMachine[Any]]) -> NextState[Frame]:
        """Begin without a call."""
        return NextState("in_service", Frame(area, circuits, handling))

    def in_service(self, event: Event, frame: Frame) -> StateMachineResult[Frame]:
        """There are circuits left."""
        match event:
            case Cast(Connect(caller, callee) as wish):
                if area_of(callee) != frame.area and self.whereis(f"switch-{area_of(callee)}") is not None:
                    self.named(f"switch-{area_of(callee)}").cast(wish)
                elif self.whereis(callee) is None:
                    self.named(caller).cast(Free(self.pid, "no such number"))
                else:
                    self.start(frame, caller, callee)
                return KeepState(frame)
            case _:
                return self.counted(event, frame)

    def congested(self, event: Event, frame: Frame) -> StateMachineResult[Frame]:
        """Every circuit is taken."""
        match event:
            case Cast(Connect(caller)):
                self.named(caller).cast(Free(self.pid, "busy"))
                return KeepState(frame)
            case _:
                return self.counted(event, frame)

    def counted(self, event: Event, frame: Frame) -> StateMachineResult[Frame]:
        """A call has begun, or ended."""
        match event:
            case Cast(Placed(call)):
                self.monitor(call)
                self.count("calls", 1)
                frame = replace(frame, calls=frame.calls + 1)
            case Info(Down()):
                frame = replace(frame, calls=frame.calls - 1)
            case _:
                pass
        self.progress(f"{frame.calls:,} calls in progress")
        return NextState("congested" if frame.calls >= frame.circuits else "in_service", frame)

    def start(self, frame: Frame, caller: str, callee: str) -> None:
        """Let a process handle the call."""
        spec = ChildSpec(
            "call",
            frame.handling,
            caller,
            callee,
            f"switch-{frame.area}",
            restart="temporary",
            register=False,
        )
        self.start_child(self.named(f"calls-{frame.area}"), spec)
