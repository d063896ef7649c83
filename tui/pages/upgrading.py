"""What an operator does about one module: plan, upgrade, roll back; and what came of it.

r -> PlanUpgrade ---------------------------------------------> plan | failure
U -> Confirm, at once -> PlanUpgrade, if none was made -> Yes -> Reload(plan) -> result | failure
B -> Confirm, at once -> PlanUpgrade(rollback) ---------> Yes -> Rollback ----> result | failure

Yes cannot be said before the plan has told what is at stake, nor where it cannot be applied.
"""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from runtime.port.contract import CodePlan, Failure, PlanUpgrade, PortRequest, Reload, Rollback, Upgrade
from tui.format import clean
from tui.operations import ASKING
from tui.spans import Spans, plain
from tui.upgrades import outcome, stakes, verdict
from tui.widgets.confirm import CELLS, Confirm

if TYPE_CHECKING:
    from tui.app import ObserverApp

REASON_LINES = 8
"""Lines of a reason that a dialog shows; the page has all of it."""


class Upgrading:
    """The plan for one module, what is under way, and what came of it."""

    def __init__(self, console: ObserverApp, module: str, changed: Callable[[], object]) -> None:
        """`changed` is called whenever there is something new to show."""
        self._console = console
        self._changed = changed
        self.module = module
        self.plan: CodePlan | None = None
        self.result: Upgrade | None = None
        self.failure: Failure | None = None
        self.dependants = False
        """Whether modules that have imported names of it come along."""
        self.doing = ""
        """What this console waits for: planning, upgrading, rolling back."""
        self.since = 0.0
        """Since when, by the console's clock."""

    # --- what the keys do -----------------------------------------------------------------------------

    def dry_run(self) -> None:
        """What would an upgrade do? Nothing is touched."""
        if self._free():
            self._ask("planning", self._plan(), lambda _: None)

    def upgrade(self) -> None:
        """Ask, with what the plan says is at stake; then upgrade."""
        if self._free():
            plan = self.plan
            known = plan if plan is not None and plan.ok and plan.kind == "upgrade" else None
            self._decide("Upgrade", "reload", known, self._plan(), lambda plan: Reload(plan=plan.id))

    def roll_back(self) -> None:
        """Ask, then go back to the version before."""
        if self._free():
            asked = PlanUpgrade(modules=[self.module], rollback=True)
            self._decide("Roll back", "rollback", None, asked, lambda _: Rollback(modules=[self.module]))

    def _plan(self) -> PlanUpgrade:
        return PlanUpgrade(modules=[self.module], dependants=self.dependants)

    def _free(self) -> bool:
        if self.doing:
            self._console.tell(f"{self.doing} {clean(self.module, 60)} is under way", failed=True)
        return not self.doing

    # --- asking ---------------------------------------------------------------------------------------

    def _decide(
        self,
        title: str,
        verb: str,
        known: CodePlan | None,
        asked: PlanUpgrade,
        request: Callable[[CodePlan], PortRequest[Upgrade]],
    ) -> None:
        node = self._console.session.node
        where = f" -n {shlex.quote(clean(node.name, 60))}" if node is not None else ""
        name = clean(self.module, 60)
        more = " --dependants" if self.dependants and verb == "reload" else ""
        twin = f"observer {verb} {shlex.quote(name)}{more}{where}"
        dialog = Confirm(f"{title} {name}?", twin, [ASKING], ready=False)

        def told(answer: CodePlan | Failure) -> None:
            if isinstance(answer, Failure):
                dialog.show_stakes(_reason("✗ ", answer.message), ready=False)
            elif answer.ok:
                dialog.show_stakes(stakes(answer), ready=True)
            else:
                dialog.show_stakes(_reason("", plain(verdict(answer))), ready=False)

        def decided(yes: bool | None) -> None:
            if yes and self.plan is not None:
                self._ask(
                    "upgrading" if verb == "reload" else "rolling back", request(self.plan), lambda _: None
                )

        self._console.push_screen(dialog, decided)
        if known is not None:
            told(known)
        else:
            self._ask("planning", asked, told)

    def _ask(self, doing: str, request: PortRequest[Any], then: Callable[[Any], None]) -> None:
        self.doing, self.failure, self.result = doing, None, None
        self.since = self._console.session.clock()

        def answered(answer: BaseModel | Failure) -> None:
            self.doing = ""
            if isinstance(answer, CodePlan):
                self.plan = answer
            else:
                self.plan = None
                self._over(answer)
            then(answer)
            self._changed()

        self._console.ask(request, answered)
        self._changed()

    def _over(self, answer: BaseModel | Failure) -> None:
        """An upgrade has happened, or something was refused."""
        if isinstance(answer, Failure):
            self.failure = answer
            self._console.tell(clean(answer.message, 300), failed=True)
        elif isinstance(answer, Upgrade):
            self.result = answer
            self._console.tell(f"{clean(self.module, 60)}: {plain(outcome(answer)[0])}")
        self._console.link.poke()


def _reason(mark: str, text: str) -> list[Spans]:
    """Why it cannot be, in as many lines as there is room for."""
    lines = textwrap.wrap(mark + clean(text, 2_000), CELLS, max_lines=REASON_LINES, placeholder=" …")
    return [[(line, "bad")] for line in lines]
