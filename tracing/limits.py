"""What a session may cost. Every session has all of these limits; each has a default and a bound of its own."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

__all__ = ["Limits"]

_BOUNDS: Final[dict[str, tuple[float, float]]] = {
    "count": (1, 1_000_000),
    "seconds": (0.01, 86_400),
    "rate": (1, 1_000_000),
    "work": (1, 10_000_000),
    "queue": (1, 100_000),
    "size": (100, 1_000_000),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a session. At each of them it stops, and says so; `size` cuts.

    Attributes:
        count: records. Optional. Defaults to 1,000.
        seconds: from its beginning. Optional. Defaults to 30.
        rate: records a second, measured over 0.1 s. Optional. Defaults to 20,000.
        work: events a second that it looks at, wanted or not, measured likewise. Optional. Defaults to 200,000.
        queue: records that wait to be read. Optional. Defaults to 5,000.
        size: characters of the values of one record; what is longer is cut, and marked. Optional. Defaults to 10,000.

    Raises:
        ValueError: a limit is no number, or out of its bounds. There is no session without limits.
    """

    count: int = 1_000
    seconds: float = 30.0
    rate: float = 20_000.0
    work: float = 200_000.0
    queue: int = 5_000
    size: int = 10_000

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            low, high = _BOUNDS[item.name]
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                raise ValueError(
                    f"the limit {item.name} is {value!r}; it is a number from {low:g} to {high:g}"
                )
            if item.type == "int" and not isinstance(value, int):
                raise ValueError(f"the limit {item.name} is {value!r}; it is a whole number")
