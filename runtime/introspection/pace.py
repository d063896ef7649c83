"""Reading beside a loop that goes on: in slices (see `runtime.port.pace`), and copying what changes meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from runtime.port.pace import breathe, rest, rested

__all__ = ["breathe", "rest", "rested", "settled"]

T = TypeVar("T")
TRIES: Final = 20


def settled(copy: Callable[[], T]) -> T:
    """What `copy` takes out of a container that the loop may change meanwhile; tried again when it did.

    Raises:
        RuntimeError: it changes all the time.
    """
    for _ in range(TRIES):
        try:
            return copy()
        except RuntimeError:  # changed during iteration
            rest()
    return copy()
