"""`observer saved`: what a file of records holds. It connects to no node."""

from __future__ import annotations

import json
import re
import sqlite3
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from runtime.port.contract import Code, Failure, TraceRecord
from tracing.kinds import KINDS
from tracing.store import Collection, Store, StoreError
from tui.format import NOTHING, number
from tui.output.records import STORY, record_lines, titles
from tui.output.table import Cell, Column
from tui.tracing.slow import Slow

from .context import Context
from .exports import export, export_options, form_of, pid_number, told
from .options import count, json_option

HELP = """\
What does a file of records hold? Without N and options: what was kept, newest first. With
them: the records that fit, oldest first.

  observer saved night.sqlite
  observer saved night.sqlite 3
  observer saved night.sqlite --kind crash --kind raised
  observer saved night.sqlite --process '<0.42.0>' --since 2026-11-23T02:00
  observer saved night.sqlite --story 669380b1 --mermaid > story.mmd

Files come from --save of `observer trace`, `timeline` and `dumps`, and from nodes that keep
their dumps so: Node(…, dumps=FILE). Times without a zone are local.

With --json: an array of number, at, sort, title, why and records; of records, one object a
line.
"""

_COLUMNS: Final = (
    Column("N", right=True),
    Column("WHEN"),
    Column("SORT"),
    Column("RECORDS", right=True),
    Column("TITLE", least=12),
    Column("WHY", least=10, drop=1),
)
_MOST: Final = 10_000
"""As many as a file can hold."""
_TOLD: Final = 10
"""Numbers that are told to who has asked for another."""
_PID: Final = re.compile(r"<\d{1,12}\.\d{1,12}\.0>", re.ASCII)
_STORY: Final = re.compile(r"[0-9a-f]{4,32}", re.ASCII | re.IGNORECASE)


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    parser.add_argument("file", metavar="FILE", type=Path, help="an SQLite file of records")
    parser.add_argument(
        "collection", metavar="N", nargs="?", type=count(1, 10**12), help="one of what was kept"
    )
    group = parser.add_argument_group("which records")
    group.add_argument(
        "--process", metavar="PID", type=_pid, help="of this process, or that have it as their peer"
    )
    group.add_argument(
        "--story", metavar="ID", type=_story, help="of this story: 4 digits of its trace id, or more"
    )
    group.add_argument(
        "--kind",
        metavar="KIND",
        action="append",
        choices=sorted(KINDS),
        help="of this kind; can be given again",
    )
    group.add_argument("--since", metavar="TIME", type=_time, help="from this moment on: 2026-11-23T14:02:11")
    group.add_argument("--until", metavar="TIME", type=_time, help="before this moment")
    group.add_argument(
        "--limit", metavar="N", type=count(1, 1_000_000), default=1000, help="how many records; default 1,000"
    )
    export_options(parser, save=False)
    json_option(parser)


def run(context: Context) -> int:
    """Look and show."""
    args, form = context.args, form_of(context.args)
    asked = (args.collection, args.process, args.story, args.kind, args.since, args.until)
    with _opened(args.file) as store:
        if args.collection is not None:
            kept = store.collections(_MOST)
            if all(each.number != args.collection for each in kept):
                raise Failure(Code.REFUSED, f"{args.file} has no number {args.collection}; {_numbers(kept)}")
        if form in {"lines", "json"} and all(each is None for each in asked):
            return _list(context, store.collections(1000))
        records = [
            told(record)
            for record in store.find(
                collection=args.collection, pid=args.process, trace=args.story, kinds=args.kind,
                since=args.since, until=args.until, limit=args.limit,
            )
        ]  # fmt: skip
    if form == "lines":
        _lines(context, records)
    elif form == "json":
        for record in records:
            context.out.record(record)
    else:
        export(context, form, records, args.file.stem)
    if len(records) == args.limit:
        context.say(f"these are the oldest {number(args.limit)}; more with --limit")
    elif not records:
        context.say("no record fits")
    return 0


@contextmanager
def _opened(path: Path) -> Generator[Store]:
    if path.is_dir():
        raise Failure(Code.REFUSED, f"{path} is a directory, and no file of records")
    if not path.exists():
        raise Failure(
            Code.REFUSED, f"there is no file {path}; `observer trace PATTERN --save {path}` would make it"
        )
    try:
        store = Store(path)
        try:
            yield store
        finally:
            store.close()
    except (StoreError, OSError, sqlite3.Error) as error:
        raise Failure(Code.REFUSED, str(error)) from None


def _numbers(kept: list[Collection]) -> str:
    numbers = ", ".join(str(each.number) for each in kept[:_TOLD])
    more = f" and {number(len(kept) - _TOLD)} more" if len(kept) > _TOLD else ""
    return f"it has {numbers}{more}" if kept else "nothing is kept in it"


def _list(context: Context, kept: list[Collection]) -> int:
    if context.json:
        documents = [
            {
                "number": each.number, "at": datetime.fromtimestamp(each.at, UTC).isoformat(), "sort": each.sort,
                "title": each.title, "why": each.why, "records": each.size,
            }
            for each in kept
        ]  # fmt: skip
        context.out.text(json.dumps(documents, indent=2))
    elif kept:
        context.out.table(_COLUMNS, [_row(each) for each in kept])
    else:
        context.say("nothing is kept in it")
    return 0


def _row(each: Collection) -> list[Cell | str]:
    when = datetime.fromtimestamp(each.at, UTC).astimezone()
    return [
        str(each.number), f"{when:%Y-%m-%d %H:%M:%S}", each.sort, number(each.size), each.title, each.why or NOTHING,
    ]  # fmt: skip


def _lines(context: Context, records: list[TraceRecord]) -> None:
    if not records:
        return
    context.out.line(*titles(context.out.room))
    for record in records:
        for line in record_lines(record, context.out.room, Slow()):
            context.out.line(*line)
    stories = {record.trace for record in records if record.trace}
    if len(stories) == 1:
        context.say(f"one story: {stories.pop()[:STORY]}")


def _pid(text: str) -> int:
    if not _PID.fullmatch(text):
        raise ArgumentTypeError(
            f"{text!r} is no pid; they look like '<0.42.0>'. Names are not looked up: no node is asked"
        )
    return pid_number(text)


def _story(text: str) -> str:
    if not _STORY.fullmatch(text):
        raise ArgumentTypeError(f"{text!r} is no trace id; 4 to 32 of the digits 0-9 and a-f")
    return text.lower()


def _time(text: str) -> float:
    try:
        return datetime.fromisoformat(text).astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        raise ArgumentTypeError(
            f"{text!r} is no time; for example 2026-11-23T14:02:11, or with a zone at its end: Z, +01:00"
        ) from None
