"""Which process is meant, and how processes are told about: names, rows, times."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from runtime.code.listing import mark_of
from runtime.errors import describe
from runtime.mailbox import CONTINUE, INIT, SHUTDOWN
from runtime.pid import NODE, pid_text
from runtime.port.contract import Code, Failure, Link, ProcessRow
from runtime.status import ENDED, RUNNING, STATUSES
from runtime.supervision.family import Family

from .pace import settled
from .text import class_name, clean

if TYPE_CHECKING:
    from runtime.node import Node
    from runtime.process import Process
    from runtime.supervision.child import Child, End

    from .memory import Weight

__all__ = [
    "behaviour_text", "doing", "find", "handler_of", "id_text", "link_to", "now", "number_in", "oldest_s", "pid_text", "row", "same_id",
    "same_path", "status_of", "title", "wait_s", "when",
]  # fmt: skip

SOUGHT: Final = 10_000
"""Children among which one that waits is looked for."""
_PID: Final = re.compile(r"<?(?:(\d{1,12})\.)?(\d{1,12})(?:\.0)?>?")
_PUBLIC: Final = {
    "runtime.supervision.operations:SupervisorServer": "runtime:Supervisor",
    "runtime.supervision.dynamic:DynamicServer": "runtime:DynamicSupervisor",
    "runtime.supervision.partitions:PartitionServer": "runtime:PartitionSupervisor",
    "runtime.supervision.tasks:TaskServer": "runtime:TaskSupervisor",
}
"""Behaviours of the runtime's own, under the names that people know."""


def find(node: Node, text: str) -> Process:
    """The living process that `text` names: `<0.42.0>`, `0.42.0`, `42`, or a registered name.

    Raises:
        Failure: `NO_PROCESS`, saying what became of it where that is known.
    """
    number = number_in(text)
    process = node.table.get(number) if number is not None else None
    process = process or node.registry.find(text)
    if process is not None and process.status != ENDED and not process.far:
        return process
    for end in reversed(node.ledger.history.copy()):
        if end.old == number or (number is None and id_text(end.path[-1]) == text):
            after = f"; its successor is {pid_text(end.new)}" if end.new is not None else ""
            who = f"{pid_text(end.old)} ({id_text(end.path[-1])})"
            raise Failure(Code.NO_PROCESS, f"{who} has ended: {end.kind}{after}{_coming_back(node, end)}")
    if number is None:
        raise Failure(Code.NO_PROCESS, f"no process is named {clean(text, 80)!r}; `observer ps` lists them")
    raise Failure(
        Code.NO_PROCESS, f"{pid_text(number)} is not alive; `observer ps` lists the processes that are"
    )


def _coming_back(node: Node, end: End) -> str:
    """In how many seconds a child that waits is started again, in words."""
    supervisor = node.table.get(end.supervisor)
    family = supervisor.state if supervisor is not None else None
    if type(family) is not Family:
        return ""
    children = settled(lambda: list(islice(family.children.values(), SOUGHT)))
    child = next((child for child in children if child.wait is not None and end in (child.ends or ())), None)
    seconds = wait_s(child, node.scheduler.clock()) if child is not None else None
    return f"; restarting in {seconds:.1f} s" if seconds is not None else ""


def wait_s(child: Child, clock: float) -> float | None:
    """Seconds until a child is started again, while its backoff lasts; else None."""
    wait = child.wait
    return max(0.0, wait[0] - clock) if wait is not None else None


def number_in(text: str) -> int | None:
    """The number of the process that `text` means, if it is a pid."""
    match = _PID.fullmatch(text.strip())
    return int(match[1] or 0) * NODE + int(match[2]) if match else None


def title(process: Process) -> str:
    """Its name, else its label, else its pid."""
    extra = process.extra
    label = extra.label if extra is not None else None
    return clean(process.name or label or pid_text(process.number), 200)


def link_to(process: Process) -> Link:
    """A relation to another process."""
    name = title(process)
    pid = pid_text(process.number)
    return Link(pid=pid, name=None if name == pid else name, alive=process.status != ENDED)


def same_id(one: Any, other: Any) -> bool:
    """Whether two child ids are the same. An id may be of any class, whose `__eq__` does not run here."""
    if type(one) is type(other) and (type(one) is str or type(one) is int):
        return bool(one == other)
    return one is other


def same_path(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Whether two paths lead to the same place."""
    return len(one) == len(other) and all(same_id(*pair) for pair in zip(one, other, strict=True))


def id_text(child_id: Any) -> str:
    """A child's id, in words."""
    return clean(describe(child_id), 200)


def behaviour_text(behaviour: str) -> str:
    """What a process runs, as `module:qualname`."""
    return clean(_PUBLIC.get(behaviour, behaviour), 200)


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def when(epoch_s: float) -> datetime:
    """Seconds since the epoch as a time."""
    return datetime.fromtimestamp(epoch_s, UTC)


def oldest_s(process: Process, clock: float) -> float | None:
    """Age of the oldest message that waits; None while there is none."""
    mailbox = process.mailbox
    if not mailbox:
        cell = getattr(process, "cell", None) if process.place else None
        return max(0.0, clock - cell.oldest) if cell is not None and cell.left else None
    try:
        head = mailbox[0] if mailbox[0][0] != CONTINUE else mailbox[1]
        return max(0.0, clock - head[3])
    except IndexError:  # emptied between the two looks
        return None


def doing(process: Process) -> str | None:
    """What it last said that it does."""
    extra = process.extra
    return clean(extra.doing, 200) if extra is not None and extra.doing is not None else None


def status_of(process: Process) -> Any:
    """Its status, with the eyes of this thread: whoever has the loop, runs, be it only a task of its own."""
    status = process.status
    if process.sched.running is process and status != ENDED:
        status = RUNNING
    return STATUSES[status]


def handler_of(process: Process) -> tuple[str | None, float | None]:
    """What it handles, as `handle_call(Deposit)`, and for how many seconds; `task` if a task of its own holds the loop."""
    sched = process.sched
    entry = process.current
    if entry is None or process.status == ENDED:
        return _step_without_message(process)
    kind = class_name(type(entry[1])) if entry[0] not in {INIT, SHUTDOWN} else ""
    return clean(f"{process.handler(entry)}({kind})", 200), max(0.0, sched.clock() - process.since)


def _step_without_message(process: Process) -> tuple[str | None, float | None]:
    """A step of a coroutine process, or of a task beside a server."""
    sched = process.sched
    if sched.running is process:
        since = sched.since
    else:
        worker = process.parked()
        since = worker.began if worker is not None else 0.0
    if not since or process.status == ENDED:
        return None, None
    return "task" if process.coroutine is None else "coroutine", max(0.0, sched.clock() - since)


def row(
    process: Process,
    busy: dict[int, float],
    clock: float,
    weight: Weight | None = None,
    mailbox_delta: float | None = None,
    reductions_delta: float | None = None,
    memory_delta: float | None = None,
) -> ProcessRow:
    """A process as a row of a list. About 10 µs; what it weighs was found out before."""
    extra, child, parent = process.extra, process.child, process.parent
    return ProcessRow(
        pid=pid_text(process.number),
        name=clean(process.name, 200) if process.name is not None else None,
        label=clean(extra.label, 200) if extra is not None and extra.label is not None else None,
        behaviour=behaviour_text(process.behaviour),
        place=process.place or None,  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # one of them
        status=status_of(process),
        doing=doing(process),
        mailbox=process.letters,
        mailbox_delta=mailbox_delta,
        oldest_s=oldest_s(process, clock),
        reductions=process.reductions,
        reductions_delta=reductions_delta,
        memory=weight.size if weight is not None else None,
        memory_cut=weight is not None and weight.cut,
        memory_delta=memory_delta,
        busy=busy.get(process.number, 0.0),
        restarts=child.restarts if child is not None else 0,
        code=mark_of(process),
        parent=pid_text(parent.number) if parent is not None else None,
        counters=extra.counters.copy() if extra is not None and extra.counters is not None else {},
    )
