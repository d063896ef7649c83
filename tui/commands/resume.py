"""`observer resume`: let a suspended process go on."""

from __future__ import annotations

from argparse import ArgumentParser

from runtime.port.contract import Resume

from .context import Context
from .options import node_options, process_argument

HELP = """\
Let a suspended process go on with what waits in its mailbox. The node records who did it.

  observer resume librarian

Needs an operator's key.
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    process_argument(parser)
    node_options(parser)


def run(context: Context) -> int:
    """Do it and say what was done."""
    context.done(Resume(process=context.args.process, deadline_s=context.args.timeout))
    return 0
