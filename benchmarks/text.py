"""Figures, ratios and tables as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

__all__ = ["figure", "ratio", "table"]

NONE: Final = "–"
_UNITS: Final = {"us": "µs", "bytes": "bytes"}


def figure(value: float | None, unit: str) -> str:
    """`0.66 M/s`, `203 bytes`, `4.02 ms`; a dash for none."""
    if value is None:
        return NONE
    if unit == "/s":
        for size, letter in ((1e6, "M"), (1e3, "k")):
            if value >= size:
                return f"{_digits(value / size)} {letter}/s"
    return f"{_digits(value)} {_UNITS.get(unit, unit)}"


def ratio(value: float | None) -> str:
    """`1.05×`, `65×`; a dash for none."""
    return NONE if value is None else f"{_digits(value)}×"


def _digits(value: float) -> str:
    """Three digits, or all before the point."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, its columns aligned so that it reads well as plain text too."""
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"

    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([line(heads), rule, *map(line, rows)])
