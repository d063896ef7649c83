"""The steps: what there is to do, with which words in a second terminal and which keys in the console."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BAD", "ENDLESS", "HEAVY", "HINTS", "LARGE", "STEPS", "Step"]

BAD = "a hundred"
HEAVY = 100_000_000
LARGE = 10_000_000
"""What counts as heavy."""
ENDLESS = -1


@dataclass(frozen=True, slots=True)
class Step:
    """One step."""

    name: str
    to_do: str
    look: str

    @property
    def text(self) -> str:
        """As the desk shows it."""
        return f"{self.name}: {self.to_do} - {self.look}"


STEPS = (
    Step("1 load", "observer send load 10000", "press 1: the graph climbs; g meter: the loop's share"),
    Step("2 a bad input", f"observer send desk '\"{BAD}\"'", "1: one crash; the graph stays flat"),
    Step("3 a heavy one", f"observer send desk {HEAVY}", "1: it runs in slices; the graph stays flat"),
    Step("4 an endless one", f"observer send desk {ENDLESS}", "2 R Home: it has most reductions"),
    Step("5 kill it", "Enter x: where it stands; K y", "1: nobody else has noticed"),
    Step("6 new code", "observer send editor '\"fix\"'", "5: sums is stale; U y: all workers are upgraded"),
    Step("7 try again", f"observer send desk {ENDLESS} --call; then {HEAVY}", "refused; at once"),
)

HINTS = (
    "g desk: what to do next",
    "1 graph",
    "g meter: loop share",
    "R by reductions",
    "x stack",
    "K kill",
    "5 code",
)
"""For the line at the foot of the console."""
