"""How fast the port's threads may work: one thread at a time has the interpreter, and the node's loop needs it.

    work ──2 ms──> breathe() rests for 0.5 ms ──> work ──2 ms──> …

A thread that computes for long delays every process. `sleep(0)` does not help: it starves the loop too. So whoever
works for long calls `breathe()` between steps that are short by themselves. It goes by time: how many steps fit
into a slice depends on the step, the machine and what the cache holds.

The other way round, a request has a right of way: until it is answered, or waits for the loop, for 2 ms at most. A loop that is
fully at work lets other threads in once a millisecond, and each read of a socket or a file gives the interpreter away: a
request that needs five of them would take five milliseconds. So the loop, when it breathes, waits for `right_of_way`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

__all__ = ["REST_S", "SLICE_S", "breathe", "give_way", "hurry", "rest", "rested", "right_of_way"]

T = TypeVar("T")
SLICE_S: Final = 0.002
"""Seconds of work at a stretch. A loop that is fully at work waits this long for its turn; and where it is, the
reader waits up to 5 ms for its own, so shorter slices would only make its answers late."""
REST_S: Final = 0.0005
"""Seconds of a rest."""


WAY_S: Final = 0.002
"""Seconds for which a request has the right of way."""


class _Thread(threading.local):
    until = 0.0
    """When the slice of this thread ends, by `time.perf_counter`."""


class _Way:
    until = 0.0
    """When the right of way of the newest request ends, by `time.monotonic`; 0 while there is none."""


_this: Final = _Thread()
_way: Final = _Way()


def hurry() -> None:
    """A request has come."""
    _way.until = time.monotonic() + WAY_S


def give_way() -> None:
    """It has been answered, or waits for the loop."""
    _way.until = 0.0


def right_of_way() -> bool:
    """Whether a request is at work that the loop should let through."""
    return _way.until != 0.0 and time.monotonic() < _way.until


def rest() -> None:
    """Let the loop have the interpreter."""
    time.sleep(REST_S)
    _this.until = time.perf_counter() + SLICE_S


def breathe() -> None:
    """Rest, if this thread has not for `SLICE_S`."""
    if time.perf_counter() >= _this.until:
        rest()


def rested(items: Iterable[T]) -> Iterator[T]:
    """The items, with a rest between two of them whenever one is due."""
    for item in items:
        yield item
        if time.perf_counter() >= _this.until:
            rest()
