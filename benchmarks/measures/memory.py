"""What idle servers cost, and a million of them: supervised, registered, each with a state of its own."""

from __future__ import annotations

from typing import Final

from benchmarks.measures.measure import OURS, Aim, Measure, Row

__all__ = ["MEASURES"]

MEASURES: Final = (
    Measure(
        "idle", "idle server", (*OURS, "otp"),
        (Row("bytes", "bytes", aims=(Aim(500),)),), rounds=3, either=True,
    ),
    Measure(
        "idle_restarted", "idle server that was restarted once", OURS,
        (Row("bytes", "bytes", aims=(Aim(500),)),), rounds=1, either=True,
    ),
    Measure(
        "million", "a million servers", (*OURS, "otp"),
        (
            Row("gigabytes", "GB", "memory", aims=(Aim(0.7),)),
            Row("start_s", "s", "time to start them", brief=False),
            Row("quiet_ms", "ms", "longest turn of the loop, unobserved", brief=False),
            Row("watched_ms", "ms", "longest turn of the loop, observed", aims=(Aim(5),)),
            Row("ps_s", "s", "the whole `observer ps`", aims=(Aim(1),)),
        ),
        rounds=1, either=True, timeout=240,
    ),
)  # fmt: skip
