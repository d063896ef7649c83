"""`observer registry`: who is found under which key, in which group, on which topic."""

from __future__ import annotations

from argparse import ArgumentParser

from runtime.port.contract import DEFAULT_LIMIT, Entry, RegistryQuery
from tui.format import number
from tui.output.table import Cell, Column

from .context import Context
from .options import count, node_options, process_argument

HELP = """\
Who is found where? The keys of registries, the members of process groups, the subscribers
of topics, and who is present; one line for each entry, without its value.

  observer registry                     all of the node
  observer registry dispatcher          those of one process
  observer registry --scope workers     those of one registry, or scope
  observer registry --json | jq -r '.entries[] | select(.kind == "group") | .process.pid'

With --json: total, tables (kind, scope, entries) and entries (kind, scope, key, process).
"""

_COLUMNS = (
    Column("SCOPE", least=8),
    Column("KIND", drop=2),
    Column("KEY", least=12),
    Column("PID"),
    Column("NAME", least=8, drop=1),
)


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    process_argument(parser, optional=True)
    parser.add_argument("--scope", metavar="NAME", help="only registries, groups, topics of this name")
    parser.add_argument(
        "--limit",
        metavar="N",
        type=count(0, 5000),
        default=DEFAULT_LIMIT,
        help=f"how many; default {DEFAULT_LIMIT}, at most 5,000",
    )
    node_options(parser)


def run(context: Context) -> int:
    """Ask and show."""
    args = context.args
    answer = context.ask(RegistryQuery(process=args.process, scope=args.scope, limit=args.limit))
    if context.json:
        context.out.document(answer)
        return 0
    if answer.entries:
        context.out.table(_COLUMNS, [_row(entry) for entry in answer.entries])
    elif not answer.total:
        context.say("no entries")
    if len(answer.entries) < answer.total:
        context.say(f"{number(len(answer.entries))} of {number(answer.total)}")
    return 0


def _row(entry: Entry) -> list[Cell | str]:
    return [
        entry.scope,
        Cell(entry.kind, "muted"),
        Cell(entry.key, "strong"),
        entry.process.pid,
        entry.process.name or "",
    ]
