"""`observer events`: what happens in a node, and what one process did last.

    events PROCESS     its last events, with values (OTP's sys:log)
    events             the newest of the node's feed: lifecycle only, no values
    events --follow    the same, then whatever comes: one question that waits, and again

Following holds no queue on the node: a reader that is too slow is told how many it missed.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections import deque
from datetime import datetime

from runtime.port.contract import Code, Event, Events, Failure, Feed, ProcessEvents
from tui.format import NOTHING, plural
from tui.output.table import Cell, Column
from tui.output.text import clock
from tui.output.values import one_line

from .context import Context
from .options import count, node_options, process_argument

HELP = """\
What happens in the node, or what did one process do last? Without PROCESS: what began,
ended, crashed, was restarted or suspended in the whole node. With it: the last events
of that process, messages included (OTP's sys:log); this needs an operator's key.

  observer events
  observer events dispatcher
  observer events --follow                   until Ctrl-C
  observer events --follow --json | jq 'select(.kind == "crash") | .pid'

With --json: an array of seq, at, pid, name, kind, text and value; with --follow one
such object a line. How many events were missed is said on stderr.
"""

_COLUMNS = (
    Column("WHEN"),
    Column("PID"),
    Column("NAME", least=10, middle=True),
    Column("KIND"),
    Column("WHAT", least=12),
)

_WAIT_S = 10.0
"""How long one question waits for the next event."""

_BAD = frozenset({"crash", "gave_up", "zombie"})
_MOST = 100
_MOST_OF_FEED = 5000
_PROCESS_DEFAULT = 20


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    process_argument(parser, optional=True)
    parser.add_argument(
        "--limit",
        metavar="N",
        type=count(1, _MOST_OF_FEED),
        help="how many of the newest; of a process at most 100, default 20; of the node default 100",
    )
    parser.add_argument("--follow", action="store_true", help="go on with whatever comes; not with PROCESS")
    node_options(parser)


def run(context: Context) -> int:
    """Ask and show."""
    args = context.args
    if args.process is not None:
        if args.follow:
            raise Failure(Code.BAD_REQUEST, "--follow is for the node's feed; leave PROCESS out")
        return _of_process(context, args.process, args.limit or _PROCESS_DEFAULT)
    recent, cursor = _recent(context, args.limit or _MOST)
    if args.follow:
        _follow(context, recent, cursor)
    else:
        _show(context, recent)
    return 0


def _of_process(context: Context, process: str, limit: int) -> int:
    if limit > _MOST:
        raise Failure(Code.BAD_REQUEST, f"--limit {limit}: a process keeps at most {_MOST} events")
    events = context.ask(ProcessEvents(process=process, limit=limit))
    _show(context, events.events)
    _missed(context, events)
    return 0


def _recent(context: Context, limit: int) -> tuple[list[Event], int]:
    """The newest events that the node still has, and where the feed goes on."""
    newest: deque[Event] = deque(maxlen=limit)
    cursor = 0
    while True:
        page = context.ask(Feed(cursor=cursor, limit=_MOST_OF_FEED))
        newest.extend(page.events)
        if len(page.events) < _MOST_OF_FEED or page.cursor <= cursor:
            return list(newest), page.cursor
        cursor = page.cursor


def _follow(context: Context, recent: list[Event], cursor: int) -> None:
    for event in recent:
        _one(context, event)
    while True:
        page = context.ask(Feed(cursor=cursor, wait_s=_WAIT_S), extra=_WAIT_S)
        _missed(context, page)
        for event in page.events:
            _one(context, event)
        cursor = page.cursor


def _missed(context: Context, page: Events) -> None:
    if page.missed:
        context.say(f"missed {plural(page.missed, 'event')}: they were dropped before they could be read")


def _one(context: Context, event: Event) -> None:
    """One event of a stream, on a line of its own."""
    if context.json:
        context.out.record(event)
        return
    who, name, what = event.pid or NOTHING, event.name or NOTHING, _what(event)
    rest = f"  {name}  {what}" if what else f"  {name}"
    context.out.line(f"{clock(event.at, event.at)}  {who:<10}  ", _kind(event, 10), rest)
    context.out.flush()


def _show(context: Context, events: list[Event]) -> None:
    if context.json:
        context.out.document(events)
    elif events:
        now = events[-1].at
        context.out.table(_COLUMNS, [_row(event, now) for event in events])
    else:
        context.say("no events")


def _row(event: Event, now: datetime) -> list[Cell | str]:
    return [
        clock(event.at, now),
        event.pid or NOTHING,
        event.name or NOTHING,
        _kind(event),
        _what(event),
    ]


def _kind(event: Event, width: int = 0) -> Cell:
    return Cell(f"{event.kind:<{width}}", "bad" if event.kind in _BAD else "text")


def _what(event: Event) -> str:
    value = "" if event.value is None else one_line(event.value)
    return " ".join(part for part in (event.text, value) if part)
