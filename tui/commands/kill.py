"""`observer kill`: send an exit signal."""

from __future__ import annotations

from argparse import ArgumentParser

from runtime.port.contract import Kill

from .context import Context
from .options import node_options, process_argument, words

HELP = """\
End a process; its supervisor decides what follows. The reason `kill`, the default,
cannot be trapped; with any other reason a process that traps exits gets a message
instead. Links are signalled, monitors are told, and the node records who did it.

  observer kill reviewer-3
  observer kill '<0.42.0>' --reason shutdown

Needs an operator's key.
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    process_argument(parser)
    parser.add_argument(
        "--reason", metavar="TEXT", type=words(1, 200), default="kill", help="the exit reason; default kill"
    )
    node_options(parser)


def run(context: Context) -> int:
    """Do it and say what was done."""
    args = context.args
    context.done(Kill(process=args.process, reason=args.reason, deadline_s=args.timeout))
    return 0
