"""`observer suspend`: let a process handle nothing more."""

from __future__ import annotations

from argparse import ArgumentParser

from runtime.port.contract import Suspend

from .context import Context
from .options import node_options, process_argument

HELP = """\
Let a process finish what it does and handle nothing more, until `observer resume`.
Messages wait in its mailbox; it can still be read and killed. The node records who did it.

  observer suspend librarian
  observer ps --filter suspended

Needs an operator's key.
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    process_argument(parser)
    node_options(parser)


def run(context: Context) -> int:
    """Do it and say what was done."""
    context.done(Suspend(process=context.args.process, deadline_s=context.args.timeout))
    return 0
