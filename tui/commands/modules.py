"""`observer modules`: which code the node runs, whether the file is newer, and who still runs older code."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime

from runtime.port.contract import DEFAULT_LIMIT, Module, Modules, ModulesQuery, OldCode
from tui.format import NOTHING, number
from tui.output.marks import level
from tui.output.table import Cell, Column
from tui.output.text import clock

from .context import Context
from .options import count, node_options

HELP = """\
Which code does the node run? The modules of its processes: the version that runs, whether
the file on disk is another by now, and who still runs older code, with the reason.

  observer modules
  observer modules --json | jq -r '.modules[] | select(.stale) | .module'
  observer plan shop.agents           what an upgrade to the file would do

VERSION is what the module declares (__version__), or a hash of its source. DISK is `same`,
`▲ stale` where the file is not what runs, or `✗ gone`. OLD counts the processes on older
code, BEFORE is what `observer rollback` goes back to, SINCE when the node took VERSION
over; in a narrow terminal the last three are left out.

With --json: total, busy (what is under way: plan, upgrade, rollback, or null), modules
(module, version, path, on_disk, stale, processes, on_old, previous, loaded_at) and on_old
(pid, name, behaviour, module, version, why).
"""

_COLUMNS = (
    Column("MODULE", least=12, middle=True),
    Column("VERSION", least=6),
    Column("DISK"),
    Column("PROCS", right=True),
    Column("OLD", right=True),
    Column("BEFORE", least=6, drop=1),
    Column("SINCE", drop=2),
    Column("FILE", drop=3),
)

_OLD = (
    Column("PID"),
    Column("NAME", least=8, middle=True),
    Column("BEHAVIOUR", least=8, middle=True, drop=1),
    Column("VERSION", least=6, drop=2),
    Column("WHY", least=48),
)


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
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
    answer = context.ask(ModulesQuery(limit=context.args.limit))
    if context.json:
        context.out.document(answer)
    else:
        _show(context, answer)
    if len(answer.modules) < answer.total:
        context.say(f"{number(len(answer.modules))} of {number(answer.total)}")
    if answer.busy is not None:
        context.say(f"{'an' if answer.busy == 'upgrade' else 'a'} {answer.busy} is under way")
    return 0


def _show(context: Context, answer: Modules) -> None:
    out = context.out
    if answer.modules:
        out.table(_COLUMNS, [_row(module, answer.at) for module in answer.modules])
    elif not answer.total:
        context.say("no process runs code of a module of its own")
    if answer.on_old:
        out.title("on older code")
        out.table(_OLD, [_old(process) for process in answer.on_old])
    if len(answer.on_old) < answer.on_old_total:
        context.say(f"{number(len(answer.on_old))} of {number(answer.on_old_total)} on older code")


def _row(module: Module, now: datetime) -> list[Cell | str]:
    return [
        module.module,
        module.version,
        _disk(module),
        number(module.processes),
        level(number(module.on_old), module.on_old, (1, float("inf"))),
        module.previous or NOTHING,
        clock(module.loaded_at, now) if module.loaded_at is not None else NOTHING,
        module.path or NOTHING,
    ]


def _disk(module: Module) -> Cell:
    if not module.path:
        return Cell(NOTHING, "faint")
    if module.on_disk is None:
        return Cell("✗ gone", "bad")
    return Cell("▲ stale", "warn") if module.stale else Cell("same", "faint")


def _old(process: OldCode) -> list[Cell | str]:
    return [process.pid, process.name or NOTHING, process.behaviour, process.version, process.why]
