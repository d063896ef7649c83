"""A measure, its rows in the tables, and what they aim at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["OURS", "PYTHON", "Aim", "Measure", "Row"]

OURS: Final = ("slicing", "plain")
PYTHON: Final = ("asyncio", "pykka", "xoscar", "autogen")


@dataclass(frozen=True)
class Aim:
    """What a row is to reach.

    Attributes:
        bound: the least ratio to another candidate; without one, the largest figure.
        against: the other candidate. Optional. Defaults to none.
        of: who is to reach it. Optional. Defaults to this runtime, slicing time.
    """

    bound: float
    against: str | None = None
    of: str = "slicing"


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes:
        figure: its name in what the measurement found.
        unit: `/s` (more is better), or `us`, `ms`, `s`, `bytes`, `MB`, `GB`, `%`, `×` (less is better).
        title: what it is called, where the measure's title does not say all. Optional. Defaults to nothing.
        aims: what it is to reach. Optional. Defaults to nothing.
        brief: whether the README quotes it too. Optional. Defaults to True.
    """

    figure: str
    unit: str
    title: str = ""
    aims: tuple[Aim, ...] = ()
    brief: bool = True

    @property
    def more_is_better(self) -> bool:
        """Whether a larger figure is the better one."""
        return self.unit == "/s"


@dataclass(frozen=True)
class Measure:
    """Something that is measured.

    Attributes:
        name: the function that does it, in the candidates and in `otp/`.
        title: what the tables call it.
        candidates: who takes part.
        rows: what is shown of it. Optional. Defaults to its rate.
        rounds: in how many rounds at most. Optional. Defaults to all.
        either: whether this runtime is measured without slicing only where it cannot slice. Optional. Defaults to False.
        timeout: seconds after which a measurement is given up. Optional. Defaults to 60.
    """

    name: str
    title: str
    candidates: tuple[str, ...]
    rows: tuple[Row, ...] = (Row("rate", "/s"),)
    rounds: int = 1_000
    either: bool = False
    timeout: float = 60.0
