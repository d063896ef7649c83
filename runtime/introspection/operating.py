"""What an operator does is told, and what comes of it belongs to a story with the operator's key.

request ──> a story is born, its principal the key ──> what is posted to the loop runs under it: messages, ends, suspensions
        └─> done, refused or failed ──> the event `operator`, that story's first span: action, target, detail, outcome; no values
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from runtime.port.contract import Failure
from runtime.trace.stories import OUTSIDE
from runtime.trace.telling import HOST
from tracing.context import Context, born

from .lookup import find

if TYPE_CHECKING:
    from collections.abc import Generator

    from runtime.node import Node
    from runtime.port.contract import AuditEntry
    from runtime.process import Process

__all__ = ["Operation", "acting"]


class Operation:
    """One action.

    Attributes:
        process: whom it concerns, if it is one process.
        context: of what comes of it.
        began: when, by the node's clock.
    """

    def __init__(self, node: Node, request: Any, key: str) -> None:
        self._node = node
        self.process: Process | None = _meant(node, getattr(request, "process", None))
        self.context: Context = born(key)
        self.began = node.scheduler.clock()

    def tell(self, entry: AuditEntry) -> None:
        """It is over, and stands in the audit log."""
        sched = self._node.scheduler
        subject: Any = self.process or HOST
        detail = {"role": entry.role.value, "detail": entry.detail, "outcome": entry.outcome}
        text = f"{entry.action} {entry.target}".strip()

        def offer() -> None:
            tap = sched.tap
            if tap is not None and "operator" in tap.kinds:
                now = sched.clock()
                took = now - self.began
                tap.offer(subject, (now, "operator", subject.number, subject.name, text, 0, self.context, (detail,), None, took, None))  # fmt: skip

        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            sched.from_thread(offer)


def _meant(node: Node, process: str | None) -> Process | None:
    try:
        return find(node, process) if process else None
    except Failure:  # the action will say it
        return None


@contextmanager
def acting(node: Node, request: Any, key: str) -> Generator[Operation]:
    """What is posted to the loop inside belongs to a story of who has this key."""
    operation = Operation(node, request, key)
    token = OUTSIDE.set(operation.context)
    node.scheduler.outside = True
    try:
        yield operation
    finally:
        OUTSIDE.reset(token)
