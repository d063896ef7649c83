"""`observer timeline`: one story as a whole, everything that came of one message from outside."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from typing import Final

from runtime.port.contract import Code, Failure, TimelineQuery
from tui.format import plural
from tui.output.stories import diagram, head, waterfall
from tui.tracing.row import rows_of
from tui.tracing.slow import Slow
from tui.tracing.story import story_of

from .context import Context
from .exports import export, export_options, form_of, save
from .options import count, node_options

HELP = """\
What came of it? One story: every message that one message from outside has led to, with
who sent it, how long it waited, and how long its handling took. STORY is a trace id, or its
first 8 digits or more; PROCESS (a pid, or a name) means the last story that it was in.

  observer timeline 669380b1
  observer timeline dispatcher               why did that take 9 s?
  observer timeline dispatcher --sequence    who said what to whom
  observer timeline 669380b1 --perfetto > story.json

It is made of what sessions have taken (observer trace), and of what the flight recorder
has: the newest events of the node, without what was only sent. What is missing is said on
stderr. ░ is waiting in the mailbox, █ is work, ✗ a failure.

With --json: trace, principal, records, spans, note. Needs an operator's key.
"""

_TRACE: Final = re.compile(r"[0-9a-f]{8,32}")


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    parser.add_argument("story", metavar="STORY|PROCESS", help="8 or more digits of a trace id, or a process")
    parser.add_argument(
        "--sequence", action="store_true", help="as a sequence diagram instead of a waterfall"
    )
    parser.add_argument("--no-values", action="store_true", help="without messages, states and arguments")
    parser.add_argument(
        "--limit",
        metavar="N",
        type=count(1, 50_000),
        default=5000,
        help="how many records; default 5,000, the newest",
    )
    export_options(parser)
    node_options(parser)


def run(context: Context) -> int:
    """Ask and show."""
    args, form = context.args, form_of(context.args)
    if args.sequence and form != "lines":
        raise Failure(Code.BAD_REQUEST, f"--sequence is a form of its own; leave --{form} out")
    traced = _TRACE.fullmatch(args.story)
    timeline = context.ask(
        TimelineQuery(
            trace=args.story if traced else None,
            process=None if traced else args.story,
            limit=args.limit,
            values=not args.no_values,
        )
    )
    if form == "json":
        context.out.document(timeline)
    elif form != "lines":
        export(context, form, timeline.records)
    else:
        story = story_of(rows_of(timeline.records))
        head(context.out, story)
        context.out.line()
        if args.sequence:
            hidden = diagram(context.out, story)
            if hidden:
                context.say(
                    f"{plural(hidden, 'process')} beyond the edge: a wider terminal, or --mermaid, shows all"
                )
        else:
            waterfall(context.out, story, Slow())
    save(context, "session", f"story {timeline.trace}", timeline.records, timeline.note)
    if timeline.note:
        context.say(timeline.note)
    return 0
