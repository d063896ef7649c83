"""Calls, casts, and a ring of processes."""

from __future__ import annotations

from typing import Final

from benchmarks.measures.measure import OURS, PYTHON, Aim, Measure, Row

__all__ = ["MEASURES"]

_ALL: Final = (*OURS, "otp", *PYTHON)

MEASURES: Final = (
    Measure(
        "call_host", "call from host code", _ALL,
        (Row("rate", "/s", aims=(
            Aim(1.0, "otp"), Aim(2.0, "otp", of="plain"), Aim(50.0, "pykka"), Aim(60.0, "autogen"),
        )),),
    ),
    Measure("call_between", "call from a coroutine process", _ALL),
    Measure("call_plain", "call from a plain handler", ("slicing", "otp")),
    Measure("call_async", "call of an async handler that yields once", (*OURS, "asyncio", "xoscar", "autogen")),
    Measure("cast", "cast", _ALL, (Row("rate", "/s", aims=(Aim(0.6, "otp"),)),)),
    Measure("ring", "hop in a ring of 1,000 processes", _ALL, (Row("rate", "/s", aims=(Aim(0.35, "otp"),)),)),
)  # fmt: skip
