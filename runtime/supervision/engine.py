"""The process that supervises: a server that traps exits and keeps its children in order.

    Exit(child) ──> restarted at all? ──no──> forget it (temporary), or keep its spec ──> significant? end with `shutdown`
                          │ yes
                    one too many? ──yes──> stop every child, end with `shutdown`
                          │ no
                    stop the affected in reverse ──> has it a backoff? ──yes──> Due ──> itself, when that is over
                          │ no                                                   │
                    start them in order <────────────────────────────────────────┘
                          │ one does not start
                    TryAgain ──> itself, behind whatever waits in its mailbox

As OTP's `supervisor.erl` does it; tests/differential compares the two. What is asked of it by id or by pid, and where a child
has its place, the kinds of supervisors say: operations, dynamic, task_server.
"""

from __future__ import annotations

import random
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..caller import Caller
from ..errors import ChildError, ProcessExit, StartError, describe
from ..results import NoReply, Reply, Stop
from ..server import Server
from ..signals import RUNTIME_SIGNALS, Exit
from ..timers import cancel_timer, send_after
from . import stopping
from .child import Child
from .child_spec import ChildSpec
from .family import Family
from .requests import ChildCounts, ChildInfo, CountChildren, StartChild, TerminateChild, WhichChildren
from .starting import IGNORED, PENDING, STARTED, failed, pending, start, start_now
from .strategy import affected, is_restarted

if TYPE_CHECKING:
    from .specification import Specification

__all__ = ["Answer", "Engine", "describe_failure", "info", "pid_of", "refuse"]

_luck: Final = random.Random().random  # noqa: S311 - who waits how long is no secret
"""Of its own: what a program draws after `random.seed` is the same with supervisors and without."""


@dataclass(frozen=True, slots=True)
class _TryAgain:
    """A restart that failed, to be tried again after whatever came meanwhile."""

    id: Any


@dataclass(frozen=True, slots=True)
class _Due:
    """A restart whose wait is over. `until` tells it from one that was called off."""

    id: Any
    until: float


RUNTIME_SIGNALS.update((_TryAgain, _Due))
Answer = Reply[Family] | NoReply[Family]


class Engine(Server[Family]):
    """The engine of every supervisor."""

    trap_exits = True
    by_hand = True

    # --- start and stop ---------------------------------------------------------------------------

    async def init(self, spec: Specification) -> Family:
        """Start every child in order; if one does not start, stop those before it and fail."""
        process = self._process
        path = process.child.path if process.child is not None else ()
        family = process.state = Family(spec, process, path)
        for child_spec in spec.children:
            child = family.children[child_spec.id] = Child(child_spec, family)
            outcome = await start(process, child)
            if outcome is IGNORED:
                self._ignored(family, child)
            elif failed(outcome):
                await self.stop_all(family)
                raise ProcessExit(("shutdown", ("failed_to_start_child", child_spec.id, outcome)))
        return family

    async def terminate(self, _reason: Any, family: Family, /) -> None:
        """Stop every child, in reverse order."""
        await self.stop_all(family)

    async def stop_all(self, family: Family) -> None:
        """Stop every child, as this kind of supervisor does it."""
        await stopping.in_order(self._process, family.children.values(), "shutdown of its supervisor")

    # --- what children do -------------------------------------------------------------------------

    def handle_info(self, message: Any, family: Family, /) -> Any:
        """A child has ended, or has to be started again. Anything else is none of a supervisor's business."""
        match message:
            case Exit(pid) if pid is not None:
                child = family.of(pid._process)
                if child is not None:
                    return self._child_ended(family, child, message.reason)
            case _TryAgain(id_):
                child = family.children.get(id_)
                if child is not None and child.restarting and child.wait is None:
                    return self._restart(family, child)
            case _Due(id_, until):
                child = family.children.get(id_)
                if child is not None and child.wait is not None and child.wait[0] == until:
                    return self._go_on(family, child)
            case _:
                self._process.note(f"unexpected message dropped: {type(message).__name__}")
        return family

    def _child_ended(self, family: Family, child: Child, reason: Any) -> Any:
        child.process = None
        if is_restarted(child.terms.restart, reason):
            return self._restart(family, child)
        if not family.keeps(child):
            self.forget(family, child)
        return Stop("shutdown", family) if family.shuts_down_with(child) else family

    async def _restart(self, family: Family, child: Child) -> Family | Stop[Family]:
        """Restart a child and whom the strategy names, at once or after its wait; or give up."""
        sched = self._process.sched
        if not family.intensity.add(sched.clock()):
            child.restarting = False
            sched.node.gave_up(self._process, child)
            return Stop("shutdown", family)
        group = await self._cleared(family, child)
        seconds = child.backs_off(_luck())
        if not seconds:
            return await self._start_group(family, group)
        self._mark_failed(group, child)
        until = sched.clock() + seconds
        child.wait = until, send_after(self._process, seconds, _Due(child.id, until), self.pid)
        return family

    async def _go_on(self, family: Family, child: Child) -> Family:
        """The wait of a child is over. Whoever of its group was started meanwhile is stopped again, as by any restart."""
        return await self._start_group(family, await self._cleared(family, child))

    async def _cleared(self, family: Family, child: Child) -> list[Child]:
        """Who is to be started again because of `child`, in order. None of them runs any more, or waits."""
        group = affected(family.spec.strategy, family.children.values(), child)
        others = [other for other in group if other is not child]
        await stopping.in_order(self._process, others, f"sibling {child.id}")
        for other in others:
            if other.terms.restart == "temporary":
                self.forget(family, other)
        for other in group:
            self._call_off(other)
        return [other for other in group if other.id in family.children]

    async def _start_group(self, family: Family, group: Sequence[Child]) -> Family:
        for child in group:
            child.restarting = True
            outcome = await start(self._process, child)
            if outcome is IGNORED:
                self._ignored(family, child)
                continue
            if failed(outcome):
                self._mark_failed(group, child)
                self.pid.send(_TryAgain(child.id))
                break
            self._process.sched.node.ledger.restarted(child)
        return family

    @staticmethod
    def _mark_failed(group: Sequence[Child], failed: Child) -> None:
        """After a failed restart only the one that failed is restarting; the rest waits for its next try."""
        for child in group:
            if child.process is None:
                child.restarting = child is failed

    def _call_off(self, child: Child) -> None:
        """It waits no longer."""
        if child.wait is not None:
            cancel_timer(self._process, child.wait[1])
            child.wait = None

    def _ignored(self, family: Family, child: Child) -> None:
        """Its init wants no process: the child keeps its place, if it may."""
        child.restarting = False
        if not family.keeps(child):
            self.forget(family, child)

    # --- what others ask --------------------------------------------------------------------------

    def handle_call(self, message: Any, caller: Caller[Any], family: Family, /) -> Any:
        """The operations of the static methods of `Supervisor` and its family."""
        if type(message) is StartChild:  # the one that is asked for a million times
            return self.start_child_of(family, caller, message.spec)
        match message:
            case WhichChildren():
                return Reply([info(child) for child in family.children.values()], family)
            case CountChildren():
                return Reply(_count(family), family)
            case TerminateChild(which):
                return self._terminate_child(family, caller, which)
            case _:
                return self.operation(family, caller, message)

    def handle_cast(self, message: Any, family: Family, /) -> Family:
        """Nothing is cast to a supervisor; a stray one must not end it."""
        self._process.note(f"unexpected cast dropped: {type(message).__name__}")
        return family

    def place(self, family: Family, spec: ChildSpec) -> Child | Exception:
        """A child of this spec with a free id, or why it has no place."""
        raise NotImplementedError

    def find(self, family: Family, which: Any) -> Child | None:
        """The child that an operation means."""
        raise NotImplementedError

    def operation(self, family: Family, caller: Caller[Any], message: Any) -> Any:
        """What only this kind of supervisor is asked."""
        name = type(family.spec).__name__
        return refuse(
            family, caller, TypeError(f"not for a supervisor of this kind ({name}): {describe(message)}")
        )

    def start_child_of(
        self, family: Family, caller: Caller[Any], spec: ChildSpec
    ) -> Answer | Coroutine[Any, Any, Answer]:
        """Add a child, start it, and answer with its pid."""
        if not isinstance(spec, ChildSpec):  # pyright: ignore[reportUnnecessaryIsInstance]  # whoever asks is not typed
            return refuse(
                family, caller, TypeError(f"start_child takes a ChildSpec(…); got {describe(spec)}")
            )
        try:
            family.spec.check_child(spec)
            child = self.place(family, spec)
        except (TypeError, ValueError) as error:
            return refuse(family, caller, error)
        if isinstance(child, Exception):
            return refuse(family, caller, child)
        family.children[child.id] = child
        outcome = start_now(self._process, child)
        if outcome is PENDING:
            return self._added_later(family, caller, child)
        return self._added(family, caller, child, outcome)

    async def _added_later(self, family: Family, caller: Caller[Any], child: Child) -> Answer:
        return self._added(family, caller, child, await pending(self._process, child))

    def _added(self, family: Family, caller: Caller[Any], child: Child, outcome: Any) -> Answer:
        process = child.process
        if outcome is STARTED and process is not None:
            return Reply(process.pid, family)
        if failed(outcome):
            self.forget(family, child)
            return refuse(family, caller, StartError(f"child {child.id!r}", outcome))
        if outcome is IGNORED:
            self._ignored(family, child)
        return Reply(pid_of(child), family)

    async def _terminate_child(self, family: Family, caller: Caller[Any], which: Any) -> Answer:
        child = self.find(family, which)
        if child is None:
            return refuse(family, caller, ChildError("not_found", which))
        self._call_off(child)
        await stopping.in_order(self._process, [child], "terminate_child")
        child.restarting = False
        if not family.keeps(child):
            self.forget(family, child)
        return Reply(None, family)

    def forget(self, family: Family, child: Child) -> None:
        """A child has lost its place."""
        del family.children[child.id]
        self._process.sched.node.ledger.forget(child)


def refuse(family: Family, caller: Caller[Any], error: Exception) -> NoReply[Family]:
    """Raise `error` at whoever asked."""
    caller._wait()
    caller._fail(error)
    return NoReply(family)


def pid_of(child: Child) -> Any:
    """The pid of a child; None while it has no process."""
    return child.process.pid if child.process is not None else None


def info(child: Child) -> ChildInfo:
    """A child, as `which_children` answers it."""
    kind = "supervisor" if child.terms.is_supervisor else "worker"
    return ChildInfo(child.id, "restarting" if child.restarting else pid_of(child), kind)  # type: ignore[arg-type]


def _count(family: Family) -> ChildCounts:
    children = family.children.values()
    supervisors = sum(1 for child in children if child.terms.is_supervisor)
    active = sum(1 for child in children if child.process is not None and child.process.alive)
    return ChildCounts(len(children), active, supervisors, len(children) - supervisors)


def describe_failure(reason: Any) -> str:
    """Why a supervisor did not start, in words: which child, and its reason."""
    match reason:
        case ("shutdown", ("failed_to_start_child", child, cause)):
            return f"its child {child!r} did not start: {describe_failure(cause)}"
        case _:
            return describe(reason)
