"""A chart of the last samples that starts at zero, under a stated ceiling; missing samples stay blank.

    crashes/s               now 2    max 6
     10 │        ▂                 ▄
      0 │▁▁▁▁▁▁▁▁█▁▁▁▁▁   ▁▁▁▁▁▁▁▂▁█▁▁▁▁

Textual's own sparkline scales from the least to the greatest sample, so that noise looks like trouble.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui.format import Tone, ceiling, scale
from tui.spans import Spans, spread
from tui.widgets.painted import Painted

SAMPLES = 60
AXIS_CELLS = 5
EIGHTHS = " ▁▂▃▄▅▆▇█"
Samples = Sequence[float | None]


def condense(samples: Samples, cells: int) -> list[float | None]:
    """The samples, newest last, in so many cells: where one cell stands for several it shows the greatest."""
    window = [None] * (SAMPLES - len(samples)) + list(samples)[-SAMPLES:]
    each = max(1, -(-SAMPLES // max(1, cells)))
    groups = [window[start : start + each] for start in range(0, SAMPLES, each)]
    return [max((value for value in group if value is not None), default=None) for group in groups]


def columns(samples: Samples, rows: int, top: float) -> list[str]:
    """The chart's lines, highest first. A sample of zero is a line on the ground, a missing one nothing."""
    lines: list[str] = []
    for row in reversed(range(rows)):
        line = ""
        for value in samples:
            level = 0 if value is None else max(1, round(min(value, top) / top * rows * 8))
            line += EIGHTHS[min(8, max(0, level - row * 8))]
        lines.append(line)
    return lines


class Sparkline(Painted):
    """The last 60 samples of one figure, with now and max."""

    def __init__(
        self, title: str, show: Callable[[float | None], str], *, least: float = 1.0, alarm: bool = False,
        axis: Callable[[float], str] = scale, id: str | None = None,  # noqa: A002 - Textual's word
    ) -> None:  # fmt: skip
        """A chart.

        Args:
            title: what is counted.
            show: writes a sample, or that there is none.
            least: the lowest ceiling.
            alarm: whether anything above zero is a failure.
            axis: writes the ceiling, in at most five characters.
            id: as Textual's.
        """
        super().__init__(id=id)
        self.title = title
        self.samples: Samples = ()
        self._show = show
        self._least = least
        self._alarm = alarm
        self._axis = axis

    def update(self, samples: Samples) -> None:
        """Show these samples, newest last."""
        self.samples = list(samples)
        self.repaint()

    def paint(self, cells: int) -> list[Spans]:
        """A line of figures, then the chart."""
        known = [value for value in self.samples if value is not None]
        highest = max(known, default=0.0)
        now = self.samples[-1] if self.samples else None
        top = max(self._least, ceiling(highest))
        figure: Tone = "bad" if self._alarm and now else "strong"
        field = 7 if cells >= 40 else 1
        head = spread(
            [(self.title, "text")],
            [("now ", "faint"), (f"{self._show(now):>{field}}", figure),
             ("  max ", "faint"), (f"{self._show(highest if known else None):>{field}}", "text")],
            cells,
        )  # fmt: skip
        height = max(1, self.size.height - 1)
        condensed = condense(self.samples, cells - AXIS_CELLS - 1)
        chart = columns(condensed, height, top)
        lines: list[Spans] = [head]
        for place, line in enumerate(chart):
            label = self._axis(top) if place == 0 else "0" if place == height - 1 else ""
            lines.append([(f"{label:>{AXIS_CELLS}}", "faint"), ("▕", "rule"), *self._inked(line, condensed)])
        return lines

    def _inked(self, line: str, samples: Samples) -> Spans:
        """The line's cells: zeros faint, the rest in the accent, or red where it counts failures."""
        loud: Tone = "bad" if self._alarm else "accent"
        return [(cell, loud if sample else "faint") for cell, sample in zip(line, samples, strict=True)]
