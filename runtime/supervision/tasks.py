"""Task supervisors: one-off work, each in a process of its own, awaited or not.

    tasks = await node.start(TaskSupervisor(name="tasks"))
    page = await TaskSupervisor.run(tasks, fetch, url)              linked with the process that awaits it
    page = await TaskSupervisor.run_nolink(tasks, fetch, url)       its crash is an error here, and nothing else
    pid = await TaskSupervisor.start_child(tasks, report, day)      nobody waits for it
    async for page in TaskSupervisor.map(tasks, fetch, urls): …     so many at a time

A task is a function of its arguments: it gets no handle, and its value is what it returns. Elixir's Task.Supervisor. What a
process wants to do beside its own mailbox is `self.task`; it ends with that process and has no pid.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from threading import get_ident
from typing import Any, ParamSpec, TypeVar, cast

from ..errors import CallError, NodeError
from ..messages import ATOMS
from ..pid import Address, Pid
from ..preemption.guards import boundary
from ..sending import request
from .child_spec import Restart, Shutdown
from .dynamic import Crowd, DynamicServer
from .requests import StartChild, TerminateChild
from .specification import ask, running
from .task_process import Result, TaskChild, TaskSpec

__all__ = ["TaskServer", "TaskSupervisor"]

P = ParamSpec("P")
T = TypeVar("T")
A = TypeVar("A")
Work = Callable[P, Coroutine[Any, Any, T]] | Callable[P, T]


class TaskServer(DynamicServer):
    """The process of a `TaskSupervisor`."""

    child = TaskChild


class TaskSupervisor(Crowd):
    """The specification of a task supervisor. Immutable.

    Args:
        name: id and registered name of one that is given to `node.start` without a ChildSpec. Optional. Defaults to none.
        max_children: how many tasks run at a time; more are refused. Optional. Defaults to None, no limit.
        max_restarts: restarts (of tasks that are not temporary) allowed within `max_seconds`. Optional. Defaults to 3.
        max_seconds: seconds of the window. Optional. Defaults to 5.

    Raises:
        ValueError: an option has an illegal value.
    """

    __slots__ = ()
    engine = TaskServer

    def __init__(
        self,
        name: str | None = None,
        *,
        max_children: int | None = None,
        max_restarts: int = 3,
        max_seconds: float = 5,
    ) -> None:
        super().__init__(name, max_children, max_restarts, max_seconds)

    def check_child(self, spec: Any) -> None:
        """Raises TypeError for what is no task."""
        if not isinstance(spec, TaskSpec):
            raise TypeError(
                f"a TaskSupervisor starts functions: TaskSupervisor.start_child(it, function, …); got {spec!r}"
            )

    @staticmethod
    def run(
        supervisor: Address, function: Work[P, T], /, *args: P.args, **options: P.kwargs
    ) -> asyncio.Future[T]:
        """Start `function(*args)` as a task now; awaiting gives its value.

        It is linked with the process that calls this: a crash of the one is one of the other, unless exits are trapped.
        If what this returns is cancelled, the task is shut down, so `asyncio.timeout` limits it.

        Raises (when awaited):
            ProcessDied: the task has ended without a value; `reason` says why.
            ChildError: `max_children`.
            StartError: the function does not take these arguments.

        Raises:
            CallError: there is no such supervisor.
            TypeError: the process is no TaskSupervisor, or that is no function.
            NotSendable: an argument holds what cannot be shared.
        """
        return cast("asyncio.Future[T]", _begin(supervisor, function, args, options, link=True).future)

    @staticmethod
    def run_nolink(
        supervisor: Address, function: Work[P, T], /, *args: P.args, **options: P.kwargs
    ) -> asyncio.Future[T]:
        """As `run`, but not linked: a crash of the task is a `ProcessDied` for whoever awaits it, and no more."""
        return cast("asyncio.Future[T]", _begin(supervisor, function, args, options, link=False).future)

    @staticmethod
    async def start_child(
        supervisor: Address,
        function: Callable[..., Any],
        /,
        *args: Any,
        restart: Restart = "temporary",
        shutdown: Shutdown = 5.0,
        **options: Any,
    ) -> Pid:
        """Start `function(*args)` as a task that nobody waits for.

        Raises:
            CallError: there is no such supervisor.
            ChildError: `max_children`.
            StartError: the function does not take these arguments.
            TypeError: the process is no TaskSupervisor, or that is no function.
            NotSendable: an argument holds what cannot be shared.
        """
        spec = _spec(function, args, options, None, restart=restart, shutdown=shutdown)
        _running(supervisor)
        pid: Pid = await ask(supervisor, StartChild(spec))
        return pid

    @staticmethod
    def terminate_child(supervisor: Address, pid: Pid) -> Coroutine[Any, Any, None]:
        """Stop a task.

        Raises:
            ChildError: `not_found`.
        """
        return ask(supervisor, TerminateChild(pid))

    @staticmethod
    async def map(
        supervisor: Address,
        function: Callable[[A], Coroutine[Any, Any, T]] | Callable[[A], T],
        items: Iterable[A],
        *,
        max_concurrency: int | None = None,
        ordered: bool = True,
        timeout: float | None = 5.0,
    ) -> AsyncGenerator[T, None]:
        """The values of `function(item)`, each computed by a task as by `run` (Elixir's async_stream).

        When one fails, this raises, and the others are shut down.

        Args:
            supervisor: a running TaskSupervisor.
            function: of one item.
            items: read as tasks are started, not before.
            max_concurrency: tasks at a time. Optional. Defaults to the number of processors.
            ordered: whether values come in the order of `items`; else as they are ready. Optional. Defaults to True.
            timeout: seconds for each task; None for no limit. Optional. Defaults to 5.

        Raises:
            CallTimeout: a task has not ended in time.
            CallError: as `run`, and so is the rest.
        """
        async for value in _mapped(supervisor, function, items, max_concurrency, ordered, timeout, link=True):
            if isinstance(value, _Failed):
                raise value.error
            yield value

    @staticmethod
    async def map_nolink(
        supervisor: Address,
        function: Callable[[A], Coroutine[Any, Any, T]] | Callable[[A], T],
        items: Iterable[A],
        *,
        max_concurrency: int | None = None,
        ordered: bool = True,
        timeout: float | None = 5.0,
    ) -> AsyncGenerator[T | CallError, None]:
        """As `map`, with tasks as by `run_nolink`: the error of one that fails stands in the place of its value.

        That is `ProcessDied`, or `CallTimeout` for one that was shut down because its time was over.
        """
        async for value in _mapped(
            supervisor, function, items, max_concurrency, ordered, timeout, link=False
        ):
            if not isinstance(value, _Failed):
                yield value
            elif isinstance(value.error, CallError):
                yield value.error
            else:
                raise value.error


class _Failed:
    """What a task ended with instead of a value: told from an exception that is the value."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error


async def _mapped(
    supervisor: Address,
    function: Any,
    items: Iterable[Any],
    width: int | None,
    ordered: bool,
    timeout: float | None,
    *,
    link: bool,
) -> AsyncGenerator[Any, None]:
    """Values, and `_Failed`. Who stops listening shuts the rest down."""
    limit: Any = (os.cpu_count() or 1) if width is None else width
    if type(limit) is not int or limit < 1:
        raise ValueError(f"max_concurrency={width!r}; it is a whole number, 1 or more")
    if timeout is not None and not timeout >= 0:
        raise ValueError(f"timeout={timeout!r}; it is seconds, 0 or more, or None for no limit")
    rest, flying = iter(items), deque[asyncio.Future[Any]]()
    more = True
    try:
        while True:
            while more and len(flying) < limit:
                try:
                    item = next(rest)
                except StopIteration:
                    more = False
                    break
                result = _begin(supervisor, function, (item,), {}, link=link)
                if timeout is not None:
                    result.limit(timeout)
                flying.append(result.future)
            if not flying:
                return
            awaited = [flying[0]] if ordered else list(flying)
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
            for future in [future for future in awaited if future.done()]:
                flying.remove(future)
                error = future.exception()
                yield future.result() if error is None else _Failed(error)
    finally:
        for future in flying:
            future.cancel()


def _begin(
    supervisor: Address, function: Any, args: tuple[Any, ...], options: dict[str, Any], *, link: bool
) -> Result:
    """Ask for a task whose value is awaited. Raises as `TaskSupervisor.run`."""
    process = _running(supervisor)
    sched = process.sched
    if get_ident() != sched.thread:
        raise NodeError(f"{supervisor} lives in another thread; start tasks from the loop of its node")
    result = Result(sched.loop.create_future(), sched.running if link else None)
    asked = request(supervisor, process, StartChild(_spec(function, args, options, result)))
    asked.add_done_callback(result.asked)
    return result


def _running(supervisor: Address) -> Any:
    process = running(supervisor)
    if not isinstance(process.handle, TaskServer):
        raise TypeError(f"{supervisor} is no TaskSupervisor but {process.behaviour}")
    return process


def _spec(
    function: Any,
    args: tuple[Any, ...],
    options: dict[str, Any],
    result: Result | None,
    restart: Restart = "temporary",
    shutdown: Shutdown = 5.0,
) -> TaskSpec:
    if not callable(function):
        raise TypeError(f"a task is a function, plain or async; got {function!r}")
    name = getattr(function, "__name__", "task")
    work = function if inspect.iscoroutinefunction(function) else _asynchronous(function)
    spec = TaskSpec(name, work, *args, restart=restart, shutdown=shutdown, register=False, **options)
    spec.expect(result)
    return spec


def _asynchronous(function: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
    """A plain function as an async one; it is sliced like any other step."""

    @boundary
    async def work(*args: Any, **options: Any) -> Any:
        value = function(*args, **options)
        return await value if inspect.isawaitable(value) else value

    return functools.update_wrapper(work, function)


ATOMS.add(TaskSupervisor)
