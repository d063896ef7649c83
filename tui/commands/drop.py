"""`observer drop`: take one message out of a mailbox."""

from __future__ import annotations

from argparse import ArgumentParser

from runtime.port.contract import Drop

from .context import Context
from .options import letter_argument, node_options, process_argument

HELP = """\
Take one message out of a mailbox, so that it is never handled: one that would crash its
process, or that nobody needs any more. Whoever has called gets the error `MessageDropped`;
senders of other messages are not told. What the runtime itself has to say (ends of others,
time-outs) stays. The node records who did it.

  observer suspend dispatcher            handle nothing more meanwhile
  observer mailbox dispatcher            which messages wait: their ids
  observer drop dispatcher 3fa9c07b
  observer resume dispatcher

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
    context.done(Drop(process=args.process, message=args.message, deadline_s=args.timeout))
    return 0
