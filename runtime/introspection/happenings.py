"""What happened: restart history, events, the node's feed, crash reports."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from runtime.log import KEPT, items
from runtime.mailbox import CALL, KINDS, NOTE
from runtime.port.contract import (
    Bottom,
    Crash,
    Crashes,
    CrashQuery,
    Event,
    Events,
    Failure,
    Feed,
    History,
    ProcessEvents,
    Restart,
    Restarts,
    Role,
    TraceRecord,
)  # fmt: skip
from runtime.results import NOTHING

from .lookup import behaviour_text, find, id_text, now, number_in, pid_text, same_id, title, when
from .pace import rested
from .text import clean
from .values import Limits, Walked

if TYPE_CHECKING:
    from threading import Event as Flag

    from runtime.crash import CrashReport
    from runtime.log import LogItem
    from runtime.node import Node
    from runtime.port.service import Principal
    from runtime.process import Process
    from runtime.supervision.child import End
    from tracing.records import Record

    from .shown import Shown
    from .tracing.showing import Showing

__all__ = ["crashes", "events_of", "feed", "restart_history"]

SMALL: Final = Limits(depth=5, width=30, text=500)
POLL_S: Final = 0.05
Path = tuple[Any, ...]


# --- restart history ----------------------------------------------------------------------------------


def restart_history(node: Node, request: History, principal: Principal) -> Restarts:
    """Ends of children, newest first. Reasons are without values for a viewer."""
    chosen = list(reversed(node.ledger.history.copy()))
    if request.process is not None:
        path, number = _child_path(node, request.process)
        chosen = [end for end in chosen if _below(end.path, path) and (path or end.supervisor == number)]
    values = principal.role.includes(Role.OPERATOR)
    return Restarts(at=now(), entries=[_restart(end, values=values) for end in chosen[: request.limit]])


def _restart(end: End, *, values: bool) -> Restart:
    return Restart(
        at=when(end.at),
        child=id_text(end.path[-1]) if end.path else "",
        old_pid=pid_text(end.old),
        new_pid=pid_text(end.new) if end.new is not None else None,
        reason=clean(end.text if values else end.kind, 300),
        lived_s=max(0.0, end.lived_s),
        lost=end.lost,
        by=clean(end.by, 200) if end.by is not None else None,
        supervisor=pid_text(end.supervisor),
        gave_up=_bottom(end.cause, values=values) if end.cause is not None else None,
    )


def _bottom(end: End, *, values: bool) -> Bottom:
    return Bottom(
        child=id_text(end.path[-1]) if end.path else "",
        pid=pid_text(end.old),
        reason=clean(end.text if values else end.kind, 300),
    )


def _child_path(node: Node, name: str) -> tuple[Path, int]:
    """The path of a child by its pid, its name or its id, also when it is not alive now; and its number."""
    try:
        process = find(node, name)
    except Failure:
        number = number_in(name)
        for end in reversed(node.ledger.history.copy()):
            if end.old == number or id_text(end.path[-1]) == name:
                return end.path, end.old
        raise
    return (process.child.path if process.child is not None else ()), process.number


def _below(path: Path, top: Path) -> bool:
    """Whether `path` is `top`, or leads through it."""
    return len(path) >= len(top) and all(same_id(*pair) for pair in zip(path, top, strict=False))


# --- events -------------------------------------------------------------------------------------------


def events_of(node: Node, request: ProcessEvents, shown: Shown) -> Events:
    """The last events of one process, oldest first (OTP's `sys:log`)."""
    process = find(node, request.process)
    kept = items(process.events)[-min(request.limit, KEPT) :]
    values = [
        value
        for item in kept
        if item[1] != NOTE
        for value in (item[2], None if item[4] is NOTHING else item[4])
    ]
    bodies = iter(shown.many(process, values, SMALL))
    epoch = node.wall(0.0)  # read once: in their order they happened
    events = [_event(epoch, process, seq, item, bodies) for seq, item in enumerate(kept, 1)]
    if len(kept) < min(request.limit, KEPT):  # the start costs no memory: it is known from the process itself
        started = when(epoch + process.started)
        first = Event(seq=0, at=started, pid=pid_text(process.number), name=title(process), kind="started")
        events.insert(0, first)
    return Events(at=now(), events=events)


def _event(epoch: float, process: Process, seq: int, item: LogItem, bodies: Any) -> Event:
    at, kind, note, sender = item[:4]
    text, value = "", None
    if kind == NOTE:
        text = clean(note, 300)
    else:
        message: Walked = next(bodies)
        reply: Walked = next(bodies)
        text = f"from {pid_text(sender)}" if sender else ""
        value = {"message": message.value, "reply": reply.value} if kind == CALL else message.value
    return Event(
        seq=seq,
        at=when(epoch + at),
        pid=pid_text(process.number),
        name=title(process),
        kind=KINDS[kind],
        text=text,
        value=value,
    )


def feed(node: Node, request: Feed, stopping: Flag) -> Events:
    """The node's lifecycle events from a cursor on; waits for the first if asked to. No values."""
    deadline = time.monotonic() + request.wait_s
    while True:
        records, cursor, missed = node.ledger.recorder.since(request.cursor, request.limit)
        if records or missed or time.monotonic() >= deadline or stopping.wait(POLL_S):
            break
    names = {record.pid: record.name for record in records if record.name is not None}
    events = [_record(node, record, names) for record in rested(records)]
    return Events(at=now(), events=events, cursor=cursor, missed=missed)


def _record(node: Node, record: Record, names: dict[int, str]) -> Event:
    """A record of the node. A process starts before it has a name, and is told by the one that it got."""
    name = names.get(record.pid)
    process = node.table.get(record.pid) if name is None else None
    if process is not None:
        name = process.name or (process.extra.label if process.extra is not None else None)
    return Event(
        seq=record.seq,
        at=when(record.at),
        pid=pid_text(record.pid) if record.pid else None,
        name=clean(name, 200) if name is not None else None,
        kind=record.kind,
        text=clean(record.text, 300),
    )


# --- crash reports ------------------------------------------------------------------------------------


def crashes(node: Node, request: CrashQuery, shown: Shown, showing: Showing) -> Crashes:
    """Crash reports, newest first."""
    reports = list(reversed(node.ledger.crashes.copy()))
    if request.process is not None:
        path, number = _child_path(node, request.process)
        reports = [
            report for report in reports if (_below(report.path, path) if path else report.number == number)
        ]
        if not reports and path:
            reports = _kept_by_child(node, request.process)
    chosen = reports[: request.limit]
    told = zip(chosen, showing.several([report.before.copy() for report in chosen]), strict=True)
    return Crashes(at=now(), reports=[_crash(report, shown, before) for report, before in told])


def _kept_by_child(node: Node, name: str) -> list[CrashReport]:
    """The last report of a child whose crash lies too far back for the node's own list."""
    try:
        child = find(node, name).child
    except Failure:
        return []
    return [child.crash] if child is not None and child.crash is not None else []


def _crash(report: CrashReport, shown: Shown, before: list[TraceRecord]) -> Crash:
    values = [report.last_message, report.last_state, *report.mailbox_sample]
    bodies = shown.through(report.redact, values, SMALL)
    return Crash(
        at=when(report.at),
        pid=pid_text(report.number),
        name=clean(report.name, 200) if report.name is not None else None,
        label=clean(report.label, 200) if report.label is not None else None,
        behaviour=behaviour_text(report.behaviour),
        reason=clean(report.text, 500),
        traceback=clean(report.traceback, 20_000),
        last_message=bodies[0].value,
        last_state=bodies[1].value,
        state_note="may be half-changed: the state is mutable" if report.half_changed else "",
        mailbox_sample=[body.value for body in bodies[2:]],
        lost=report.lost,
        ancestors=[pid_text(number) for number in report.ancestors],
        links=[pid_text(number) for number in report.links],
        lived_s=max(0.0, report.lived_s),
        redacted=sum(body.redacted for body in bodies),
        before=before,
    )
