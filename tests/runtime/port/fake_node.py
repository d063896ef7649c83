"""A node that answers without there being any."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from runtime.port.contract import Code, Done, Events, Failure, NodeInfo, ProcessPage, ProcessRow

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class FakeNode:
    """Answers `node`, `ps`, `feed` (waits until let go), and `kill`, which does what its reason says."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, object]] = []
        self._let_go = threading.Event()

    def let_go(self) -> None:
        """End every `feed` that waits."""
        self._let_go.set()

    def __call__(self, request, principal):
        self.asked.append((request, principal))
        match request.op:
            case "node":
                return NodeInfo(
                    name="bank", incarnation="x", version="0", python="3", uptime_s=1, processes=1, mailbox_total=0,
                    lag_ms=0, rss_bytes=1, preemption="off", observer_ms_per_s=0, at=NOW,
                )  # fmt: skip
            case "ps":
                label = "x" * 10_000 if request.filter == "huge" else None
                row = ProcessRow(pid="<0.1.0>", behaviour="m:A", status="waiting", label=label)
                return ProcessPage(at=NOW, total=1, matched=1, rows=[row] * request.limit)
            case "feed":
                self._let_go.wait(request.wait_s)
                return Events(at=NOW, events=[], cursor=request.cursor)
            case "kill":
                return self._kill(request)
        raise Failure(Code.NO_PROCESS, f"no process {request.process!r}")

    def _kill(self, request):
        match request.reason:
            case "exit":
                raise SystemExit(3)
            case "interrupt":
                raise KeyboardInterrupt
            case "crash":
                raise ValueError("a secret that no peer may read")
        return Done(at=NOW, pid="<0.1.0>", text="killed")
