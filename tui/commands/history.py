"""`observer history`: which children ended, why, and who replaced them."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime

from runtime.port.contract import History, Restart
from tui.endings import why
from tui.format import NOTHING, duration, number
from tui.output.table import Cell, Column
from tui.output.text import clock

from .context import Context
from .options import count, node_options, process_argument

HELP = """\
Which children ended, why, and who replaced them? Newest first; of one child under every
pid that it has had, of a supervisor's children, or of the whole node.

  observer history
  observer history reviewer-3
  observer history --json | jq '.[] | select(.new_pid == null)'   not started again

With --json: an array of at, child, old_pid, new_pid, reason, lived_s, lost (messages
that its mailbox held), by (`key NAME`, `sibling ID`, or null for itself), and for a
supervisor that gave up gave_up: child, pid and reason of whom it began with.
"""

_COLUMNS = (
    Column("WHEN"),
    Column("CHILD", least=12, middle=True),
    Column("OLD"),
    Column("NEW"),
    Column("LIVED", right=True),
    Column("LOST", right=True, drop=1),
    Column("BY", least=6, drop=2),
    Column("REASON", least=12),
)


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    process_argument(parser, optional=True)
    parser.add_argument(
        "--limit", metavar="N", type=count(1, 5000), default=100, help="how many; default 100, at most 5,000"
    )
    node_options(parser)


def run(context: Context) -> int:
    """Ask and show."""
    restarts = context.ask(History(process=context.args.process, limit=context.args.limit))
    if context.json:
        context.out.document(restarts.entries)
    elif restarts.entries:
        context.out.table(_COLUMNS, [_row(entry, restarts.at) for entry in restarts.entries])
    else:
        context.say("nothing has ended")
    return 0


def _row(entry: Restart, now: datetime) -> list[Cell | str]:
    return [
        clock(entry.at, now),
        entry.child,
        entry.old_pid,
        entry.new_pid or Cell("not again", "warn"),
        duration(entry.lived_s),
        Cell(number(entry.lost), "text" if entry.lost else "muted"),
        entry.by or NOTHING,
        why(entry),
    ]
