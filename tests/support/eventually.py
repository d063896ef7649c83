"""Waiting for something to become true, with a deadline: never a bare sleep in a test."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def eventually(check: Callable[[], T | Coroutine[Any, Any, T]], within: float = 5.0) -> T:
    """The first true value of `check()`, which may be async, asked after every turn of the loop; fails after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        asked = check()
        value: T = await asked if inspect.iscoroutine(asked) else asked
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {within} s: {check}"
        await asyncio.sleep(0.001)


async def more(figure: Callable[[], float], within: float = 5.0) -> None:
    """Until a figure has grown: something goes on beside the test."""
    before = figure()
    await eventually(lambda: figure() > before, within)


def eventually_sync(check: Callable[[], T], within: float = 5.0) -> T:
    """As `eventually`, for tests that have no loop."""
    deadline = time.monotonic() + within
    while not (value := check()):
        assert time.monotonic() < deadline, f"not within {within} s: {check}"
        time.sleep(0.005)
    return value
