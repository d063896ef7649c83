"""Time-slicing in words: how it works on this node, who is at work, what to make of a zombie."""

from __future__ import annotations

from runtime.port.contract import NodeInfo, Running, Slicing, Zombie
from tui.format import Tone, clean, duration, number, plural, time_of_day

__all__ = [
    "ADVICE", "HOLDS_LOOP_S", "PARKED", "SPINS_S", "ZOMBIE", "at_work", "fate", "figures", "mode", "place", "slicing", "spinner", "story",
]  # fmt: skip

PARKED = "◇"
ZOMBIE = "†"

HOLDS_LOOP_S = 1.0
"""A step that runs for this long without being parked delays everybody."""

ADVICE = (
    "The code stands where the stack shows, is never resumed, and costs no time but its memory; what it holds locked stays "
    "locked. Restart the node when convenient, and give such code a thread or an OS process of its own."
)
"""What to make of a zombie."""

SPINS_S = (1.0, 5.0)
"""A step that is parked again and again delays only whoever waits for its process: after five seconds a call has given up."""

MODES: dict[str, tuple[str, Tone]] = {
    "time-slicing": ("✓ on", "accent"),
    "interrupt": ("◐ interrupt", "text"),
    "report only": ("▲ report only", "warn"),
    "off": ("○ off", "muted"),
}


def slicing(node: NodeInfo) -> Slicing:
    """What the node says of it, in parts also where it says only the sentence."""
    if node.slicing is not None:
        return node.slicing
    name, _, why = node.preemption.partition(": ")
    return Slicing(mode=name or "off", why=why)


def mode(node: NodeInfo) -> tuple[str, Tone]:
    """Glyph and word of the mode, and its tone."""
    name = slicing(node).mode
    return MODES.get(name, (f"? {clean(name, 20)}", "text"))


def figures(node: NodeInfo) -> list[tuple[str, int]]:
    """What it came to so far; nothing where it has nothing to count."""
    it = slicing(node)
    if it.mode == "off":
        return []
    counts = [("parked", it.parked), ("taken", it.parks)] if it.mode == "time-slicing" else []
    counts.append(("interrupted", it.interrupts))
    return [*counts, ("rescues", it.rescues)] if it.mode == "time-slicing" else counts


def at_work(node: NodeInfo) -> tuple[Running, bool] | None:
    """Who has the loop, or goes on in slices; and whether it is the latter. Worst first."""
    running, spinning = node.running, node.spinning
    if running is not None and (spinning is None or running.for_s >= HOLDS_LOOP_S):
        return running, False
    return (spinning, True) if spinning is not None else None


def place(it: Running) -> str:
    """Handler and innermost frame."""
    where = f"{it.stack[-1].function} at {it.stack[-1].file}:{it.stack[-1].line}" if it.stack else ""
    return clean(" in ".join(part for part in (it.handler, where) if part))


def fate(zombie: Zombie) -> str:
    """How its process ended, in a few words."""
    return clean(zombie.ended_by, 200) or "a hook of it was given up"


def story(zombie: Zombie) -> str:
    """What happened."""
    at, times = time_of_day(zombie.since), plural(zombie.throws, "time")
    thrown = f"its end was raised in it {times}, the last time at {at}"
    if zombie.ended_by:
        return f"ended ({fate(zombie)}), but its code does not: {thrown}."
    return f"a hook of it does not end: {thrown}. The process lives on."


def spinner(it: Running) -> str:
    """For how long, and how much it has used."""
    return f"{duration(it.for_s)}, {number(it.slices)} slices"
