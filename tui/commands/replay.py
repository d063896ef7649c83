"""`observer replay`: what was recorded, fed to a copy of the process, on the code that runs or on changed code."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from runtime.port.contract import Code, Failure, Replay, ReplayChange, ReplayReport, ReplayStep
from tui.format import duration, plural
from tui.output.table import Cell
from tui.output.values import one_line

from .context import Context
from .options import node_options, seconds

HELP = """\
Would it go the same way again? Recorded messages are fed to a copy of the process's
state, step by step, and what comes of it is compared with the record: states, replies,
ends, and what was sent. On the code that runs; with --code, on that of a file, which
nothing else sees. WHAT is a recording's name or number (observer record), the path of a
file of one (with a / in it, on the node's machine), `dump N`, or `crash PROCESS`: the last
step before a crash, as far as the flight recorder has it. The answer says what was
replayed, with its file.

  observer replay 'before the change'
  observer replay 'before the change' --code shop/agents.py
  observer replay ./teller.record
  observer replay crash reviewer-3
  observer replay dump 2 '<0.42.0>' --json

Ends with 0 where all of it went as recorded, with 1 where something differs. Nothing
reaches the live process, or anybody else; the handlers do run, on the node, so it needs an
admin's key, and the node records who did it.
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    parser.add_argument(
        "what",
        metavar="WHAT",
        nargs="+",
        help="a recording's name or number, or its file; dump N; crash PROCESS; then a pid, if needed",
    )
    parser.add_argument(
        "--code", metavar="FILE", type=Path, help="on the code of this file, on the node's machine"
    )
    parser.add_argument(
        "--module", metavar="NAME", help="in whose place; else the module that has this file, or its name"
    )
    parser.add_argument(
        "--free",
        action="store_true",
        help="the replayed state goes on; else each step begins with the record's",
    )
    parser.add_argument(
        "--outside",
        action="store_true",
        help="handlers may connect, write files and start programs: these are done again",
    )
    parser.add_argument(
        "--deadline",
        metavar="SECONDS",
        type=seconds(0.1, 600),
        default=30.0,
        help="for all of it; default 30, at most 600",
    )
    node_options(parser)


def run(context: Context) -> int:
    """Replay, and show what differs."""
    args = context.args
    what, process = _meant(args.what)
    report = context.ask(
        Replay(
            what=what,
            process=process,
            code=str(args.code.resolve()) if args.code is not None else None,
            module=args.module,
            free=args.free,
            outside=args.outside,
            deadline_s=args.deadline,
        ),
        extra=args.deadline + 10,
    )
    if context.json:
        context.out.document(report)
    else:
        _show(context, report)
    return 0 if report.identical else 1


def _meant(given: list[str]) -> tuple[str, str | None]:
    """What is replayed, and of whom."""
    taken = 2 if given[0] in {"dump", "crash"} and len(given) > 1 else 1
    rest = given[taken:]
    if len(rest) > 1:
        raise Failure(
            Code.BAD_REQUEST,
            f"{' '.join(rest)[:80]!r} is too much: WHAT, and a pid; a name with spaces is in quotes",
        )
    what = " ".join(given[:taken])
    is_path = (
        "/" in what and Path(what).is_file()
    )  # by its whole path, since the node has a directory of its own
    return str(Path(what).resolve()) if is_path else what, rest[0] if rest else None


def _show(context: Context, report: ReplayReport) -> None:
    out = context.out
    who = " ".join(part for part in (report.name, report.pid) if part)
    same_code = report.replayed == report.recorded
    before = "" if same_code else f"{report.recorded or 'unknown'} → "
    out.line(Cell(who, "strong"), f"  {report.behaviour}  code {before}{report.replayed}  {report.mode}")
    if report.source:
        out.line(Cell(f"from {report.source}", "muted"))
    same = Cell(f"{report.same:,} as recorded", "text")
    differ = Cell(f"{report.differences:,} differ", "bad" if report.differences else "faint")
    out.line(
        f"{report.done:,} of {plural(report.steps, 'step')} replayed in {duration(report.seconds)}: ",
        same,
        ", ",
        differ,
    )
    if report.ended:
        out.line(Cell(report.ended, "bad"))
    for step in report.differing:
        _step(context, step)
    for note in report.notes:
        context.say(note)


def _step(context: Context, step: ReplayStep) -> None:
    out = context.out
    out.line()
    out.line(Cell(f"step {step.number}", "strong"), f"  {step.handler}  {one_line(step.message)}")
    for one in step.differences:
        out.line("  ", Cell(one.what, "bad"), f"  {one.text}")
        for change in one.changes:
            out.line(f"    {change.path or 'all of it'}: {_change(change)}")
    for told in step.assumed:
        out.line(Cell(f"  assumed: {told}", "muted"))
    if step.traceback:
        out.text(step.traceback.rstrip(), indent="  ")


def _change(change: ReplayChange) -> str:
    match change.form:
        case "added":
            return f"added {one_line(change.after)}"
        case "removed":
            return f"removed {one_line(change.before)}"
        case _:
            return f"{one_line(change.before)} → {one_line(change.after)}"
