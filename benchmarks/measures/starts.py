"""Starting servers, and starting one anew after a crash."""

from __future__ import annotations

from typing import Final

from benchmarks.measures.measure import OURS, PYTHON, Aim, Measure, Row

__all__ = ["MEASURES"]

MEASURES: Final = (
    Measure(
        "start_supervised", "start of a supervised, registered server", (*OURS, "otp"),
        (Row("rate", "/s", aims=(Aim(1.5, "otp"),)),),
    ),
    Measure(
        "start_bare", "start of an unnamed server (OTP: bare `start_link`)",
        (*OURS, "otp", *PYTHON),
    ),
    Measure(
        "restart", "crash to the successor's first answer", (*OURS, "otp"),
        (Row("p50", "us", "median"), Row("p99", "us", "p99", brief=False)),
    ),
)  # fmt: skip
