"""What a plan says, piece by piece, what stands in its way first.

The console shows the pieces as rows (`upgrades`), the command line under titles and in tables (`output.plans`). How they look is decided
there; what there is to say, in which order and in which words, here. The text is the node's, and not yet cleaned.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from runtime.port.contract import AffectedProcesses, CodePlan, ModulePlan, UpgradeStep
from tui.format import number, plural

__all__ = ["Piece", "What", "changes", "concerned", "pieces", "pieces_of", "versions"]

What = Literal["problem", "failure", "module", "change", "affected", "child", "dependant", "caution"]


@dataclass(frozen=True)
class Piece:
    """One thing that a plan says.

    Attributes:
        what: it is.
        subject: what it is about: a name; empty for none.
        text: in words.
        kind: of a failure, `state` or `message`; of a change, `added`, `removed` or `changed`; of a module that comes along as a
            dependant, `dependant`; of a caution, its own.
        pid: of the process that it is about, if it is about one.
    """

    what: What
    subject: str
    text: str
    kind: str = ""
    pid: str = ""


def pieces(plan: CodePlan) -> Iterator[Piece]:
    """All that it says. Failures are those that the node has listed; `plan.failed` is how many there are."""
    for problem in plan.problems:
        yield Piece("problem", problem.subject, problem.text)
    for failure in plan.failures:
        yield Piece("failure", failure.name or "", failure.text, failure.what, failure.pid)
    for module in plan.modules:
        yield Piece("module", module.module, versions(module), "" if module.asked else "dependant")
        yield from changes(module)
    for each in plan.affected:
        pid = each.pids[0] if each.count == 1 and each.pids else ""
        yield Piece("affected", each.behaviour, _affected(each), each.kind, pid)
    for text in plan.children:
        yield Piece("child", "", text)
    for name in plan.dependants:
        yield Piece("dependant", name, "has imported names of these, and keeps their old meaning")
    for caution in plan.cautions:
        yield Piece("caution", caution.subject, caution.text, caution.kind)


def changes(module: ModulePlan) -> Iterator[Piece]:
    """What differs in one module."""
    for change in module.changes:
        yield Piece("change", change.name, change.kind, change.how)


def pieces_of(plan: CodePlan, what: What) -> list[Piece]:
    """Those of one sort."""
    return [piece for piece in pieces(plan) if piece.what == what]


def versions(step: ModulePlan | UpgradeStep) -> str:
    """From which version to which."""
    return f"{step.old} → {step.new}"


def concerned(plan: CodePlan) -> int:
    """How many processes get other code."""
    return sum(each.count for each in plan.affected)


def _affected(each: AffectedProcesses) -> str:
    busy = f", {number(each.busy)} in the middle of a step" if each.busy else ""
    waiting = f", {plural(each.waiting, 'message')} waiting" if each.waiting else ""
    state = "" if each.migration == "none" else f"; state by {each.migration}"
    return f"{plural(each.count, each.kind)}{busy}{waiting}; {each.how}{state}"
