"""What operators did to a node: the last thousand actions, whether they took effect or not."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from runtime.port.contract import (
    Audit,
    AuditEntry,
    Code,
    CodePlan,
    Drop,
    Failure,
    ForgetTrigger,
    KeepTrigger,
    Kill,
    PlanUpgrade,
    PortRequest,
    Reload,
    Replay,
    Requeue,
    Send,
    StopTrace,
    Trace,
    TraceSession,
    Upgrade,
)

from .lookup import now
from .text import clean

if TYPE_CHECKING:
    from runtime.port.service import Principal

__all__ = ["AuditLog", "why_not"]


class AuditLog:
    """Written and read by the threads of the port."""

    def __init__(self) -> None:
        self._entries: deque[AuditEntry] = deque(maxlen=1000)

    def note(
        self, request: PortRequest[Any], principal: Principal, outcome: str, answer: BaseModel | None = None
    ) -> AuditEntry:
        """Keep an action: the entry. `outcome` is `ok`, or why not; `answer` is what came of it."""
        entry = AuditEntry(
            at=now(),
            key=principal.key,
            role=principal.role,
            peer=principal.peer,
            action=request.op,
            target=clean(_target(request, answer), 200),
            detail=clean(_detail(request, answer), 200),
            outcome=clean(outcome, 300),
        )
        self._entries.append(entry)
        return entry

    def answer(self, limit: int) -> Audit:
        """The newest entries first."""
        return Audit(at=now(), entries=list(reversed(self._entries.copy()))[:limit])


def why_not(request: PortRequest[Any], error: BaseException) -> str:
    """Why an action did not take effect. Of a message or a pattern only the kind of failure: the words may hold its values."""
    if not isinstance(error, Failure):
        return f"failed: {type(error).__name__}"
    if isinstance(request, Send | KeepTrigger) or (
        isinstance(request, Trace) and error.code is Code.BAD_REQUEST
    ):
        return error.code.value
    return error.message


def _target(request: PortRequest[Any], answer: BaseModel | None) -> str:
    """What it is about: a process, or modules, those of a plan too."""
    modules = (
        [step.module for step in answer.steps]
        if isinstance(answer, Upgrade)
        else getattr(request, "modules", None)
    )
    if isinstance(request, Trace):
        return _without_condition(request.pattern)
    if isinstance(request, KeepTrigger | ForgetTrigger):
        return _without_condition(request.text)
    if isinstance(request, Replay):
        return ", ".join(filter(None, (request.what, request.process, request.code)))
    if isinstance(request, StopTrace):
        return f"session {request.session}"
    return ", ".join(modules) if modules else str(getattr(request, "process", ""))


def _without_condition(pattern: str) -> str:
    """A pattern up to its condition, which may hold values."""
    head, when, _ = pattern.partition(" when ")
    return f"{head} when …" if when else head


def _detail(request: PortRequest[Any], answer: BaseModel | None) -> str:
    """What was asked for, without values: they may be secrets, and the log outlives them."""
    if isinstance(request, Kill):
        return request.reason
    if isinstance(request, Send):
        message = request.message
        kind = message.get("type") if isinstance(message, dict) else None
        return f"{request.kind} {kind}" if isinstance(kind, str) else request.kind
    if isinstance(request, Drop | Requeue):
        return f"message {request.message}"
    if isinstance(request, PlanUpgrade):
        name = f"plan {answer.id}" if isinstance(answer, CodePlan) else ""
        return ", ".join(filter(None, (name, "a rollback" if request.rollback else "")))
    if isinstance(request, Trace):
        session = f"session {answer.session}" if isinstance(answer, TraceSession) else ""
        return ", ".join(filter(None, (session, "forced" if request.force else "")))
    if isinstance(request, KeepTrigger):
        return "forced" if request.force else ""
    if isinstance(request, Reload) and request.plan is not None:
        return f"plan {request.plan}"
    return ""
