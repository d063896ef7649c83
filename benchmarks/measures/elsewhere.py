"""What a thread, or an OS process, of its own costs a server: its start, calls and casts, beside one on the node's loop."""

from __future__ import annotations

from typing import Final

from benchmarks.measures.measure import OURS, Measure, Row

__all__ = ["MEASURES"]

_PLACES: Final = {"loop": "on the loop", "thread": "on a thread", "isolated": "in an OS process"}

MEASURES: Final = (
    *(
        Measure(
            f"elsewhere_start_{place}", f"start of a server {words}, until `init` is over", OURS,
            (Row("p50", "ms", "median", brief=place == "isolated"), Row("max", "ms", "max", brief=False)), rounds=3,
        )
        for place, words in _PLACES.items()
    ),
    *(
        Measure(
            f"elsewhere_{kind}_{place}", f"{kind} to a server {words}", OURS,
            (Row("rate", "/s", brief=(kind, place) == ("call", "isolated")),), rounds=3,
        )
        for kind in ("call", "cast") for place, words in _PLACES.items()
    ),
)  # fmt: skip
