"""A home of its own for every test, and ports that are closed after it and must have left nothing."""

from __future__ import annotations

import shutil
import tempfile
import threading
from pathlib import Path

import pytest

from runtime.port.service import Port
from tests.runtime.port.fake_node import FakeNode
from tests.support.eventually import eventually_sync


@pytest.fixture
def home(monkeypatch):
    """Short, since a UNIX socket's path must be."""
    path = Path(tempfile.mkdtemp(prefix="obs-", dir="/tmp"))
    monkeypatch.setenv("OBSERVER_HOME", str(path))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def open_port(home):
    """Start a port; all are stopped at the end, and every thread has to be gone."""
    before = set(threading.enumerate())
    ports: list[Port] = []

    def start(name="bank", incarnation="", handler=None, **options):
        incarnation = incarnation or f"incarnation{len(ports)}"
        port = Port(handler or FakeNode(), name=name, incarnation=incarnation, **options)
        ports.append(port)
        port.start()
        return port

    yield start
    for port in ports:
        port.handler.let_go()
        port.stop()
    eventually_sync(
        lambda: not {t for t in set(threading.enumerate()) - before if t.name.startswith("observer")}
    )
    assert list((home / "run").iterdir()) == []


@pytest.fixture
def port(open_port):
    """A node called `bank`, with a TCP port."""
    return open_port(port=0)
