"""`observer reload`: upgrade modules under running processes, all of it or nothing.

    MODULE …     plan, what it says on stderr  ->  apply that plan
    --plan ID                                      apply that plan

A plan that fails is applied, too: the node refuses it, and keeps in its history who tried.
"""

from __future__ import annotations

import math
from argparse import ArgumentParser, ArgumentTypeError

from runtime.port.contract import Code, CodePlan, Failure, PlanUpgrade, Reload, Rollback
from tui.format import plural
from tui.output.plans import done, warnings
from tui.plans import concerned

from .context import Context
from .options import at_most, module_arguments, node_options, overdue_options
from .plan import PLAN_S

HELP = """\
Upgrade modules to what stands on the node's disk, while their processes run: pids,
states, mailboxes and the answers that are owed stay. All of it, or nothing: then the old
code goes on everywhere, the reason is on stderr, and the command ends with 1.

  observer reload shop.agents
  observer reload shop.agents shop.prices --deadline 30
  observer reload shop.agents --guard 3/60    back by itself, if 3 crash within 60 s
  observer reload --plan 3f2a9c1e             exactly what `observer plan` has shown

It plans first, and says on stderr what the plan found. --overdue kill ends processes
whose steps do not end by the deadline, instead of refusing. `observer rollback` goes back.

With --json: id, at, by, kind, done, steps (module, old, new), processes, left (on older
code), messages, took_s, pauses and notes. Needs an admin's key; the node records who
did it.
"""

SLACK_S = 60.0
"""Seconds that the node may take beside the deadline; it says itself if they are not enough."""

_MOST_CRASHES = 1_000_000
_LONGEST_S = 86_400.0


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    module_arguments(parser, optional=True)
    parser.add_argument("--plan", metavar="ID", help="a plan, instead of modules")
    parser.add_argument(
        "--dependants", action="store_true", help="with the modules that have imported names of these"
    )
    overdue_options(parser)
    parser.add_argument(
        "--guard",
        metavar="N[/SECONDS]",
        type=_guard,
        help="roll back by itself when N of the processes concerned crash within SECONDS (default 60)",
    )
    node_options(parser, timeout=PLAN_S)


def run(context: Context) -> int:
    """Plan, do it, and say what was done."""
    args = context.args
    if bool(args.modules) == (args.plan is not None):
        raise Failure(
            Code.BAD_REQUEST, "name the modules to upgrade, such as shop.agents, or --plan ID; one of the two"
        )
    if args.plan is not None and args.dependants:
        raise Failure(Code.BAD_REQUEST, "--dependants is for MODULE; a plan has them already, or has not")
    id_ = args.plan or _planned(context, at_most(args.modules)).id
    crashes, seconds = args.guard or (None, 60.0)
    code = awaited(
        context,
        Reload(
            plan=id_, deadline_s=args.deadline, overdue=args.overdue, guard_crashes=crashes, guard_s=seconds
        ),
    )
    if crashes is not None:
        context.say(
            f"guarded: it goes back by itself at crash {crashes} of its processes within {seconds:g} s; "
            "observer upgrades tells"
        )
    return code


def awaited(context: Context, request: Reload | Rollback) -> int:
    """Have a transaction done, however long it takes, and say what was done."""
    try:
        upgrade = context.ask(request, extra=2 * request.deadline_s + SLACK_S)
    except KeyboardInterrupt:
        context.say("the node goes on with it; observer upgrades tells what became of it")
        raise
    if context.json:
        context.out.document(upgrade)
    else:
        done(context.out, upgrade)
    if upgrade.left:
        context.say(f"{plural(upgrade.left, 'process')} on older code: observer modules tells which, and why")
    return 0


def _planned(context: Context, modules: list[str]) -> CodePlan:
    args = context.args
    context.say(f"planning {', '.join(modules)}")
    plan = context.ask(PlanUpgrade(modules=modules, dependants=args.dependants, deadline_s=args.timeout))
    for line in warnings(plan):
        context.say(f"  {line}")
    if plan.ok:
        context.say(
            f"upgrading {plural(concerned(plan), 'process')}; steps under way have {args.deadline:g} s to end"
        )
    return plan


def _guard(text: str) -> tuple[int, float]:
    """A check for N, or N/SECONDS."""
    number, slash, seconds = text.partition("/")
    try:
        crashes, within = int(number), float(seconds) if slash else 60.0
    except ValueError:
        crashes, within = 0, math.nan
    if not 1 <= crashes <= _MOST_CRASHES or not 0 < within <= _LONGEST_S:
        raise ArgumentTypeError(
            f"{text!r} is not N or N/SECONDS, such as 3/60: crashes from 1 on, seconds up to {_LONGEST_S:,.0f}"
        )
    return crashes, within
