"""Makes room for many objects that last: meanwhile nothing is collected, and they themselves are never walked.

    with lasting():
        story = story_of(rows)

The garbage collector passes over everything there is whenever a quarter has come on top, on whichever thread that happens, and all others
wait: with 30,000 spans a third of a second, again and again. Stories have no cycles, so they go without it when nobody has them any
more. What is garbage in a cycle at the end of a `with` stays.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["lasting"]

_lock = threading.Lock()
_makers: list[bool] = []
"""Of each of those that are at it now: whether there was a collector when it began."""


@contextmanager
def lasting() -> Generator[None]:
    """For any thread; several at a time."""
    with _lock:
        _makers.append(gc.isenabled())
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            enabled = _makers.pop(0)
            if _makers:
                _makers[0] |= enabled
            elif enabled:
                gc.freeze()
                gc.enable()
