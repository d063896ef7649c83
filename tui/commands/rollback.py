"""`observer rollback`: back to the version before an upgrade, all of it or nothing."""

from __future__ import annotations

from argparse import ArgumentParser

from runtime.port.contract import Rollback

from .context import Context
from .options import at_most, module_arguments, node_options, overdue_options
from .reload import awaited

HELP = """\
Go back to the version before the last upgrade, while the processes run, with whatever
was upgraded in the same transaction. All of it, or nothing, as `observer reload`. States
go back through code_change_down where the code has it, else by structure; the modules
come back as they were left. One version back is kept.

  observer modules                        BEFORE is what it goes back to
  observer plan shop.agents --rollback    what it would do, and all that stands in its way
  observer rollback shop.agents
  observer rollback shop.agents --deadline 30 --overdue kill

With --json: as `observer reload`. Needs an admin's key; the node records who did it.
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    module_arguments(parser)
    overdue_options(parser)
    node_options(parser)


def run(context: Context) -> int:
    """Do it and say what was done."""
    args = context.args
    modules = at_most(args.modules)
    context.say(f"rolling back {', '.join(modules)}; steps under way have {args.deadline:g} s to end")
    return awaited(context, Rollback(modules=modules, deadline_s=args.deadline, overdue=args.overdue))
