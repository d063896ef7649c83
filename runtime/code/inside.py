"""A node's upgrade, in the OS process of an isolated process: the other half of `parts`."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Coroutine
from contextvars import Context
from sys import modules as loaded
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from ..coroutine import CoroutineProcess
from ..errors import CodeError, describe
from ..preemption.guards import to_its_end
from . import versions
from .cautions import Outside
from .commit import let_go
from .draft import Draft
from .drafting import executed
from .parts import Findings, Order, Outcome
from .planning import Breath, Planning
from .sealed import Modules
from .source import Source
from .transaction import Transaction

if TYPE_CHECKING:
    from ..isolation.home import Home
    from .versions import Running

__all__ = ["Inside"]

DRAFTS: Final = 5
"""As many as the node keeps, and the one that is under way."""


class Inside:
    """What is done here when the node upgrades.

    Args:
        home: the node outside.
    """

    def __init__(self, home: Home) -> None:
        self._home: Final = home
        self._node: Final = home.node
        self._drafts: dict[str, Draft | None] = {}
        self._kept: dict[str, Running] = {}
        self._at_work: asyncio.Task[None] | None = None
        self._transaction: Transaction | None = None

    def hear(self, what: str, details: tuple[Any, ...]) -> None:
        """The node says something."""
        if what == "draft":
            self._begin(self._draft(*details))
        elif what == "prepare":
            self._begin(self._prepare(*details))
        elif what == "commit":
            self._commit(*details)
        elif what == "abort":
            self._abort()
        else:
            self._purge(*details)
            self._node.scheduler.listening.forget()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        loop = self._home.sched.loop
        self._at_work = loop.create_task(work, context=Context())

    def _say(self, what: str, id_: str, details: Any) -> None:
        self._home.frame("code", what, id_, details)

    # --- the dry run ------------------------------------------------------------------------------------

    async def _draft(self, order: Order) -> None:
        findings = Findings()
        try:
            if order.id not in self._drafts:
                findings = await self._planned(order)
        except CodeError as error:
            findings = Findings(error=str(error))
        except Exception as error:
            findings = Findings(error=describe(error))
        self._say("drafted", order.id, findings)

    async def _planned(self, order: Order) -> Findings:
        sources = {name: source for name, source in order.sources.items() if name in loaded}
        while len(self._drafts) >= DRAFTS:
            self._drop(next(iter(self._drafts)))
        if not sources:
            self._drafts[order.id] = None
            return Findings()
        old = {name: versions.of(name) for name in sources}
        modules = self._earlier(order, sources)
        if modules is None:
            known = {name: source for name, source in sources.items() if source is not None}
            if len(known) < len(sources):
                names = ", ".join(sorted(sources.keys() - known.keys()))
                raise CodeError(
                    f"it was started later, and the older source of {names} is not known; restart it instead"
                )
            modules = executed(self._node, known)
        draft = Draft(order.id, order.kind, order.asked, old, sources, modules)
        plan = await Planning(self._node, draft).plan()
        self._drafts[order.id] = draft
        return Findings("", plan.problems, plan.failures, plan.failed, plan.migrated)

    def _earlier(self, order: Order, sources: dict[str, Source | None]) -> Modules | None:
        """The modules that were replaced here, if they are those to go back to."""
        if order.kind != "rollback":
            return None
        found: dict[str, ModuleType] = {}
        for name, source in sources.items():
            kept = self._kept.get(name)
            if kept is None or (
                source is not None and kept.source is not None and kept.source.hash != source.hash
            ):
                return None
            found[name] = kept.module
        return Modules(found, {})

    # --- the transaction --------------------------------------------------------------------------------

    async def _prepare(self, id_: str) -> None:
        draft = self._drafts.get(id_)
        if draft is None:  # none of these modules is loaded here
            self._say("prepared", id_, "")
            return
        self._transaction = transaction = Transaction(self._node, draft, math.inf, "refuse")
        transaction.add(self._home.owner)
        transaction.renewed = self._renewed
        try:
            await transaction.prepare()
        except CodeError as error:
            transaction.abort()
            self._transaction = None
            self._say("prepared", id_, f"{error}")
        except BaseException:
            transaction.abort()
            raise
        else:
            transaction.hold()
            self._say("prepared", id_, "")

    @to_its_end
    def _commit(self, id_: str) -> None:
        transaction, self._transaction = self._transaction, None
        draft = self._drafts.pop(id_, None)
        if transaction is None or draft is None:
            self._say("committed", id_, Outcome())
            return
        transaction.commit()
        self._begin(self._sweep(transaction, draft))

    async def _sweep(self, transaction: Transaction, draft: Draft) -> None:
        outside, breath = Outside(draft), Breath()
        for _ in outside:
            await breath()
        outside.rebind()
        await transaction.sweep()
        self._purge(*draft.old)
        if not draft.back:
            self._kept.update(draft.old)
        owner = self._home.owner
        by_record = not isinstance(owner, CoroutineProcess) and draft.replaces(type(owner.handle))
        swap = transaction.swap
        self._say("committed", draft.id, Outcome(swap.count - by_record, transaction.left, swap.messages))

    def _abort(self) -> None:
        transaction, self._transaction = self._transaction, None
        if self._at_work is not None and not self._at_work.done():
            self._at_work.cancel()
        if transaction is not None:
            transaction.abort()

    def _renewed(self, process: Any) -> None:
        if process is self._home.owner:
            self._say("renewed", "", None)

    # --- what nobody goes back to -----------------------------------------------------------------------

    def _purge(self, *names: str) -> None:
        for id_ in list(self._drafts):
            self._drop(id_)
        for name in names:
            kept = self._kept.pop(name, None)
            if kept is not None:
                let_go([kept.module])

    def _drop(self, id_: str) -> None:
        draft = self._drafts.pop(id_)
        if draft is not None and not draft.back:
            let_go(draft.modules.of.values())
