"""`observer record`: one process with all its values, to be replayed.

Record(process, limits) ──> RecordWait, RecordWait … ──> it has ended, and is kept on the node under a name
                                    └── Ctrl-C: StopTrace, and it is kept all the same
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Final

from runtime.port.contract import (
    Code,
    Failure,
    Record,
    Recorded,
    RecordingsQuery,
    RecordWait,
    StopTrace,
    TraceLimits,
)
from tui.output.table import Cell, Column
from tui.output.text import clock

from .context import Context
from .interrupts import interrupts
from .options import count, node_options, process_argument, seconds, words

HELP = """\
Record a process, so that it can be replayed: its state, every message, what it sent and was
answered, until a limit or Ctrl-C ends it. It is kept on the node, under a name; its values
never leave the node. Without PROCESS: what has been recorded, also before the last start.

  observer record alice --for 10 --as 'before the change'
  observer record
  observer replay 'before the change' --code shop/agents.py

With --json: recording (its number), name, at and text; or an array of these. Needs an
operator's key; the node records who did it.
"""

WAIT_S: Final = 0.5
SECONDS: Final = 60.0
COUNT: Final = 10_000
KEEPING_S: Final = 60.0
"""How long the node may take to keep what it has recorded."""
_COLUMNS = (
    Column("N", right=True),
    Column("WHEN"),
    Column("NAME", least=12, middle=True),
    Column("WHAT", least=16),
)


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    process_argument(parser, optional=True)
    parser.add_argument(
        "--for",
        dest="seconds",
        metavar="S",
        type=seconds(0.01, 86_400),
        help="seconds; default 60",
    )
    parser.add_argument(
        "--count", metavar="N", type=count(1, 100_000),
        help="events; a message is three or more; default 10,000",
    )  # fmt: skip
    parser.add_argument(
        "--as", dest="name", metavar="NAME", type=words(1, 200), help="under this name; else the process's"
    )
    node_options(parser)


def run(context: Context) -> int:
    """Record, or list what has been recorded."""
    args = context.args
    if args.process is None:
        options = {"--for": args.seconds, "--count": args.count, "--as": args.name}
        option = next((option for option, value in options.items() if value is not None), None)
        if option is not None:
            raise Failure(
                Code.BAD_REQUEST,
                f"{option} is for a recording, and no process is named: observer record PROCESS {option} …",
            )
        return _list(context)
    lasts = SECONDS if args.seconds is None else args.seconds
    limits = TraceLimits(count=args.count or COUNT, seconds=lasts, queue=100_000)
    session = context.ask(Record(process=args.process, limits=limits))
    context.say(f"session {session.session}: recording, at most {lasts:g} s; Ctrl-C ends it")
    stopped = False
    with interrupts() as interrupted:
        while True:
            if interrupted.is_set() and not stopped:
                stopped = True
                _stop(context, session.session)
            request = RecordWait(session=session.session, name=args.name or args.process, wait_s=WAIT_S)
            answer = context.ask(request, extra=WAIT_S + KEEPING_S)
            if answer.over:
                break
    _say(context, answer)
    if interrupted.is_set():
        return 130
    return 0 if answer.recording is not None else 1


def _say(context: Context, answer: Recorded) -> None:
    kept = answer.recording
    why = answer.session.end.text if answer.session.end is not None else "it has ended"
    if kept is None:
        context.say(f"{why}; it has handled nothing meanwhile, and nothing is kept")
    elif context.json:
        context.out.document(kept)
    else:
        context.out.line(Cell(f"recording {kept.recording}", "strong"), f"  {kept.name}  {kept.text}")


def _stop(context: Context, session: int) -> None:
    try:
        context.ask(StopTrace(session=session))
    except Failure as failure:
        if failure.code is not Code.REFUSED:  # else it has ended by itself meanwhile
            raise


def _list(context: Context) -> int:
    answer = context.ask(RecordingsQuery())
    if context.json:
        context.out.document(answer.recordings)
    elif answer.recordings:
        rows: list[list[Cell | str]] = [
            [str(each.recording), clock(each.at, answer.at), each.name, each.text]
            for each in answer.recordings
        ]
        context.out.table(_COLUMNS, rows)
    else:
        context.say("nothing has been recorded; to begin: observer record PROCESS")
    return 0
