"""What was found, as it is saved: every figure of every round, with the machine it is from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Self

__all__ = ["Found", "Results"]


@dataclass
class Found:
    """What one candidate's measurements of one measure found.

    Attributes:
        figures: the figures of all rounds, by name.
        skipped: why there are none.
    """

    figures: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    skipped: str | None = None

    def add(self, figures: dict[str, float]) -> None:
        """One round's figures."""
        for name, value in figures.items():
            self.figures.setdefault(name, []).append(value)


@dataclass
class Results:
    """Everything that one run found.

    Attributes:
        machine: as `machine.describe` says it.
        rounds: how many there were at most.
        seconds: how long each rate was measured.
        many: how many processes "a million" were.
        found: by measure and candidate.
    """

    machine: dict[str, str]
    rounds: int
    seconds: float
    many: int
    found: dict[str, dict[str, Found]] = field(default_factory=dict[str, dict[str, Found]])

    def of(self, measure: str, candidate: str) -> Found:
        """What there is of one candidate's measure; it can be added to."""
        return self.found.setdefault(measure, {}).setdefault(candidate, Found())

    def values(self, measure: str, candidate: str, figure: str) -> list[float]:
        """All rounds' figures; empty where there are none."""
        found = self.found.get(measure, {}).get(candidate)
        return found.figures.get(figure, []) if found else []

    def median(self, measure: str, candidate: str, figure: str) -> float | None:
        """The median of the rounds; None where there is none."""
        values = self.values(measure, candidate, figure)
        return median(values) if values else None

    def save(self, path: Path) -> None:
        """Write it as JSON, figures with six digits."""
        whole = asdict(self)
        for by_candidate in whole["found"].values():
            for found in by_candidate.values():
                found["figures"] = {
                    name: [float(f"{value:.6g}") for value in values]
                    for name, values in found["figures"].items()
                }
        path.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        whole: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        saved = whole.pop("found")
        found = {
            measure: {candidate: Found(**one) for candidate, one in by_candidate.items()}
            for measure, by_candidate in saved.items()
        }
        return cls(**whole, found=found)
