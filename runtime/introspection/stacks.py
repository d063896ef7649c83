"""Frames of what runs, awaits, or holds the loop. Reads only what the interpreter keeps; source lines from disk."""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (it reads values of any type)

from __future__ import annotations

import linecache
import sys
from types import CodeType, CoroutineType, FrameType, GeneratorType
from typing import TYPE_CHECKING, Any, Final

from runtime.port.contract import Frame
from runtime.status import ENDED, IDLE, RUNNING, STATUSES
from runtime.threads.lane import Lane
from runtime.threads.process import ThreadProcess

from .text import clean, plain

if TYPE_CHECKING:
    from runtime.preemption.worker import Worker
    from runtime.process import Process
    from runtime.scheduler import Scheduler

__all__ = ["frames_of_worker", "loop_frames", "stack_of"]

Place = tuple[CodeType, "int | None"]
"""Code and line; a frame itself is let go of at once, since it holds the locals of whoever runs in it."""
LIMIT: Final = 60
LOOKS: Final = 3
_PARKING: Final = "runtime.preemption"
_MARSHAL: Final = "runtime.threads.marshal"
_LANE: Final = "runtime.threads.process"
_WAITING: Final = "runtime.preemption.waiting"
_HANDLE: Final = "runtime.handle"
"""`self.wait` and its kin: the line that called them says more."""
_INNER: Final = (
    "runtime.scheduler",
    "runtime.server_process",
    "runtime.trace.",
    "runtime.steps",
    "runtime.calls",
    "runtime.sending",
    "runtime.threads.lane",
    _PARKING,
    "asyncio.",
    "runtime.coroutine",
)


def loop_frames(sched: Scheduler) -> list[Frame]:
    """What the thread of the loop executes now, outermost first, from the handler's first frame on."""
    return _step_frames(sys._current_frames().get(sched.thread))


def _step_frames(frame: FrameType | None) -> list[Frame]:
    """The frames of a step, outermost first, without the runtime's at either end."""
    places: list[Place] = []
    frame = _asking(frame) or frame
    while frame is not None and len(places) < LIMIT:
        module = dict.get(frame.f_globals, "__name__")
        name = module if type(module) is str else ""
        if name.startswith(_INNER) and places:
            break
        if not name.startswith(_PARKING) and (places or name != _HANDLE):
            places.append((frame.f_code, frame.f_lineno))
        frame = frame.f_back
    return [_frame(*place) for place in reversed(places)]


def _asking(frame: FrameType | None) -> FrameType | None:
    """The frame that asks the node for something from a thread, and waits; None if none does."""
    found = None
    while frame is not None:
        if dict.get(frame.f_globals, "__name__") == _MARSHAL:
            found = frame
        frame = frame.f_back
    while found is not None and dict.get(found.f_globals, "__name__") in {_MARSHAL, _LANE, _HANDLE, _WAITING}:
        found = found.f_back
    return found


def stack_of(process: Process) -> tuple[list[Frame], str]:
    """The frames of a process, outermost first, and why there are none where there are none."""
    if process.sched.running is process:
        return loop_frames(process.sched), ""
    if isinstance(process, ThreadProcess):
        frames = frames_of_worker(process.lane)
    else:
        frames = _standing(process) or _await_chain(process.coroutine)
    if frames:
        return frames, ""
    status = process.status
    if status == RUNNING:  # a plain handler, in whose step another process runs
        return loop_frames(process.sched), ""
    if status == ENDED:
        return [], "no stack: the process has ended"
    return [], f"no stack: the process is {STATUSES[status]}" + (" for a message" if status == IDLE else "")


def _standing(process: Process) -> list[Frame]:
    """Where its step stands that is parked, or waits."""
    worker = process.parked()
    return frames_of_worker(worker) if worker is not None else []


def frames_of_worker(worker: Worker | Lane) -> list[Frame]:
    """Where the step stands that was parked on `worker`, or waits there; looked at again where it has gone on meanwhile."""
    if isinstance(worker, Lane):
        return _step_frames(worker.frame)
    frames: list[Frame] = []
    for _ in range(LOOKS):
        slices = worker.slices
        frames = _step_frames(worker.leaf.gr_frame)
        if frames and worker.slices == slices:
            break
    return frames


def _await_chain(coroutine: Any) -> list[Frame]:
    """Where a suspended coroutine stands: itself, what it awaits, and so on."""
    places: list[Place] = []
    while len(places) < LIMIT:
        if type(coroutine) is CoroutineType:
            frame, inner = coroutine.cr_frame, coroutine.cr_await
        elif type(coroutine) is GeneratorType:
            frame, inner = coroutine.gi_frame, coroutine.gi_yieldfrom
        else:
            break  # a future, or an awaitable of a class that may do anything when asked
        if frame is None:
            break  # it has just ended
        places.append((frame.f_code, frame.f_lineno))
        coroutine = inner
    return [_frame(*place) for place in places]


def _frame(code: CodeType, line: int | None) -> Frame:
    file, line = plain(code.co_filename), line or 0
    source = linecache.getline(file, line).strip()
    return Frame(
        file=clean(file), line=line, function=clean(code.co_qualname, 200), source=clean(source, 200)
    )
