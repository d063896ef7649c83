"""What an attached console takes; `million` has the rest. And how fluent a console is that has much to show."""

from __future__ import annotations

from typing import Final

from benchmarks.measures.measure import OURS, Aim, Measure, Row

__all__ = ["MEASURES"]

_AT_ONCE_MS: Final = 100.0
"""What is answered within it seems to be answered at once."""
_STEPS: Final = {
    "arriving": "while they arrive", "scrolling": "scrolled through", "telling": "their story told", "walking": "its pictures walked through",
}  # fmt: skip

MEASURES: Final = (
    Measure(
        "attached", "a console polling once a second", OURS,
        (Row("rate", "/s", "calls meanwhile", brief=False), Row("lost", "%", "throughput lost", aims=(Aim(2),))),
        rounds=3, either=True,
    ),
    Measure(
        "frames", "a console with 30,000 spans", OURS[:1],
        (
            Row("longest_ms", "ms", "longest turn of its loop, computing", (Aim(_AT_ONCE_MS),)),
            Row("clock_ms", "ms", "longest turn of its loop, by the clock", brief=False),
            *(
                Row(f"{step}_{figure}", "ms", f"{words}, {title}", brief=False)
                for step, words in _STEPS.items() for figure, title in {"ms": "longest turn", "p99_ms": "p99"}.items()
            ),
        ), rounds=1, timeout=150,
    ),
)  # fmt: skip
