"""What an attached console takes; `million` has the rest."""

from __future__ import annotations

from typing import Final

from benchmarks.measures.measure import OURS, Aim, Measure, Row

__all__ = ["MEASURES"]

MEASURES: Final = (
    Measure(
        "attached", "a console polling once a second", OURS,
        (Row("rate", "/s", "calls meanwhile", brief=False), Row("lost", "%", "throughput lost", aims=(Aim(2),))),
        rounds=3, either=True,
    ),
)  # fmt: skip
