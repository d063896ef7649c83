"""What the processes say to each other, and what they count on. None of it is replaced while it runs."""

from __future__ import annotations

from dataclasses import dataclass

from runtime import Pid

__all__ = ["Answer", "Loaded", "Tally"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A computation to the desk: what came out."""

    computation: Pid
    text: str
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Loaded:
    """The load to the desk: so many workers are at work."""

    workers: int


class Tally:
    """How many sums were done so far: a resource that the workers count on, and the meter reads."""

    def __init__(self) -> None:
        self.sums = 0
