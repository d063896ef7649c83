"""The console under test: a fixed clock, and a link without threads, so that nothing depends on timing.

console = Console(crew())
async with console.open() as pilot:
    await console.poll(pilot)       the next poll, and everything that follows from it
    console.clock.pass_(12)         time goes on for the console, and for nobody else
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, ClassVar

from rich.segment import Segment
from textual.pilot import Pilot

from runtime.port.contract import Failure, PortRequest
from tests.support.fake_node import FakeNode
from tui.app import ObserverApp
from tui.feed import Fed, Feed
from tui.link import Answered, Asker, Link, Lost, Refused, Watch
from tui.pages.page import Page
from tui.spans import plain


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


class InlineLink(Link):
    """The link, polling in the console's own thread when it is poked."""

    opened: Asker | None = None
    running = False
    attempt = 0

    def start(self) -> None:
        self.running = True
        self.poke()

    def stop(self, within: float = 0.5) -> None:
        self.running = False

    def watch(self, watch: Watch, *, now: bool = True) -> None:
        self._watch = watch
        if now:
            self.poke()

    def pace(self, interval: float) -> None:
        self._interval = interval

    def poke(self) -> None:
        if not self.running:
            return
        try:
            self.opened = self.opened or self._connected()
            self._round(self.opened)
            self.attempt = 0
        except Failure as failure:
            self.opened = None
            self.attempt += 1
            self._deliver(Lost(failure, self.attempt))

    def ask(self, token: str, request: PortRequest[Any]) -> None:
        try:
            self._deliver(Answered(token, request, self._connected().ask(request)))
        except Failure as failure:
            self._deliver(Refused(token, request, failure))


class InlineFeed(Feed):
    """The feed of a trace session, read in the console's own thread when the console polls."""

    running: ClassVar[list[InlineFeed]] = []

    def start(self) -> None:
        self.session = 0
        try:
            self._asker = self._client()
            self._asker.connect()
            answer = self._asker.ask(self.opening)
        except Failure as failure:
            self._deliver(Fed(self, over=True, failure=failure))
            return
        self.session = answer.session
        self._deliver(Fed(self, session=answer))
        InlineFeed.running = [self]

    def end(self) -> None:
        self.session = 0

    def poke(self) -> None:
        """Read all that is there."""
        more = bool(self.session)
        while more:
            try:
                self._next(self._asker, self.session)
            except Failure as failure:
                self.session = 0
                self._deliver(Fed(self, over=True, failure=failure))
            tracing = self._asker._node.tracing
            more = bool(self.session) and bool(tracing.queue)
            if tracing.session.end is not None and not tracing.queue:
                self.session = 0


class Console:
    """An app on a fake node."""

    def __init__(self, node: FakeNode, **options: Any) -> None:
        self.node = node
        InlineFeed.running = []
        self.clock = Clock()
        self.app = ObserverApp(
            node.client,
            **{"address": "crew", "clock": self.clock, "link": InlineLink, "feed": InlineFeed, **options},
        )

    @asynccontextmanager
    async def open(self, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Pilot[Any]]:
        async with self.app.run_test(size=size, notifications=True) as pilot:
            await settle(pilot)
            yield pilot

    async def poll(self, pilot: Pilot[Any], seconds: float = 1.0) -> None:
        """The next poll, a second later on both clocks."""
        self.clock.pass_(seconds)
        self.node.later(seconds)
        self.app.link.poke()
        for feed in InlineFeed.running:
            feed.poke()
        await settle(pilot)

    @property
    def page(self) -> Any:
        page = self.app.page
        assert isinstance(page, Page)
        return page

    def screen_text(self) -> str:
        """What the terminal shows, as plain text."""
        screen = self.app.screen
        width, height = self.app.size
        strips = screen._compositor.render_strips()
        assert len(strips) == height
        return "\n".join(_text(strip)[:width] for strip in strips)


def _text(strip: Any) -> str:
    return "".join(segment.text for segment in strip if isinstance(segment, Segment))


async def settle(pilot: Pilot[Any]) -> None:
    """Until no widget has a message left to handle, three times in a row: one may lead to the next."""
    quiet = 0
    for _ in range(200):
        await pilot._wait_for_screen()
        stack = list(pilot.app.screen_stack)
        for (
            screen
        ) in stack:  # what waits for the next refresh is work, too; a page beneath a dialog also has some
            screen._on_timer_update()
        await turns_are_over()
        pumps = [pilot.app, *pilot.app.screen_stack, *pilot.app.screen.walk_children()]
        waiting = pilot.app._batch_count or any(screen._callbacks for screen in stack)
        calm = not waiting and all(pump._message_queue.empty() for pump in pumps)
        quiet = quiet + 1 if calm else 0
        if quiet == 3:
            break
    pilot.app.screen._on_timer_update()


async def turns_are_over(*_: float) -> None:
    """Until nothing but timers and other threads could give the loop anything to do."""
    ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
    for _turn in range(10_000):
        await asyncio.sleep(0)
        if not ready:
            return


def keys(*pressed: str) -> Callable[[Pilot[Any]], Any]:
    """For snapshots: settle, press, settle."""

    async def run(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        for key in pressed:
            await pilot.press(key)
            await settle(pilot)

    return run


__all__ = ["Clock", "Console", "InlineLink", "keys", "plain", "settle", "turns_are_over"]
