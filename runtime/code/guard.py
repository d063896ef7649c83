"""Rolling back by itself, if crashes rise after an upgrade."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from .. import exits

if TYPE_CHECKING:
    from ..node import Node
    from .records import Guard

__all__ = ["Watch"]

LOOK_S: Final = 0.05
"""Seconds between two looks at the crash reports."""


class Watch:
    """Watches the crashes of some modules' processes after an upgrade.

    Args:
        node: whose crashes.
        guard: how many are too many.
        modules: their behaviours' modules.
        give_up: called, once, with why.
    """

    def __init__(
        self, node: Node, guard: Guard, modules: frozenset[str], give_up: Callable[[str], Awaitable[object]]
    ) -> None:
        self._node: Final = node
        self._guard: Final = guard
        self._modules: Final = modules
        self._give_up: Final = give_up
        self._since: Final = time.time()
        self._task: Final = asyncio.ensure_future(self._run())
        if node.root is not None:
            exits.watch(node.root, lambda _reason: self.cancel())

    def cancel(self) -> None:
        """Watch no more. Not from within what `give_up` does."""
        if self._task is not asyncio.current_task():
            self._task.cancel()

    async def _run(self) -> None:
        until = time.time() + self._guard.seconds
        while time.time() < until:
            count = self._crashes()
            if count >= self._guard.crashes:
                await self._give_up(
                    f"{count} crashes within {time.time() - self._since:.1f} s of the upgrade"
                )
                return
            await asyncio.sleep(LOOK_S)

    def _crashes(self) -> int:
        return sum(
            1
            for crash in self._node.ledger.crashes.copy()
            if crash.at >= self._since
            and not (type(crash.reason) is str and crash.reason == "killed")
            and crash.behaviour.partition(":")[0] in self._modules
        )
