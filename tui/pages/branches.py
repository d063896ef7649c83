"""The supervision tree as rows: guides, a bar of intensity used, and what a child is about.

    ▾ crew              <0.12.0>   rest_for_one  ░░░░░ 0/3 in 5 s        0   0    2%
      ├ librarian       <0.13.0>   permanent     · waiting               0   1    2%
      └ ▾ reviewers     <0.15.0>   one_for_one   ▎░░░░ 4/100 in 5 s      0   9   74%
        └ reviewer-3               permanent     ↻ restarting: OverBudget(10000) 200 ms ago

A row's key is its path of child ids, so that a restarted child is the same row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runtime.port.contract import Tree, TreeNode
from tui.format import (
    BUSY,
    MAIL,
    NOTHING,
    Tone,
    clean,
    cut,
    duration,
    elide,
    gave_up,
    number,
    percent,
    short,
    status,
    tone,
)
from tui.spans import Spans, clip, width
from tui.upgrades import badge
from tui.widgets.bar import intensity_bar, intensity_tone
from tui.widgets.table import Column

NEVER = (float("inf"), float("inf"))

SEP = "\x1f"
"""Between the ids of a path: ASCII's unit separator, which no id that is typed holds."""


@dataclass(frozen=True)
class BranchRow:
    """One visible row of the tree."""

    node: TreeNode
    guides: str
    foldable: bool = False
    open: bool = False
    more: int = 0
    """Instead of a child: so many that are not listed."""


def branch_rows(tree: Tree, folded: frozenset[str] = frozenset()) -> dict[str, BranchRow]:
    """The visible rows by path."""
    out: dict[str, BranchRow] = {}
    for root in tree.roots:
        out.update(_rows(root, root.id, "", "", folded))
    return out


def _rows(
    node: TreeNode, path: str, guide: str, below: str, folded: frozenset[str]
) -> Iterator[tuple[str, BranchRow]]:
    foldable = bool(node.children or node.more)
    is_open = foldable and path not in folded
    yield path, BranchRow(node, guide, foldable, is_open)
    if not is_open:
        return
    for place, child in enumerate(node.children):
        last = place == len(node.children) - 1 and not node.more
        yield from _rows(
            child,
            f"{path}{SEP}{child.id}",
            below + ("└ " if last else "├ "),
            below + ("  " if last else "│ "),
            folded,
        )
    if node.more:
        yield f"{path}{SEP}…", BranchRow(node, below + "└ ", more=node.more)


def columns(counter: str) -> list[Column[BranchRow]]:
    """All columns; the counter's only where there is one."""

    def counted(row: BranchRow, _: int) -> Spans:
        value = None if row.more else row.node.counters.get(counter)
        return [] if value is None else [(short(value), tone(value, NEVER))]

    return [
        Column("child", "CHILD", _child, 16),
        Column("pid", "PID", _pid, 8),
        Column("type", "TYPE", _type, 12),
        Column("state", "STATE · USED", _state, 18, weight=1),
        Column("mail", "MAIL", _mail, 6, right=True, rank=3),
        Column("restarts", "↻", _restarts, 3, right=True),
        Column("busy", "BUSY", _busy, 5, right=True),
        *([Column("counter", clean(counter, 7).upper(), counted, 7, right=True, rank=2)] if counter else []),
    ]  # fmt: skip


def _child(row: BranchRow, cells: int) -> Spans:
    guides: Spans = [(row.guides, "faint")]
    if row.more:
        return [*guides, (f"… {row.more:,} more", "muted")]
    mark = ("▾ " if row.open else "▸ ") if row.foldable else ""
    room = max(4, cells - width(guides) - len(mark))
    inner: Tone = "strong" if row.node.kind == "supervisor" else "text"
    return [*guides, (mark, "muted"), (elide(clean(row.node.id, 200), room), inner)]


def _pid(row: BranchRow, cells: int) -> Spans:
    if row.more:
        return []
    return [(cut(row.node.pid, cells), "muted")] if row.node.pid else [(NOTHING, "faint")]


def _type(row: BranchRow, cells: int) -> Spans:
    if row.more:
        return []
    text = row.node.strategy or row.node.restart or NOTHING
    return [(cut(clean(text, 40), cells), "text" if row.node.strategy else "muted")]


def _state(row: BranchRow, cells: int) -> Spans:
    node = row.node
    if row.more:
        return []
    if node.pid is None:
        return clip(_absent(node), cells)
    if node.kind == "supervisor":
        bar = intensity_bar(node.used, node.max_restarts, node.max_seconds)
        hidden: Spans = [] if row.open or not row.foldable else [(f"  {_hidden(node)} below", "faint")]
        held: Spans = [status(node.status), ("  ", "text")] if node.status == "suspended" else []
        return clip([*held, *bar, *hidden], cells)
    code: Spans = [("  ", "text"), *badge(node.code)] if node.code is not None else []
    return clip([status(node.status), *code, *_about(node)], cells)


def _absent(node: TreeNode) -> Spans:
    """A child without a process: on its way back, ended, or given up."""
    if node.status == "restarting":
        out: Spans = [status("restarting")]
        if node.wait_s is not None:
            out.append((f" in {duration(node.wait_s)}", "text"))
    elif node.gave_up is not None:
        return [(f"✗ gave up: {gave_up(node.gave_up)}", "bad"), *_ago(node)]
    elif _given_up(node):
        out = [("✗ given up", "bad")]
    else:
        out = [status("ended")]
    if node.last_reason:
        out.append((f": {clean(node.last_reason, 200)}", "text"))
    return [*out, *_ago(node)]


def _ago(node: TreeNode) -> Spans:
    return [] if node.last_restart_s is None else [(f" {duration(node.last_restart_s)} ago", "muted")]


def _given_up(node: TreeNode) -> bool:
    """A supervisor ended because its children fell too often, or a child that should always run does not."""
    if node.used is not None and node.max_restarts is not None:
        return node.used > node.max_restarts
    return node.restart == "permanent" and node.last_reason not in {None, "normal", "shutdown"}


def _about(node: TreeNode) -> Spans:
    """What a living child does, or what befell it a moment ago."""
    if node.last_restart_s is not None and node.last_restart_s < 10:
        return [
            (
                f"  restarted {duration(node.last_restart_s)} ago: {clean(node.last_reason or '?', 200)}",
                "warn",
            )
        ]
    return [(f"  {clean(node.doing)}", "muted")] if node.doing else []


def _hidden(node: TreeNode) -> str:
    return f"{len(node.children) + node.more:,}"


def _mail(row: BranchRow, cells: int) -> Spans:
    return _figure(row, cut(number(row.node.mailbox), cells), tone(row.node.mailbox, MAIL))


def _restarts(row: BranchRow, _: int) -> Spans:
    return _figure(row, number(row.node.restarts), tone(row.node.restarts, NEVER))


def _busy(row: BranchRow, _: int) -> Spans:
    return _figure(row, percent(row.node.busy), tone(row.node.busy, BUSY))


def _figure(row: BranchRow, text: str, figure: Tone) -> Spans:
    return [] if row.more else [(text, figure)]


def budgets(tree: Tree) -> Spans:
    """In a few words: how near are supervisors to giving up? Nothing where one has: the alert says so."""
    if any(node.gave_up is not None for node in _supervisors(tree.roots)):
        return []
    worst: Tone = "muted"
    name = ""
    order: list[Tone] = ["muted", "accent", "warn", "bad"]
    for node in _supervisors(tree.roots):
        if node.used is None or node.max_restarts is None:
            continue
        level = intensity_tone(node.used, node.max_restarts)
        if order.index(level) > order.index(worst):
            worst, name = level, node.id
    if worst in {"muted", "accent"}:
        return [("all budgets below half", "muted")]
    words = "has one restart left or none" if worst == "bad" else "has used half of its restarts"
    return [(f"▲ {clean(name, 30)} {words}", worst)]


def _supervisors(nodes: list[TreeNode]) -> Iterator[TreeNode]:
    for node in nodes:
        if node.kind == "supervisor":
            yield node
            yield from _supervisors(node.children)
