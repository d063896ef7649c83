"""From when on a message has waited too long, or a handler has worked too long; and the split between the two as a bar.

░░░░██  waited twice as long as it worked
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tui.format import NOTHING, Tone, duration, tone
from tui.spans import Spans

__all__ = ["WAIT", "WORK", "Slow", "brief", "split_bar", "split_text"]

WAIT: Final = "░"
WORK: Final = "█"
_FORM: Final = re.compile(r"(waited|took)\s*=\s*(\d+(?:\.\d+)?)\s*(us|ms|s|min)", re.ASCII)
_UNITS: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}
FIVEFOLD: Final = 5.0
"""So much slower than slow is red."""


@dataclass(frozen=True)
class Slow:
    """From so many seconds on it is amber, from five times as many on red."""

    waited: float = 0.1
    took: float = 0.1

    def wait_tone(self, seconds: float | None) -> Tone:
        """Of a time in the mailbox."""
        return tone(seconds, (self.waited, self.waited * FIVEFOLD))

    def work_tone(self, seconds: float | None) -> Tone:
        """Of a handler."""
        return tone(seconds, (self.took, self.took * FIVEFOLD))

    @property
    def text(self) -> str:
        """As it is typed."""
        return f"waited={_unit(self.waited)} took={_unit(self.took)}"

    def changed(self, text: str) -> Slow:
        """With what was typed: `waited=50ms took=1s`, or one of the two.

        Raises:
            ValueError: something else was; the message says what is legal.
        """
        found = {name: float(figure) * _UNITS[unit] for name, figure, unit in _FORM.findall(text)}
        rest = _FORM.sub("", text).strip(" ,")
        if rest or not found or not all(found.values()):
            raise ValueError(
                f"{(rest or text)[:40]!r} is no threshold; it is waited=100ms took=2s (us, ms, s, min)"
            )
        return Slow(found.get("waited", self.waited), found.get("took", self.took))


def _unit(seconds: float) -> str:
    return f"{seconds:g}s" if seconds >= 1 else f"{seconds * 1e3:g}ms"


def brief(seconds: float | None) -> str:
    """A time in at most seven characters, also a very short one: 41 µs."""
    if seconds is not None and 0 < seconds < 0.0009995:
        return f"{seconds * 1e6:.0f} µs"
    return duration(seconds)


def split_bar(waited: float | None, took: float | None, cells: int, work: Tone = "accent") -> Spans:
    """How the time divides into waiting and work; blank where neither is known."""
    whole = (waited or 0.0) + (took or 0.0)
    if cells < 2 or not whole:
        return [(" " * max(0, cells), "text")]
    worked = round((took or 0.0) / whole * cells)
    if took and not worked:
        worked = 1
    if waited and worked == cells:
        worked -= 1
    return [(WAIT * (cells - worked), "muted"), (WORK * worked, work)]


def split_text(waited: float, took: float, slow: Slow | None = None) -> Spans:
    """`waited 3.2 s ░░░░░██ worked 1.3 s`."""
    if not waited and not took:
        return [("no handled message in it yet", "faint")]
    limits = slow or Slow(float("inf"), float("inf"))
    return [
        ("waited ", "faint"), (brief(waited) if waited else NOTHING, limits.wait_tone(waited)), (" ", "text"),
        *split_bar(waited, took, 8), (" worked ", "faint"), (brief(took) if took else NOTHING, limits.work_tone(took)),
    ]  # fmt: skip
