"""The process of a task, its place in its supervisor, and the other end: whoever awaits its value."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, cast

from .. import exits
from ..coroutine import CoroutineProcess
from ..errors import CallTimeout, ProcessDied
from ..messages import ATOMS, share
from ..preemption.guards import boundary, open_to_switches
from ..status import ENDED
from .child import Child
from .child_spec import ChildSpec

if TYPE_CHECKING:
    from ..process import Arguments, Process
    from .family import Family

__all__ = ["Result", "TaskChild", "TaskProcess", "TaskSpec"]


class Result:
    """The value of a task, to come.

    Attributes:
        future: what whoever wants it awaits.
        link: the process that the task is linked with; None for none.
    """

    __slots__ = ("_process", "future", "link")

    def __init__(self, future: asyncio.Future[Any], link: Process | None) -> None:
        self.future = future
        self.link = link
        self._process: Process | None = None
        future.add_done_callback(self._over)

    def asked(self, answer: asyncio.Future[Any]) -> None:
        """The supervisor has answered: the task runs, or does not."""
        error = answer.exception()
        if error is not None and not self.future.done():
            self.future.set_exception(error)

    def started(self, process: Process) -> None:
        """The task's process is there, before its first step."""
        self._process = process
        if self.future.done():
            self._shut_down()
            return
        exits.watch(process, self._ended)
        if self.link is not None:
            exits.link(process, self.link)  # with one that has ended meanwhile, the task ends too: noproc

    @open_to_switches
    def give(self, value: Any) -> None:
        """The task has returned `value`.

        Raises:
            NotSendable: it cannot be shared.
        """
        value = share(value)
        if not self.future.done():
            self.future.set_result(value)

    def limit(self, seconds: float) -> None:
        """End the task if it has no value in `seconds`."""
        timer = self.future.get_loop().call_later(seconds, self._expire, seconds)
        self.future.add_done_callback(lambda _: timer.cancel())

    def _expire(self, seconds: float) -> None:
        process = self._process
        if not self.future.done():
            target = process.pid if process is not None else "the task"
            doing = process.sched.describe(process) if process is not None else "not started yet"
            self.future.set_exception(CallTimeout(target, seconds, doing))

    def _ended(self, reason: Any) -> None:
        if not self.future.done() and self._process is not None:
            self.future.set_exception(ProcessDied(self._process, reason))

    def _over(self, future: asyncio.Future[Any]) -> None:
        """It was awaited, or nobody will: a task whose value nobody gets is shut down."""
        if future.cancelled() or isinstance(future.exception(), CallTimeout):
            self._shut_down()

    def _shut_down(self) -> None:
        process = self._process
        if process is None or process.status == ENDED:
            return
        if self.link is not None:
            exits.unlink(self.link, process)
        exits.signal(process, "shutdown", by="nobody awaits it any more")


class TaskSpec(ChildSpec):
    """The specification of a task."""

    __slots__ = ("result",)
    result: Result | None

    def expect(self, result: Result | None) -> None:
        """Where its value goes; None if nobody wants it."""
        object.__setattr__(self, "result", result)


class TaskChild(Child):
    """A task's place in its supervisor."""

    __slots__ = ("result",)
    result: Result | None

    def __init__(self, spec: ChildSpec, family: Family) -> None:
        super().__init__(spec, family)
        self.result = spec.result if isinstance(spec, TaskSpec) else None

    def make(self) -> type[CoroutineProcess]:
        """What runs it."""
        return TaskProcess


class TaskProcess(CoroutineProcess):
    """A process that runs a function of its arguments alone, and gives its value to whoever waits for it."""

    __slots__ = ("_work",)

    def begin(self, function: Any, args: Arguments, options: dict[str, Any]) -> None:
        """Run the function from the next turn of the loop on."""
        super().begin(function, args, options)
        result = self._result
        if result is not None and self.status != ENDED:
            result.started(self)

    def called(self, function: Any, args: Any, options: dict[str, Any]) -> Coroutine[Any, Any, Any]:
        """The coroutine that it runs."""
        self._work = coroutine = cast("Coroutine[Any, Any, Any]", function(*args, **options))
        result = self._result
        return coroutine if result is None else _delivered(coroutine, result)

    def done(self, task: asyncio.Task[Any]) -> None:
        """It is over, perhaps before its first step: then nothing has awaited its coroutine, and need not complain."""
        super().done(task)
        if inspect.iscoroutine(self._work) and inspect.getcoroutinestate(self._work) == inspect.CORO_CREATED:
            self._work.close()

    @property
    def _result(self) -> Result | None:
        child = self.child
        return child.result if isinstance(child, TaskChild) else None


@boundary
async def _delivered(coroutine: Coroutine[Any, Any, Any], result: Result) -> None:
    result.give(await coroutine)


ATOMS.add(TaskSpec)
