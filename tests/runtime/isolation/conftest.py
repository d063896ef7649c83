"""A node whose isolated processes have left nothing behind when the test is over."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from runtime import Node
from runtime.isolation import sweep
from tests.support.eventually import eventually_sync


def descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
async def node():
    threads = set(threading.enumerate())
    before = descriptors()
    async with Node("bank", introspection=False) as node:
        yield node
    assert sweep.members(f"{node.incarnation}.") == []
    eventually_sync(lambda: set(threading.enumerate()) - threads == set())
    assert descriptors() <= before
