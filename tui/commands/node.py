"""`observer node`: the node at a glance, and what is in trouble."""

from __future__ import annotations

import textwrap
from argparse import ArgumentParser

from runtime.port.contract import NodeInfo, NodeQuery, Trouble
from tui.format import NOTHING, duration, milliseconds, number, percent, plural, size
from tui.output.table import Cell, Column, Pair
from tui.output.text import clock, quantity
from tui.patience import CIRCLE_S, circle_text
from tui.slicing import ADVICE, at_work, fate, figures, mode, slicing, spinner

from .context import Context
from .options import node_options

HELP = """\
How is the node, and what is in trouble? Its size, the event loop's lag, what runs at
this moment and for how long, and the worst of each kind: the deepest mailbox, the
longest wait, the busiest process, the last crash. How steps are sliced here, which step
uses most slices and where it stands, and what did not end although it was killed. It
answers while the loop is stuck, and takes a moment, since lag and busy are measured only
while somebody looks.

  observer node
  observer node --node bank
  observer node --json | jq .lag_ms
  observer node --json | jq -r '.zombies[].pid'
"""


_ZOMBIES = (
    Column("PID"), Column("NAME", least=8, middle=True), Column("BEHAVIOUR", drop=2), Column("SINCE", drop=3),
    Column("THROWN", right=True, drop=1), Column("ENDED", least=12), Column("STANDS IN", least=12, middle=True),
)  # fmt: skip

OBSERVE_S = 0.3
"""Long enough for 30 samples of what runs and two probes of the loop."""


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    node_options(parser)


def run(context: Context) -> int:
    """Ask and show."""
    node = context.observe(NodeQuery(), OBSERVE_S)
    if context.json:
        context.out.document(node)
        return 0
    context.out.pairs(_figures(node))
    trouble = _trouble(node)
    context.out.title("trouble")
    if trouble:
        context.out.pairs(trouble, indent="  ")
    else:
        context.out.line("  none: no mailbox, message or process stands out")
    _at_work(context, node)
    _zombies(context, node)
    return 0


def _figures(node: NodeInfo) -> list[Pair]:
    where = f"{node.host}:{node.port}" if node.port is not None else "the local socket only"
    statuses = ", ".join(f"{number(value)} {name}" for name, value in node.statuses.items() if value)
    counts = figures(node)
    pairs: list[Pair] = [
        ("node", [Cell(node.name, "strong"), f"  {where}"]),
        ("up", [f"{duration(node.uptime_s)}  (incarnation {node.incarnation})"]),
        ("version", [f"{node.version} on Python {node.python}, operating system's process {node.pid}"]),
        ("you", [f"key {node.key}, {node.role}" if node.key else str(node.role)]),
        ("processes", [number(node.processes) + (f"  ({statuses})" if statuses else "")]),
        ("messages", [f"waiting {number(node.mailbox_total)}, handled {number(node.messages_handled)}"]),
        ("failures", [f"crashes {number(node.crashes)}, restarts {number(node.restarts)}"]),
        ("loop lag", [milliseconds(node.lag_ms)]),
        ("memory", [size(node.rss_bytes)]),
        ("time slices", [Cell(*mode(node)), f"  {slicing(node).why}"]),
        *([("", [", ".join(f"{label} {number(count)}" for label, count in counts)])] if counts else []),
        ("observing", [f"{node.observer_ms_per_s:.1f} ms per second"]),
    ]
    pairs.extend((name, [quantity(value)]) for name, value in node.counters.items())
    return pairs


def _trouble(node: NodeInfo) -> list[Pair]:
    def line(trouble: Trouble | None, title: str, value: str) -> list[Pair]:
        if trouble is None:
            return []
        parts = [f"{trouble.name} {trouble.pid}", value, trouble.text]
        return [(title, ["  ".join(part for part in parts if part)])]

    deepest, oldest, busiest = node.deepest, node.oldest, node.busiest
    crash, gone, bottom = node.last_crash, node.gave_up, node.root_cause
    waited_for = node.waited_for
    return [
        *line(gone, "gave up", f"{duration(gone.value)} ago" if gone else ""),
        *line(bottom, "root cause", f"{duration(bottom.value)} ago" if bottom else ""),
        *_circle(node),
        *line(deepest, "deepest", plural(int(deepest.value), "message") if deepest else ""),
        *line(oldest, "oldest", f"{duration(oldest.value)} waiting" if oldest else ""),
        *line(
            waited_for if not node.circle else None,
            "waited for",
            f"{duration(waited_for.value)}" if waited_for else "",
        ),
        *line(busiest, "busiest", f"{percent(busiest.value)} of the loop" if busiest else ""),
        *line(crash, "last crash", f"{duration(crash.value)} ago" if crash else ""),
        *line(node.restarting, "restarting", ""),
    ]


def _circle(node: NodeInfo) -> list[Pair]:
    if not node.circle:
        return []
    text = f"{circle_text(node.circle)}  {duration(node.circle_s)}"
    return [("circle", [Cell(text, "bad" if node.circle_s >= CIRCLE_S else "text")])]


def _at_work(context: Context, node: NodeInfo) -> None:
    work = at_work(node)
    if work is None:
        return
    running, parked = work
    who = f"{running.name} {running.pid}" if running.name else running.pid
    handler = f" in {running.handler}" if running.handler else ""
    took = spinner(running) if parked else duration(running.for_s)
    context.out.title(f"{'parked' if parked else 'running'} {who}{handler} for {took}")
    for frame in running.stack:
        context.out.line(f"  {frame.file}:{frame.line}  ", Cell(frame.function, "strong"))


def _zombies(context: Context, node: NodeInfo) -> None:
    if not node.zombies:
        return
    context.out.title("zombies")
    context.out.table(_ZOMBIES, [
        [
            it.pid, it.name or NOTHING, it.behaviour, clock(it.since, node.at), number(it.throws), fate(it),
            it.stack[-1].function if it.stack else NOTHING,
        ]
        for it in node.zombies
    ])  # fmt: skip
    context.out.text(textwrap.fill(ADVICE, 76), indent="  ")
