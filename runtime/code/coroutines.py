"""Coroutine processes and new code: a coroutine that waits cannot change its code, so a fresh one takes its place at a `receive`.

    process.continue_with(total)      newer code begins as function(process, total)
    @restarts_on_upgrade              newer code begins with the arguments of the start
    neither                           it keeps the old code until it ends

The pid, the mailbox, links, monitors, timers and names stay. What is left of the old coroutine is cancelled, as at the end of a process: its
`finally` blocks run, but what they do finds a process that has ended.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, TypeVar

from ..coroutine import RESTARTS, CoroutineProcess
from ..errors import describe
from ..status import AWAITING, ENDED
from ..steps import Steps, steps_of
from ..supervision.task_process import TaskProcess
from ..work import current

if TYPE_CHECKING:
    from .translation import Translation

__all__ = ["again", "begin_anew", "check", "restarts_on_upgrade"]

F = TypeVar("F", bound=Callable[..., Any])


def restarts_on_upgrade(function: F) -> F:
    """Decorates the function of a coroutine process: newer code begins anew, with the arguments that the process was started with."""
    setattr(function, RESTARTS, True)
    return function


def again(process: CoroutineProcess, new: Any) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """Positional and keyword arguments with which the new function begins; None where it has not asked for that."""
    if isinstance(process, TaskProcess):
        return None
    if process.again is not None:
        return process.again
    asks = getattr(process.function, RESTARTS, False) or getattr(new, RESTARTS, False)
    if not asks:
        return None
    if process.child is None:
        given: tuple[tuple[Any, ...], dict[str, Any]] | None = getattr(
            process, "given", None
        )  # of an isolated one
        return given
    args, options = process.child.given()
    return (process.child.args if process.child.terms.restart_args is not None else args), options


def check(process: CoroutineProcess, new: Any, translation: Translation) -> str | None:
    """Why the new function could not take over; None if it can, or need not.

    Raises:
        Untranslatable: an argument has no counterpart.
    """
    arguments = again(process, new)
    if arguments is None:
        return None
    if not inspect.iscoroutinefunction(new):
        return f"{process.behaviour} is no async function in the new code"
    args, options = translation.rebuilt(arguments)
    try:
        inspect.signature(new).bind(process.handle, *args, **options)
    except TypeError as error:
        return f"{process.behaviour}: it cannot begin with what continue_with has left: {error}"
    return None


def begin_anew(
    process: CoroutineProcess, new: Any, translation: Translation, done: Callable[[str], None]
) -> None:
    """Let `new` take over as soon as the process stands in `receive`. `done` is told: why not, or nothing.

    No message is taken out of the mailbox meanwhile.
    """

    def arrive() -> None:
        receiver = process.receiver
        if process.newer is not arrive or receiver is None or process.status == ENDED:
            return
        process.newer = None
        try:
            args, options = translation.rebuilt(again(process, new) or ((), {}))
            _replace(process, new, args, options)
        except Exception as error:  # it goes on as it was
            process.note(f"keeps its old code: {describe(error)}")
            process.wake()
            done(describe(error))
            return
        _translate(process, translation)
        done("")

    process.newer = arrive
    arrive()


def _replace(process: CoroutineProcess, new: Any, args: tuple[Any, ...], options: dict[str, Any]) -> None:
    """Put a fresh coroutine in the place of the one that stands in `receive`."""
    sched, old, task = process.sched, process.handle, process.task
    handle = object.__new__(type(old))
    object.__setattr__(handle, "_process", process)
    coroutine = new(handle, *args, **options)
    ghost = CoroutineProcess(sched, process.number, process.started)
    ghost.status, ghost.state, ghost.handle, ghost.child = ENDED, "code_change", old, process.child
    object.__setattr__(old, "_process", ghost)
    process.receiver = process.task = process.received = None
    steps = steps_of(task)
    if steps is not None:
        steps.belongs_to(ghost)
    if task is not None:
        sched.cancel(task)
    process.handle, process.function, process.coroutine = handle, new, coroutine
    process.again = None if process.again is None else (args, options)
    process.status = AWAITING
    context = copy_context()
    context.run(current.set, (process, None))
    story = steps.story if steps is not None else None
    if story is not None:
        sched.told_to(context, story)
    process.task = sched.task(Steps(process, coroutine, context=context, story=story), context)
    process.task.add_done_callback(process.done, context=context)
    process.note("runs new code")


def _translate(process: CoroutineProcess, translation: Translation) -> None:
    """Messages that wait, where they can be: one that cannot keeps its old class."""
    mailbox = process.mailbox
    for _ in range(len(mailbox) if mailbox is not None else 0):
        assert mailbox is not None
        entry = mailbox.popleft()
        try:
            mailbox.append((entry[0], translation.rebuilt(entry[1]), *entry[2:]))
        except Exception:
            mailbox.append(entry)
