"""Sums of whole numbers: what the workers add up all day, and what the desk is asked for.

A sum takes no longer for a large number than for a small one, and there is none for what is not above zero.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from demo.soul.messages import Answer, Tally
from runtime import Pid, Server, Stop

EVERY = 1.0
"""Seconds between two sums of a worker."""
LARGEST = 50
"""What a worker adds up to, at most."""


def total(n: int) -> int:
    """1 + 2 + … + n."""
    return n * (n + 1) // 2


@dataclass(frozen=True, slots=True)
class Work:
    """What a worker has done."""

    sums: int = 0
    last: int = 0


class Worker(Server[Work]):
    """Adds up some numbers, once a second."""

    def init(self) -> Work:
        """Begin at any moment of the second, so that not all do it at the same one."""
        self.send_after(random.random() * EVERY, "begin")  # noqa: S311 - no secret
        return Work()

    def handle_info(self, message: str, work: Work, /) -> Work:
        """The next sum."""
        if message == "begin":
            self.send_interval(EVERY, "next")
        last = total(random.randint(1, LARGEST))  # noqa: S311 - no secret
        tally: Tally = self.resource(Tally)
        tally.sums += 1
        return Work(work.sums + 1, last)


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to know."""

    desk: Pid
    number: str


class Computation(Server[Asked]):
    """One sum for the desk. Whatever is wrong with the input, it is this process that has the trouble."""

    def init(self, desk: Pid, number: str) -> Asked:
        """Begin when the desk says so: it wants to see how this ends."""
        self.label = f"sum to {number}"
        return Asked(desk, number)

    def handle_info(self, _begin: str, asked: Asked, /) -> Stop[Asked]:
        """Answer, or refuse, and end."""
        n = int(asked.number)
        if n <= 0:
            asked.desk.send(Answer(self.pid, f"refused: {n} is not above zero", refused=True))
            return Stop("normal", asked)
        asked.desk.send(Answer(self.pid, f"{total(n)}"))
        return Stop("normal", asked)
