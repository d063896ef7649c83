"""What goes over the wires of the exchange.

    people ── Dial, Lift, Recall, Say, HangUp ──> line          line ── Heard ──> people
    line ── Connect ──> switch ── Connect ──> the switch of the other area, which starts a call
    call ── Placed ──> switch, the caller's line                call ── Seize, Knock ──> the other's line
    line ── Rings, Beeps, Engaged, Lifted, Held, Said, HungUp ──> call ── Tone, Free ──> lines
    call ── Bill ──> billing

Whatever a person does carries the second at which it was done (`at`): the line stamps it, as the hardware of an exchange does,
so no bill depends on how soon a message is handled. All are frozen: they pass from process to process as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

from runtime import Pid

__all__ = [
    "Beeps", "Bill", "Connect", "Dial", "Engaged", "Free", "HangUp", "Heard", "Held", "HungUp", "Knock", "Lift", "Lifted", "Placed",
    "Recall", "Rings", "Said", "Say", "Seize", "Tone",
]  # fmt: skip


# --- people and lines -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dial:
    """Lift the receiver, and dial."""

    number: str
    at: int


@dataclass(frozen=True, slots=True)
class Lift:
    """Answer."""

    at: int


@dataclass(frozen=True, slots=True)
class Recall:
    """The key R: go to whoever waits or is on hold; whom one speaks with is held."""

    at: int


@dataclass(frozen=True, slots=True)
class Say:
    """Say something."""

    words: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """Put the receiver down."""

    at: int


@dataclass(frozen=True, slots=True)
class Heard:
    """What the person at a line hears: a tone, or words."""

    number: str
    sound: str


# --- setting up a call ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Connect:
    """Somebody has dialled."""

    caller: str
    callee: str


@dataclass(frozen=True, slots=True)
class Placed:
    """The call has its process."""

    call: Pid


@dataclass(frozen=True, slots=True)
class Seize:
    """Ring, if the line is free."""

    call: Pid


@dataclass(frozen=True, slots=True)
class Knock:
    """Beep in the ear of who is speaking: somebody waits."""

    call: Pid


@dataclass(frozen=True, slots=True)
class Rings:
    """The line was free, and rings."""


@dataclass(frozen=True, slots=True)
class Beeps:
    """The line is taken, and has beeped."""


@dataclass(frozen=True, slots=True)
class Engaged:
    """The line is taken."""


# --- a line and its calls -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lifted:
    """The call was answered, or taken up again."""

    number: str
    at: int


@dataclass(frozen=True, slots=True)
class Held:
    """The person at this line has put the call on hold."""

    number: str
    at: int


@dataclass(frozen=True, slots=True)
class Said:
    """The person at this line has said something."""

    number: str
    words: str


@dataclass(frozen=True, slots=True)
class HungUp:
    """The person at this line has put the receiver down."""

    number: str
    at: int


@dataclass(frozen=True, slots=True)
class Tone:
    """Let it be heard."""

    sound: str


@dataclass(frozen=True, slots=True)
class Free:
    """The call has nothing more to do with this line. What is heard then."""

    call: Pid
    sound: str


@dataclass(frozen=True, slots=True)
class Bill:
    """A call that was answered has ended."""

    caller: str
    callee: str
    ended: int
    seconds: int
