"""The OS processes of isolated processes, as parts of a transaction of their node: the same modules are imported there.

    the node                            the OS process (`inside`)
    draft, with the sources    ──────>  execute them aside, try the migration of what lives there
                               <──────  drafted: what was found, or why not
    prepare, when all are at rest ───>  at their next message boundary: migrate, and hold
                               <──────  prepared, or why not
    commit, in the node's own moment ─> swap, go on
                               <──────  committed
    abort                      ──────>  go on with the old code

Whoever has said `prepared` is held until it hears `commit` or `abort`, so both sides change between the same two messages. An OS process
that dies meanwhile has ended, as at any other time, and is a part no more.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from ..status import ENDED
from .records import Failure, Problem
from .source import Source
from .translation import Translation, named

if TYPE_CHECKING:
    from types import ModuleType

    from ..node import Node
    from ..process import Process
    from .draft import Draft

__all__ = ["Behind", "Findings", "Order", "Outcome", "Parts", "purge"]

ANSWER_S: Final = 5.0
"""Seconds that a part has to say what it finds, or that it has done it."""


@dataclass(frozen=True)
class Order:
    """What is to be done, as it crosses.

    Attributes:
        id: of the plan.
        kind: `upgrade` or `rollback`.
        asked: the modules that were named.
        sources: of all modules of the transaction; None where the node does not know it.
    """

    id: str
    kind: Literal["upgrade", "rollback"]
    asked: tuple[str, ...]
    sources: dict[str, Source | None]


@dataclass(frozen=True)
class Findings:
    """What a part has found. All plain data.

    Attributes:
        error: why nothing can be done there; empty for nothing.
        problems: broken promises.
        failures: states and messages that cannot be migrated.
        failed: how many there are.
        migrated: how many states were migrated, on copies.
    """

    error: str = ""
    problems: tuple[Problem, ...] = ()
    failures: tuple[Failure, ...] = ()
    failed: int = 0
    migrated: int = 0


@dataclass(frozen=True)
class Outcome:
    """What a part has done.

    Attributes:
        processes: how many were swapped there; a server that the node has a record of is counted by that.
        left: how many keep the old code.
        messages: how many were migrated.
    """

    processes: int = 0
    left: int = 0
    messages: int = 0


class Behind:
    """What a part says before it has heard of the commit: values of the old classes."""

    def __init__(self, draft: Draft) -> None:
        self.modules: Final[dict[str, ModuleType]] = {name: old.module for name, old in draft.old.items()}
        self._translation: Final[Translation] = draft.translation

    def find(self, module: str, name: str) -> Any:
        """A class or a function of an older module."""
        return named(self.modules[module], name)

    def now(self, value: Any) -> Any:
        """The value as the new code knows it; itself, where that cannot be."""
        try:
            return self._translation.rebuilt(value)
        except Exception:
            return value


class _Part:
    """One OS process."""

    def __init__(self, process: Any) -> None:
        self.process: Final = process
        self.stage: Literal["unborn", "draft", "drafted", "prepare", "prepared", "commit", "over"] = "unborn"
        self.findings: Findings | None = None
        self.outcome: Outcome | None = None

    @property
    def gone(self) -> bool:
        cell = self.process.cell
        return self.process.status == ENDED or (cell is not None and cell.closed)

    def say(self, what: str, *details: Any) -> None:
        if not self.gone and self.process.cell is not None:
            self.process.cell.frame("code", what, *details)


class Parts:
    """The parts of one transaction, or of its dry run.

    Args:
        node: whose.
        draft: what to do.
        drafted: told each process whose part has found nothing that speaks against it.
        fail: told why it cannot be done.
    """

    def __init__(
        self, node: Node, draft: Draft, drafted: Callable[[Any], None], fail: Callable[[str], None]
    ) -> None:
        self._node: Final = node
        self._draft: Final = draft
        self._order: Final = Order(
            draft.id,
            draft.kind,
            draft.asked,
            {name: _bare(source) for name, source in draft.sources.items()},
        )
        self._drafted: Final = drafted
        self._fail: Final = fail
        self._parts: dict[Process, _Part] = {}

    def look(self, process: Process) -> None:
        """An isolated process: its OS process takes part."""
        if process not in self._parts:
            self._parts[process] = part = _Part(process)
            self._begin(part)

    def _begin(self, part: _Part) -> None:
        cell = part.process.cell
        if cell is not None and cell.pid:
            cell.parts = self
            part.stage = "draft"
            part.say("draft", self._order)

    def _alive(self) -> Iterator[_Part]:
        for process, part in list(self._parts.items()):
            if part.gone:
                del self._parts[process]
            else:
                if part.stage == "unborn":
                    self._begin(part)
                yield part

    # --- the dry run ----------------------------------------------------------------------------------

    async def findings(self) -> list[tuple[Process, Findings]]:
        """What all have found; who says nothing in time, is stuck."""
        until = time.monotonic() + ANSWER_S
        while any(part.findings is None for part in self._alive()) and time.monotonic() < until:  # noqa: ASYNC110 - one may die as well
            await asyncio.sleep(0.001)
        late = Findings(error=f"its OS process has not answered within {ANSWER_S:g} s")
        return [(part.process, part.findings or late) for part in self._alive()]

    # --- the transaction ------------------------------------------------------------------------------

    def ready(self) -> bool:
        """Whether all are prepared. To be asked when everything else is: they are then told to be."""
        parts = list(self._alive())
        if any(part.stage in {"unborn", "draft"} for part in parts):
            return False
        for part in parts:
            if part.stage == "drafted":
                part.stage = "prepare"
                part.say("prepare", self._order.id)
        return all(part.stage == "prepared" for part in parts)

    def late(self) -> list[Process]:
        """Those that are not prepared."""
        return [part.process for part in self._alive() if part.stage != "prepared"]

    def commit(self) -> None:
        """In the moment in which the node changes: what it says from now on is of the new classes."""
        for part in self._alive():
            part.stage = "commit"
            part.process.cell.behind = Behind(self._draft)
            part.say("commit", self._order.id)

    def abort(self) -> None:
        """Nothing happens."""
        for part in self._alive():
            part.stage = "over"
            part.say("abort", self._order.id)
            part.process.cell.parts = None

    async def outcomes(self) -> list[tuple[Process, Outcome | None]]:
        """What all have done; None for who has not said so yet."""
        until = time.monotonic() + ANSWER_S
        while any(part.stage == "commit" for part in self._alive()) and time.monotonic() < until:  # noqa: ASYNC110 - one may die as well
            await asyncio.sleep(0.0005)
        return [(part.process, part.outcome) for part in self._alive()]

    # --- what they say --------------------------------------------------------------------------------

    def heard(self, process: Process, what: str, id_: str, details: Any) -> None:
        """A part says something (see `isolation.cell`)."""
        part = self._parts.get(process)
        if part is None or id_ != self._order.id:
            return
        if what == "drafted":
            self._found(part, details)
        elif what == "prepared" and part.stage == "prepare":
            if details:
                self._fail(details)
            else:
                part.stage = "prepared"
        elif what == "committed":
            part.stage, part.outcome = "over", details
            part.process.cell.parts = None

    def _found(self, part: _Part, findings: Findings) -> None:
        part.findings, part.stage = findings, "drafted"
        if findings.error:
            self._fail(f"{part.process}, in its OS process: {findings.error}")
        else:
            self._drafted(part.process)


def purge(node: Node, names: tuple[str, ...]) -> None:
    """Nobody goes back to earlier versions of these modules; and no plan is applied any more. Messages of old classes are kept no more."""
    node.scheduler.listening.forget()
    block = node.scheduler.block
    for cell in list(block.cells.values()) if block is not None else ():
        cell.frame("code", "purge", *names)


def _bare(source: Source | None) -> Source | None:
    """Without what has been made of it: code objects do not cross."""
    return Source(source.module, source.path, source.data) if source is not None else None
