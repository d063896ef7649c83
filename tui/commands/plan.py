"""`observer plan`: what an upgrade or a rollback would do, and why it could not. Nothing is touched."""

from __future__ import annotations

import shlex
from argparse import ArgumentParser

from runtime.port.contract import PlanUpgrade
from tui.output.plans import show

from .context import Context
from .options import at_most, module_arguments, node_options

HELP = """\
What would an upgrade of these modules to what stands on the node's disk do, and why could
it not? What changes, which processes are concerned and how, every live state and waiting
message tried on a copy, promises that break, what happens to children of supervisors, and
what nobody can undo; the diff last. The modules are executed, aside; nothing is touched.

  observer plan shop.agents
  observer plan shop.agents shop.prices       one transaction: both, or none
  observer plan shop.agents --rollback        back to the version before
  observer plan shop.agents --json | jq '.failures[] | .pid, .text'
  observer reload --plan 3f2a9c1e             apply exactly what a plan has shown

It ends with 0 where the plan can be applied, with 1 and the reason where not. BUSY are in
the middle of a step, which they finish on the old code; MAIL is what waits for them.

With --json: id, kind, ok, reason, modules (with changes and diff), affected, problems,
failures, cautions, children, dependants, migrated and failed. Needs an admin's key.
"""

PLAN_S = 30.0
"""Executing modules may take five, and each live state is tried."""


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    module_arguments(parser)
    parser.add_argument("--rollback", action="store_true", help="the way back instead")
    parser.add_argument(
        "--dependants",
        action="store_true",
        help="with the modules that have imported names of these; else they are only named",
    )
    parser.add_argument("--no-diff", action="store_true", help="leave out the diff; --json always has it")
    node_options(parser, timeout=PLAN_S)


def run(context: Context) -> int:
    """Ask and show; the code says whether it can be applied."""
    args = context.args
    plan = context.ask(
        PlanUpgrade(
            modules=at_most(args.modules),
            rollback=args.rollback,
            dependants=args.dependants,
            deadline_s=args.timeout,
        )
    )
    if context.json:
        context.out.document(plan)
    else:
        show(context.out, plan, diff=not args.no_diff)
    if not plan.ok:
        context.say(f"observer: it cannot be applied: {plan.reason}")
        return 1
    node = f" --node {shlex.quote(args.node)}" if args.node else ""
    what = f"rollback {' '.join(args.modules)}" if args.rollback else f"reload --plan {plan.id}"
    context.say(f"it can be applied: observer {what}{node}")
    return 0
