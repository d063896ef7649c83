"""What a node would answer about tracing: a session that takes what a test gives it, a story, dumps. As data.

node = crew(); tracing(node)             the crew, and one review that fails, as records
node.tracing.take(records)               the session has taken these; the console's feed reads them
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from runtime.port.contract import (
    CheckPattern,
    Code,
    Done,
    Dump,
    DumpQuery,
    Dumps,
    DumpsQuery,
    Failure,
    ForgetTrigger,
    KeepTrigger,
    PatternCheck,
    StopTrace,
    Timeline,
    TimelineQuery,
    Trace,
    TraceEnd,
    TraceLimits,
    TraceRead,
    TraceRecord,
    TraceRecords,
    TraceSession,
    TraceSessions,
    TraceSessionsQuery,
    Trigger,
)
from tests.support.fake_node import NOON, FakeNode

TRACE = "0af7651916cd43dd8448eb211c80319c"
DISPATCHER, ONE, THREE, LIBRARIAN = "<0.14.0>", "<0.18.0>", "<0.26.0>", "<0.13.0>"
NAMES = {DISPATCHER: "dispatcher", ONE: "reviewer-1", THREE: "reviewer-3", LIBRARIAN: "librarian"}
POLL_S = 0.005
WORDS = ("messages", "handlers", "handled", "states", "lifecycle", "raised", "when", "->")


def record(seq: int, mono: float, kind: str, pid: str | None, **fields: Any) -> TraceRecord:
    """One record, so many seconds after noon."""
    return TraceRecord(
        seq=seq, at=NOON + timedelta(seconds=mono), mono=5_000 + mono, kind=kind, pid=pid, name=NAMES.get(pid or ""),
        **{"trace": TRACE, **fields},
    )  # fmt: skip


def review() -> list[TraceRecord]:
    """Somebody asks the dispatcher for a review; one reviewer answers late, the other fails and is restarted."""
    ask = {"$type": "Review", "path": "lib/turtle.py"}
    check = {"$type": "Check", "path": "lib/turtle.py", "part": 1}
    state = {"$type": "ReviewerState", "path": None, "budget": 10000, "seen": 12}
    done = {"$type": "ReviewerState", "path": None, "budget": 7310, "seen": 13}
    a, b, c, d, e = (f"{number:016x}" for number in (0xA1, 0xB2, 0xC3, 0xD4, 0xE5))
    rows: list[tuple[float, str, str | None, dict[str, Any]]] = [
        (0.000, "call", None, {"peer": DISPATCHER, "span": a, "values": {"message": ask}}),
        (0.004, "receive", DISPATCHER, {"span": a, "waited": 0.004, "values": {"message": ask}}),
        (0.010, "send", DISPATCHER, {"text": "info", "peer": ONE, "span": b, "cause": a, "values": {"message": check}}),
        (0.011, "send", DISPATCHER, {"text": "info", "peer": THREE, "span": c, "cause": a, "values": {"message": check}}),
        (0.012, "receive", THREE, {"peer": DISPATCHER, "span": c, "cause": a, "waited": 0.001, "values": {"message": check}}),
        (0.310, "raised", THREE, {
            "text": "handle_info", "peer": DISPATCHER, "span": c, "cause": a, "waited": 0.001, "took": 0.298,
            "values": {"message": check, "state": state, "reason": {"$type": "OverBudget", "spent": 10_412}},
            "stack": ["demo/reviewer.py:71 handle_info", "demo/checks/complexity.py:33 check"],
        }),
        (0.312, "crash", THREE, {"text": "OverBudget(10000)", "span": c, "cause": a}),
        (0.330, "restarted", THREE, {"text": "as <0.44.0>", "span": d, "cause": c}),
        (1.700, "receive", ONE, {"peer": DISPATCHER, "span": b, "cause": a, "waited": 1.690, "values": {"message": check}}),
        (1.912, "handled", ONE, {
            "text": "handle_info", "peer": DISPATCHER, "span": b, "cause": a, "waited": 1.690, "took": 0.212,
            "values": {"message": check, "before": state, "state": done},
        }),
        (1.913, "send", ONE, {"text": "cast", "peer": LIBRARIAN, "span": e, "cause": b,
                              "values": {"message": {"$type": "Finding", "text": "bare except"}}}),
        (1.914, "receive", LIBRARIAN, {"peer": ONE, "span": e, "cause": b, "waited": 0.001}),
        (1.916, "handled", LIBRARIAN, {"text": "handle_cast", "peer": ONE, "span": e, "cause": b, "waited": 0.001, "took": 0.002}),
        (1.920, "handled", DISPATCHER, {"text": "handle_call", "span": a, "waited": 0.004, "took": 1.916, "values": {"message": ask, "reply": "1 finding"}}),
        (1.920, "reply", DISPATCHER, {"text": "", "peer": None, "span": a, "values": {"reply": "1 finding"}}),
    ]  # fmt: skip
    return [
        record(place, mono, kind, pid, **fields) for place, (mono, kind, pid, fields) in enumerate(rows, 1)
    ]


@dataclass
class FakeTracing:
    """The answers. Tests change its fields while the console looks on."""

    node: FakeNode
    session: TraceSession | None = None
    queue: list[TraceRecord] = field(default_factory=list)
    others: list[TraceSession] = field(default_factory=list)
    story: list[TraceRecord] = field(default_factory=list)
    note: str = ""
    triggers: list[Trigger] = field(default_factory=list)
    in_vain: list[str] = field(default_factory=list)
    forced: bool = False
    dumps: list[Dump] = field(default_factory=list)
    opened: list[Trace] = field(default_factory=list)
    stopped: list[int] = field(default_factory=list)

    def take(self, records: list[TraceRecord], *, seen: int = 0) -> None:
        """The session takes records."""
        assert self.session is not None
        self.queue.extend(records)
        self._told(taken=self.session.taken + len(records), seen=self.session.seen + max(seen, len(records)))

    def end(self, cause: str, text: str) -> None:
        """The session ends."""
        self._told(end=TraceEnd(cause=cause, text=text, at=self.node.info.at))

    def _told(self, **fields: Any) -> None:
        assert self.session is not None
        self.session = self.session.model_copy(update={**fields, "waiting": len(self.queue)})

    def answers(self) -> dict[type, Any]:
        """By request."""
        return {
            Trace: self._open,
            TraceRead: self._read,
            StopTrace: self._stop,
            TraceSessionsQuery: self._sessions,
            CheckPattern: self._check,
            TimelineQuery: self._story,
            KeepTrigger: self._keep,
            ForgetTrigger: self._forget,
            DumpsQuery: lambda it: Dumps(at=self.node.info.at, dumps=self.dumps),
            DumpQuery: self._dump,
        }

    def _open(self, request: Trace) -> TraceSession:
        self.opened.append(request)
        self.queue.clear()
        at = self.node.info.at
        self.session = TraceSession(
            session=len(self.opened), pattern=request.pattern, key="owner", peer="127.0.0.1:50412", mine=True, began=at,
            ends=at + timedelta(seconds=request.limits.seconds), limits=request.limits, notes=self.in_vain,
        )  # fmt: skip
        return self.session

    def _read(self, request: TraceRead) -> TraceRecords:
        """Waits for the first record, as a node does; who reads a session that another has followed gets nothing of that one."""
        deadline = time.monotonic() + request.wait_s
        while self._has_nothing_for(request) and time.monotonic() < deadline:
            time.sleep(POLL_S)
        if request.session != self.session.session:
            return TraceRecords(at=self.node.info.at, records=[], session=self.session, over=True)
        records, self.queue[: request.limit] = self.queue[: request.limit], []
        self._told()
        over = self.session.end is not None and not self.queue
        return TraceRecords(at=self.node.info.at, records=records, session=self.session, over=over)

    def _has_nothing_for(self, request: TraceRead) -> bool:
        session = self.session
        return not self.queue and session.end is None and session.session == request.session

    def _stop(self, request: StopTrace) -> Done:
        self.stopped.append(request.session)
        if self.session is not None and request.session == self.session.session:
            self.end("asked", "it was stopped by key owner")
        return Done(at=self.node.info.at, text=f"session {request.session} is stopped")

    def _sessions(self, request: TraceSessionsQuery) -> TraceSessions:
        mine = [self.session] if self.session is not None else []
        return TraceSessions(
            at=self.node.info.at,
            sessions=[*mine, *self.others],
            triggers=self.triggers,
            dumps=len(self.dumps),
        )

    def _check(self, request: CheckPattern) -> PatternCheck:
        """A grammar of one sentence: a name, then words that are known."""
        text = request.pattern
        if request.trigger:
            usual = text.endswith("before receive")
            return PatternCheck(
                dangers=["it fires each second, as long as anything happens"] if usual else []
            )
        words = text.split(" ")
        last, start = words[-1], len(text) - len(words[-1]) + 1
        if len(words) == 1:
            names = [word for word in ("all", *NAMES.values()) if word.startswith(last)]
            return PatternCheck(problem="what to trace is missing", column=len(text) + 1, legal=["all", "a name", "a pid (<0.42.0>)"],
                                words=names, start=start)  # fmt: skip
        known = [word for word in WORDS if word.startswith(last)]
        if not known:
            return PatternCheck(
                problem=f"{last!r} is no event; did you mean handlers?",
                column=start,
                legal=list(WORDS[:6]),
                start=start,
            )
        dangers = ["it takes every event of every process; name processes, kinds of events or a condition"]
        return PatternCheck(
            words=known, start=start, dangers=dangers if words[0] == "all" and "lifecycle" in words else []
        )

    def _story(self, request: TimelineQuery) -> Timeline:
        mine = [
            it
            for it in self.story
            if request.process in {None, it.pid} and it.trace.startswith(request.trace or "")
        ]
        if not mine:
            raise Failure(
                Code.REFUSED,
                f"no story {request.trace or request.process} is known; the flight recorder keeps the newest events only",
            )
        whole = [it for it in self.story if it.trace == mine[-1].trace]
        end = len(whole) - request.skip
        first = max(0, end - request.limit)
        return Timeline(
            at=self.node.info.at,
            trace=mine[-1].trace,
            records=whole[first:end],
            spans=[],
            cut=first > 0,
            note=self.note,
        )

    def _keep(self, request: KeepTrigger) -> Done:
        if " before " not in request.text:
            raise Failure(
                Code.BAD_REQUEST,
                f"this is no trigger; column 9: `before EVENT` is missing\n    {request.text}\n            ^",
            )
        self.forced = request.force
        self.triggers.append(Trigger(text=request.text))
        return Done(at=self.node.info.at, text=f"set: {request.text}", notes=self.in_vain)

    def _forget(self, request: ForgetTrigger) -> Done:
        self.triggers = [it for it in self.triggers if it.text != request.text]
        return Done(at=self.node.info.at, text=f"taken away: {request.text}; what it has kept stays")

    def _dump(self, request: DumpQuery) -> Dump:
        return next(it for it in self.dumps if it.dump == request.dump).model_copy(
            update={"records": review()[:7]}
        )


def traced(node: FakeNode) -> FakeNode:
    """The node, with a story, a trigger, a dump and somebody else's session."""
    node.tracing = tracing = FakeTracing(node)
    tracing.story = review()
    tracing.triggers = [Trigger(text="keep 5s before crash", dumps=1)]
    tracing.dumps = [
        Dump(dump=1, at=NOON, trigger="keep 5s before crash", pid=THREE, name="reviewer-3", kind="crash", text="OverBudget(10000)",
             trace=TRACE, events=7)
    ]  # fmt: skip
    tracing.others = [
        TraceSession(
            session=90, pattern="all raised, crash", key="ann", peer="10.0.0.7:41120", mine=False, began=NOON,
            ends=NOON + timedelta(seconds=41), limits=TraceLimits(count=5000), taken=212, seen=90_210,
        )
    ]  # fmt: skip
    return node
