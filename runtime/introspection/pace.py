"""Reading beside a loop that goes on: how fast, and how to copy what changes meanwhile.

One thread at a time has the interpreter. A reader that computes for long delays every process, and `sleep(0)` does
not help: it starves the loop too. So readers work in short slices, with a real sleep in between.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from runtime.process import Process
    from runtime.table import ProcessTable

__all__ = ["breathing", "rest", "rested", "settled"]

T = TypeVar("T")
REST_S: Final = 0.0005
TRIES: Final = 20


def rest() -> None:
    """Let the loop have the interpreter."""
    time.sleep(REST_S)


def rested(items: Iterable[T], every: int) -> Iterator[T]:
    """The items, with a rest after `every` so many of them."""
    for index, item in enumerate(items, 1):
        yield item
        if index % every == 0:
            rest()


def breathing(table: ProcessTable) -> Iterator[list[Process]]:
    """The living processes in slices of at most 256, with a rest after every second one."""
    return rested(table.slices(), 2)


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
