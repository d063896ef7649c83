"""`observer upgrades`: what was upgraded when, by whom, and what was refused."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime

from runtime.port.contract import Upgrade, UpgradesQuery
from tui.format import NOTHING, milliseconds, number
from tui.output.table import Cell, Column
from tui.output.text import clock

from .context import Context
from .options import count, node_options

HELP = """\
What was upgraded when, and by whom? Upgrades, rollbacks, and what was refused with the
reason, newest first; the node keeps the last hundred. BY is the key that was proven,
`host` for the node's own program, or `guard` for what was rolled back by itself.

  observer upgrades
  observer upgrades --limit 1 --json | jq '.[0].pauses'
  observer upgrades --json | jq '.[] | select(.done | not) | .reason'

With --json: an array of id, at, by, kind, done, steps (module, old, new), reason,
processes, left, messages, took_s, pauses (count, p50, p99, longest: seconds) and notes.
"""

_COLUMNS = (
    Column("WHEN"),
    Column("BY", least=9),
    Column("WHAT"),
    Column("MODULES", least=26, middle=True),
    Column("PROCS", right=True, drop=1),
    Column("TOOK", right=True, drop=2),
    Column("P99", right=True, drop=3),
    Column("REASON", least=18),
)


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    parser.add_argument(
        "--limit", metavar="N", type=count(0, 100), default=100, help="how many; default and at most 100"
    )
    node_options(parser)


def run(context: Context) -> int:
    """Ask and show."""
    answer = context.ask(UpgradesQuery(limit=context.args.limit))
    if context.json:
        context.out.document(answer.upgrades)
    elif answer.upgrades:
        context.out.table(_COLUMNS, [_row(upgrade, answer.at) for upgrade in answer.upgrades])
    elif not answer.total:
        context.say("nothing was upgraded")
    if len(answer.upgrades) < answer.total:
        context.say(f"{number(len(answer.upgrades))} of {number(answer.total)}")
    return 0


def _row(upgrade: Upgrade, now: datetime) -> list[Cell | str]:
    happened = upgrade.done
    return [
        clock(upgrade.at, now),
        upgrade.by,
        upgrade.kind if happened else Cell("refused", "warn"),
        ", ".join(f"{step.module} → {step.new}" for step in upgrade.steps),
        number(upgrade.processes) if happened else NOTHING,
        milliseconds(upgrade.took_s * 1000) if happened else NOTHING,
        milliseconds(upgrade.pauses.p99 * 1000) if happened else NOTHING,
        upgrade.reason or NOTHING,
    ]
