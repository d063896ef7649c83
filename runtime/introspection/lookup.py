"""Which process is meant, and how processes are told about: names, rows, reasons, times."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from runtime.mailbox import HANDLERS
from runtime.port.contract import Code, Failure, Link, ProcessRow
from runtime.status import ENDED, READY, RUNNING, STATUSES

from .values import clean

if TYPE_CHECKING:
    from runtime.node import Node
    from runtime.process import Process

__all__ = [
    "behaviour_of",
    "find",
    "handler_of",
    "link_to",
    "now",
    "oldest_s",
    "pid_text",
    "row",
    "title",
    "when",
]

_PID: Final = re.compile(r"<?(?:0\.)?(\d{1,15})(?:\.0)?>?")


def find(node: Node, text: str) -> Process:
    """The living process that `text` names: `<0.42.0>`, `0.42.0`, `42`, or a registered name.

    Raises:
        Failure: `NO_PROCESS`, saying what became of it where that is known.
    """
    match = _PID.fullmatch(text.strip())
    process = node.table.get(int(match[1])) if match else None
    process = process or node.registry.find(text)
    if process is not None and process.status != ENDED:
        return process
    if match is None:
        raise Failure(Code.NO_PROCESS, f"no process is named {clean(text, 80)!r}; `observer ps` lists them")
    number = int(match[1])
    for end in reversed(node.ledger.history.copy()):
        if end.old == number:
            after = f"; its successor is {pid_text(end.new)}" if end.new is not None else ""
            raise Failure(
                Code.NO_PROCESS, f"{pid_text(number)} ({end.path[-1]}) has ended: {end.text}{after}"
            )
    raise Failure(
        Code.NO_PROCESS, f"{pid_text(number)} is not alive; `observer ps` lists the processes that are"
    )


def pid_text(number: int) -> str:
    """A process's number as a pid."""
    return f"<0.{number}.0>"


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


def behaviour_of(process: Process) -> str:
    """What it runs, for people: `module:qualname`."""
    return clean(process.behaviour, 200)


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def when(epoch_s: float) -> datetime:
    """Seconds since the epoch as a time."""
    return datetime.fromtimestamp(epoch_s, UTC)


def oldest_s(process: Process, clock: float) -> float | None:
    """Age of the message at the head of the mailbox; None while it is empty."""
    mailbox = process.mailbox
    try:
        return max(0.0, clock - mailbox[0][3]) if mailbox else None
    except IndexError:  # emptied between the two looks
        return None


def status_of(process: Process) -> Any:
    """Its status, with the eyes of this thread: whoever runs, runs."""
    status = process.status
    if status == READY and process.sched.running is process:
        status = RUNNING
    return STATUSES[status]


def handler_of(process: Process) -> tuple[str | None, float | None]:
    """What it is handling, as `handle_call(Deposit)`, and for how many seconds; or a task of its own that holds the loop."""
    sched = process.sched
    entry = process.current
    if entry is None or process.status == ENDED:
        return (
            (None, None) if sched.running is not process else ("task", max(0.0, sched.clock() - sched.since))
        )
    name = HANDLERS[entry[0]]
    message = entry[1]
    kind = type.__dict__["__name__"].__get__(type(message)) if name not in {"init", "terminate"} else ""
    return f"{name}({kind})", max(0.0, sched.clock() - process.since)


def row(process: Process, busy: dict[int, float], clock: float) -> ProcessRow:
    """A process as a row of a list. About 10 µs."""
    extra, child, parent = process.extra, process.child, process.parent
    return ProcessRow(
        pid=pid_text(process.number),
        name=clean(process.name, 200) if process.name is not None else None,
        label=clean(extra.label, 200) if extra is not None and extra.label is not None else None,
        behaviour=behaviour_of(process),
        status=status_of(process),
        doing=clean(extra.doing, 200) if extra is not None and extra.doing is not None else None,
        mailbox=len(process.mailbox or ()),
        oldest_s=oldest_s(process, clock),
        reductions=process.reductions,
        busy=busy.get(process.number, 0.0),
        restarts=child.restarts if child is not None else 0,
        parent=pid_text(parent.number) if parent is not None else None,
        counters=dict(extra.counters) if extra is not None and extra.counters is not None else {},
    )
