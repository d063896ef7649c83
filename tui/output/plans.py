"""Plans and results of code upgrades, laid out as text. What a plan says, `tui.plans` says.

In a terminal whatever is long is wrapped, since a reason that was cut helps nobody; elsewhere each stands on a line of its own.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from runtime.port.contract import AffectedProcesses, CodePlan, ModulePlan, Upgrade, UpgradeStep
from tui.format import NOTHING, Tone, milliseconds, number, plural
from tui.plans import Piece, changes, concerned, pieces_of, versions

from .table import Cell, Column, Pair
from .writer import Writer

__all__ = ["done", "show", "step", "warnings"]

_AFFECTED = (
    Column("BEHAVIOUR", least=12, middle=True),
    Column("KIND", drop=1),
    Column("COUNT", right=True),
    Column("BUSY", right=True),
    Column("MAIL", right=True),
    Column("STATE"),
    Column("WHAT HAPPENS", least=28),
)

_FAILURES = (Column("PID"), Column("NAME", least=8, middle=True), Column("WHAT"), Column("WHY", least=16))

_DIFF: dict[str, Tone] = {"+": "accent", "-": "warn", "@": "muted"}
_HEADER = 2
"""Lines of a unified diff that name the files."""

_SHOWN = 10
"""States and messages that do not come through, told one by one; of a thousand the reason is most often the same."""

_INDENT = "  "
_NARROWEST = 30
"""Cells into which text is wrapped even where a name leaves less."""


def show(out: Writer, plan: CodePlan, *, diff: bool) -> None:
    """All of a plan."""
    verdict = Cell("can be applied", "strong") if plan.ok else Cell("cannot be applied", "bad")
    out.line(Cell(f"plan {plan.id}", "strong"), f"  {plan.kind}, ", verdict)
    out.pairs(
        [
            ("executed", [f"aside, in {milliseconds(plan.executed_s * 1000)}"]),
            ("states", [_states(plan), f"  ({milliseconds(plan.migrated_s * 1000)} in all)"]),
        ],
        indent=_INDENT,
    )
    for module in plan.modules:
        _module(out, module)
    _processes(out, plan)
    _listed(out, "problems", [(each.subject, each.text) for each in pieces_of(plan, "problem")], "bad")
    _failures(out, pieces_of(plan, "failure"), plan.failed)
    cautions = pieces_of(plan, "caution")
    _listed(out, "cautions", [(each.kind, f"{each.subject}: {each.text}") for each in cautions], "warn")
    _listed(out, "children", [("", each.text) for each in pieces_of(plan, "child")])
    dependants = [each.subject for each in pieces_of(plan, "dependant")]
    if dependants:
        _listed(
            out, "dependants, which keep the names that they have imported", [("", ", ".join(dependants))]
        )
        if set(dependants) != {"__main__"}:
            out.line(f"{_INDENT}--dependants takes them in")
    if diff:
        for module in plan.modules:
            _diff(out, module.diff)


def warnings(plan: CodePlan) -> Iterator[str]:
    """What somebody should know who has not read the plan, a line each: what fails, and the cautions."""
    if len(plan.problems) + plan.failed > 1:  # of a single one the refusal says as much
        for problem in pieces_of(plan, "problem"):
            yield f"problem: {problem.subject}: {problem.text}"
        for failure in pieces_of(plan, "failure")[:_SHOWN]:
            yield f"{failure.kind} of {failure.subject or failure.pid}: {failure.text}"
        if plan.failed > _SHOWN:
            yield f"… {number(plan.failed - _SHOWN)} more"
    for caution in pieces_of(plan, "caution"):
        yield f"caution: {caution.kind}: {caution.subject}: {caution.text}"
    for child in pieces_of(plan, "child"):
        yield child.text


def done(out: Writer, upgrade: Upgrade) -> None:
    """What was done."""
    first, *more = map(step, upgrade.steps)
    pauses = upgrade.pauses
    rows: list[Pair] = [
        ("rolled back" if upgrade.kind == "rollback" else "upgraded", [Cell(first, "strong")]),
        *[("", [Cell(text, "strong")]) for text in more],
        ("processes", [number(upgrade.processes) + (f", {number(upgrade.left)} on older code" if upgrade.left else "")]),
        ("messages", [f"{number(upgrade.messages)} migrated in mailboxes"]),
        ("took", [milliseconds(upgrade.took_s * 1000)]),
    ]  # fmt: skip
    if pauses.count:
        waits = (("p50", pauses.p50), ("p99", pauses.p99), ("longest", pauses.longest))
        rows.append(("pauses", [", ".join(f"{name} {milliseconds(value * 1000)}" for name, value in waits)]))
    for note in upgrade.notes:
        rows += _wrapped(out, "note", note, 2 + len("rolled back"))
    out.pairs(rows)


def step(each: UpgradeStep | ModulePlan) -> str:
    """A module, from which version to which."""
    return f"{each.module} {versions(each)}"


def _states(plan: CodePlan) -> str:
    if not plan.failed:
        return f"{number(plan.migrated)} come through, tried on copies"
    return f"{number(plan.migrated)} come through, {number(plan.failed)} do not"


def _module(out: Writer, module: ModulePlan) -> None:
    out.title(step(module))
    if module.path:
        out.line(Cell(f"{_INDENT}{module.path}", "muted"))
    if not module.asked:
        out.line(f"{_INDENT}comes along as a dependant")
    if not module.changes:
        same = "the file is what runs: the same code, anew"
        out.line(
            _INDENT, same if module.old == module.new else "no function, class or value differs; see the diff"
        )
    rows: list[Pair] = []
    for how in ("added", "removed", "changed"):
        names = [f"{each.text} {each.subject}" for each in changes(module) if each.kind == how]
        if names:
            rows += _wrapped(out, how, ", ".join(names), len(_INDENT) + len("removed") + 2)
    out.pairs(rows, indent=_INDENT)


def _processes(out: Writer, plan: CodePlan) -> None:
    out.title(plural(concerned(plan), "process"))
    if plan.affected:
        out.table(_AFFECTED, [_affected(each) for each in plan.affected])
    else:
        out.line(f"{_INDENT}none runs code of these modules")


def _affected(each: AffectedProcesses) -> list[Cell | str]:
    return [
        each.behaviour,
        each.kind,
        number(each.count),
        Cell(number(each.busy), "warn" if each.busy else "faint"),
        Cell(number(each.waiting), "text" if each.waiting else "faint"),
        each.migration,
        each.how,
    ]


def _failures(out: Writer, failures: Sequence[Piece], failed: int) -> None:
    if not failures:
        return
    out.title("does not come through")
    rows: list[list[Cell | str]] = [
        [each.pid, each.subject or NOTHING, each.kind, Cell(each.text, "bad")] for each in failures[:_SHOWN]
    ]
    out.table(_FAILURES, rows)
    if failed > _SHOWN:
        out.line(f"… {number(failed - _SHOWN)} more; --json has the first {len(failures)}")


def _listed(out: Writer, title: str, items: Sequence[tuple[str, str]], tone: Tone = "text") -> None:
    """Texts under a title, each after its name."""
    if not items:
        return
    out.title(title)
    width = max(len(name) for name, _ in items)
    if width > _NARROWEST:
        items, width = [("", f"{name}: {text}") for name, text in items], 0
    if not width:
        for _, text in items:
            for _, parts in _wrapped(out, "", text, len(_INDENT), tone):
                out.line(_INDENT, *parts)
        return
    rows: list[Pair] = []
    for name, text in items:
        rows += _wrapped(out, name, text, len(_INDENT) + width + 2, tone)
    out.pairs(rows, indent=_INDENT)


def _wrapped(out: Writer, name: str, text: str, used: int, tone: Tone = "text") -> list[Pair]:
    """A name and a text, in as many lines as it takes beside the `used` cells; the name stands on the first."""
    lines = [text] if out.room is None else textwrap.wrap(text, max(_NARROWEST, out.room - used)) or [""]
    return [(name if index == 0 else "", [Cell(line, tone)]) for index, line in enumerate(lines)]


def _diff(out: Writer, text: str) -> None:
    if not text:
        return
    out.line()
    for index, line in enumerate(text.rstrip("\n").split("\n")):
        out.text(line, tone="strong" if index < _HEADER else _DIFF.get(line[:1], "text"))
