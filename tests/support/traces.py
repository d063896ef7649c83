"""Records of one story: the host calls the dispatcher, which casts to two reviewers; one of them raises."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from runtime.port.contract import TraceEnd, TraceLimits, TraceRecord, TraceRecords, TraceSession
from tests.support.command_line import AT

TRACE = "669380606473d4411427050b40815b60"
CALL, CAST, LAST = "a" * 16, "b" * 16, "c" * 16
REVIEW = {"$type": "Review", "path": "a.py"}


def record(seq: int, kind: str, mono: float, **fields: Any) -> TraceRecord:
    """One record."""
    ground: dict[str, Any] = {
        "seq": seq,
        "at": AT + timedelta(seconds=mono),
        "mono": mono,
        "kind": kind,
        "trace": TRACE,
    }
    return TraceRecord(**ground | fields)


def story() -> list[TraceRecord]:
    """The whole of it."""
    dispatcher: dict[str, Any] = {"pid": "<0.3.0>", "name": "dispatcher"}
    reviewer: dict[str, Any] = {"pid": "<0.4.0>", "name": "reviewer-1"}
    message = {"values": {"message": REVIEW}}
    return [
        record(1, "call", 0.0, peer="<0.3.0>", span=CALL, **message),
        record(2, "receive", 0.1, span=CALL, text="handle_call", waited=0.1, **dispatcher, **message),
        record(3, "send", 0.2, peer="<0.4.0>", span=CAST, cause=CALL, text="cast", **dispatcher, **message),
        record(4, "state", 0.3, span=CALL, text="handle_call", **dispatcher, values={"before": {"n": 1}, "state": {"n": 2}}),
        record(5, "handled", 0.3, span=CALL, text="handle_call", waited=0.1, took=0.2, **dispatcher, **message),
        record(6, "receive", 3.3, peer="<0.3.0>", span=CAST, cause=CALL, text="handle_cast", waited=3.1, **reviewer, **message),
        record(7, "raised", 4.3, peer="<0.3.0>", span=CAST, cause=CALL, text="handle_cast", waited=3.1, took=1.0, **reviewer),
    ]  # fmt: skip


def session(number: int = 3, end: str = "", **fields: Any) -> TraceSession:
    """A session; `end` is the cause of its end."""
    ground: dict[str, Any] = {
        "session": number, "pattern": "all messages", "key": "owner", "peer": "unix uid 1000 pid 4711", "mine": True, "began": AT,
        "ends": AT + timedelta(seconds=30), "limits": TraceLimits(), "taken": 7, "seen": 12,
        "end": TraceEnd(cause=end, text=f"because of {end}", at=AT) if end else None,
    }  # fmt: skip
    return TraceSession(**ground | fields)


def pages(*lists: list[TraceRecord], end: str = "count") -> Any:
    """Answers to `TraceRead`: one list after the other; the last is the end."""
    left = list(lists)

    def answer(_request: Any) -> TraceRecords:
        records = left.pop(0)
        return TraceRecords(at=AT, records=records, session=session(end="" if left else end), over=not left)

    return answer
