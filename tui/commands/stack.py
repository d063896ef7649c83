"""`observer stack`: where in the code a process stands."""

from __future__ import annotations

from argparse import ArgumentParser

from runtime.port.contract import StackQuery
from tui.output.marks import status
from tui.output.table import Cell

from .context import Context
from .options import node_options, process_argument

HELP = """\
Where in the code does a process stand? The frames of one that runs, awaits or is
parked, the innermost last. It works while the loop is stuck.

  observer stack reviewer-3
  observer stack 42 --json | jq -r '.frames[-1].function'

Needs an operator's key.
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    process_argument(parser)
    node_options(parser)


def run(context: Context) -> int:
    """Ask and show."""
    stack = context.ask(StackQuery(process=context.args.process))
    if context.json:
        context.out.document(stack)
        return 0
    context.out.line(Cell(stack.pid, "strong"), "  ", status(stack.status))
    for frame in stack.frames:
        context.out.line(f"  {frame.file}:{frame.line}  ", Cell(frame.function, "strong"))
        if frame.source:
            context.out.text(frame.source.strip(), indent="      ")
    if stack.note:
        context.say(stack.note)
    return 0
