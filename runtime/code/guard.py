"""Rolling back by itself, if crashes rise after an upgrade.

    commit ──> Watch: hears of each crash (`Ledger.crash_watchers`) ── too many ──> the code room is free? ──> rollback
                 │                                                                                  refused: at the next crash, again
                 └── over: its time is up, its modules were changed or purged, or the node ends

One watch for each upgrade that asked for it. It counts at the crash itself, so neither how many there are nor how fast they come matters.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextvars import Context
from typing import TYPE_CHECKING, Final, Protocol

from .. import exits
from ..errors import UpgradeRefused, describe

if TYPE_CHECKING:
    from ..node import Node
    from .draft import Draft
    from .records import Guard, Upgrade
    from .transaction import Overdue

__all__ = ["Guards", "Watch"]

LOOK_S: Final = 0.02
"""Seconds between two looks at whether the code room is free."""
AGAIN_S: Final = 5.0
"""Seconds from a refusal to the next attempt, at least; each time twice as many."""


class Room(Protocol):
    """What rolls back."""

    @property
    def busy(self) -> str | None:
        """What is under way."""
        ...

    async def rollback(
        self, *modules: str, by: str = ..., deadline: float = ..., overdue: Overdue = ..., reason: str = ...
    ) -> Upgrade:
        """Back to the version before."""
        ...


class Guards:
    """The watches of one node.

    Args:
        node: whose crashes.
        room: what rolls back.
    """

    def __init__(self, node: Node, room: Room) -> None:
        self._node: Final = node
        self._room: Final = room
        self._watches: Final[set[Watch]] = set()

    def __len__(self) -> int:
        return len(self._watches)

    def begin(self, guard: Guard, draft: Draft, deadline: float, overdue: Overdue) -> None:
        """Watch an upgrade, from now on. A rollback has its options."""
        watch = Watch(self._node, self._room, guard, draft, deadline, overdue)
        self._watches.add(watch)
        watch.task.add_done_callback(lambda _: self._watches.discard(watch))

    def over(self, modules: Collection[str]) -> None:
        """These modules are others now, or there is no way back: nobody watches them any more."""
        for watch in [each for each in self._watches if not each.modules.isdisjoint(modules)]:
            watch.cancel()


class Watch:
    """Watches the crashes of some modules' processes after an upgrade, and those of others in what they use of these modules.

    Args:
        node: whose crashes.
        room: what rolls back.
        guard: how many are too many.
        draft: the upgrade.
        deadline: of the rollback.
        overdue: of the rollback.

    Attributes:
        modules: those of the upgrade.
        task: what watches.
    """

    def __init__(
        self, node: Node, room: Room, guard: Guard, draft: Draft, deadline: float, overdue: Overdue
    ) -> None:
        self.modules: Final = frozenset(draft.modules.of)
        self._places: Final = self.modules | {
            source.path for source in draft.sources.values() if source is not None
        }
        self._node: Final = node
        self._room: Final = room
        self._crashes: Final = guard.crashes
        self._deadline: Final = deadline
        self._overdue: Final[Overdue] = overdue
        self._loop: Final = node.scheduler.loop
        self._since: Final = self._loop.time()
        self._until: Final = self._since + guard.seconds
        self._count = 0
        self._too_many: Final = asyncio.Event()
        self._at_it = self._cancelled = False
        node.ledger.crash_watchers.add(self._hear)
        root = node.root
        watched = exits.watch(root, lambda _reason: self._node_ends()) if root is not None else None

        def over(_: object) -> None:
            node.ledger.crash_watchers.discard(self._hear)
            if root is not None and watched is not None:
                root.watchers.pop(watched, None)

        self.task: Final = self._loop.create_task(self._run(), context=Context())
        self.task.add_done_callback(over)

    def cancel(self) -> None:
        """Watch no more. A rollback that has begun is not stopped."""
        self._cancelled = True
        if not self._at_it:
            self.task.cancel()

    def _node_ends(self) -> None:
        self._cancelled = True
        if not self._at_it:
            self._node.scheduler.cancel(self.task)

    def _hear(self, places: Collection[str], count: int) -> None:
        """There were crashes in such code."""
        if self._places.isdisjoint(places) or self._loop.time() > self._until:
            return
        self._count += count
        if self._count >= self._crashes:
            self._too_many.set()

    async def _run(self) -> None:
        pause = AGAIN_S
        while await self._fires() and not await self._roll_back():
            self._too_many.clear()
            await asyncio.sleep(pause)
            pause *= 2

    async def _fires(self) -> bool:
        """Whether there are too many, once that is known; and there is room."""
        if not self._too_many.is_set():
            try:
                async with asyncio.timeout_at(self._until):
                    await self._too_many.wait()
            except TimeoutError:
                return False
        while self._room.busy is not None:  # noqa: ASYNC110 - it is hardly ever, and then not for long
            await asyncio.sleep(LOOK_S)
        return self._node._stopping is None  # what crashes while it stops is nobody's fault

    async def _roll_back(self) -> bool:
        """Whether it is done, or can never be."""
        reason = f"{self._count} crashes within {self._loop.time() - self._since:.1f} s of the upgrade"
        self._at_it = True
        try:
            await self._room.rollback(
                *sorted(self.modules),
                by="guard",
                deadline=self._deadline,
                overdue=self._overdue,
                reason=reason,
            )
        except Exception as error:
            text = f"the guard could not roll back: {describe(error)}"
            self._node.ledger.recorder.record("code_changed", text=text)
            return self._cancelled or not isinstance(error, UpgradeRefused)
        finally:
            self._at_it = False
        return True
