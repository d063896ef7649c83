"""How often children may be restarted before their supervisor gives up. Pure: the caller brings the clock.

More than `max_restarts` within `max_seconds` is too often: OTP's supervisor manual, "Maximum restart intensity".
"""

from __future__ import annotations

from collections import deque
from typing import Final

__all__ = ["Intensity"]


class Intensity:
    """The restarts of a sliding window.

    Args:
        max_restarts: how many are allowed.
        max_seconds: the window's length.
    """

    def __init__(self, max_restarts: int, max_seconds: float) -> None:
        self.max_restarts: Final = max_restarts
        self.max_seconds: Final = max_seconds
        self._times: deque[float] = deque()

    def add(self, now: float) -> bool:
        """Count a restart at `now`. False if it is one too many."""
        times = self._times
        times.append(now)
        while now - times[0] > self.max_seconds:
            times.popleft()
        return len(times) <= self.max_restarts

    def used(self, now: float) -> int:
        """Restarts that the window still counts."""
        return sum(1 for time in self._times.copy() if now - time <= self.max_seconds)

    def remaining(self, now: float) -> int:
        """Restarts that are left in the window."""
        return max(0, self.max_restarts - self.used(now))
