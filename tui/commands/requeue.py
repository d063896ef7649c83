"""`observer requeue`: put one message behind all others of its mailbox."""

from __future__ import annotations

from argparse import ArgumentParser

from runtime.port.contract import Requeue

from .context import Context
from .options import letter_argument, node_options, process_argument

HELP = """\
Put one message behind all others of its mailbox: it holds up what matters more, or will
succeed later. Its age, its sender and its caller stay; messages of one sender then no
longer come in the order in which they were sent. The node records who did it.

  observer mailbox dispatcher            which messages wait: their ids
  observer requeue dispatcher 3fa9c07b

Where that message has been handled meanwhile it ends with 1, and no other one is touched.
Needs an operator's key.
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    process_argument(parser)
    letter_argument(parser)
    node_options(parser)


def run(context: Context) -> int:
    """Do it and say what was done."""
    args = context.args
    context.done(Requeue(process=args.process, message=args.message, deadline_s=args.timeout))
    return 0
