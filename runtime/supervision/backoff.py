"""How long a child waits before it is started again. Pure: the caller brings the dice.

    tries in a row    0       1       2       3      …
    seconds           first   ·factor ·factor ·factor   until `maximum`; less by up to `jitter`

OTP has no such wait: its answer to a fault that stays is the restart intensity. Where the other side is a service that
is down for a minute, to give up is no help either.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Backoff"]

_ENOUGH = 1000
"""Tries after which every wait is as long as it gets."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """The waits of a child between its end and its restart. A child that has lived for `maximum` seconds begins anew.

    Attributes:
        first: seconds before the first restart. Optional. Defaults to 0.1.
        maximum: seconds that no wait exceeds. Optional. Defaults to 30.
        factor: how much longer each wait is than the one before. Optional. Defaults to 2.
        jitter: the share of a wait by which it may be shorter, so that many do not come back at the same moment.
            Optional. Defaults to 0.1.

    Raises:
        ValueError: a value makes no sense.
    """

    first: float = 0.1
    maximum: float = 30.0
    factor: float = 2.0
    jitter: float = 0.1

    def __post_init__(self) -> None:
        if not 0 < self.first <= self.maximum < math.inf:
            raise ValueError(
                f"Backoff(first={self.first!r}, maximum={self.maximum!r}): seconds above 0, first at most maximum"
            )
        if not 1 <= self.factor < math.inf:
            raise ValueError(f"Backoff(factor={self.factor!r}): 1 or more")
        if not 0 <= self.jitter <= 1:
            raise ValueError(f"Backoff(jitter={self.jitter!r}): a share, from 0 to 1")

    def seconds(self, tries: int, chance: float) -> float:
        """How long to wait after `tries` restarts in a row; `chance` is a throw of the dice, from 0 to 1."""
        wait = self.first
        for _ in range(min(tries, _ENOUGH)):
            wait *= self.factor
            if wait >= self.maximum:
                break
        return min(wait, self.maximum) * (1 - self.jitter * chance)
