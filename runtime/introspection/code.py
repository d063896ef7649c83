"""What an operator sees of the code that a node runs, and has it upgraded or rolled back.

The modules are read on the port's thread; plans and upgrades are coroutines of the loop, begun there within a deadline.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final, TypeVar

from runtime.code.listing import Tally, code_of, mark_of
from runtime.code.records import Guard
from runtime.errors import CodeError
from runtime.port import contract as c
from runtime.port.contract import Code, Failure

from .lookup import now, when
from .pace import rested
from .passes import Passes
from .posting import busy_with, on_loop
from .text import clean

if TYPE_CHECKING:
    from runtime.code import records
    from runtime.node import Node
    from runtime.process import Process

__all__ = ["Tallies", "modules_of", "plan", "process_code", "reload", "rollback", "upgrades_of"]

T = TypeVar("T")
SHOWN: Final = 100
"""Processes on old code, changes and cautions of a plan that are told one by one."""
DIFF: Final = 200_000
"""Characters of a module's diff."""
SLACK_S: Final = 60.0
"""Seconds that executing modules, migrating states and reconciling children may take beside the deadline for steps."""


class Tallies:
    """How many processes run which version: a pass over all of them, one for all observers, and made anew after an upgrade."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._passes: Passes[Tally] = Passes()
        self._lock = threading.Lock()

    def last(self) -> Tally:
        """The newest. Whoever asks while one is made, waits for it."""
        history = self._node.code.history
        asked = (history[-1].id, self._node.code.busy) if history else None
        with self._lock:
            return self._passes.get("", asked, self._make)[0]

    def _make(self) -> Tally:
        return Tally(rested(self._node.table.slices()), SHOWN)


def process_code(process: Process) -> c.ProcessCode | None:
    """The version of the code that one process runs."""
    found = code_of(process)
    if found is None:
        return None
    code, current = found
    return c.ProcessCode(
        module=clean(code.module),
        version=clean(code.version, 40),
        current=clean(current, 40),
        mark=mark_of(process),
        why=clean(code.why),
    )


def modules_of(node: Node, tally: Tally, request: c.ModulesQuery) -> c.Modules:
    """The modules that processes run, and those that were upgraded."""
    known = node.code.modules(tally)
    return c.Modules(
        at=now(),
        modules=[
            c.Module(
                module=clean(each.module),
                version=clean(each.version, 40),
                declared=each.declared,
                path=clean(each.path),
                on_disk=each.on_disk,
                stale=each.stale,
                processes=each.processes,
                on_old=each.on_old,
                previous=None if each.previous is None else clean(each.previous, 40),
                loaded_at=None if each.loaded_at is None else when(each.loaded_at),
            )
            for each in known[: request.limit]
        ],
        total=len(known),
        on_old=[
            c.OldCode(
                pid=each.pid,
                name=None if each.name is None else clean(each.name, 200),
                behaviour=clean(each.behaviour),
                module=clean(each.module),
                version=clean(each.version, 40),
                why=clean(each.why),
            )
            for each in tally.on_old
        ],
        on_old_total=sum(tally.old.values()),
        busy=node.code.busy,
    )


def plan(node: Node, request: c.PlanUpgrade) -> c.CodePlan:
    """What an upgrade, or a rollback, would do.

    Raises:
        Failure: a module cannot be read, compiled or executed, there is no way back, or another transaction is under way.
    """
    code = node.code
    if request.rollback:
        work = code.plan_rollback(*request.modules)
    else:
        work = code.plan(*request.modules, dependants=request.dependants)
    return _plan(_awaited(node, work, request.deadline_s, request.deadline_s))


def reload(node: Node, request: c.Reload, by: str) -> c.Upgrade:
    """Upgrade.

    Raises:
        Failure: it was refused, and nothing has changed; the message says why.
    """
    if bool(request.modules) == (request.plan is not None):
        raise Failure(Code.BAD_REQUEST, "name the modules to upgrade, or a plan; one of the two")
    guard = None
    if request.guard_crashes is not None:
        guard = Guard(request.guard_crashes, request.guard_s)
    first, *more = (request.plan,) if request.plan is not None else request.modules
    assert first is not None
    work = node.code.apply(
        first,
        *more,
        by=by,
        deadline=request.deadline_s,
        overdue=request.overdue,
        guard=guard,
        dependants=request.dependants,
    )
    return _upgrade(_awaited(node, work, request.deadline_s, request.deadline_s + SLACK_S))


def rollback(node: Node, request: c.Rollback, by: str) -> c.Upgrade:
    """Roll back. Raises as `reload`."""
    work = node.code.rollback(*request.modules, by=by, deadline=request.deadline_s, overdue=request.overdue)
    return _upgrade(_awaited(node, work, request.deadline_s, request.deadline_s + SLACK_S))


def upgrades_of(node: Node, request: c.UpgradesQuery) -> c.Upgrades:
    """The history, newest first."""
    history = node.code.history
    return c.Upgrades(
        at=now(),
        total=len(history),
        upgrades=[_upgrade(each) for each in reversed(history[max(0, len(history) - request.limit) :])],
    )


def _awaited(node: Node, work: Coroutine[Any, Any, T], begin_s: float, over_s: float) -> T:
    """What a coroutine of the loop returns; it is begun within `begin_s` seconds, or never."""

    def begin() -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, node.scheduler.loop)

    try:
        answer = on_loop(node, begin, begin_s)
    except BaseException:
        work.close()
        raise
    try:
        return answer.result(over_s)
    except TimeoutError:
        raise Failure(
            Code.TIMEOUT,
            f"not over after {over_s:g} s, and going on; `observer modules` shows what becomes of it; {busy_with(node)}",
        ) from None
    except CodeError as error:
        raise Failure(Code.REFUSED, clean(str(error), 2000)) from None


def _plan(plan: records.Plan) -> c.CodePlan:
    return c.CodePlan(
        id=plan.id,
        at=when(plan.at),
        kind=plan.kind,
        ok=plan.ok,
        reason=clean(plan.reason, 2000),
        modules=[
            c.ModulePlan(
                module=clean(each.module),
                old=clean(each.old, 40),
                new=clean(each.new, 40),
                path=clean(each.path),
                diff=_lines(each.diff),
                changes=[
                    c.CodeChange(name=clean(change.name, 200), kind=change.kind, how=change.how)
                    for change in each.changes[:SHOWN]
                ],
                asked=each.asked,
            )
            for each in plan.modules
        ],
        dependants=[clean(name) for name in plan.dependants[:SHOWN]],
        affected=[
            c.AffectedProcesses(
                behaviour=clean(each.behaviour),
                kind=each.kind,
                count=each.count,
                pids=list(each.pids[:SHOWN]),
                busy=each.busy,
                waiting=each.waiting,
                how=each.how,
                migration=each.migration,
            )
            for each in plan.affected
        ],
        children=[clean(text) for text in plan.children[:SHOWN]],
        problems=[
            c.Problem(subject=clean(each.subject), text=clean(each.text, 2000))
            for each in plan.problems[:SHOWN]
        ],
        cautions=[
            c.Caution(kind=each.kind, subject=clean(each.subject), text=clean(each.text, 2000))
            for each in plan.cautions[:SHOWN]
        ],
        failures=[
            c.NotMigrated(
                pid=each.pid,
                name=None if each.name is None else clean(each.name, 200),
                what=each.what,
                text=clean(each.text, 2000),
            )
            for each in plan.failures
        ],
        failed=plan.failed,
        migrated=plan.migrated,
        executed_s=plan.executed_s,
        migrated_s=plan.migrated_s,
    )


def _upgrade(upgrade: records.Upgrade) -> c.Upgrade:
    pauses = upgrade.pauses
    return c.Upgrade(
        id=upgrade.id,
        at=when(upgrade.at),
        by=clean(upgrade.by, 200),
        kind=upgrade.kind,
        done=upgrade.done,
        steps=[
            c.UpgradeStep(module=clean(step.module), old=clean(step.old, 40), new=clean(step.new, 40))
            for step in upgrade.steps
        ],
        reason=clean(upgrade.reason, 2000),
        processes=upgrade.processes,
        left=upgrade.left,
        messages=upgrade.messages,
        took_s=upgrade.took_s,
        pauses=c.Pauses(count=pauses.count, p50=pauses.p50, p99=pauses.p99, longest=pauses.longest),
        notes=[clean(note, 2000) for note in upgrade.notes],
    )


def _lines(text: str) -> str:
    """Text of several lines, each without control characters."""
    return "\n".join(clean(line, 2000) for line in text[:DIFF].split("\n"))
