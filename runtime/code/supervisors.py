"""Supervisors and new child specs: children that are new are started, those that are gone are stopped, those that differ begin anew.

A running supervisor belongs to a module if its specification is a value of that module (`TREE = Supervisor([…])`), or was made by
one of its functions (`Supervisor.of(tree)`); and so do the supervisors below it. Their children are told apart by id. Where only
`restart`, `shutdown`, `significant`, `start_timeout`, `backoff` or `restart_args` differ, the child goes on, under its new terms.
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (specs are of any behaviour)

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..supervision.family import Family, SupervisorProcess
from ..supervision.specification import Specification
from ..supervision.supervisor import Supervisor
from .migration import run_hook
from .versions import newest

if TYPE_CHECKING:
    from ..node import Node
    from ..process import Process
    from ..supervision.child_spec import ChildSpec
    from .draft import Draft

__all__ = ["Difference", "differences", "reconcile"]

_POLICY: Final = ("restart", "shutdown", "significant", "start_timeout", "backoff", "restart_args")


@dataclass(frozen=True, slots=True)
class Difference:
    """What is to be done to one child, or to the supervisor itself (`how` is `limits`)."""

    supervisor: Process
    how: str
    """`start`, `stop`, `restart`, `terms` or `limits`."""
    id: Any
    spec: Any
    before: Any

    def __str__(self) -> str:
        words = {
            "start": "is started", "stop": "is stopped and removed", "restart": "is stopped, and started anew: it differs",
            "terms": "goes on, under other terms", "limits": "has other limits or another strategy",
        }  # fmt: skip
        what = f"child {self.id!r} " if self.how != "limits" else ""
        return f"{self.supervisor}: {what}{words[self.how]}"


async def differences(node: Node, draft: Draft, breath: Callable[[], Awaitable[None]]) -> list[Difference]:
    """What differs between the running supervisors and the new specifications. Those to be started come first.

    `breath` is awaited now and then.

    Raises:
        NotMigrated: the function that makes a specification failed.
    """
    found: list[Difference] = []
    done: set[Process] = set()
    for page in node.table.slices():
        for process in page:
            family = process.state if type(process) is SupervisorProcess and process not in done else None
            if isinstance(family, Family):
                new = _new_specification(draft, process, family.spec)
                if new is not None:
                    found += _family(draft, family, new, done)
                await breath()
        await breath()
    order = ("start", "limits", "terms", "restart", "stop")
    return sorted(found, key=lambda each: order.index(each.how))


def _new_specification(draft: Draft, process: Process, spec: Specification) -> Specification | None:
    source = spec.source
    if source is not None and draft.concerns(source[0]):
        function: Any = draft.new_of(source[0])
        if function is None:
            return None
        made: Any = run_hook(process, function, *source[1])
        if isinstance(made, Specification):
            made.source = (function, source[1])
            return made
        return None
    for name, old in draft.old.items():
        for key, value in vars(old.module).items():
            if value is spec:
                found = vars(draft.modules.of[name]).get(key)
                return found if isinstance(found, Specification) else None
    return None


def _family(draft: Draft, family: Family, new: Specification, done: set[Process]) -> Iterator[Difference]:
    process, old = family.process, family.spec
    done.add(process)
    if type(old) is not type(new):
        return
    if (old.strategy, old.max_restarts, old.max_seconds, old.auto_shutdown) != (
        new.strategy,
        new.max_restarts,
        new.max_seconds,
        new.auto_shutdown,
    ) or new is not old:
        yield Difference(process, "limits", None, new, old)
    if not isinstance(new, Supervisor):
        return  # its children are started by hand
    before = {spec.id: spec for spec in old.children}
    after = {spec.id: spec for spec in new.children}
    for id_, spec in after.items():
        if id_ not in before:
            if id_ not in family.children:
                yield Difference(process, "start", id_, spec, None)
            continue
        child = family.children.get(id_)
        below = child.process.state if child is not None and child.process is not None else None
        if isinstance(spec.behaviour, Specification) and isinstance(below, Family):
            yield from _family(draft, below, spec.behaviour, done)
        elif _differs(draft, before[id_], spec):
            yield Difference(process, "restart", id_, spec, before[id_])
        elif any(getattr(before[id_].terms, name) != getattr(spec.terms, name) for name in _POLICY):
            yield Difference(process, "terms", id_, spec, before[id_])
    for id_, spec in before.items():
        if id_ not in after and id_ in family.children:
            yield Difference(process, "stop", id_, None, spec)


def _differs(draft: Draft, old: ChildSpec, new: ChildSpec) -> bool:
    """Whether a child has to begin anew: it runs something else, with other arguments, elsewhere, or under another name."""
    behaviour: Any = old.behaviour
    if isinstance(behaviour, Specification) or isinstance(new.behaviour, Specification):
        return type(behaviour) is not type(new.behaviour)
    if draft.concerns(behaviour):
        behaviour = draft.new_of(behaviour)
    if behaviour is not new.behaviour and newest(behaviour) is not new.behaviour:
        return True
    same = draft.translation.rebuilt((old.args, old.options))
    return (*same, old.register, old.terms.place) != (new.args, new.options, new.register, new.terms.place)


async def reconcile(changes: list[Difference]) -> None:
    """Do what is to be done, in that order. What fails is undone, as far as it went.

    Raises:
        ObserverError: a child did not start.
    """
    done: list[Difference] = []
    try:
        for change in changes:
            await _do(change)
            done.append(change)
    except BaseException:
        for change in reversed(done):
            await _undo(change)
        raise


async def _do(change: Difference) -> None:
    pid, family = change.supervisor.pid, change.supervisor.state
    match change.how:
        case "start":
            await Supervisor.start_child(pid, change.spec)
        case "limits":
            family.renew(change.spec)
        case "terms":
            family.children[change.id].terms = change.spec.terms
        case "restart":
            await _remove(change)
            try:
                await Supervisor.start_child(pid, change.spec)
            except BaseException:
                await Supervisor.start_child(pid, change.before)
                raise
        case _:
            await _remove(change)


async def _undo(change: Difference) -> None:
    pid, family = change.supervisor.pid, change.supervisor.state
    match change.how:
        case "start":
            await _remove(change)
        case "limits":
            family.renew(change.before)
        case "terms":
            family.children[change.id].terms = change.before.terms
        case "restart":
            await _remove(change)
            await Supervisor.start_child(pid, change.before)
        case _:
            await Supervisor.start_child(pid, change.before)


async def _remove(change: Difference) -> None:
    pid = change.supervisor.pid
    await Supervisor.terminate_child(pid, change.id)
    if change.id in change.supervisor.state.children:
        await Supervisor.delete_child(pid, change.id)
