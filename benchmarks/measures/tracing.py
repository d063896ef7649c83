"""What it costs that somebody listens: with the flight recorder, to all messages, to a function; and what bounds it."""

from __future__ import annotations

from typing import Final

from benchmarks.measures.measure import OURS, Aim, Measure, Row

__all__ = ["MEASURES"]

_RECORDER: Final = Row("recorder", "%", "slower with the flight recorder", (Aim(10),))
_MESSAGES: Final = Row("messages", "×", "with all messages traced", (Aim(2),))
_FUSE_MS: Final = 100.0

MEASURES: Final = (
    Measure(
        "tracing_call", "call", OURS,
        (
            _RECORDER, _MESSAGES, Row("handlers", "×", "with all messages and handlers traced", brief=False),
            Row("function", "×", "with a function traced that its handler calls", brief=False),
        ), rounds=5,
    ),
    Measure("tracing_cast", "cast, and its handling", OURS, (_RECORDER, _MESSAGES), rounds=5),
    Measure(
        "tracing_work", "call whose handler works for 20 µs", OURS,
        (_RECORDER, _MESSAGES), rounds=3,
    ),
    Measure(
        "tracing_start", "start of a supervised, registered server", OURS,
        (
            Row("recorder", "%", "slower with the flight recorder", brief=False),
            Row("events", "×", "with all events traced", brief=False),
        ), rounds=3,
    ),
    Measure(
        "tracing_reader", "a record of a message, made and shown by its reader", OURS,
        (Row("us", "us", brief=False),), rounds=3, either=True,
    ),
    Measure(
        "tracing_fuse", "a million events a second offered to a session", OURS,
        (
            Row("fits_ms", "ms", "ended, where all of them fit, after", (Aim(_FUSE_MS),)),
            Row("looked_ms", "ms", "ended, where none of them fits, after", (Aim(_FUSE_MS),), brief=False),
        ), rounds=3, either=True,
    ),
    Measure(
        "tracing_memory", "the flight recorder, full of 10,000 handled messages", OURS,
        (Row("megabytes", "MB"),), rounds=3, either=True,
    ),
)  # fmt: skip
