"""`observer trace`: what happens in a live node, as far as a pattern asks for it, until a limit ends it.

    Trace(pattern, limits) ──> a session of this connection ──> TraceRead, TraceRead … ──> why it has ended
                                      └── Ctrl-C: StopTrace, and what was taken is read to its end

A reader that is too slow ends the session (its queue is a limit); a reader that is gone ends it as well.
"""

from __future__ import annotations

import threading
from argparse import ArgumentParser
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
)
from tui.format import plural
from tui.output.records import STORY, record_lines, titles
from tui.tracing.slow import Slow

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
Where the node dies meanwhile, what it has told is there in every form; it ends with 3.
`observer timeline STORY` shows a whole story. Needs an operator's key; the node records it.
"""

WAIT_S: Final = 0.5
"""How long one question waits for the next record: so long may Ctrl-C take."""
FAILED: Final = frozenset({"defect", "node"})
"""Ends that are no limit's, and nobody's wish."""


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
    parser.add_argument("--no-values", action="store_true", help="without messages, states and arguments")
    export_options(parser)
    node_options(parser)


def run(context: Context) -> int:
    """Open it, and read until it ends."""
    args, form = context.args, form_of(context.args)
    ready(context, form)
    session = context.ask(
        Trace(
            pattern=args.pattern,
            limits=TraceLimits(count=args.count, seconds=args.seconds, rate=args.rate, size=args.size),
            values=not args.no_values,
            force=args.force,
        )
    )
    context.say(
        f"session {session.session}: at most {plural(args.count, 'record')}, {args.seconds:g} s; Ctrl-C ends it"
    )
    for name in session.nobody:
        context.say(
            f"nobody is called {name!r} now (see `observer ps`); who gets the name is traced from then on"
        )
    for note in session.notes:
        context.say(note)
    reader, node = _Reader(context, session.session, form), context.node_name()
    end, lost = None, None
    with interrupts() as interrupted:
        try:
            end = reader.read(interrupted)
        except Failure as failure:
            lost = failure  # the node has died, say: what it told until then is all the dearer
    why = lost.message if lost is not None else end.text if end is not None else "it has ended"
    if reader.stopped and end is not None and end.cause == "asked":
        why = "stopped by Ctrl-C"
    save(context, "session", args.pattern, reader.kept, why)
    if form in {"mermaid", "perfetto", "otlp"}:
        export(context, form, reader.kept, node)
    if lost is not None:
        raise lost
    context.say(f"{plural(reader.count, 'record')}; {why}")
    if reader.story and form == "lines":
        context.say(f"the whole story of the last one: observer timeline {reader.story[:STORY]}")
    if interrupted.is_set():
        return 130
    return 1 if end is None or end.cause in FAILED else 0


class _Reader:
    """Reads a session to its end.

    Attributes:
        count: of records so far.
        kept: the records, where something is made of all of them.
        story: the trace id of the last record that has one.
        stopped: whether it has stopped the session itself.
    """

    def __init__(self, context: Context, session: int, form: Form) -> None:
        self._context = context
        self._session = session
        self._form = form
        self._keeps = form not in {"lines", "json"} or context.args.save is not None
        self.count = 0
        self.kept: list[TraceRecord] = []
        self.story = ""
        self.stopped = False

    def read(self, interrupted: threading.Event) -> TraceEnd | None:
        """Read until it has ended; why it has. It is stopped when somebody interrupts."""
        if self._form == "lines":
            self._context.out.line(*titles(self._context.out.room))
        asked = False
        while True:
            if interrupted.is_set() and not asked:
                asked = True
                self._stop()
            wait = 0.0 if asked else WAIT_S
            page = self._context.ask(TraceRead(session=self._session, wait_s=wait), extra=wait)
            for record in page.records:
                self._take(record)
            if page.records:
                self._context.out.flush()
            if page.over:
                return page.session.end

    def _stop(self) -> None:
        try:
            self._context.ask(StopTrace(session=self._session))
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
