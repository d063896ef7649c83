"""Long work beside a process that stays answerable: `self.task(coroutine)`.

ref = self.task(model.complete(…))
  returns        TaskDone(ref, value)            into the mailbox of its owner
  raises         TaskFailed(ref, the exception)
  ref.cancel()   TaskFailed(ref, "cancelled")
The owner ends: the task is cancelled, and nobody is told.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Coroutine
from contextvars import Context, copy_context
from threading import get_ident
from typing import TYPE_CHECKING, Any

from .crash import strip
from .errors import NoProcess, ProcessExit
from .mailbox import INFO
from .messages import ATOMS
from .signals import TaskDone, TaskFailed
from .status import ENDED
from .steps import Steps
from .work import current

if TYPE_CHECKING:
    from tracing.context import Context as Story

    from .process import Process

__all__ = ["TaskRef", "start_task"]


class TaskRef:
    """A task of a process. Compares by identity; can stand in a state."""

    __slots__ = ("name", "number", "process", "started", "task")

    def __init__(self, process: Process, task: asyncio.Task[Any], name: str, number: int) -> None:
        self.process = process
        self.task = task
        self.name = name
        self.number = number
        self.started = process.sched.clock()

    def cancel(self) -> bool:
        """Cancel it; its end arrives as `TaskFailed(ref, "cancelled")`. False if it had ended."""
        sched = self.process.sched
        if get_ident() == sched.thread:
            return self.task.cancel()
        sched.loop.call_soon_threadsafe(self.task.cancel)
        return not self.task.done()

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self.task.done()

    def __repr__(self) -> str:
        return f"#Task<{self.process.number}.{self.number} {self.name}{' done' if self.done else ''}>"

    def __deepcopy__(self, _memo: object) -> TaskRef:
        return self


ATOMS.add(TaskRef)


def start_task(process: Process, coroutine: Coroutine[Any, Any, Any], name: str | None) -> TaskRef:
    """Run `coroutine` as a task of `process`.

    Raises:
        TypeError: it is not a coroutine.
        NoProcess: `process` has ended; what is left of its code starts nothing any more.
    """
    if not inspect.iscoroutine(coroutine):
        raise TypeError(f"self.task takes a coroutine, as from calling an async function; got {coroutine!r}")
    if process.status == ENDED:
        coroutine.close()
        raise NoProcess(process.pid)
    extra = process.more()
    tasks = extra.tasks
    if tasks is None:
        tasks = extra.tasks = set()
    context: Context = copy_context()
    context.run(current.set, None)  # it may call its owner, which goes on handling messages
    story = process.sched.within()
    if story is not None:
        process.sched.told_to(context, story)
    steps = Steps(process, coroutine, own=False, context=context, story=story)
    task = process.sched.task(steps, context)
    ref = TaskRef(process, task, name or coroutine.__qualname__, process.sched.node.next_number())
    tasks.add(ref)
    task.add_done_callback(lambda _task: _ended(ref, tasks, story))
    return ref


def _ended(ref: TaskRef, tasks: set[TaskRef], story: Story | None) -> None:
    tasks.discard(ref)
    task, process = ref.task, ref.process
    error = None if task.cancelled() else task.exception()
    if process.status == ENDED:
        return
    message: TaskDone | TaskFailed
    if task.cancelled():
        message = TaskFailed(ref, "cancelled")
    elif error is not None:
        strip(error)
        message = TaskFailed(ref, error.reason if isinstance(error, ProcessExit) else error)
    else:
        message = TaskDone(ref, task.result())
    sched = process.sched
    process.post((INFO, message, None, sched.tick(), process.number, sched.after(story)))
