"""The words at the end: totals and the ten worst files."""

from __future__ import annotations

from demo.checks import printable
from demo.files import Target
from demo.library import Library, Worst
from demo.messages import Totals

__all__ = ["WORST", "headline", "summary"]

WORST = 10
"""How many of the worst files are listed."""


def summary(library: Library, target: Target) -> str:
    """What the crew has found by now, as text that ends with a newline."""
    lines = [headline(library.totals(), target)]
    worst = library.worst(WORST)
    if worst:
        lines += ["", f"  {'errors':>6}  {'warnings':>8}  {'notes':>5}  file", *map(_line, worst)]
    return "\n".join(lines) + "\n"


def headline(totals: Totals, target: Target) -> str:
    """The totals in one sentence."""
    files = _counted(totals.files, "file")
    return (
        f"{files} under {target}: {totals.reviewed:,} reviewed, {totals.failed:,} failed; "
        f"{_counted(totals.findings, 'finding')}, {_counted(totals.restarts, 'restart')}"
    )


def _line(worst: Worst) -> str:
    return f"  {worst.errors:>6,}  {worst.warnings:>8,}  {worst.notes:>5,}  {printable(worst.path)}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
