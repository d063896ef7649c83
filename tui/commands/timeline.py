"""`observer timeline`: one story as a whole, everything that came of one message from outside."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from typing import Final

from runtime.port.contract import Code, Failure, Timeline, TimelineQuery
from tui.format import plural
from tui.output.stories import diagram, head, waterfall
from tui.tracing.row import rows_of
from tui.tracing.slow import Slow
from tui.tracing.story import Story, episode_of, story_of

from .context import Context
from .exports import export, export_options, form_of, ready, save
from .options import count, node_options

HELP = """\
What came of it? One story: every message that one message from outside has led to, with
who sent it, how long it waited, and how long its handling took. STORY is a trace id, or its
first 8 digits or more; PROCESS (a pid, or a name) means the last story that it was in, and
of that the last episode: from a timer, or from outside, to all that came of it. A name that
could be the digits of an id is a name where no story begins with them.

  observer timeline 669380b1
  observer timeline dispatcher               why did that take 9 s?
  observer timeline dispatcher --sequence    who said what to whom
  observer timeline 669380b1 --perfetto > story.json

It is made of what sessions have taken (observer trace), and of what the flight recorder
has: the newest events of the node, without what was only sent. What is missing is said on
stderr. ░ is waiting in the mailbox, █ is work, ▒ work that is not over, ✗ a failure. Where
the last story of a PROCESS is not over, stderr says which was the one before.

With --json: trace, principal, records, spans, note. Needs an operator's key.
"""

_TRACE: Final = re.compile(r"[0-9a-f]{8,32}", re.ASCII | re.IGNORECASE)
_WHOLE: Final = 32
"""Digits of a whole trace id: nobody is called so."""


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    parser.add_argument("story", metavar="STORY|PROCESS", help="8 or more digits of a trace id, or a process")
    parser.add_argument(
        "--sequence", action="store_true", help="as a sequence diagram instead of a waterfall"
    )
    parser.add_argument(
        "--all", action="store_true", help="of a PROCESS all of its story, not only the last episode"
    )
    parser.add_argument(
        "--lines",
        metavar="N",
        type=count(1, 50_000),
        default=200,
        help="how many spans or arrows are drawn; default 200, the first",
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
    ready(context, form)
    timeline, process = _found(context)
    save(context, "session", f"story {timeline.trace}", timeline.records, timeline.note)
    if form == "json":
        context.out.document(timeline)
    elif form != "lines":
        export(context, form, timeline.records)
    else:
        _draw(context, story_of(rows_of(timeline.records)), process)
    if timeline.note:
        context.say(timeline.note)
    return 0


def _found(context: Context) -> tuple[Timeline, str]:
    """The story, and the process that was meant; none where it was a trace id.

    Raises:
        Failure: no story or several begin so, or there is no such process.
    """
    args, given = context.args, context.args.story
    values = not args.no_values
    no_story: Failure | None = None
    if _TRACE.fullmatch(given):
        try:
            return context.ask(TimelineQuery(trace=given.lower(), limit=args.limit, values=values)), ""
        except Failure as failure:
            if failure.code is not Code.REFUSED or len(given) == _WHOLE:
                raise
            no_story = failure
    try:
        return context.ask(TimelineQuery(process=given, limit=args.limit, values=values)), given
    except Failure as failure:
        if no_story is None or failure.code is not Code.NO_PROCESS:
            raise
        raise Failure(no_story.code, f"{no_story.message}; nor is a process called so") from None


def _draw(context: Context, whole: Story, process: str) -> None:
    args = context.args
    story = whole if args.all or not process else episode_of(whole, _last_span(whole, process))
    head(context.out, story)
    if story is not whole:
        context.say(f"an episode of {plural(len(whole.bars), 'span')}; --all draws all of them")
    context.out.line()
    if args.sequence:
        beyond, left = diagram(context.out, story, args.lines)
        if beyond:
            context.say(
                f"{plural(beyond, 'process')} beyond the edge: a wider terminal, or --mermaid, shows all"
            )
        kind = "line"
    else:
        left = waterfall(context.out, story, Slow(), args.lines)
        kind = "span"
    if left:
        context.say(f"{plural(left, kind)} more; --lines N draws more of them")


def _last_span(story: Story, process: str) -> str:
    """The last that a process was in, by its pid or its name."""
    pid = process.strip("<>").removeprefix("0.").removesuffix(".0")
    named = (row.span for row in reversed(story.rows) if row.span and process in {row.name, row.pid})
    numbered = (row.span for row in reversed(story.rows) if row.span and row.pid == f"<0.{pid}.0>")
    return next(named, "") or next(numbered, "")
