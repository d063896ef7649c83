"""A node with a port, and connections to it that are closed after the test."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest

from runtime import ChildSpec, Supervisor
from runtime.port.client import Client, find
from tests.runtime.introspection.tracing.bank import Account, Bank, Clerk
from tests.support.eventually import eventually_sync


@pytest.fixture
def home(monkeypatch):
    """Short, since a UNIX socket's path must be."""
    path = Path(tempfile.mkdtemp(prefix="obs-", dir="/tmp"))
    monkeypatch.setenv("OBSERVER_HOME", str(path))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def node(live, home):
    """`clerk` hands deposits on to `alice`, who has a secret, and to `bob`, who redacts."""
    accounts = [ChildSpec("alice", Account), ChildSpec("bob", Bank), ChildSpec("clerk", Clerk)]
    node = live(Supervisor(accounts, max_restarts=1000, max_seconds=1), port=True)
    node.tap = node.node.scheduler.listening.tap
    return node


@pytest.fixture
def connect(node):
    """Connections to the node."""
    clients = []

    def client(**options):
        clients.append(Client(find("bank"), **options))
        clients[-1].connect()
        return clients[-1]

    yield client
    for each in clients:
        each.close()
    eventually_sync(lambda: not node.tap.sessions)  # every session ends with its connection


@pytest.fixture
def client(connect):
    return connect()
