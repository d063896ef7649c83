"""What each optional feature costs: calls from host code, with one thing different from the base."""

from __future__ import annotations

from typing import Final

from benchmarks.measures.measure import OURS, Measure

__all__ = ["BASE", "MEASURES"]

BASE: Final = "feature_base"

MEASURES: Final = tuple(
    Measure(f"feature_{name}", title, OURS, rounds=3)
    for name, title in {
        "base": "the base",
        "by_name": "called by name",
        "no_timeout": "called without a time-out",
        "port_closed": "introspection port closed",
        "unregistered": "not registered",
        "frozen_message": "message a frozen dataclass of 3 fields",
        "copied_message": "message a dict, which is copied",
        "frozen_state": "state a frozen dataclass",
        "strict": "state a frozen dataclass, `strict`",
        "trap_exits": "`trap_exits`",
        "links": "100 links and 100 monitors",
        "crowd": "10,000 idle neighbours",
        "progress": "`self.progress` in the handler",
        "counters": "`self.count` in the handler",
        "critical": "`self.critical()` around the handler",
        "wait": "`self.wait` of one turn of the loop in the handler",
        "uvloop": "uvloop instead of asyncio's loop",
    }.items()
)
