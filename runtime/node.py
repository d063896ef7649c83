"""The node: starts, stops and owns everything. The embedding API.

    async with Node("bank", port=18812) as node:     root supervisor, local socket, port
        await node.start(Supervisor([...]))          your trees hang below the root
        await node.run_forever()                     until stop(), or until a tree has given up
    ──────────────────────────────────────────       children stopped in reverse; no task, thread, timer,
                                                     socket or file is left

A node lives in one running event loop, beside whatever else the host runs there.
"""

from __future__ import annotations

import asyncio
import inspect
import re
import secrets
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import cached_property
from os import PathLike
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from . import exits, remains
from .blocking import in_thread
from .code.versions import started
from .coroutine import CoroutineHandle, CoroutineProcess
from .errors import NodeError, StartError
from .handle import Handle
from .kinds import kind_of
from .ledger import Ledger
from .mailbox import SHUTDOWN
from .messages import share
from .pid import Name, Pid
from .preemption.guards import open_to_switches
from .process import Process
from .registry.directory import Directory
from .scheduler import Scheduler
from .server_process import ServerProcess
from .status import ENDED
from .supervision.child import Child
from .supervision.child_spec import ChildSpec, renewed
from .supervision.engine import Engine, describe_failure
from .supervision.family import SupervisorProcess
from .supervision.registration import claim
from .supervision.requests import StartChild, Started
from .supervision.specification import Specification, top_spec
from .supervision.supervisor import Supervisor
from .table import ProcessTable
from .trace.kept import kept

if TYPE_CHECKING:
    from .code.upgrades import Code
    from .port.tls import TLS
    from .visibility import Visibility

__all__ = ["Node"]

P = TypeVar("P", bound=Process)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class Node:
    """A supervised agent runtime inside this Python process.

    Args:
        name: names the node for `observer connect NAME`: letters, digits, `_`, `.` and `-`.
        host: where the TCP port listens, if one is asked for. Optional. Defaults to 127.0.0.1; anything beyond
            loopback needs `tls`.
        port: TCP port of the introspection port; 0 picks a free one. Optional. Defaults to None: no TCP at all, only
            the local socket.
        resources: live objects (clients, connections) that processes read with `self.resource(KEY)`.
            Optional. Defaults to none.
        tls: certificate and key of the port. Optional. Defaults to none.
        time_slicing: False runs every step to its end on the loop's own stack: faster calls, but one endless loop stops
            them all, and plain handlers cannot wait. Optional. Defaults to True; `preemption` says what it is then.
        introspection: False opens no port and no socket: nobody can attach. Optional. Defaults to True.
        flight: events that its flight recorder keeps; 0 for no recorder. Optional. Defaults to 10,000.
        keep: triggers of the recorder that are set from the start, as `observer keep` sets them: ("5s before crash",); none
            has to be forced. Optional. Defaults to none.
        dumps: an SQLite file into which each dump of a trigger goes as well, for `observer saved`. Optional. Defaults to none.

    Raises:
        ValueError: the name or a trigger has an illegal form, or there is no recorder for a trigger.
    """

    def __init__(
        self,
        name: str,
        host: str = "127.0.0.1",
        port: int | None = None,
        resources: Mapping[Any, Any] | None = None,
        *,
        tls: TLS | None = None,
        time_slicing: bool = True,
        introspection: bool = True,
        flight: int = 10_000,
        keep: Iterable[str] = (),
        dumps: str | PathLike[str] | None = None,
    ) -> None:
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"a node cannot be named {name!r}; use letters, digits, `_`, `.` and `-`, 64 at most"
            )
        self.name: Final = name
        self.resources: Final[dict[Any, Any]] = dict(resources or {})
        self.incarnation: Final = secrets.token_hex(8)
        self.table: Final = ProcessTable()
        self.registry: Final = Directory()
        self.ledger: Final = Ledger()
        self.started_at: Final = time.time()
        self._runs: Final[Any] = {"time_slicing": time_slicing, **kept(flight, keep, dumps)}
        self._listen = (host, port, tls) if introspection else None
        self._clock: Callable[[], float] = time.monotonic  # tests put a virtual clock here
        self.begins = self.numbers = 0
        self._starting: dict[Process, asyncio.Future[None]] = {}
        self._sched: Scheduler | None = None
        self._root: Process | None = None
        self._visibility: Visibility | None = None
        self._finished: asyncio.Future[None] | None = None
        self._stopping: asyncio.Task[None] | None = None

    # --- life -------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        if self._sched is not None:
            raise NodeError(f"node {self.name} has been used before; make a new Node for a new incarnation")
        loop = asyncio.get_running_loop()
        self._sched = Scheduler(self, loop, self._clock, **self._runs)
        self._finished = loop.create_future()
        self._root = self._spawn_root()
        if self._listen is not None:
            try:
                await in_thread(self._open_port)
            except BaseException:
                await self.stop()
                raise
        self.ledger.node_started(self._sched, self.name)
        return self

    def _open_port(self) -> None:
        from .visibility import Visibility  # noqa: PLC0415 - rpyc and pydantic, only for who wants to be seen

        if self._listen is not None:
            self._visibility = Visibility(self, *self._listen)
            self._visibility.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Stop every process, children in reverse order of start, then the port.

        Safe to call twice, from anywhere in the loop; a process that calls it is stopped like the others.

        Raises:
            NodeError: the node lives in another thread.
        """
        if self._sched is None:
            return
        self._check_thread()
        if self._stopping is None:
            self._stopping = asyncio.ensure_future(self._stop())
        await asyncio.shield(self._stopping)

    async def _stop(self) -> None:
        sched = self.scheduler
        if (root := self._root) is not None and root.status != ENDED:
            ended = sched.loop.create_future()
            exits.watch(root, lambda _reason: None if ended.done() else ended.set_result(None))
            root.post((SHUTDOWN, "shutdown", None, sched.tick(), 0, sched.under()))
            for process in list(self._starting):
                self._abandon(process)
            await ended
        for reason in ("shutdown", "kill"):
            for process in list(self.table):
                exits.signal(process, reason)
        await remains.await_cancelled(sched)
        if self._visibility is not None:
            await in_thread(self._visibility.close)
        await remains.await_parked(sched)
        await sched.listening.written()
        sched.close()
        if self._finished is not None and not self._finished.done():
            self._finished.set_result(None)

    async def run_forever(self) -> None:
        """Wait until the node is stopped.

        Raises:
            NodeError: a supervision tree has given up.
        """
        if self._finished is None:
            raise NodeError(f"node {self.name} is not running; use `async with Node(…) as node`")
        await asyncio.shield(self._finished)

    # --- the embedding API ------------------------------------------------------------------------

    async def start(self, what: Specification | ChildSpec) -> Started:
        """Start a supervision tree, or one supervised process, below the node's root; None where its init ignores.

        A tree that gives up ends `run_forever` with an error. Its id is the supervisor's `name`.

        Raises:
            StartError: it did not start; the reason says which child and why.
            ChildError: the id is taken.
            NodeError: the node is not running.
        """
        spec = top_spec(what, self.numbers + 1)
        pid = self._running_root().pid
        try:
            started: Started = await pid.call(StartChild(spec), timeout=None)
        except StartError as error:
            raise StartError(error.what, error.reason, describe_failure(error.reason)) from None
        return started

    def spawn(self, function: Callable[..., Coroutine[Any, Any, Any]], *args: Any) -> Pid:
        """Start a coroutine process that runs `function(process, *args)`, unsupervised.

        Raises:
            TypeError: it is not an async function.
            NotSendable: an argument holds what cannot be shared.
            NodeError: the node is not running.
        """
        self._running_root()
        return self.spawn_from(None, function, args).pid

    def named(self, name: str) -> Name:
        """An address that finds whoever is registered as `name` at each send; a pid is stale after a restart."""
        return Name(self.registry, name)

    def whereis(self, name: str) -> Pid | None:
        """The pid registered as `name` now; None if there is none."""
        process = self.registry.find(name)
        return process.pid if process is not None else None

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and TCP port that the node listens on; None without one."""
        return self._visibility.address if self._visibility is not None else None

    def wall(self, clock: float) -> float:
        """A reading of the scheduler's clock as seconds since the epoch."""
        return time.time() - (self.scheduler.clock() - clock)

    @property
    def preemption(self) -> str:
        """How one step is kept from starving the others, and why: `time-slicing: …`, `interrupt`, `report only` or `off`.

        Raises:
            NodeError: the node has not been started.
        """
        return str(self.scheduler.mode)

    @property
    def scheduler(self) -> Scheduler:
        """The run queue.

        Raises:
            NodeError: the node has not been started.
        """
        if self._sched is None:
            raise NodeError(f"node {self.name} is not running; use `async with Node(…) as node`")
        return self._sched

    @cached_property
    def code(self) -> Code:
        """Hot code upgrade: which versions run, plans, upgrades and the way back."""
        from .code.upgrades import Code  # noqa: PLC0415 - only for who upgrades

        return Code(self)

    @property
    def root(self) -> Process | None:
        """The root supervisor's process."""
        return self._root

    def _running_root(self) -> Process:
        root = self._root
        if root is None or root.status == ENDED or self._stopping is not None:
            raise NodeError(f"node {self.name} is not running; use `async with Node(…) as node`")
        self._check_thread()
        return root

    def _check_thread(self) -> None:
        if threading.get_ident() != self.scheduler.thread:
            raise NodeError(
                f"node {self.name} lives in another thread; go through its loop: asyncio.run_coroutine_threadsafe(…, loop)"
            )

    # --- making processes (for the rooms of the runtime) ------------------------------------------

    def next_number(self) -> int:
        """A number that no process of this incarnation had."""
        self.numbers += 1
        return self.numbers

    def _spawn_root(self) -> Process:
        process = self._make(SupervisorProcess, Supervisor.engine)
        self._enter(process)
        process.more().label = f"{self.name} (root)"
        process.begin((Supervisor(),), {})
        return process

    @open_to_switches
    def spawn_from(self, parent: Process | None, function: Any, args: tuple[Any, ...]) -> Process:
        """Start a coroutine process."""
        if not inspect.iscoroutinefunction(function):
            raise TypeError(
                f"spawn takes an async function whose first parameter is the process; got {function!r}"
            )
        function, args = started(function), share(args)
        process = self._make(CoroutineProcess, CoroutineHandle)
        if parent is not None:
            process.more().parent = parent
        self._enter(process)
        process.begin(function, args, {})
        if isinstance(process.reason, BaseException):  # it does not take these arguments
            raise process.reason
        return process

    def spawn_child(self, supervisor: Process, child: Child) -> ServerProcess | CoroutineProcess:
        """Start a supervised process: registered and linked before its first step, as OTP's `start_link`.

        Raises:
            AlreadyRegistered: another process has its name or key.
        """
        terms = renewed(child.terms)
        behaviour: Any = terms.behaviour
        args, options = child.given()
        process: ServerProcess | CoroutineProcess = self._make(*kind_of(child))
        if terms.is_supervisor:
            args = (behaviour,)
        process.child = child
        claim(child, process)
        child.process = process
        self._enter(process)
        if supervisor.status == ENDED:  # what is left of its code; a link with the dead, as OTP
            exits.signal(process, "noproc", supervisor)
        if isinstance(process, CoroutineProcess):
            process.begin(behaviour, args, options)
        else:
            process.begin(args, options)
        return process

    def _make(self, kind: type[P], handle: type[Handle]) -> P:
        if self._root is not None and self._root.status == ENDED:
            raise NodeError(f"node {self.name} has stopped, and starts nothing any more")
        sched = self._sched or self.scheduler
        self.numbers = number = self.numbers + 1
        process = kind(sched, number, sched.birth())
        process.handle = made = object.__new__(handle)
        object.__setattr__(made, "_process", process)
        return process

    def _enter(self, process: Process) -> None:
        self.table.add(process)
        self.ledger.recorder.record("started", process.number)

    async def until_started(self, process: Process) -> None:
        """Wait for the `init` of a process that was just spawned; returns at once when it is over."""
        if self._stopping is not None:
            self._abandon(process)
        if not process.initialising:
            return
        future = self._starting[process] = self.scheduler.loop.create_future()
        watch = exits.watch(process, lambda _reason: self.started(process))
        try:
            await future
        finally:
            self._starting.pop(process, None)
            process.watchers.pop(watch, None)

    def _abandon(self, process: Process) -> None:
        """A node that stops does not wait for an `init`, which no time limits; a supervisor's ends with its child's."""
        if process.initialising and not isinstance(process.handle, Engine):
            exits.signal(process, "kill", by="stop of the node")

    # --- what happens to processes ----------------------------------------------------------------

    def started(self, process: Process) -> None:
        """Its `init` is over, or it has ended in it."""
        future = self._starting.get(process)
        if future is not None and not future.done():
            future.set_result(None)

    def gave_up(self, supervisor: Process, child: Child) -> None:
        """A supervisor has reached its maximum restart intensity because of `child`."""
        text = self.ledger.gave_up(supervisor, child)
        top = supervisor is self._root or supervisor.parent is self._root
        for_good = supervisor.child is None or supervisor.child.spec.restart != "permanent"
        if top and for_good and self._finished is not None and not self._finished.done():
            self._finished.set_exception(
                NodeError(f"the supervision tree {supervisor!r} has given up: {text}")
            )
            self._finished.exception()  # a host that does not wait for it need not be warned
