"""The bars of a waterfall: waiting and work in different shades on one axis of time, and the axis itself.

0 s        1.0 s       2.0 s
╵░░░░████████
 ╵   ░░███
      ╵░░░░░░░░░░██✗
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len

from tui.format import Tone
from tui.spans import Spans

from .slow import WAIT, WORK, Slow, brief
from .story import Bar

__all__ = ["Axis", "bar_line"]

TICK: Final = 14
"""Cells that a tick of the axis takes at least."""
_UNITS: Final = (
    (0.0009995, 1e6, "µs", 1e-6), (0.9995, 1e3, "ms", 1e-3), (9.95, 1.0, "s", 0.1), (math.inf, 1.0, "s", 1.0),
)  # fmt: skip
"""Below how many seconds: by what they are multiplied, their unit, and the least that `brief` tells apart there."""


@dataclass(frozen=True)
class Axis:
    """From when to when, in seconds of the node's monotonic clock."""

    starts: float
    ends: float

    @property
    def seconds(self) -> float:
        """How long; never 0."""
        return max(1e-6, self.ends - self.starts)

    def cell(self, mono: float, cells: int) -> int:
        """In which cell a moment is; outside of 0 to `cells` - 1 where it is not on the axis."""
        return math.floor((mono - self.starts) / self.seconds * (cells - 1e-9))

    def line(self, cells: int, origin: float) -> Spans:
        """The ticks, at round figures since `origin`, as many as there is room for."""
        if cells < TICK:
            return [(" " * max(0, cells), "text")]
        step = _round(self.seconds / max(1, cells // TICK))
        out: list[str] = [" "] * cells
        moment = math.ceil((self.starts - origin) / step - 1e-9) * step
        while moment <= self.ends - origin + step * 1e-6:
            at = self.cell(moment + origin, cells)
            text = "╵" + _tick(moment, step)
            if at >= 0 and at + cell_len(text) <= cells:
                out[at : at + len(text)] = text
            moment += step
        return [("".join(out), "muted")]


def _round(seconds: float) -> float:
    """The next figure of the series 1, 2, 5, 10."""
    power = 10.0 ** math.floor(math.log10(seconds))
    return next((step * power for step in (1, 2, 5) if step * power >= seconds), 10 * power)


def _tick(moment: float, step: float) -> str:
    """A moment with as many digits as tell it from the next, a step later."""
    if not moment:
        return "0"
    scale, unit, shown = next(row[1:] for row in _UNITS if moment < row[0])
    if step >= shown * 0.99:
        return brief(moment)
    return f"{moment * scale:.{math.ceil(-math.log10(step * scale) - 1e-9)}f} {unit}"


def bar_line(bar: Bar, axis: Axis, cells: int, slow: Slow) -> Spans:
    """One bar. What lies beyond the axis is told by an arrow at its edge."""
    if cells < 3:
        return [(" " * max(0, cells), "text")]
    first, last = axis.cell(bar.starts, cells), axis.cell(bar.ends, cells)
    if last < 0:
        return [("◂", "faint")]
    if first >= cells:
        return [(" " * (cells - 1), "text"), ("▸", "faint")]
    work: Tone = "bad" if bar.failed else _loud(slow.work_tone(bar.took), "accent")
    wait: Tone = _loud(slow.wait_tone(bar.waited), "muted")
    glyphs: list[tuple[str, Tone]] = [(" ", "text")] * cells

    def fill(start: float, end: float, glyph: str, tone: Tone) -> None:
        left, right = max(0, axis.cell(start, cells)), min(cells - 1, axis.cell(end, cells))
        for at in range(left, right + 1):
            glyphs[at] = (glyph, tone)

    if bar.sent is not None:
        fill(bar.sent, bar.began if bar.began is not None else bar.ends, WAIT, wait)
    if bar.began is not None:
        fill(
            bar.began,
            bar.ended if bar.ended is not None else bar.ends,
            WORK if bar.ended is not None else "▒",
            work,
        )
    elif bar.sent is None:
        fill(bar.starts, bar.ends, "◆", work)
    if bar.failed:
        glyphs[min(cells - 1, max(0, last))] = ("✗", "bad")
    return _runs(glyphs)


def _loud(tone: Tone, otherwise: Tone) -> Tone:
    """Slow is amber however slow: red is for what has failed."""
    return "warn" if tone in {"warn", "bad"} else otherwise


def _runs(glyphs: list[tuple[str, Tone]]) -> Spans:
    out: Spans = []
    for glyph, tone in glyphs:
        if out and out[-1][1] == tone:
            out[-1] = (out[-1][0] + glyph, tone)
        else:
            out.append((glyph, tone))
    return out
