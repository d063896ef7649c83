"""`observer ps`: the processes of a node, sorted and filtered there."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable

from runtime.port.contract import DEFAULT_LIMIT, SORTS, ProcessPage, ProcessRow, Ps
from tui.elsewhere import PLACES
from tui.format import (
    BUSY,
    GROWTH,
    MAIL,
    NOTHING,
    OLDEST_S,
    change,
    duration,
    growth,
    memory,
    number,
    percent,
)
from tui.output.marks import level, status
from tui.output.table import Cell, Column
from tui.output.text import quantity
from tui.spans import plain
from tui.upgrades import badge

from .context import Context
from .options import count, node_options, words

HELP = """\
Which processes are there, and which of them stands out? Sorted and filtered on the
node, so that only the rows that are shown travel.

  observer ps --sort mailbox --desc          who does not keep up
  observer ps --sort mailbox --desc --delta  whose mailbox grows fastest
  observer ps --sort memory --desc --delta   whose state or mailbox grows: a leak
  observer ps --filter reviewer              only these; `!reviewer` all but these
  observer ps --sort busy --desc --limit 5 --json | jq '.[].pid'

MAIL is messages that wait, Δ/s their change per second, OLDEST how long the first of
them has waited, BUSY the share of the loop's samples, REDS reductions, and ↻ how often
its supervisor restarted it. MEM is about what state, mailbox and last messages take
(≥: at least), shown where it is sorted by; MEM/s its change. WHERE is there when some run
elsewhere than on the loop: ∿ on a thread, ▣ in an OS process of their own, whose resident
memory MEM then is. BUSY, Δ/s and MEM/s are
measured only while somebody looks, so --sort busy and --delta look for a second first.
In a narrow terminal BEHAVIOUR, REDS and Δ/s are left out; a pipe gets them all.
"""

_COUNTER = "counter:"
_WHERE = "WHERE"
"""Left out where all run on the node's loop."""
_RATE = "Δ/s"
"""Left out where the node was not observed long enough to know it."""

_COLUMNS = (
    Column("PID"),
    Column("NAME", least=8, middle=True),
    Column("BEHAVIOUR", drop=4),
    Column("STATUS"),
    Column(_WHERE, drop=5),
    Column("MAIL", right=True),
    Column(_RATE, right=True, drop=2),
    Column("OLDEST", right=True, drop=1),
    Column("BUSY", right=True),
    Column("REDS", right=True, drop=3),
    Column("↻", right=True),
    Column("DOING", least=8),
)


OBSERVE_S = 1.0
"""How long the node is observed where the order depends on it."""


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    parser.add_argument(
        "--sort",
        metavar="COLUMN",
        type=_sort,
        help=f"{', '.join(SORTS)}, or counter:NAME; default pid, with --delta mailbox",
    )
    parser.add_argument("--desc", action="store_true", help="largest first")
    parser.add_argument(
        "--delta",
        action="store_true",
        help="sort by change per second: of mailbox, reductions, restarts, memory, a counter",
    )
    parser.add_argument(
        "--filter",
        metavar="TEXT",
        type=words(0, 200),
        default="",
        help="only where pid, name, label, behaviour, status or doing holds TEXT; `!TEXT` only where none does",
    )
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
    sort: str = args.sort or ("mailbox" if args.delta else "pid")
    request = Ps(sort=sort, desc=args.desc, delta=args.delta, filter=args.filter, limit=args.limit)
    page = context.observe(request, OBSERVE_S) if args.delta or sort == "busy" else context.ask(request)
    if context.json:
        context.out.document(page.rows)
    else:
        _show(context, page, sort)
    if len(page.rows) < page.total:
        context.say(_shown(page))
    return 0


def _sort(text: str) -> str:
    if text in SORTS or (text.startswith(_COUNTER) and len(text) > len(_COUNTER)):
        return text
    raise ArgumentTypeError(f"no column {text!r}; there are {', '.join(SORTS)}, and counter:NAME")


def _shown(page: ProcessPage) -> str:
    text = f"{number(len(page.rows))} of {number(page.total)}"
    if page.matched < page.total:
        return f"{text}; {number(page.matched)} match the filter"
    return text


def _show(context: Context, page: ProcessPage, sort: str) -> None:
    rates = any(row.mailbox_delta is not None for row in page.rows)
    places = any(row.place is not None for row in page.rows)
    left_out = {title for title, there in ((_RATE, rates), (_WHERE, places)) if not there}
    columns = [column for column in _COLUMNS if column.title not in left_out]
    rows = [_row(row, rates=rates, places=places) for row in page.rows]
    for column, cell in _more(page, sort):
        columns.insert(-1, column)
        for cells, row in zip(rows, page.rows, strict=True):
            cells.insert(-1, cell(row))
    context.out.table(columns, rows)


def _more(page: ProcessPage, sort: str) -> list[tuple[Column, Callable[[ProcessRow], Cell | str]]]:
    """Columns that are there only where they are sorted by, or where any process runs stale or old code."""
    code = [(Column("CODE"), _code)] if any(row.code is not None for row in page.rows) else []
    return [*_sorted_by(page, sort), *code]


def _code(row: ProcessRow) -> Cell | str:
    return Cell(plain(badge(row.code)), "warn") if row.code is not None else NOTHING


def _sorted_by(page: ProcessPage, sort: str) -> list[tuple[Column, Callable[[ProcessRow], Cell | str]]]:
    if sort.startswith(_COUNTER):
        counter = sort.removeprefix(_COUNTER)
        return [(Column(counter.upper(), right=True), lambda row: quantity(row.counters.get(counter)))]
    if sort != "memory":
        return []
    grows = any(row.memory_delta is not None for row in page.rows)
    return [
        (Column("MEM", right=True), lambda row: memory(row.memory, cut=row.memory_cut)),
        *([(Column("MEM/s", right=True), _growth)] if grows else []),
    ]


def _growth(row: ProcessRow) -> Cell | str:
    return level(growth(row.memory_delta), max(row.memory_delta or 0, 0), GROWTH)


def _row(row: ProcessRow, *, rates: bool, places: bool) -> list[Cell | str]:
    return [
        row.pid,
        row.name or row.label or NOTHING,
        row.behaviour.rpartition(":")[2],
        status(row.status),
        *([" ".join(PLACES[row.place]) if row.place is not None else NOTHING] if places else []),
        level(number(row.mailbox), row.mailbox, MAIL),
        *([change(row.mailbox_delta)] if rates else []),
        level(duration(row.oldest_s), row.oldest_s, OLDEST_S),
        level(percent(row.busy), row.busy, BUSY),
        number(row.reductions),
        level(number(row.restarts), row.restarts),
        row.doing or NOTHING,
    ]
