"""`observer dumps`: what the flight recorder has kept."""

from __future__ import annotations

from argparse import ArgumentParser

from runtime.port.contract import Code, Dump, DumpQuery, DumpsQuery, Failure
from tui.format import NOTHING, number
from tui.output.records import STORY, record_lines, titles
from tui.output.table import Cell, Column
from tui.output.text import clock
from tui.tracing.row import LOUD
from tui.tracing.slow import Slow

from .context import Context
from .exports import export, export_options, form_of, ready, save
from .options import count, node_options

HELP = """\
What happened before it? Without N: what triggers have kept (`observer keep` sets them),
newest first. With N: the records of one dump, oldest first.

  observer dumps
  observer dumps 3
  observer dumps 3 --mermaid > before-the-crash.mmd

With --json: an array of dump, at, trigger, pid, name, kind, text, trace and events; of one
dump, these and records. Needs an operator's key.
"""

_COLUMNS = (
    Column("DUMP", right=True),
    Column("WHEN"),
    Column("PID"),
    Column("NAME", least=10, middle=True),
    Column("KIND"),
    Column("STORY", drop=1),
    Column("EVENTS", right=True, drop=2),
    Column("TRIGGER", least=12),
    Column("WHAT", least=10),
)


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    parser.add_argument("dump", metavar="N", nargs="?", type=count(1, 10**12), help="one of them")
    export_options(parser)
    node_options(parser)


def run(context: Context) -> int:
    """Ask and show."""
    form = form_of(context.args)
    if context.args.dump is None:
        if form not in {"lines", "json"} or context.args.save is not None:
            raise Failure(Code.BAD_REQUEST, "which one? say its number: observer dumps N")
        return _list(context)
    ready(context, form)
    dump = context.ask(DumpQuery(dump=context.args.dump))
    save(context, "dump", dump.trigger, dump.records, f"{dump.kind} {dump.text}".strip())
    if form == "json":
        context.out.document(dump)
    elif form != "lines":
        export(context, form, dump.records)
    else:
        context.out.line(*titles(context.out.room))
        for record in dump.records:
            for line in record_lines(record, context.out.room, Slow()):
                context.out.line(*line)
    return 0


def _list(context: Context) -> int:
    answer = context.ask(DumpsQuery())
    if context.json:
        context.out.document(answer.dumps)
    elif answer.dumps:
        context.out.table(_COLUMNS, [_row(dump, clock(dump.at, answer.at)) for dump in answer.dumps])
    else:
        context.say("nothing has been kept; a trigger would: observer keep 5s before crash")
    return 0


def _row(dump: Dump, when: str) -> list[Cell | str]:
    return [
        str(dump.dump),
        when,
        dump.pid or NOTHING,
        dump.name or NOTHING,
        Cell(dump.kind, LOUD.get(dump.kind, "text")),
        dump.trace[:STORY] or NOTHING,
        number(dump.events),
        dump.trigger,
        dump.text,
    ]
