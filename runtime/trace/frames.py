r"""Where a step stands at an event, for patterns that ask for the stack: the user's frames alone.

site (runtime, tracing) <- handle_cast, agents.py:41 <- tools.py:7 … <- the runtime, or asyncio
\_____ left out _____/    \______________ told, innermost last ______________/
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Final

__all__ = ["frames"]

MOST: Final = 30
_OURS: Final = ("runtime.", "tracing.", "asyncio.")


def frames() -> tuple[str, ...]:
    """The frames of who calls, innermost last, as `file:line in function`; none where no code of the user's runs. About 1 µs a frame."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _is_ours(frame):
        frame = frame.f_back
    found: list[str] = []
    while frame is not None and len(found) < MOST and not _is_ours(frame):
        code = frame.f_code
        found.append(f"{code.co_filename}:{frame.f_lineno} in {code.co_qualname}")
        frame = frame.f_back
    found.reverse()
    return tuple(found)


def _is_ours(frame: FrameType) -> bool:
    name = frame.f_globals.get("__name__")
    return type(name) is str and name.startswith(_OURS)
