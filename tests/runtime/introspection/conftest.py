"""Live nodes that are closed after the test, and must have left no thread."""

from __future__ import annotations

import logging
import threading

import pytest

from tests.runtime.introspection.behaviours import gates
from tests.runtime.introspection.live import LiveNode


@pytest.fixture
def live(monkeypatch):
    """Start a node; all are stopped at the end."""
    monkeypatch.setattr(logging.getLogger("observer"), "disabled", True)
    before = set(threading.enumerate())
    nodes: list[LiveNode] = []

    def start(*specs, **options):
        async def setup(node):
            for spec in specs:
                await node.start(spec)

        nodes.append(LiveNode(setup, **options))
        return nodes[-1]

    yield start
    for gate in gates.values():
        gate.set()
    gates.clear()
    for node in nodes:
        node.close()
    assert set(threading.enumerate()) - before == set()
