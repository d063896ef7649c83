"""What a state machine still has before it, in words and without values: `postponed: 2 Call, 1 Cast; state timeout in 3.2 s`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from runtime.errors import describe
from runtime.state_machine.events import EventTimeout, StateTimeout
from runtime.state_machine.process import StateMachineProcess

from .pace import settled
from .text import class_name, clean

if TYPE_CHECKING:
    from runtime.process import Process

__all__ = ["agenda_text"]

LISTED = 10
"""Kinds of events, and time-outs, that are named."""


def agenda_text(process: Process) -> str:
    """The events that a state machine has postponed, and its time-outs; nothing for any other process. Safe from any thread."""
    agenda = process.agenda if isinstance(process, StateMachineProcess) else None
    if agenda is None:
        return ""
    postponed = Counter(class_name(type(entry[1])) for entry in settled(lambda: list(agenda.postponed)))
    timeouts = settled(agenda.timeouts)
    parts: list[str] = []
    if postponed:
        parts.append(
            "postponed: " + ", ".join(f"{count} {kind}" for kind, count in postponed.most_common(LISTED))
        )
    parts += [f"{_name(key)} in {left:.1f} s" for key, left in timeouts[:LISTED]]
    if len(timeouts) > LISTED:
        parts.append(f"{len(timeouts) - LISTED} more timeouts")
    return clean("; ".join(parts), 1000)


def _name(key: Any) -> str:
    if key is StateTimeout:
        return "state timeout"
    return "event timeout" if key is EventTimeout else f"timeout {describe(key[0])}"
