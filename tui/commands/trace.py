"""`observer trace`: what happens in a live node, as far as a pattern asks for it, until a limit ends it.

    Trace(pattern, limits) ──> a session of this connection ──> TraceRead, TraceRead … ──> why it has ended
                                      ├── Ctrl-C: StopTrace, and what was taken is read to its end
                                      └── --resume: the node is lost, waited for, and a session opened there for what is left

A reader that is too slow ends the session (its queue is a limit); a reader that is gone ends it as well.
"""

from __future__ import annotations

import re
import threading
import time
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Final

from runtime.port.contract import (
    Code,
    Failure,
    StopTrace,
    Trace,
    TraceEnd,
    TraceLimits,
    TraceRead,
    TraceRecord,
    TraceSession,
)
from tui.format import plural
from tui.output.records import STORY, record_lines, titles
from tui.tracing.slow import Slow

from .comeback import comeback
from .context import Context
from .exports import Form, export, export_options, form_of, ready, save
from .interrupts import interrupts
from .options import count, node_options, seconds, words

HELP = """\
What happens in the node? PATTERN says whom, what, under which condition, and what to show:

  observer trace 'alice messages'
  observer trace 'all receive when waited > 100ms'
  observer trace 'behaviour Reviewer handled when took > 1s -> state, return'
  observer trace 'under crew lifecycle, raised -> stack' --for 600
  observer trace 'all shop.prices:discount(_, customer) -> return' --count 10
  observer trace 'new send' --json | jq -r .values.message

Whom: all, new, a name, a pid, behaviour NAME, under NAME; what: messages, handlers, states,
lifecycle, relations, code, spans, counters, operators, single kinds (send, receive, call,
reply, timer, handled, raised, spawn, crash, …), MODULE:FUNCTION. A wrong pattern ends with
2, and its column and what may stand there.

Time and count always bound it; so do rate, size, and the queue of a reader who is too slow.
At each limit it ends, with 0, and stderr says which. Dangerous patterns need --force.
Where the node dies meanwhile, what it has told is there in every form; it ends with 3. With
--resume it waits for the node to come back, and goes on for what is left of its time.
`observer timeline STORY` shows a whole story. Needs an operator's key; the node records it.
"""

WAIT_S: Final = 0.5
"""How long one question waits for the next record: so long may Ctrl-C take."""
FAILED: Final = frozenset({"defect", "node"})
"""Ends that are no limit's, and nobody's wish."""
AWAY: Final = "away"
"""The cause of an end that no node has told: it did not come back in time."""
GONE: Final = frozenset({Code.CANNOT_CONNECT, Code.TIMEOUT, Code.REFUSED})
"""How a question fails when the node has gone. Refused: who answers at its address by now knows nothing of the session."""
_PID: Final = re.compile(r"<\d{1,12}\.\d{1,12}\.0>", re.ASCII)


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    parser.add_argument(
        "pattern",
        metavar="PATTERN",
        type=words(1, 2000),
        help="whom, what, when, and what to show; in quotes",
    )
    group = parser.add_argument_group("limits")
    group.add_argument(
        "--for",
        dest="seconds",
        metavar="S",
        type=seconds(0.01, 86_400),
        default=30.0,
        help="seconds; default 30",
    )
    group.add_argument(
        "--count", metavar="N", type=count(1, 1_000_000), default=1000, help="records; default 1,000"
    )
    group.add_argument(
        "--rate",
        metavar="N",
        type=count(1, 1_000_000),
        default=20_000,
        help="records a second; default 20,000",
    )
    group.add_argument(
        "--size", metavar="N", type=count(100, 1_000_000), default=10_000,
        help="characters of one record's values; what is longer is cut; default 10,000",
    )  # fmt: skip
    group.add_argument("--force", action="store_true", help="although the pattern is dangerous")
    parser.add_argument(
        "--resume", action="store_true",
        help="where the node is lost, wait for it to come back, and go on; with lines, --json and --save",
    )  # fmt: skip
    parser.add_argument("--no-values", action="store_true", help="without messages, states and arguments")
    export_options(parser)
    node_options(parser)


def run(context: Context) -> int:
    """Open it, and read until it ends."""
    args, form = context.args, form_of(context.args)
    if args.resume and form not in {"lines", "json"}:
        raise Failure(
            Code.BAD_REQUEST,
            f"--resume and --{form}: a pid is another process's in the node's next life, and one picture would take the two for "
            "one; --save FILE keeps each life by itself, and `observer saved FILE N` makes any form of it",
        )
    ready(context, form)
    until = time.monotonic() + args.seconds
    reader = _Reader(context, form)

    def reopened() -> TraceSession:
        return _opened(context, max(0.01, until - time.monotonic()), args.count - reader.count)

    session: TraceSession | None = _opened(context, args.seconds, args.count)
    if args.resume and _PID.search(args.pattern):
        context.say("a pid in a pattern is another process's once the node has come back; a name stays")
    end: TraceEnd | Failure | None = None
    with interrupts() as interrupted:
        while session is not None:
            _tell(context, session)
            end, session = reader.read(session.session, interrupted), None
            save(context, "session", args.pattern, reader.kept, reader.why(end))
            if args.resume and _may_come_back(end) and not interrupted.is_set():
                context.say(reader.why(end))
                reader.forget()
                session = comeback(context, reopened, until, interrupted)
                why = (
                    "stopped by Ctrl-C"
                    if interrupted.is_set()
                    else "its time was over while the node was away"
                )
                end = TraceEnd(cause=AWAY, text=why, at=datetime.now(UTC))
    if form in {"mermaid", "perfetto", "otlp"}:
        export(context, form, reader.kept)
    if isinstance(end, Failure):
        raise end
    context.say(f"{plural(reader.count, 'record')}; {reader.why(end)}")
    if reader.story and form == "lines":
        context.say(f"the whole story of the last one: observer timeline {reader.story[:STORY]}")
    if interrupted.is_set():
        return 130
    return 1 if end is None or end.cause in FAILED else 0


def _may_come_back(end: TraceEnd | Failure | None) -> bool:
    """Whether the session has ended because its node is not there any more."""
    if isinstance(end, Failure):
        return end.code in GONE
    return end is not None and end.cause == "node"


def _opened(context: Context, seconds: float, most: int) -> TraceSession:
    args = context.args
    return context.ask(
        Trace(
            pattern=args.pattern,
            limits=TraceLimits(count=most, seconds=seconds, rate=args.rate, size=args.size),
            values=not args.no_values,
            force=args.force,
        )
    )


def _tell(context: Context, session: TraceSession) -> None:
    most, lasts = session.limits.count, session.limits.seconds
    context.say(
        f"session {session.session}: at most {plural(most, 'record')}, {round(lasts, 2):g} s; Ctrl-C ends it"
    )
    for name in session.nobody:
        context.say(
            f"nobody is called {name!r} now (see `observer ps`); who gets the name is traced from then on"
        )
    for note in session.notes:
        context.say(note)


class _Reader:
    """Reads sessions to their ends, one after the other.

    Attributes:
        count: of records so far, of all of them.
        kept: the records of the last one, where something is made of all of them.
        story: the trace id of its last record that has one.
        stopped: whether it has stopped that session itself.
    """

    def __init__(self, context: Context, form: Form) -> None:
        self._context = context
        self._form = form
        self._keeps = form not in {"lines", "json"} or context.args.save is not None
        self.count = 0
        self.kept: list[TraceRecord] = []
        self.story = ""
        self.stopped = False
        self._titled = False

    def forget(self) -> None:
        """The next session is one of another life of the node."""
        self.kept.clear()
        self.story = ""

    def why(self, end: TraceEnd | Failure | None) -> str:
        """Why it has ended. A limit is told of all sessions together: the last one has had what was left of it."""
        args = self._context.args
        if isinstance(end, Failure):
            lost = args.resume and end.code in GONE
            return f"the connection to {self._context.node_name()} was lost" if lost else end.message
        if end is None:
            return "it has ended"
        if self.stopped and end.cause == "asked":
            return "stopped by Ctrl-C"
        if args.resume and end.cause == "count":
            return f"{plural(args.count, 'record')} {'was' if args.count == 1 else 'were'} asked for"
        if args.resume and end.cause == "time":
            return f"{args.seconds:g} s are over"
        return end.text

    def read(self, session: int, interrupted: threading.Event) -> TraceEnd | Failure | None:
        """Read until it has ended; why it has. It is stopped when somebody interrupts.

        A failure is an end as well: what a node has told before it died is all the dearer.
        """
        if self._form == "lines" and not self._titled:
            self._titled = True
            self._context.out.line(*titles(self._context.out.room))
        try:
            return self._read(session, interrupted)
        except Failure as failure:
            args = self._context.args
            if args.resume and self.count >= args.count:  # only that it has ended was not told any more
                return TraceEnd(cause="count", text="", at=datetime.now(UTC))
            return failure

    def _read(self, session: int, interrupted: threading.Event) -> TraceEnd | None:
        asked = False
        while True:
            if interrupted.is_set() and not asked:
                asked = True
                self._stop(session)
            wait = 0.0 if asked else WAIT_S
            page = self._context.ask(TraceRead(session=session, wait_s=wait), extra=wait)
            for record in page.records:
                self._take(record)
            if page.records:
                self._context.out.flush()
            if page.over:
                return page.session.end

    def _stop(self, session: int) -> None:
        try:
            self._context.ask(StopTrace(session=session))
            self.stopped = True
        except Failure as failure:
            if failure.code is not Code.REFUSED:  # else it has ended by itself meanwhile
                raise

    def _take(self, record: TraceRecord) -> None:
        self.count += 1
        self.story = record.trace or self.story
        if self._keeps:
            self.kept.append(record)
        out = self._context.out
        if self._form == "json":
            out.record(record)
        elif self._form == "lines":
            for line in record_lines(record, out.room, Slow()):
                out.line(*line)
