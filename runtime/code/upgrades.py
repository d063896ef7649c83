"""`node.code`: which versions run, what an upgrade would do, doing it, and the way back.

    plan = await node.code.plan("shop.agents")        a dry run; nothing is touched
    await node.code.apply(plan, by="alice")           all, or nothing
    await node.code.rollback("shop.agents", by="alice")

Code comes from this node's own disk only. One transaction at a time. To be called in the node's loop; `modules`, `on_old_code`,
`stale` and `history` from any thread.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import sys
import time
from collections import deque
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final

from ..errors import CodeError, UpgradeRefused, describe
from . import versions
from .cautions import Outside
from .commit import let_go
from .draft import Draft
from .drafting import draft_of, nearest, source_of
from .guard import Guards
from .listing import Tally, every_module, is_stale, look_again, old_code
from .migration import NotMigrated
from .parts import purge
from .planning import Breath, Planning
from .records import Guard, ModuleInfo, OldCode, Plan, Step, Upgrade
from .sealed import Modules
from .supervisors import differences, reconcile
from .transaction import Overdue, Transaction
from .unbroken import running_root, unbroken

if TYPE_CHECKING:
    from types import ModuleType

    from ..node import Node

__all__ = ["Code"]

DRAFTS: Final = 4
"""Plans that can still be applied; each holds the modules that it has executed."""
_ID: Final = re.compile("[0-9a-f]{8}")
"""What plans are called."""
_OWN: Final = frozenset({"runtime", "tracing"})


class _Kept:
    """The way back: the versions before an upgrade, and those that it put in their place."""

    def __init__(self, draft: Draft) -> None:
        self.old: Final = dict(draft.old)
        self.modules: Final = {name: running.module for name, running in draft.old.items()}
        self.put: Final = dict(draft.modules.of)


class Code:
    """Hot code upgrade of one node.

    Attributes:
        log: upgrades, rollbacks and refusals, the last 100, oldest first.
    """

    def __init__(self, node: Node) -> None:
        self._node: Final = node
        self._drafts: dict[str, tuple[Draft, Plan]] = {}
        self._kept: dict[str, _Kept] = {}
        self._undone: dict[str, ModuleType] = {}
        self._busy: str | None = None
        self._guards: Final = Guards(node, self)
        self.log: Final[deque[Upgrade]] = deque(maxlen=100)

    # --- what there is --------------------------------------------------------------------------------

    def modules(self, tally: Tally | None = None) -> tuple[ModuleInfo, ...]:
        """The modules that processes of this node run, and those that were upgraded. Reads each file.

        Args:
            tally: the count of processes to use. Optional. Defaults to a new one: a pass over all processes.
        """
        previous = {name: kept.old[name].name for name, kept in list(self._kept.items())}
        return every_module(tally or Tally(self._node.table.slices()), previous)

    def on_old_code(self) -> tuple[OldCode, ...]:
        """The processes that run older code than what is in place."""
        return old_code(self._node)

    def stale(self, module: str) -> bool:
        """Whether the file of a module differs from what runs. Looks once a second at most."""
        return is_stale(module)

    @property
    def busy(self) -> str | None:
        """What is under way: `plan`, `upgrade` or `rollback`; None for nothing. From any thread."""
        return self._busy

    @property
    def history(self) -> tuple[Upgrade, ...]:
        """Upgrades, rollbacks and refusals, oldest first."""
        return tuple(self.log.copy())

    # --- the dry run ------------------------------------------------------------------------------------

    async def plan(self, *modules: str, dependants: bool = False) -> Plan:
        """What an upgrade of these modules to what stands on disk would do, and why it could not.

        The modules are executed, aside: that is the one thing about a plan that may have side effects.

        Args:
            modules: their names.
            dependants: whether modules that have imported names of these are upgraded with them. Optional. Defaults to False:
                the plan names them.

        Raises:
            CodeError: a module cannot be read, compiled or executed; or another upgrade is under way.
        """
        self._claim("plan")
        with self._alone():
            plan, _ = await self._plan(modules, dependants=dependants)
            return plan

    async def plan_rollback(self, *modules: str) -> Plan:
        """What a rollback of these modules would do. Raises as `rollback`."""
        self._claim("plan")
        with self._alone():
            return await self._planned(self._backwards(modules))

    async def _plan(self, modules: tuple[str, ...], *, dependants: bool) -> tuple[Plan, Draft]:
        if not modules:
            raise CodeError("name the modules to upgrade, for example node.code.plan('shop.agents')")
        names = tuple(dict.fromkeys(modules))
        while True:
            draft = await draft_of(self._node, modules, names)
            if not dependants:
                break
            outside, breath = Outside(draft), Breath()
            for _ in outside:
                await breath()
            more = tuple(name for name in outside.names if name != "__main__" and name not in names)
            if not more:
                break
            names += more
        return await self._planned(draft), draft

    async def _planned(self, draft: Draft) -> Plan:
        plan = await Planning(self._node, draft).plan()
        self._drafts[draft.id] = draft, plan
        while len(self._drafts) > DRAFTS:
            dropped, _ = self._drafts.pop(next(iter(self._drafts)))
            let_go(() if dropped.back else dropped.modules.of.values())
        return plan

    # --- doing it ---------------------------------------------------------------------------------------

    async def apply(
        self,
        plan: Plan | str,
        *modules: str,
        by: str = "host",
        deadline: float = 5.0,
        overdue: Overdue = "refuse",
        guard: Guard | None = None,
        dependants: bool = False,
    ) -> Upgrade:
        """Upgrade: everything in the plan, or nothing. Who stops waiting for it does not stop it.

        Args:
            plan: a plan, its id, or the name of a module (and `modules` of others), which is planned first.
            modules: more names of modules.
            by: who does it, for the history.
            deadline: seconds that steps which are under way have to finish on the old code. Optional. Defaults to 5.
            overdue: what becomes of those that do not: `refuse` the upgrade, or `kill` the process. Optional. Defaults to refuse.
            guard: roll back by itself if crashes rise. Optional. Defaults to None: off.
            dependants: as for `plan`, where modules are named. Optional. Defaults to False.

        Raises:
            UpgradeRefused: nothing has changed; the message says why.
            CodeError: there is no such plan any more, or as `plan`.
        """
        self._claim("upgrade")

        async def work() -> Upgrade:
            with self._alone():
                draft = await self._to_apply(plan, modules, by, dependants=dependants)
                if draft.back and guard is not None:
                    raise CodeError("a rollback is not guarded: there is no version before it to go back to")
                return await self._run(draft, by, deadline, overdue, guard=guard)

        return await unbroken(self._node, work())

    async def rollback(
        self,
        *modules: str,
        by: str = "host",
        deadline: float = 5.0,
        overdue: Overdue = "refuse",
        reason: str = "",
    ) -> Upgrade:
        """Back to the version before, with whatever was upgraded in the same transaction. Options as for `apply`.

        The modules come back as they were left: what they keep at module level is what it was then.

        Raises:
            UpgradeRefused: it was not done, and nothing has changed.
            CodeError: there is no version to go back to.
        """
        self._claim("rollback")

        async def work() -> Upgrade:
            with self._alone():
                draft = self._backwards(modules)
                self._check(draft, await self._planned(draft), by)
                return await self._run(draft, by, deadline, overdue, reason)

        return await unbroken(self._node, work())

    def purge(self, *modules: str) -> None:
        """Forget the versions before, so that their memory is freed; there is then no way back. All, if none is named.

        Raises:
            CodeError: an upgrade, a rollback or a plan is under way.
        """
        self._check_free()
        names = modules or tuple({*self._kept, *self._undone})
        for name in names:
            self._forget(name)
        self._guards.over(names)
        self._drafts.clear()
        purge(self._node, names)

    async def _to_apply(
        self, plan: Plan | str, modules: tuple[str, ...], by: str, *, dependants: bool
    ) -> Draft:
        id_ = plan if isinstance(plan, str) else plan.id
        known = self._drafts.get(id_)
        if known is None:
            if not isinstance(plan, str) or _ID.fullmatch(plan):
                raise CodeError(
                    f"no plan {id_}: it was applied, or {DRAFTS} newer ones were made; plan again"
                )
            made, draft = await self._plan((plan, *modules), dependants=dependants)
            self._check(draft, made, by)
            return draft
        draft = known[0]
        for name, running in draft.old.items():
            source = draft.sources[name]
            if versions.of(name).module is not running.module:
                raise self._refused(draft, by, f"{name} has been upgraded since it was planned; plan again")
            if not draft.back and source is not None and source_of(name).data != source.data:
                raise self._refused(draft, by, f"{name} has changed on disk since it was planned; plan again")
        self._check(draft, known[1], by)
        return draft

    def _check(self, draft: Draft, plan: Plan, by: str) -> None:
        if not plan.ok:
            raise self._refused(draft, by, plan.reason, plan)

    def _refused(self, draft: Draft, by: str, reason: str, plan: Plan | None = None) -> UpgradeRefused:
        steps = _steps(draft)
        self.log.append(Upgrade(draft.id, time.time(), by, draft.kind, False, steps, reason))
        return UpgradeRefused(reason, plan)

    async def _run(
        self,
        draft: Draft,
        by: str,
        deadline: float,
        overdue: Overdue,
        reason: str = "",
        guard: Guard | None = None,
    ) -> Upgrade:
        began = time.perf_counter()
        outside, breath = Outside(draft), Breath()
        for _ in outside:
            await breath()
        steps = _steps(draft)
        try:
            changes = await differences(self._node, draft, breath)
        except NotMigrated as error:
            raise self._refused(draft, by, f"the new tree could not be made: {error}") from None
        transaction = Transaction(self._node, draft, deadline, overdue)

        def committed() -> None:
            self._guards.over(draft.modules.of)
            if guard is not None:
                self._guards.begin(guard, draft, deadline, overdue)

        transaction.committed = committed
        try:
            await transaction.run()
        except UpgradeRefused as error:
            text = str(error).removesuffix("; the old version stays everywhere")
            self.log.append(Upgrade(draft.id, time.time(), by, draft.kind, False, steps, text))
            raise
        outside.rebind()
        self._remember(draft)
        await breath()
        pauses = transaction.swap.pauses
        await breath()
        upgrade = Upgrade(
            id=draft.id,
            at=transaction.at,
            by=by,
            kind=draft.kind,
            done=True,
            steps=steps,
            reason=reason,
            processes=transaction.swap.count,
            left=transaction.left,
            messages=transaction.swap.messages,
            took_s=time.perf_counter() - began,
            pauses=pauses,
            notes=tuple(transaction.notes),
        )
        self.log.append(upgrade)
        await self._reconcile(draft, changes, by, deadline, overdue)
        return upgrade

    async def _reconcile(
        self, draft: Draft, changes: list[Any], by: str, deadline: float, overdue: Overdue
    ) -> None:
        """Bring supervisors in line. If a child does not start, the code goes back, too."""
        try:
            await reconcile(changes)
        except Exception as error:
            reason = f"a child did not start: {describe(error)} ({error})"
            if draft.back:
                raise CodeError(f"{reason}; the older code runs, its children do not all") from error
            back = self._backwards(tuple(draft.modules.of))
            await self._run(back, by, deadline, overdue, reason)
            raise UpgradeRefused(reason) from error

    # --- the way back -------------------------------------------------------------------------------------

    def _backwards(self, modules: tuple[str, ...]) -> Draft:
        if not modules:
            raise CodeError("name the modules to roll back, for example node.code.rollback('shop.agents')")
        kept: list[_Kept] = []
        for name in modules:
            found = self._kept.get(name)
            if found is None:
                meant = nearest(name, self._kept) if name not in sys.modules else ""
                raise CodeError(
                    f"{name} has no earlier version here: it was not upgraded, or that was purged{meant}"
                )
            if found not in kept:
                kept.append(found)
        old = {name: running for each in kept for name, running in each.old.items()}
        for each in kept:
            for name, module in each.put.items():
                if versions.of(name).module is not module:
                    raise CodeError(
                        f"{name} was upgraded together with {', '.join(modules)}, and has been upgraded since; plan instead"
                    )
        running = {name: versions.of(name) for name in old}
        sources = {name: before.source for name, before in old.items()}
        back = Modules({name: before.module for name, before in old.items()}, {})
        return Draft(secrets.token_hex(4), "rollback", modules, running, sources, back)

    def _remember(self, draft: Draft) -> None:
        for name in draft.modules.of:
            self._forget(name)
            look_again(name)
        self._node.scheduler.listening.tap.code_changed()
        if not draft.back:
            self._kept.update(dict.fromkeys(draft.modules.of, _Kept(draft)))
        else:
            self._undone.update({name: running.module for name, running in draft.old.items()})
        self._drafts.clear()

    def _forget(self, name: str) -> None:
        kept = self._kept.pop(name, None)
        undone = self._undone.pop(name, None)
        let_go([module for module in (undone, kept.modules[name] if kept is not None else None) if module])

    def _check_free(self) -> None:
        if self._busy is not None:
            raise CodeError(f"another {self._busy} is under way on this node; one at a time")

    def _claim(self, what: str) -> None:
        self._check_free()
        running_root(self._node)
        self._busy = what

    @contextlib.contextmanager
    def _alone(self) -> Generator[None]:
        """Until it is over; `_claim` has begun it, so that nobody else can."""
        try:
            yield
        finally:
            self._busy = None


def _steps(draft: Draft) -> tuple[Step, ...]:
    return tuple(Step(name, draft.old[name].name, draft.new[name].name) for name in draft.modules.of)
