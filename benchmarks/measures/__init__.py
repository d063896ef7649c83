"""What is measured, in the order of the tables: one file for each family."""

from __future__ import annotations

from typing import Final

from benchmarks.measures import (
    elsewhere,
    features,
    memory,
    messages,
    neighbours,
    observer,
    starts,
    tracing,
    upgrade,
)
from benchmarks.measures.measure import Aim, Measure, Row

__all__ = ["MEASURES", "SECTIONS", "Aim", "Measure", "Row"]

SECTIONS: Final[dict[str, tuple[Measure, ...]]] = {
    "Messages": messages.MEASURES,
    "Starts and restarts": starts.MEASURES,
    "Memory": memory.MEASURES,
    "Neighbours of processes that never stop": neighbours.MEASURES,
    "Threads and OS processes": elsewhere.MEASURES,
    "Hot code upgrade": upgrade.MEASURES,
    "Tracing": tracing.MEASURES,
    "A console attached": observer.MEASURES,
    "Features, one by one": features.MEASURES,
}
MEASURES: Final = {measure.name: measure for measures in SECTIONS.values() for measure in measures}
