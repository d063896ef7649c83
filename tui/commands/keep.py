"""`observer keep`: triggers of the flight recorder, which keep the time before something bad."""

from __future__ import annotations

from argparse import ArgumentParser

from runtime.port.contract import Code, Failure, ForgetTrigger, KeepTrigger, TraceSessionsQuery
from tui.format import number
from tui.output.table import Column

from .context import Context
from .options import node_options

HELP = """\
What is to be kept when something bad happens? A trigger waits for an event, and keeps what
the flight recorder has of the time before it: of its process, and of the story it was in.
`observer dumps` shows what was kept. Without TRIGGER: those that are set.

  observer keep 5s before crash
  observer keep 500ms before ended of alice
  observer keep '10s before handled of behaviour Reviewer when took > 1s'
  observer keep --forget 5s before crash

What would fire all the time (`keep 5s before receive`, of all processes) needs --force. The
node keeps 50 dumps; where they are too many, those go of the trigger that has most of them.
They end with the node; an application sets its own at its start: Node(…, keep=(TRIGGER,)).

With --json: an array of text and dumps, or what was done. Needs an operator's key; the node
records who set what.
"""

_COLUMNS = (Column("TRIGGER"), Column("DUMPS", right=True))


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    parser.add_argument(
        "trigger",
        metavar="TRIGGER",
        nargs="*",
        help="TIME before EVENT [of WHOM] [when CONDITION]; in quotes, or not",
    )
    parser.add_argument("--forget", action="store_true", help="take the trigger away; what it has kept stays")
    parser.add_argument("--force", action="store_true", help="although it would fire all the time")
    node_options(parser)


def run(context: Context) -> int:
    """Set one, take one away, or show all."""
    words = " ".join(context.args.trigger).strip()
    if words:
        text = words if words.startswith("keep ") else f"keep {words}"
        forget, force = context.args.forget, context.args.force
        context.done(ForgetTrigger(text=text) if forget else KeepTrigger(text=text, force=force))
        return 0
    if context.args.forget:
        raise Failure(Code.BAD_REQUEST, "--forget which? `observer keep` lists the triggers that are set")
    triggers = context.ask(TraceSessionsQuery()).triggers
    if context.json:
        context.out.document(triggers)
    elif triggers:
        context.out.table(_COLUMNS, [[trigger.text, number(trigger.dumps)] for trigger in triggers])
    else:
        context.say("no triggers are set; one would be: observer keep 5s before crash")
    return 0
