"""`observer crashes`: crash reports in full."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime

from runtime.port.contract import Crash, CrashQuery
from tui.format import NOTHING, duration, plural
from tui.output.records import record_line
from tui.output.table import Cell
from tui.output.text import clock
from tui.output.values import one_line, pretty
from tui.tracing.slow import Slow

from .context import Context
from .options import count, node_options, process_argument

HELP = """\
What exactly went wrong in a crash? The reason, the traceback, the last message, the
last good state, what waited in the mailbox, and what happened before; newest first.
Of one process (or child, under every pid that it has had), or of the whole node.

  observer crashes --limit 1
  observer crashes reviewer-3
  observer crashes --json | jq -r '.[0].traceback'

Needs an operator's key.
"""

BEFORE = 10
"""Events before a crash that are shown; --json has all of them."""


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    process_argument(parser, optional=True)
    parser.add_argument(
        "--limit", metavar="N", type=count(1, 100), default=10, help="how many; default 10, at most 100"
    )
    node_options(parser)


def run(context: Context) -> int:
    """Ask and show."""
    crashes = context.ask(CrashQuery(process=context.args.process, limit=context.args.limit))
    if context.json:
        context.out.document(crashes.reports)
        return 0
    for index, report in enumerate(crashes.reports):
        if index:
            context.out.line()
        _show(context, report, crashes.at)
    if not crashes.reports:
        context.say("no crash reports")
    return 0


def _show(context: Context, crash: Crash, now: datetime) -> None:
    out = context.out
    who = " ".join(
        part for part in (crash.name, crash.pid, f"({crash.label})" if crash.label else "") if part
    )
    out.line(Cell(who, "strong"), "  ", Cell(crash.reason, "bad"))
    note = f"  ({crash.state_note})" if crash.state_note else ""
    out.pairs(
        [
            ("when", [f"{clock(crash.at, now)}, after {duration(crash.lived_s)}"]),
            ("behaviour", [crash.behaviour]),
            ("ancestors", [" > ".join(crash.ancestors) or NOTHING]),
            ("links", [", ".join(crash.links) or NOTHING]),
            ("last message", [one_line(crash.last_message)]),
            ("lost", [plural(crash.lost, "message")]),
            *[("", [one_line(message)]) for message in crash.mailbox_sample],
        ],
        indent="  ",
    )
    out.line(Cell("  last state", "muted"), note)
    out.text(pretty(crash.last_state, out.room and out.room - 4), indent="    ")
    if crash.before:
        out.line(Cell("  before", "muted"))
        for record in crash.before[-BEFORE:]:
            room = out.room and out.room - 4
            out.line("    ", *record_line(record, room, Slow()))
    if crash.traceback:
        out.text(crash.traceback.rstrip(), indent="  ")
    if crash.redacted:
        out.line(Cell(f"  redacted: {plural(crash.redacted, 'value')}", "muted"))
