"""`observer waits`: the calls in flight, as a forest of who waits for whom."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator

from runtime.port.contract import DEFAULT_LIMIT, Link, Wait, Waits, WaitsQuery
from tui.format import NOTHING, duration, number
from tui.output.table import Cell, Column
from tui.patience import circle_text, stage

from .context import Context
from .options import count, node_options, process_argument

HELP = """\
Who waits for whom? Every call that waits for its answer; below each process stand those
that wait for it, so that whoever holds up the others stands at the left.

  observer waits                  the calls of the node
  observer waits ledger           only those from and to one process
  observer waits --json | jq '.waits[] | select(.for_s > 10) | .caller.name'

A call that could never be answered, because who is called waits for the caller already,
is refused at once (CallCycle). What stands here as a circle waits for somebody outside of
it to answer. `task` marks calls of tasks: their process handles messages meanwhile.

With --json: total, waits (caller, null for the host; callee, message, for_s, left_s,
stage, ahead, own) and cycles.
"""

_COLUMNS = (
    Column("WHO", least=20),
    Column("WAITS", right=True),
    Column("LEFT", right=True, drop=1),
    Column("MESSAGE", least=8, drop=2),
    Column("WHERE"),
)

_DEEPEST = 12
"""Levels that are indented."""

_Row = list[Cell | str]


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    process_argument(parser, optional=True)
    parser.add_argument(
        "--limit",
        metavar="N",
        type=count(0, 5000),
        default=DEFAULT_LIMIT,
        help=f"how many, those that have waited longest first; default {DEFAULT_LIMIT}, at most 5,000",
    )
    node_options(parser)


def run(context: Context) -> int:
    """Ask and show."""
    args = context.args
    answer = context.ask(WaitsQuery(process=args.process, limit=args.limit))
    if context.json:
        context.out.document(answer)
        return 0
    for circle in answer.cycles:
        context.out.line(Cell("circle", "bad"), "  ", circle_text(circle))
    if answer.waits:
        context.out.table(_COLUMNS, list(forest(answer)))
    elif not answer.total:
        context.say("no call waits for its answer")
    if len(answer.waits) < answer.total:
        context.say(f"{number(len(answer.waits))} of {number(answer.total)}")
    return 0


def forest(answer: Waits) -> Iterator[_Row]:
    """Whoever waits for nobody, in the order of the longest wait, each with those that wait for it below."""
    below: dict[str, list[Wait]] = {}
    for wait in answer.waits:
        below.setdefault(wait.callee.pid, []).append(wait)
    waiting = {wait.caller.pid for wait in answer.waits if wait.caller is not None and wait.own}
    shown: set[str] = set()
    links = {wait.callee.pid: wait.callee for wait in answer.waits}
    # Who waits himself stands below somebody else; those of a circle do not, unless one of them is put first.
    for pid in sorted(links, key=lambda pid: pid in waiting):
        if pid not in shown:
            yield [Cell(_name(links[pid]), "strong"), "", "", "", ""]
            yield from _below(pid, below, shown, 1)


def _below(pid: str, below: dict[str, list[Wait]], shown: set[str], level: int) -> Iterator[_Row]:
    shown.add(pid)
    for wait in below.get(pid, ()):
        who = "the host" if wait.caller is None else _name(wait.caller)
        yield [
            f"{'  ' * min(level, _DEEPEST)}{who}{'' if wait.own or wait.caller is None else ' (task)'}",
            duration(wait.for_s),
            duration(wait.left_s) if wait.left_s is not None else "∞",
            wait.message or NOTHING,
            stage(wait),
        ]
        if wait.caller is not None and wait.own and wait.caller.pid not in shown:
            yield from _below(wait.caller.pid, below, shown, level + 1)


def _name(link: Link) -> str:
    return f"{link.pid} {link.name}" if link.name else link.pid
