"""Virtual time: a loop whose clock jumps to the next timer as soon as nothing else is to be done.

    @virtual_time
    async def test_a_timer_fires():
        async with virtual_node() as node:      a node on the loop's clock, that opens no port
            await asyncio.sleep(3600)           takes no time at all

A test that would wait for ever fails at once. What other threads do is not waited for.
"""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

from runtime import Node

__all__ = ["VirtualLoop", "virtual_node", "virtual_time"]


class _Selector(selectors.DefaultSelector):
    """Waits for nothing: what would be a wait moves the clock."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise AssertionError("this test would wait for ever: nothing is ready, and no timer is set")
        if not ready and timeout is not None and timeout > 0:
            self.now += timeout
            assert self.now < 1e9, (
                "this test would wait for ever: its only timers are set for the end of time"
            )
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time, in seconds from 1000 on."""

    def __init__(self) -> None:
        self._clock = _Selector()
        super().__init__(self._clock)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self._clock.now


def virtual_node(name: str = "t", **options: Any) -> Node:
    """A node that nobody can attach to, on the clock of the running loop."""
    node = Node(name, introspection=False, **options)
    node._clock = asyncio.get_running_loop().time
    return node


def virtual_time(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test in a virtual loop of its own."""

    @functools.wraps(test)
    def run(*args: Any, **options: Any) -> None:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(test(*args, **options))

    return run
