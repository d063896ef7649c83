"""What a hot upgrade of 10,000 agents takes, and what is felt of it."""

from __future__ import annotations

from typing import Final

from benchmarks.measures.measure import OURS, Aim, Measure, Row

__all__ = ["MEASURES"]

_SLICE_MS: Final = 1.0

MEASURES: Final = (
    Measure(
        "upgrade", "hot upgrade of 10,000 agents", OURS[:1],
        (
            Row("plan_s", "s", "plan, migrations tried on copies", brief=False),
            Row("apply_s", "s", "apply"),
            Row("rollback_s", "s", "rollback", brief=False),
            Row("pause_p99_us", "us", "pause of an agent, p99", (Aim(1000),)),
            Row("pause_max_us", "us", "pause of an agent, max", brief=False),
            Row("alone_ms", "ms", "2 ms sleeper, before it, late: p99", brief=False),
            Row("late_p99_ms", "ms", "2 ms sleeper, late: p99", brief=False),
            Row("late_max_ms", "ms", "2 ms sleeper, late: max", brief=False),
        ), rounds=3,
    ),
    Measure(
        "upgrade_turns", "longest turn of the loop in a hot upgrade of 10,000 agents", OURS[:1],
        (
            Row("alone_ms", "ms", "before it", brief=False),
            Row("plan_ms", "ms", "plan, which executes the module", brief=False),
            Row("apply_ms", "ms", "apply", (Aim(_SLICE_MS),)),
            Row("rollback_ms", "ms", "rollback", (Aim(_SLICE_MS),), brief=False),
        ), rounds=3,
    ),
)  # fmt: skip
