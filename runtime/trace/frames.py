"""Where a step stands when something happens in it: the frames of its own code, for patterns that ask for the stack.

a/bank.py:12 Account.pay        innermost last; without those of this runtime and of tracing, at most 50
"""

from __future__ import annotations

import sys
from typing import Final

from ..preemption.guards import is_boundary

__all__ = ["frames"]

MOST: Final = 50
_OURS: Final = frozenset({"runtime", "tracing"})


def frames() -> tuple[str, ...]:
    """The frames of the step that runs on this thread, up to who has called its handler; of the host's code, outside of steps."""
    found: list[str] = []
    frame = sys._getframe(1)
    while len(found) < MOST:
        code = frame.f_code
        if is_boundary(code):
            break
        name = frame.f_globals.get("__name__")
        if type(name) is not str or name.partition(".")[0] not in _OURS:
            found.append(f"{code.co_filename}:{frame.f_lineno or code.co_firstlineno} {code.co_qualname}")
        if frame.f_back is None:
            break
        frame = frame.f_back
    return tuple(reversed(found))
