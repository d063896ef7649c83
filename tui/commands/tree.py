"""`observer tree`: the supervision tree of a node."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel

from runtime.port.contract import TreeNode, TreeQuery
from tui.format import BUSY, MAIL, NOTHING, duration, number, percent, plural
from tui.output.marks import intensity, level, status
from tui.output.table import Cell, Column
from tui.output.text import harmless
from tui.spans import plain
from tui.upgrades import badge

from .context import Context
from .options import count, node_options, process_argument

HELP = """\
Who supervises whom, and how much restart intensity is used? Every supervisor with its
strategy and the restarts counted in its window, every child with its restart type; a
child that is restarting stands there as such (with how long its backoff still lasts),
and so does a supervisor that gave up.

  observer tree
  observer tree reviewers                below this supervisor only
  observer tree --json | jq '.. | objects | select(.restarts > 0) | .id'

With --json it is one object, always: the node itself, with the roots as its `children`
(or the supervisor that was asked for). Each has pid, id, strategy, max_restarts,
max_seconds, used and children; `more` counts the children beyond --children and --limit.
"""

_COLUMNS = (
    Column("CHILD", least=20),
    Column("PID"),
    Column("STATUS"),
    Column("KIND"),
    Column("USED"),
    Column("↻", right=True),
    Column("MAIL", right=True, drop=2),
    Column("BUSY", right=True, drop=3),
    Column("LAST END", least=8, drop=1),
)

Line = list[Cell | str]


class NodeTree(BaseModel):
    """The node as the root of its trees: what `tree --json` answers."""

    pid: None = None
    id: str
    kind: Literal["node"] = "node"
    strategy: None = None
    max_restarts: None = None
    max_seconds: None = None
    used: None = None
    children: list[TreeNode]
    more: int = 0


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    process_argument(parser, optional=True)
    parser.add_argument(
        "--children",
        metavar="N",
        type=count(1, 10_000),
        default=100,
        help="how many children of one supervisor to list; default 100, at most 10,000",
    )
    parser.add_argument(
        "--limit",
        metavar="N",
        type=count(1, 10_000),
        default=1000,
        help="how many rows to list in all; default 1,000, at most 10,000",
    )
    node_options(parser)


def run(context: Context) -> int:
    """Ask and show."""
    process: str | None = context.args.process
    args = context.args
    tree = context.ask(TreeQuery(children=args.children, limit=args.limit, process=process))
    if not context.json:
        context.out.table(_COLUMNS, [*_forest(tree.roots), *_more(tree.more, "")])
        context.say(plural(tree.processes, "process"))
    elif process is not None and len(tree.roots) == 1:
        context.out.document(tree.roots[0])
    else:
        context.out.document(NodeTree(id=context.node_name(), children=tree.roots, more=tree.more))
    return 0


def _forest(roots: list[TreeNode]) -> Iterator[Line]:
    for root in roots:
        yield _line(root, root.id)
        yield from _below(root, "")


def _below(node: TreeNode, margin: str) -> Iterator[Line]:
    for index, child in enumerate(node.children):
        last = index == len(node.children) - 1 and not node.more
        yield _line(child, f"{margin}{'└' if last else '├'} {child.id}")
        yield from _below(child, margin + ("  " if last else "│ "))
    yield from _more(node.more, f"{margin}└ ")


def _more(left: int, margin: str) -> list[Line]:
    return [[f"{margin}… {number(left)} more", *[""] * (len(_COLUMNS) - 1)]] if left else []


def _status(node: TreeNode) -> Cell:
    if node.gave_up is not None:
        return Cell("✗ gave up", "bad")
    here = status(node.status)
    if node.code is not None:
        return Cell(f"{here.text}  {plain(badge(node.code))}", "warn")
    return here if node.wait_s is None else Cell(f"{here.text} in {duration(node.wait_s)}", here.tone)


def _line(node: TreeNode, title: str) -> Line:
    ago = f", {duration(node.last_restart_s)} ago" if node.last_restart_s is not None else ""
    reason = node.gave_up or node.last_reason
    return [
        Cell(harmless(title), "strong" if node.kind == "supervisor" else "text"),
        node.pid or NOTHING,
        _status(node),
        node.strategy or node.restart or NOTHING,
        intensity(node.used, node.max_restarts, node.max_seconds),
        level(number(node.restarts), node.restarts),
        level(number(node.mailbox), node.mailbox, MAIL),
        level(percent(node.busy), node.busy, BUSY),
        reason + ago if reason else NOTHING,
    ]
