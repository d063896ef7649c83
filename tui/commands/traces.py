"""`observer traces`: who traces what."""

from __future__ import annotations

from argparse import ArgumentParser

from runtime.port.contract import StopTrace, TraceSession, TraceSessionsQuery
from tui.format import duration, number, plural
from tui.output.table import Cell, Column

from .context import Context
from .options import count, node_options

HELP = """\
Who traces what in the node, with which key, and how much longer? --stop ends a session,
also somebody else's: its owner reads why.

  observer traces
  observer traces --stop 3
  observer traces --json | jq '.sessions[].pattern'

With --json: sessions (session, pattern, key, peer, mine, began, ends, limits, taken, seen,
waiting, end), triggers, dumps. Needs an operator's key; the node records who stopped what.
"""

_COLUMNS = (
    Column("SESSION", right=True),
    Column("KEY"),
    Column("PEER", drop=1),
    Column("LEFT", right=True),
    Column("TAKEN", right=True),
    Column("SEEN", right=True, drop=2),
    Column("PATTERN", least=16),
    Column("ENDED", least=10),
)


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    parser.add_argument("--stop", metavar="N", type=count(1, 10**12), help="end the session of this number")
    node_options(parser)


def run(context: Context) -> int:
    """Ask and show, or stop one."""
    if context.args.stop is not None:
        context.done(StopTrace(session=context.args.stop))
        return 0
    answer = context.ask(TraceSessionsQuery())
    if context.json:
        context.out.document(answer)
        return 0
    if answer.sessions:
        rows = [_row(session, (session.ends - answer.at).total_seconds()) for session in answer.sessions]
        context.out.table(_COLUMNS, rows)
    else:
        context.say("nobody traces anything")
    if answer.triggers:
        set_, kept = plural(len(answer.triggers), "trigger"), plural(answer.dumps, "dump")
        context.say(f"{set_}, {kept}: observer keep, observer dumps")
    return 0


def _row(session: TraceSession, left_s: float) -> list[Cell | str]:
    return [
        str(session.session),
        session.key,
        session.peer,
        duration(max(0.0, left_s)) if session.end is None else "",
        number(session.taken),
        number(session.seen),
        session.pattern,
        Cell(session.end.text if session.end is not None else "", "warn"),
    ]
