"""Where the code of a step stood when something happened in it, for patterns that ask for the stack.

a/bank.py:12 Account.pay        innermost last; without those of this runtime and of tracing, at most 50

raised      where it was raised, as its traceback says
crash       likewise, as the crash report has it: its traceback is cut off by then
all others  where the step stands
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from ..preemption.guards import is_boundary

if TYPE_CHECKING:
    from types import FrameType, TracebackType

    from ..node import Node

__all__ = ["frames"]

MOST: Final = 50
_OURS: Final = frozenset({"runtime", "tracing"})


def frames(node: Node, event: Any) -> tuple[str, ...]:
    """The frames of an event that happens now, on this thread: up to who has called the handler, or of the host's code."""
    kind = event[1]
    if kind == "raised":
        reason = event[7][-1]
        trace = reason.__traceback__ if isinstance(reason, BaseException) else None
        return tuple(_of_traceback(trace))[-MOST:]
    if kind == "crash":
        return _of_crash(node, event[2])
    return tuple(_of_step(sys._getframe(1)))[::-1]


def _of_step(frame: FrameType | None) -> Iterator[str]:
    """Innermost first."""
    left = MOST
    while frame is not None and left and not is_boundary(frame.f_code):
        if _is_users(frame):
            yield _line(frame, frame.f_lineno)
            left -= 1
        frame = frame.f_back


def _of_traceback(trace: TracebackType | None) -> Iterator[str]:
    while trace is not None:
        if _is_users(trace.tb_frame):
            yield _line(trace.tb_frame, trace.tb_lineno)
        trace = trace.tb_next


def _of_crash(node: Node, number: int) -> tuple[str, ...]:
    crash = node.ledger.crashes[-1] if node.ledger.crashes else None
    if crash is None or crash.number != number:
        return ()
    return tuple(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in crash.frames)[-MOST:]


def _is_users(frame: FrameType) -> bool:
    name = frame.f_globals.get("__name__")
    return type(name) is not str or name.partition(".")[0] not in _OURS


def _line(frame: FrameType, line: int | None) -> str:
    code = frame.f_code
    return f"{code.co_filename}:{line or code.co_firstlineno} {code.co_qualname}"
