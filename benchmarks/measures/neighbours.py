"""How late neighbours of spinners wake up, and how fast a spinner is dead."""

from __future__ import annotations

from typing import Final

from benchmarks.measures.measure import OURS, Aim, Measure, Row

__all__ = ["MEASURES"]


def _neighbours(spinners: int, title: str, *aims: Aim) -> Measure:
    return Measure(
        f"neighbours_{spinners}", f"2 ms sleeper beside {title}, late", ("slicing", "otp"),
        (Row("p50", "ms", "median", brief=False), Row("p99", "ms", "p99", aims), Row("max", "ms", "max", brief=False)), rounds=3,
    )  # fmt: skip


_KILL: Final = (Row("p50", "ms", "median", brief=False), Row("max", "ms", "max", aims=(Aim(5),)))

MEASURES: Final = (
    _neighbours(0, "nobody"),
    _neighbours(1, "1 spinner"),
    _neighbours(4, "4 spinners"),
    _neighbours(16, "16 spinners", Aim(5)),
    Measure("kill", "spinner dead after `exit(pid, kill)`, one of 16", ("slicing", "otp"), _KILL, rounds=3),
    Measure("kill_command", "spinner dead after an operator's kill, one of 16", OURS[:1], _KILL, rounds=3),
)
