"""Where a process runs, if not on the node's loop: its mark in a list, and its thread or OS process in words.

A figure that has a limit stands with it: amber from four fifths on, red where hardly anything is left.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from runtime.port.contract import Inside, OSProcess, OwnThread, Place

from .format import Tone, clean, duration, number, percent, size, tone

__all__ = ["FULL", "PLACES", "Fact", "inside_text", "mark", "os_facts", "thread_text"]

PLACES: dict[Place, tuple[str, str]] = {"thread": ("∿", "thread"), "isolated": ("▣", "isolated")}
"""The glyph and the word of each."""
FULL = (0.8, 0.95)
"""Shares of a limit."""


class Fact(NamedTuple):
    """A figure of an OS process."""

    label: str
    text: str
    tone: Tone = "text"


def mark(place: Place | None) -> str:
    """What stands before the name of a process that runs elsewhere; nothing where it runs on the loop."""
    return f"{PLACES[place][0]} " if place is not None else ""


def thread_text(thread: OwnThread) -> str:
    """A thread: `observer <0.5.0> blocks, native id 10717`."""
    return f"{clean(thread.name, 200)}, native id {thread.native_id}"


def os_facts(process: OSProcess) -> list[Fact]:
    """What an OS process takes, and may take. What the system does not tell is a dash."""
    limits = process.limits
    cpu = _of("cpu", process.cpu_s, limits.cpu, duration)
    if process.busy is not None:
        cpu = cpu._replace(text=f"{cpu.text}, {percent(process.busy)} now")
    return [
        Fact("resident", size(process.memory)),
        _of("address space", process.address_space, limits.memory, size),
        cpu,
        _of("files", process.files, limits.files, number),
        _of("OS processes", process.processes, limits.processes, number),
    ]


def _of(label: str, used: float | None, limit: float | None, words: Callable[[float | None], str]) -> Fact:
    text = words(used)
    if limit is None:
        return Fact(label, text, "faint" if used is None else "text")
    share = (used or 0) / limit if limit else 0.0
    return Fact(label, f"{text} of {words(limit)}", tone(share, FULL) if share >= FULL[0] else "text")


def inside_text(inside: Inside) -> str:
    """What a process that lives in an isolated one does: `waiting, mail 3`."""
    return f"{clean(inside.status, 20)}, mail {number(inside.mailbox)}"
