"""Frames of what runs, awaits, or holds the loop. Reads only what the interpreter keeps; source lines from disk."""

from __future__ import annotations

import linecache
import sys
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from runtime.port.contract import Frame
from runtime.status import AWAITING, RECEIVING, RUNNING, STATUSES

if TYPE_CHECKING:
    from runtime.process import Process
    from runtime.scheduler import Scheduler

__all__ = ["loop_frames", "stack_of"]

LIMIT: Final = 60
_INNER: Final = (
    "runtime.scheduler",
    "runtime.server_process",
    "runtime.steps",
    "runtime.calls",
    "asyncio.",
    "runtime.coroutine",
)


def loop_frames(sched: Scheduler) -> list[Frame]:
    """What the thread of the loop executes now, outermost first, from the handler's first frame on."""
    frame: FrameType | None = sys._current_frames().get(sched.thread)
    frames: list[Frame] = []
    while frame is not None and len(frames) < LIMIT:
        module = frame.f_globals.get("__name__", "")
        if type(module) is str and module.startswith(_INNER) and frames:
            break
        frames.append(_frame(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_qualname))
        frame = frame.f_back
    return frames[::-1]


def stack_of(process: Process) -> tuple[list[Frame], str]:
    """The frames of a process, outermost first, and why there are none where there are none."""
    status = process.status
    if status == RUNNING or process.sched.running is process:
        return loop_frames(process.sched), ""
    coroutine = process.coroutine
    if status in {AWAITING, RECEIVING} or coroutine is not None:
        frames = _await_chain(coroutine)
        if frames:
            return frames, ""
    return [], f"no stack: the process is {STATUSES[status]}" + (" for a message" if status == 0 else "")


def _await_chain(coroutine: Any) -> list[Frame]:
    """Where a suspended coroutine stands: itself, what it awaits, and so on."""
    frames: list[Frame] = []
    while coroutine is not None and len(frames) < LIMIT:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if type(frame) is not FrameType:
            break
        frames.append(_frame(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_qualname))
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)
    return frames


def _frame(file: str, line: int | None, function: str) -> Frame:
    return Frame(
        file=file, line=line or 0, function=function, source=linecache.getline(file, line or 0).strip()[:200]
    )
