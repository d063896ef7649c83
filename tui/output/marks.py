"""Figures and states that catch the eye: a glyph with its word, amber and red where it is serious.

The word and the glyph say it without colour too; what is nothing is faint.
"""

from __future__ import annotations

import math

from tui.format import NOTHING, tone
from tui.format import status as glyph_and_word

from .table import Cell

__all__ = ["intensity", "level", "status"]

_NEVER = (math.inf, math.inf)


def status(name: str) -> Cell:
    """A status as glyph and word."""
    return Cell(*glyph_and_word(name))


def level(text: str, value: float | None, limits: tuple[float, float] = _NEVER) -> Cell:
    """A figure: faint where it is nothing, amber and red from its limits on. Optional limits default to none."""
    return Cell(text, tone(value, limits))


def intensity(used: int | None, most: int | None, seconds: float | None) -> Cell:
    """Restarts used of those allowed: amber from half on, red when at most one is left."""
    if used is None or most is None:
        return Cell(NOTHING, "faint")
    text = f"{used}/{most}" + (f" in {seconds:g} s" if seconds is not None else "")
    if used == 0:
        return Cell(text, "faint")
    if most - used <= 1:
        return Cell(text, "bad")
    return Cell(text, "warn" if used * 2 >= most else "text")
