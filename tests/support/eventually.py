"""Waiting for something to become true, with a deadline: never a bare sleep in a test."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(check: Callable[[], T], within: float = 5.0) -> T:
    """The first true value of `check()`, asked after every turn of the loop; fails after `within` seconds."""
    deadline = time.monotonic() + within
    while not (value := check()):
        assert time.monotonic() < deadline, f"not within {within} s: {check}"
        await asyncio.sleep(0.001)
    return value


def eventually_sync(check: Callable[[], T], within: float = 5.0) -> T:
    """As `eventually`, for tests that have no loop."""
    deadline = time.monotonic() + within
    while not (value := check()):
        assert time.monotonic() < deadline, f"not within {within} s: {check}"
        time.sleep(0.005)
    return value
