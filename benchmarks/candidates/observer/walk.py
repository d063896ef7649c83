"""A console that a trace session floods, and an operator who looks at what has come. Each step with the turns of the loop meanwhile.

    arriving    the records come, and the list follows them
    scrolling   through the list, with a filter and back
    telling     the story of the record under the cursor is read and drawn
    walking     through its waterfall and its diagram

The console is the real one, on a terminal of 120 by 40 cells that nobody sees; whom it asks is up to its client.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any, Final

from benchmarks.turns import Turns, turns
from runtime.port.contract import TraceLimits
from tui.app import ObserverApp
from tui.pages.timeline import TimelinePage

__all__ = ["PATTERN", "Walk"]

PATTERN: Final = "all handled"
"""One record of each message: as many as there are spans."""
_LIMITS: Final = TraceLimits(count=100_000, seconds=600, rate=1_000_000, work=1_000_000, queue=100_000)
_SIZE: Final = (120, 40)
_INTERVAL_S: Final = 0.5
_POLL_S: Final = 0.05
"""Seconds between two looks at whether a step is over: few turns of those that are measured are this one's."""
_PATIENCE_S: Final = 120.0


class Walk:
    """One walk.

    Args:
        client: makes what the console asks, unconnected.
        count: how many records come, all of one story, each of a span of its own.
        flood: lets them come; the session is open then.
    """

    def __init__(self, client: Callable[[], Any], count: int, flood: Callable[[], object]) -> None:
        self._count: Final = count
        self._flood: Final = flood
        self._app: Final = ObserverApp(client, interval=_INTERVAL_S)
        self._app.tracer.limits = _LIMITS

    async def steps(self) -> AsyncGenerator[tuple[str, Turns]]:
        """Each step, when it has been made. What is imported is not collected again and again, as in `tui.app.run`."""
        gc.collect()
        gc.freeze()
        try:
            async for step in self._steps():
                yield step
        finally:
            gc.unfreeze()

    async def _steps(self) -> AsyncGenerator[tuple[str, Turns]]:
        async with self._app.run_test(size=_SIZE) as pilot:
            await _until(lambda: self._app.session.node is not None)
            for step in (self._arriving, self._scrolling, self._telling, self._walking):
                with turns() as taken:
                    await asyncio.sleep(0)  # the turn that is under way now is not measured
                    await step(pilot)
                yield step.__name__.strip("_"), taken

    async def _arriving(self, _pilot: Any) -> None:
        tracer = self._app.tracer
        self._app.trace(PATTERN)
        await _until(lambda: tracer.session is not None or tracer.failure is not None)
        if tracer.failure is not None:
            raise tracer.failure
        self._flood()
        await _until(lambda: tracer.log.taken == self._count)

    async def _scrolling(self, pilot: Any) -> None:
        for _ in range(3):
            await pilot.press("pageup", "pageup", "up")
        await pilot.press("home", "end", "slash", *"agent", "escape", "enter", "up", "escape")

    async def _telling(self, pilot: Any) -> None:
        await pilot.press("t")
        await _until(self._is_told)

    def _is_told(self) -> bool:
        page = self._app.page
        return isinstance(page, TimelinePage) and page.reading is None and len(page.story.bars) == self._count

    async def _walking(self, pilot: Any) -> None:
        await pilot.press("pagedown", "pagedown", "end", "home", "s", "s", "z", "z")
        await pilot.press("v", "pagedown", "right", "end", "left", "enter", "escape")


async def _until(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not check():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {_PATIENCE_S:g} s: {check.__qualname__}")
        await asyncio.sleep(_POLL_S)
