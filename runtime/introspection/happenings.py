"""What happened: restart history, events, the node's feed, crash reports, and what operators did."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from runtime.mailbox import INIT, KINDS, NOTE
from runtime.port.contract import (
    Audit,
    AuditEntry,
    Crash,
    Crashes,
    CrashQuery,
    Event,
    Events,
    Failure,
    Feed,
    History,
    PortRequest,
    ProcessEvents,
    Restart,
    Restarts,
    Role,
)  # fmt: skip

from .lookup import find, now, pid_text, title, when
from .values import Limits, clean

if TYPE_CHECKING:
    from threading import Event as Flag

    from runtime.crash import CrashReport
    from runtime.node import Node
    from runtime.port.service import Principal
    from runtime.supervision.child import End

    from .shown import Shown

__all__ = ["AuditLog", "crashes", "events_of", "feed", "restart_history"]

SMALL: Final = Limits(depth=5, width=30, text=500, items=300)
POLL_S: Final = 0.05


def restart_history(node: Node, request: History, principal: Principal) -> Restarts:
    """Ends of children, newest first. Reasons are without values for a viewer."""
    ends = node.ledger.history.copy()
    chosen = list(reversed(ends))
    if request.process is not None:
        path, number = _child_path(node, request.process)
        chosen = [
            end for end in chosen if end.path[: len(path)] == path and (path or end.supervisor == number)
        ]
    values = principal.role.includes(Role.OPERATOR)
    return Restarts(at=now(), entries=[_restart(end, values=values) for end in chosen[: request.limit]])


def _restart(end: End, *, values: bool) -> Restart:
    return Restart(
        at=when(end.at),
        child=clean(str(end.path[-1]), 200) if end.path else "",
        old_pid=pid_text(end.old),
        new_pid=pid_text(end.new) if end.new is not None else None,
        reason=clean(end.text if values else end.kind, 300),
        lived_s=max(0.0, end.lived_s),
        lost=end.lost,
        by=end.by,
        supervisor=pid_text(end.supervisor),
    )


def _child_path(node: Node, name: str) -> tuple[tuple[Any, ...], int]:
    """The path of a child by its pid, its name or its id, also when it is not alive now."""
    try:
        process = find(node, name)
    except Failure:
        digits = name.strip("<>").removeprefix("0.").removesuffix(".0")
        for end in reversed(node.ledger.history.copy()):
            if end.path[-1:] == (name,) or (digits.isdecimal() and end.old == int(digits)):
                return end.path, end.supervisor
        raise
    return (process.child.path if process.child is not None else ()), process.number


def events_of(node: Node, request: ProcessEvents, shown: Shown) -> Events:
    """The last events of one process, oldest first (OTP's `sys:log`)."""
    process = find(node, request.process)
    kept = list(process.events or ())[-request.limit :]
    bodies = shown.many(process, [(item[2], item[4]) for item in kept], SMALL)
    events: list[Event] = []
    for seq, (item, body) in enumerate(zip(kept, bodies, strict=True)):
        at, kind, _, sender, _ = item
        message, reply = body.value
        note = kind == NOTE
        text = str(message) if note else "started" if kind == INIT else ""
        if sender:
            text = f"from {pid_text(sender)}"
        value = None if note else {"message": message, "reply": reply} if kind == 0 else {"message": message}
        events.append(
            Event(seq=seq, at=when(node.wall(at)), pid=pid_text(process.number), name=title(process),
                  kind="note" if note else KINDS[kind], text=text, value=value)
        )  # fmt: skip
    return Events(at=now(), events=events)


def feed(node: Node, request: Feed, stopping: Flag) -> Events:
    """The node's lifecycle events from a cursor on; waits for the first if asked to. No values."""
    deadline = time.monotonic() + request.wait_s
    while True:
        records, cursor, missed = node.ledger.recorder.since(request.cursor, request.limit)
        if records or missed or time.monotonic() >= deadline or stopping.wait(POLL_S):
            break
    events = [
        Event(
            seq=record.seq,
            at=when(record.at),
            pid=pid_text(record.pid) if record.pid else None,
            name=clean(record.name, 200) if record.name is not None else None,
            kind=record.kind,
            text=clean(record.text, 300),
        )
        for record in records
    ]
    return Events(at=now(), events=events, cursor=cursor, missed=missed)


def crashes(node: Node, request: CrashQuery, shown: Shown) -> Crashes:
    """Crash reports, newest first."""
    reports = list(reversed(node.ledger.crashes.copy()))
    if request.process is not None:
        path, number = _child_path(node, request.process)
        reports = [
            item for item in reports if (item.path[: len(path)] == path if path else item.number == number)
        ]
        if not reports and path:
            reports = _kept_by_child(node, request.process)
    return Crashes(at=now(), reports=[_crash(item, shown) for item in reports[: request.limit]])


def _kept_by_child(node: Node, name: str) -> list[CrashReport]:
    """The last report of a child whose crash lies too far back for the node's own list."""
    try:
        child = find(node, name).child
    except Failure:
        return []
    return [child.crash] if child is not None and child.crash is not None else []


def _crash(report: CrashReport, shown: Shown) -> Crash:
    bodies = shown.through(
        report.redact, [report.last_message, report.last_state, *report.mailbox_sample], SMALL
    )
    return Crash(
        at=when(report.at),
        pid=pid_text(report.number),
        name=report.name,
        label=report.label,
        behaviour=clean(report.behaviour),
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
    )


class AuditLog:
    """What operators did to a node: the last thousand actions."""

    def __init__(self) -> None:
        self._entries: deque[AuditEntry] = deque(maxlen=1000)

    def note(self, request: PortRequest[Any], principal: Principal, detail: str, outcome: str) -> None:
        """Keep an action, whether it took effect or not."""
        self._entries.append(
            AuditEntry(
                at=now(),
                key=principal.key,
                role=principal.role,
                peer=principal.peer,
                action=request.op,
                target=clean(str(getattr(request, "process", "")), 200),
                detail=clean(detail, 200),
                outcome=clean(outcome, 300),
            )
        )

    def answer(self, limit: int) -> Audit:
        """The newest entries first."""
        return Audit(at=now(), entries=list(reversed(self._entries.copy()))[:limit])
