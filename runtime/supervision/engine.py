"""The process that supervises: a server that traps exits and keeps its children in order.

    Exit(child) ──> restarted at all? ──no──> forget it (temporary), or keep its spec
                          │ yes
                    one too many? ──yes──> stop every child, end with `shutdown`
                          │ no
                    stop the affected in reverse, start them in order
                          │ one does not start
                    TryAgain ──> itself, behind whatever waits in its mailbox

As OTP's `supervisor.erl` does it; tests/differential compares the two.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from .. import exits
from ..caller import Caller
from ..errors import ChildError, ObserverError, ProcessExit, StartError, describe
from ..results import NoReply, Reply, Stop
from ..server import Server
from ..server_process import ServerProcess
from ..signals import Exit
from ..status import ENDED
from .child import Child
from .child_spec import ChildSpec
from .intensity import Intensity
from .requests import (
    ChildCounts,
    ChildInfo,
    CountChildren,
    DeleteChild,
    RestartChild,
    StartChild,
    TerminateChild,
    WhichChildren,
)  # fmt: skip
from .strategy import affected, is_restarted

if TYPE_CHECKING:
    from ..process import Process
    from .supervisor import Supervisor

__all__ = ["Family", "SupervisorServer"]


class Family:
    """The state of a running supervisor."""

    __slots__ = ("children", "intensity", "links", "path", "process", "spec")

    def __init__(self, spec: Supervisor, process: Process, path: tuple[Any, ...]) -> None:
        self.spec: Final = spec
        self.process: Final = process
        self.path: Final = path
        """Ids from the top supervisor down to this one."""
        self.links: Final = (process,)
        """The links of a child that has no others: one tuple for all."""
        self.children: dict[Any, Child] = {}
        """By id, in order of start."""
        self.intensity: Final = Intensity(spec.max_restarts, spec.max_seconds)

    def of(self, process: Process) -> Child | None:
        """The child that `process` is."""
        child = process.child
        return child if child is not None and child.family is self and child.process is process else None


@dataclass(frozen=True, slots=True)
class _TryAgain:
    """A restart that failed, to be tried again after whatever came meanwhile."""

    id: Any


_PENDING: Final = object()
"""A start that is not over."""
Answer = Reply[Family] | NoReply[Family]


class SupervisorProcess(ServerProcess):
    """The process of a supervisor. It keeps no links with its children: that they are its children says it."""

    __slots__ = ()

    def linked(self) -> list[Process]:
        """Its links, and its children, but for those that have undone the link."""
        family = self.state
        if not isinstance(family, Family):
            return super().linked()
        children = [child.process for child in list(family.children.values())]
        linked = [child for child in children if child is not None and child.alive and self in child.links]
        return list(dict.fromkeys((*self.links, *linked)))


class SupervisorServer(Server[Family]):
    """The engine of a supervisor."""

    trap_exits = True
    by_hand = True

    # --- start and stop ---------------------------------------------------------------------------

    async def init(self, spec: Supervisor) -> Family:
        """Start every child in order; if one does not start, stop those before it and fail."""
        process = self._process
        path = process.child.path if process.child is not None else ()
        family = process.state = Family(spec, process, path)
        for child_spec in spec.children:
            child = family.children[child_spec.id] = Child(child_spec, family)
            reason = await self._start(child)
            if reason is not None:
                await self._stop_all(family)
                raise ProcessExit(("shutdown", ("failed_to_start_child", child_spec.id, reason)))
        return family

    async def terminate(self, _reason: Any, family: Family, /) -> None:
        """Stop every child, in reverse order."""
        await self._stop_all(family)

    async def _stop_all(self, family: Family) -> None:
        await self._stop(list(family.children.values()), "shutdown of its supervisor")

    # --- what children do -------------------------------------------------------------------------

    def handle_info(self, message: Any, family: Family, /) -> Any:
        """A child has ended, or has to be tried again. Anything else is none of a supervisor's business."""
        match message:
            case Exit(pid) if pid is not None:
                child = family.of(pid._process)
                if child is not None:
                    return self._child_ended(family, child, message.reason)
            case _TryAgain(id_):
                child = family.children.get(id_)
                if child is not None and child.restarting:
                    return self._restart(family, child)
            case _:
                self._process.note(f"unexpected message dropped: {type(message).__name__}")
        return family

    def _child_ended(self, family: Family, child: Child, reason: Any) -> Any:
        child.process = None
        if is_restarted(child.spec.restart, reason):
            return self._restart(family, child)
        if child.spec.restart == "temporary":
            self._forget(family, child)
        return family

    async def _restart(self, family: Family, child: Child) -> Family | Stop[Family]:
        """Restart a child and whom the strategy names, or give up."""
        sched = self._process.sched
        if not family.intensity.add(sched.clock()):
            child.restarting = False
            sched.node.gave_up(self._process, child)
            return Stop("shutdown", family)
        group = affected(family.spec.strategy, family.children.values(), child)
        others = [other for other in group if other is not child]
        await self._stop(others, f"sibling {child.spec.id}")
        for other in others:
            if other.spec.restart == "temporary":
                self._forget(family, other)
        for other in [other for other in group if other.spec.id in family.children]:
            other.restarting = True
            reason = await self._start(other)
            if reason is not None:
                self._mark_failed(group, other)
                self.pid.send(_TryAgain(other.spec.id))
                break
            sched.node.ledger.restarted(other)
        return family

    @staticmethod
    def _mark_failed(group: Sequence[Child], failed: Child) -> None:
        """After a failed restart only the one that failed is restarting; the rest waits for its next try."""
        for child in group:
            if child.process is None:
                child.restarting = child is failed

    # --- what others ask --------------------------------------------------------------------------

    def handle_call(self, message: Any, caller: Caller[Any], family: Family, /) -> Any:
        """The operations of `Supervisor`'s static methods."""
        if type(message) is StartChild:  # the one that is asked for a million times
            return self._start_child(family, caller, message.spec)
        match message:
            case WhichChildren():
                return Reply([_info(child) for child in family.children.values()], family)
            case CountChildren():
                return Reply(_count(family), family)
            case RestartChild(id_):
                return self._restart_child(family, caller, id_)
            case TerminateChild(id_):
                return self._terminate_child(family, caller, id_)
            case DeleteChild(id_):
                return self._delete_child(family, caller, id_)
            case _:
                return _refuse(family, caller, TypeError(f"not for a supervisor: {describe(message)}"))

    def handle_cast(self, message: Any, family: Family, /) -> Family:
        """Nothing is cast to a supervisor; a stray one must not end it."""
        self._process.note(f"unexpected cast dropped: {type(message).__name__}")
        return family

    def _start_child(
        self, family: Family, caller: Caller[Any], spec: ChildSpec
    ) -> Answer | Coroutine[Any, Any, Answer]:
        if not isinstance(spec, ChildSpec):  # pyright: ignore[reportUnnecessaryIsInstance]  # whoever asks is not typed
            return _refuse(
                family, caller, TypeError(f"start_child takes a ChildSpec(…); got {describe(spec)}")
            )
        present = family.children.get(spec.id)
        if present is not None:
            refused = ChildError("already_started" if present.process else "already_present", spec.id)
            return _refuse(family, caller, refused)
        child = family.children[spec.id] = Child(spec, family)
        reason = self._start_now(child)
        if reason is _PENDING:
            return self._added_later(family, caller, child)
        return self._added(family, caller, child, reason)

    async def _added_later(self, family: Family, caller: Caller[Any], child: Child) -> Answer:
        return self._added(family, caller, child, await self._pending(child))

    def _added(self, family: Family, caller: Caller[Any], child: Child, reason: Any) -> Answer:
        if reason is None:
            return Reply(_started(child), family)
        self._forget(family, child)
        return _refuse(family, caller, StartError(f"child {child.id!r}", reason))

    async def _restart_child(self, family: Family, caller: Caller[Any], id_: Any) -> Answer:
        child = family.children.get(id_)
        if child is None or child.process is not None or child.restarting:
            return _refuse(family, caller, ChildError(_state(child), id_))
        reason = await self._start(child)
        if reason is not None:
            return _refuse(family, caller, StartError(f"child {id_!r}", reason))
        return Reply(_started(child), family)

    async def _terminate_child(self, family: Family, caller: Caller[Any], id_: Any) -> Answer:
        child = family.children.get(id_)
        if child is None:
            return _refuse(family, caller, ChildError("not_found", id_))
        await self._stop([child], "terminate_child")
        child.restarting = False
        if child.spec.restart == "temporary":
            self._forget(family, child)
        return Reply(None, family)

    def _delete_child(self, family: Family, caller: Caller[Any], id_: Any) -> Answer:
        child = family.children.get(id_)
        if child is None or child.process is not None or child.restarting:
            return _refuse(family, caller, ChildError(_state(child), id_))
        self._forget(family, child)
        return Reply(None, family)

    def _forget(self, family: Family, child: Child) -> None:
        del family.children[child.spec.id]
        self._process.sched.node.ledger.forget(child)

    # --- one child --------------------------------------------------------------------------------

    def _start_now(self, child: Child) -> Any:
        """Start a child's process. None if it runs, the reason if it did not start, _PENDING where that takes time."""
        try:
            process = self._process.sched.node.spawn_child(self._process, child)
        except ObserverError as error:
            return error if self._orphan(child) is None else _PENDING
        return _PENDING if process.initialising else self._outcome(child, process)

    async def _start(self, child: Child) -> Any:
        """Start a child's process and wait for its `init`. The reason if it did not start, else None."""
        reason = self._start_now(child)
        return await self._pending(child) if reason is _PENDING else reason

    async def _pending(self, child: Child) -> Any:
        """Wait for what `_start_now` has left: an orphan that holds the name, or an `init` that awaits."""
        process = child.process
        if process is None:
            await self._wait_for_orphan(child)
            return await self._start(child)
        await self._process.sched.node.until_started(process)
        return self._outcome(child, process)

    def _outcome(self, child: Child, process: Process) -> Any:
        """The `init` of a child's process is over: the reason if it did not start, else None."""
        if process.status == ENDED:
            child.process = None
            return process.reason
        child.started(process)
        ledger = process.sched.node.ledger
        if ledger.given_up:
            ledger.replaced(child.path, process.number)
        return None

    def _orphan(self, child: Child) -> Process | None:
        """A process that still holds the child's name, although its own supervisor was killed: it is ending."""
        name = child.name
        holder = self._process.sched.node.registry.find(name) if name is not None else None
        if holder is None or holder.parent is None or holder.parent.status != ENDED:
            return None
        return holder

    async def _wait_for_orphan(self, child: Child) -> None:
        """Let it end. OTP does not wait; a killed tree can then use up its restarts on names that are about to be free."""
        orphan = self._orphan(child)
        if orphan is not None:
            await _ended(orphan, self._process, child.shutdown if child.shutdown != "brutal_kill" else 0.0)

    async def _stop(self, children: Sequence[Child], blame: str) -> None:
        """Shut children down, the last started first."""
        for child in reversed(children):
            process = child.process
            if process is not None and process.status != ENDED:
                child.blame = blame
                exits.unlink(self._process, process)
                await _shutdown(process, self._process, child.spec.shutdown)
                child.blame = None
            child.process = None


async def _shutdown(process: Process, supervisor: Process, limit: Any) -> None:
    """Ask a process to shut down; kill it when `limit` seconds have passed."""
    if limit == "brutal_kill":
        exits.signal(process, "kill", supervisor)
        return
    exits.signal(process, "shutdown", supervisor)
    await _ended(process, supervisor, limit)


async def _ended(process: Process, supervisor: Process, limit: Any) -> None:
    """Wait until a process has ended; kill it when `limit` seconds have passed."""
    if process.status == ENDED:
        return
    loop = process.sched.loop
    ended: asyncio.Future[None] = loop.create_future()
    exits.watch(process, lambda _reason: None if ended.done() else ended.set_result(None))
    expiry = None if limit == math.inf else loop.call_later(limit, exits.signal, process, "kill", supervisor)
    try:
        await ended
    finally:
        if expiry is not None:
            expiry.cancel()


def _refuse(family: Family, caller: Caller[Any], error: Exception) -> NoReply[Family]:
    caller._wait()
    caller._fail(error)
    return NoReply(family)


def _started(child: Child) -> Any:
    assert child.process is not None
    return child.process.pid


def _state(child: Child | None) -> str:
    if child is None:
        return "not_found"
    return "restarting" if child.restarting else "running"


def _info(child: Child) -> ChildInfo:
    kind = "supervisor" if child.spec.is_supervisor else "worker"
    if child.restarting:
        return ChildInfo(child.spec.id, "restarting", kind)  # type: ignore[arg-type]
    return ChildInfo(child.spec.id, child.process.pid if child.process is not None else None, kind)  # type: ignore[arg-type]


def _count(family: Family) -> ChildCounts:
    children = family.children.values()
    supervisors = sum(1 for child in children if child.spec.is_supervisor)
    active = sum(1 for child in children if child.process is not None and child.process.alive)
    return ChildCounts(len(children), active, supervisors, len(children) - supervisors)


def describe_failure(reason: Any) -> str:
    """Why a supervisor did not start, in words: which child, and its reason."""
    match reason:
        case ("shutdown", ("failed_to_start_child", child, cause)):
            return f"its child {child!r} did not start: {describe_failure(cause)}"
        case _:
            return describe(reason)
