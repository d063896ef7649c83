"""`observer mailbox`: the messages that wait for a process."""

from __future__ import annotations

from argparse import ArgumentParser

from runtime.port.contract import Letter, LetterGroup, Mailbox
from tui.format import NOTHING, duration, number, plural
from tui.output.table import Cell, Column
from tui.output.values import one_line

from .context import Context
from .options import count, node_options, process_argument

HELP = """\
Which messages wait for a process? The oldest first, without taking them out.

  observer mailbox dispatcher
  observer mailbox 42 --limit 5
  observer mailbox 42 --groups                  how many of each kind, sender and type?
  observer mailbox 42 --json | jq '.letters[] | [.kind, .type, .age_s]'

`observer drop` and `observer requeue` take the id of a message. Of more than 100,000
messages --groups counts the oldest.

With --json: an object with pid, at, total, letters (id, kind, sender, age_s, type, value)
and groups (kind, sender, type, count, oldest_s, newest_s). Needs an operator's key.
"""

_COLUMNS = (
    Column("ID"),
    Column("AGE", right=True),
    Column("KIND"),
    Column("FROM"),
    Column("TYPE", least=8),
    Column("MESSAGE", least=12),
)
_GROUPS = (
    Column("COUNT", right=True),
    Column("OLDEST", right=True),
    Column("NEWEST", right=True),
    Column("KIND"),
    Column("FROM"),
    Column("TYPE", least=8),
)


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    process_argument(parser)
    parser.add_argument(
        "--limit", metavar="N", type=count(1, 1000), default=50, help="how many; default 50, at most 1,000"
    )
    parser.add_argument(
        "--groups", action="store_true", help="count them by kind, sender and type, the largest group first"
    )
    node_options(parser)


def run(context: Context) -> int:
    """Ask and show."""
    args = context.args
    contents = context.ask(Mailbox(process=args.process, limit=args.limit, groups=args.groups))
    if context.json:
        context.out.document(contents)
    elif contents.groups:
        context.out.table(_GROUPS, [_group(group) for group in contents.groups])
    elif contents.letters:
        context.out.table(_COLUMNS, [_row(letter) for letter in contents.letters])
    if args.groups:
        context.say(
            f"{plural(contents.total, 'message')} of {contents.pid}, {plural(len(contents.groups), 'group')}"
        )
    elif len(contents.letters) < contents.total or not contents.letters:
        context.say(f"{number(len(contents.letters))} of {number(contents.total)} messages of {contents.pid}")
    if contents.redacted:
        context.say(f"redacted: {plural(contents.redacted, 'value')}")
    if contents.torn:
        context.say("torn: the mailbox changed while it was read")
    if contents.note:
        context.say(contents.note)
    return 0


def _row(letter: Letter) -> list[Cell | str]:
    return [
        letter.id,
        duration(letter.age_s),
        letter.kind,
        letter.sender or NOTHING,
        letter.type,
        one_line(letter.value),
    ]


def _group(group: LetterGroup) -> list[Cell | str]:
    return [
        number(group.count),
        duration(group.oldest_s),
        duration(group.newest_s),
        group.kind,
        group.sender or NOTHING,
        group.type,
    ]
