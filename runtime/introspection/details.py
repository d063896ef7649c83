"""One process: what it is, where it stands, what it holds."""

from __future__ import annotations

import json
import math
import types
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from runtime.port.contract import (
    Failure,
    Link,
    ProcessInfo,
    Stack,
    State,
    TaskInfo,
    Value,
)
from runtime.status import RUNNING
from runtime.supervision.family import Family

from .agendas import agenda_text
from .code import process_code
from .entries import bound_of, entries_of
from .family import family_state
from .lookup import find, handler_of, id_text, link_to, now, pid_text, row, status_of, when
from .memory import Scale
from .pace import settled
from .shapes import class_attribute
from .slicing import slices_of, zombie_called, zombie_info
from .stacks import frames_of_worker, stack_of
from .text import class_name, clean
from .values import Limits
from .waiting import wait_of, waits_for

if TYPE_CHECKING:
    from runtime.node import Node
    from runtime.preemption.worker import Zombie
    from runtime.process import Process

    from .shown import Shown

__all__ = ["info_of", "stack_answer", "state_of"]

LISTED: Final = 100
"""Links and monitors that an answer lists."""
REMAINS: Final = "it has ended, and its code does not: it stands here, and is never resumed"


def info_of(node: Node, name: str, busy: dict[int, float]) -> ProcessInfo:
    """Everything about a process but values; also about one that has ended and whose code does not."""
    process, zombie = _process_or_remains(node, name)
    clock = node.scheduler.clock()
    handler, for_s = handler_of(process)
    extra = process.extra
    links = process.linked()
    monitors = _copy((extra.monitors or {}).values()) if extra is not None else []
    watching = [watcher for watcher in _copy((process.watchers or {}).values()) if not callable(watcher)]
    tasks = _copy(extra.tasks) if extra is not None else []
    entries, more_entries = entries_of(process, LISTED)
    return ProcessInfo(
        at=now(),
        row=row(process, busy, clock, Scale().weigh(process)).model_copy(
            update={"status": "zombie"} if zombie is not None else {}
        ),
        started_at=when(node.wall(process.started)),
        age_s=max(0.0, clock - process.started),
        ancestors=[_ancestor(node, number) for number in process.ancestors],
        parent=link_to(process.parent) if process.parent is not None else None,
        handler=handler,
        handler_for_s=for_s,
        slices=slices_of(process),
        zombie=zombie_info(node, zombie, stack=False) if zombie is not None else None,
        links=[link_to(other) for other in links[:LISTED]],
        monitors=[link_to(other) for other in monitors[:LISTED]],
        monitored_by=[link_to(other) for other in watching[:LISTED]],
        more_links=sum(max(0, len(items) - LISTED) for items in (links, monitors, watching)),
        waits_for=wait_of(process),
        waited_by=waits_for(process, LISTED),
        entries=entries,
        more_entries=more_entries,
        bound=bound_of(process),
        tasks=[
            TaskInfo(ref=f"{task.number}", name=clean(task.name, 200), for_s=max(0.0, clock - task.started))
            for task in tasks
        ],
        timers=len(extra.timers or ()) if extra is not None else 0,
        trap_exits=process.trap_exits,
        has_crash=process.child is not None and process.child.crash is not None,
        accepts=_accepts(process),
        source=_source(process),
        code=process_code(process),
        **_supervision(process, clock),
    )


def _process_or_remains(node: Node, name: str) -> tuple[Process, Zombie | None]:
    """The living process of this name or pid; else what is left of the one that had this pid. Raises as `find`."""
    try:
        return find(node, name), None
    except Failure:
        zombie = zombie_called(node, name)
        if zombie is None:
            raise
        return zombie.process, zombie


def _copy(items: Iterable[Any] | None) -> list[Any]:
    """What the loop may change meanwhile."""
    return settled(lambda: list(items or ()))


def _accepts(process: Process) -> list[str]:
    declared = class_attribute(type(process.handle), "accepts")
    if type(declared) is not tuple:
        return []
    kinds: list[Any] = list(declared)  # pyright: ignore[reportUnknownArgumentType]  # whatever stands there
    return [clean(class_name(kind), 200) for kind in kinds if issubclass(type(kind), type)]


def _supervision(process: Process, clock: float) -> dict[str, Any]:
    child = process.child
    if child is None:
        return {}
    spec, intensity = child.spec, child.family.intensity
    limit = spec.shutdown
    return {
        "child_id": id_text(spec.id),
        "restart": spec.restart,
        "shutdown_s": 0.0 if limit == "brutal_kill" else None if limit == math.inf else float(limit),
        "restarts": child.restarts,
        "remaining": intensity.remaining(clock),
        "window_s": float(intensity.max_seconds),
    }


def _ancestor(node: Node, number: int) -> Link:
    process = node.table.get(number)
    return link_to(process) if process is not None else Link(pid=pid_text(number), alive=False)


def _source(process: Process) -> str | None:
    """Where its behaviour is written: its function, or the first handler of its class."""
    kind: Any = type(process.handle)
    function: Any = getattr(process, "function", None)
    found = [function] if function is not None else list(vars(type)["__dict__"].__get__(kind).values())
    codes = [item.__code__ for item in found if type(item) is types.FunctionType]
    first = min(codes, key=lambda code: code.co_firstlineno, default=None)
    return f"{clean(first.co_filename)}:{first.co_firstlineno}" if first is not None else None


def stack_answer(node: Node, name: str) -> Stack:
    """Where a process stands. Works while the loop is stuck."""
    process, zombie = _process_or_remains(node, name)
    if zombie is not None:
        frames = frames_of_worker(zombie.worker)
        return Stack(pid=pid_text(process.number), at=now(), status="zombie", frames=frames, note=REMAINS)
    frames, note = stack_of(process)
    return Stack(pid=pid_text(process.number), at=now(), status=status_of(process), frames=frames, note=note)


def state_of(node: Node, request: State, shown: Shown) -> Value:
    """A process's state, through its `redact` where it has one."""
    process = find(node, request.process)
    before = process.reductions
    family = process.state if type(process.state) is Family else None
    walked = (
        family_state(family, process.sched.clock(), request.width)
        if family is not None
        else shown.one(process, process.state, Limits(depth=request.depth, width=request.width))
    )
    moved = process.reductions != before or process.status == RUNNING
    coroutine = process.coroutine is not None and process.state is None
    return Value(
        pid=pid_text(process.number),
        at=now(),
        value=walked.value,
        truncated=walked.truncated,
        redacted=walked.redacted,
        torn=walked.torn or (walked.mutable and moved),
        approx_bytes=len(json.dumps(walked.value)),
        note="a coroutine process keeps its state in local variables; see its stack"
        if coroutine
        else agenda_text(process),
    )
