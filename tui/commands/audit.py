"""`observer audit`: who did what to the node."""

from __future__ import annotations

from argparse import ArgumentParser

from runtime.port.contract import AuditQuery
from tui.output.table import Cell, Column
from tui.output.text import clock

from .context import Context
from .options import count, node_options

HELP = """\
Who did what to the node? Every action of an operator or admin with the key that was
proven, newest first, those that were refused too.

  observer audit
  observer audit --limit 20
  observer audit --json | jq '.[] | select(.action == "kill")'

With --json: an array of at, key, role, peer, action, target, detail and outcome.
Needs an operator's key.
"""

_COLUMNS = (
    Column("WHEN"),
    Column("KEY"),
    Column("ROLE", drop=1),
    Column("PEER", drop=2),
    Column("ACTION"),
    Column("TARGET", least=12, middle=True),
    Column("OUTCOME", least=10),
    Column("DETAIL", least=10),
)


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    parser.add_argument(
        "--limit", metavar="N", type=count(1, 1000), default=100, help="how many; default 100, at most 1,000"
    )
    node_options(parser)


def run(context: Context) -> int:
    """Ask and show."""
    audit = context.ask(AuditQuery(limit=context.args.limit))
    if context.json:
        context.out.document(audit.entries)
    elif audit.entries:
        rows: list[list[Cell | str]] = [
            [
                clock(entry.at, audit.at),
                entry.key,
                str(entry.role),
                entry.peer,
                entry.action,
                entry.target,
                Cell(entry.outcome, "text" if entry.outcome == "ok" else "warn"),
                entry.detail,
            ]
            for entry in audit.entries
        ]
        context.out.table(_COLUMNS, rows)
    else:
        context.say("nobody has changed anything")
    return 0
