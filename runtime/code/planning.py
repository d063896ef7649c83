"""A dry run: what an upgrade would do, and why it could not. Nothing is touched; states are migrated on copies.

It works in slices of 0.5 ms, so that a large node is planned for without being felt. Only executing the modules is one stretch.
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (states are of any type)

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final, Literal

from ..coroutine import CoroutineProcess
from ..pid import pid_text
from ..server import Server
from ..server_process import ServerProcess
from ..status import ENDED
from . import cautions, contract, coroutines
from .affected import Summary, behaviour_of, concerned, is_far
from .migration import Migration, NotMigrated
from .parts import Parts
from .records import Caution, Failure, ModulePlan, Plan, Problem
from .source import compare, diff
from .supervisors import differences
from .translation import Untranslatable

if TYPE_CHECKING:
    from ..node import Node
    from ..process import Process
    from .draft import Draft

__all__ = ["Breath", "Planning"]

SLICE_S: Final = 0.0005
SHOWN: Final = 100


class Breath:
    """Lets the loop have its turn when a slice is used up."""

    def __init__(self) -> None:
        self._until = time.perf_counter() + SLICE_S

    async def __call__(self) -> None:
        """Let others have their turn, if it is time."""
        if time.perf_counter() >= self._until:
            await asyncio.sleep(0)
            self._until = time.perf_counter() + SLICE_S


class Planning:
    """Makes the plan of a draft."""

    def __init__(self, node: Node, draft: Draft) -> None:
        self._node: Final = node
        self._draft: Final = draft
        self._migration: Final = Migration(draft)
        self._failures: list[Failure] = []
        self._failed = self._migrated = self._elsewhere = 0
        self._migrated_s = 0.0
        self._parts: Final = Parts(node, draft, lambda _: None, lambda _: None)

    async def plan(self) -> Plan:
        """The plan."""
        draft, breath = self._draft, Breath()
        await asyncio.sleep(0)  # executing the modules was a stretch of its own
        summary, promises, beside = Summary(draft), contract.Contract(draft), cautions.Beside()
        for page in self._node.table.slices():
            for process in page:
                if process.status == ENDED:
                    continue
                if process.place == "isolated":
                    self._parts.look(process)
                if concerned(draft, process):
                    summary.add(process)
                    promises.look(process)
                    beside.look(process)
                    self._try(process)
                else:
                    self._letters_elsewhere(process)
                await breath()
        outside = cautions.Outside(draft)
        for _ in outside:
            await breath()
        warnings = [*promises.cautions, *cautions.of_sources(draft), *outside.cautions, *beside.cautions()]
        if self._elsewhere:
            text = "messages in mailboxes of other processes are of old classes, and stay so"
            warnings.append(Caution("messages", f"{self._elsewhere} waiting", text))
        children, more = await self._children(breath)
        more += [problem for problem in await self._isolated() if problem not in promises.problems]
        modules: list[ModulePlan] = []
        for name in draft.modules.of:
            await breath()
            modules.append(self._module(name))
        await breath()
        return Plan(
            id=draft.id,
            at=time.time(),
            kind=draft.kind,
            modules=tuple(modules),
            dependants=tuple(sorted(outside.names)),
            affected=summary.all(),
            children=children,
            problems=(*promises.problems, *more),
            cautions=tuple(warnings),
            failures=tuple(self._failures),
            failed=self._failed,
            migrated=self._migrated,
            executed_s=draft.modules.executed_s,
            migrated_s=self._migrated_s,
        )

    async def _isolated(self) -> list[Problem]:
        """What their OS processes have found; their failures are among the others then."""
        problems: dict[Problem, None] = {}
        for process, found in await self._parts.findings():
            if found.error:
                problems[Problem(pid_text(process.number), f"in its OS process: {found.error}")] = None
            problems.update(dict.fromkeys(found.problems))
            self._failures.extend(found.failures[: SHOWN - len(self._failures)])
            self._failed += found.failed
            self._migrated += found.migrated
        return list(problems)

    async def _children(self, breath: Breath) -> tuple[tuple[str, ...], list[Problem]]:
        try:
            found = await differences(self._node, self._draft, breath)
        except NotMigrated as error:
            return (), [Problem("supervisors", f"the new tree could not be made: {error}")]
        return tuple(map(str, found)), []

    def _module(self, name: str) -> ModulePlan:
        draft = self._draft
        before, after = draft.old[name].source, draft.sources[name]
        path = after.path if after is not None else before.path if before is not None else ""
        known = before is not None and after is not None
        return ModulePlan(
            module=name,
            old=draft.old[name].name,
            new=draft.new[name].name,
            path=path,
            diff=diff(before.text, after.text, path)
            if known and before is not None and after is not None
            else "",
            changes=compare(before.tree if before is not None else None, after.tree)
            if after is not None
            else (),
            asked=name in draft.asked,
        )

    def _try(self, process: Process) -> None:
        """Migrate a copy of its state, and look at its messages."""
        began = time.perf_counter()
        try:
            if isinstance(process, CoroutineProcess):
                if is_far(process):
                    return
                new: Any = self._draft.new_of(behaviour_of(process))
                why = coroutines.check(process, new, self._draft.translation) if new is not None else None
                if why is not None:
                    self._fails(process, "state", why)
            elif isinstance(process, ServerProcess) and self._has_server(process):
                self._migration.move(process)
                self._migrated += not is_far(process)
        except NotMigrated as error:
            self._fails(process, error.what, str(error))
        except Untranslatable as error:
            self._fails(process, "state", str(error))
        finally:
            self._migrated_s += time.perf_counter() - began

    def _has_server(self, process: ServerProcess) -> bool:
        """Whether there is something to migrate to; if not, the contract says so."""
        new = self._draft.new_of(type(process.handle))
        return isinstance(new, type) and issubclass(new, Server) and not process.initialising

    def _fails(self, process: Process, what: Literal["state", "message"], text: str) -> None:
        self._failed += 1
        if len(self._failures) < SHOWN:
            self._failures.append(Failure(pid_text(process.number), process.name, what, text))

    def _letters_elsewhere(self, process: Process) -> None:
        for entry in list(process.mailbox or ())[:1000]:
            self._elsewhere += self._draft.translation.holds(entry[1])
