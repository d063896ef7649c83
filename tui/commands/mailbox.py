"""`observer mailbox`: the messages that wait for a process."""

from __future__ import annotations

from argparse import ArgumentParser

from runtime.port.contract import Letter, Mailbox
from tui.format import NOTHING, duration, number, plural
from tui.output.table import Cell, Column
from tui.output.values import one_line

from .context import Context
from .options import count, node_options, process_argument

HELP = """\
Which messages wait for a process? The oldest first, without taking them out.

  observer mailbox dispatcher
  observer mailbox 42 --limit 5
  observer mailbox 42 --json | jq '.letters[] | [.kind, .type, .age_s]'

With --json: an object with pid, at, total and letters (kind, sender, age_s, type,
value). Needs an operator's key.
"""

_COLUMNS = (
    Column("AGE", right=True),
    Column("KIND"),
    Column("FROM"),
    Column("TYPE", least=8),
    Column("MESSAGE", least=12),
)


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    process_argument(parser)
    parser.add_argument(
        "--limit", metavar="N", type=count(1, 1000), default=50, help="how many; default 50, at most 1,000"
    )
    node_options(parser)


def run(context: Context) -> int:
    """Ask and show."""
    contents = context.ask(Mailbox(process=context.args.process, limit=context.args.limit))
    if context.json:
        context.out.document(contents)
    elif contents.letters:
        context.out.table(_COLUMNS, [_row(letter) for letter in contents.letters])
    if len(contents.letters) < contents.total or not contents.letters:
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
        duration(letter.age_s),
        letter.kind,
        letter.sender or NOTHING,
        letter.type,
        one_line(letter.value),
    ]
