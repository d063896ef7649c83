"""Peers that mean harm, or know no better: each gets one refusal or a close within 3 s, and hurts nobody.

Every test here runs beside an honest client that was connected before; at the end it is still served over the
same connection, a new one is let in, and no thread of the port is left over.
"""

from __future__ import annotations

import socket
import threading
import time

import pytest

from runtime.port import dial, keys
from runtime.port.client import Client, find
from runtime.port.contract import Ps, Role
from runtime.port.places import Place
from tests.runtime.port.hostile_peers.tools import (
    LIMIT_S,
    SLACK_S,
)
from tests.support.eventually import eventually_sync


@pytest.fixture(autouse=True)
def honest(port):
    """An honest client, served before, during and after."""
    with Client(find("bank")) as client:
        client.ask(Ps())
        yield client
        start = time.monotonic()
        assert client.ask(Ps()).total == 1
        assert time.monotonic() - start < 1
        with Client(find("bank")) as another:
            assert another.ask(Ps()).total == 1
        eventually_sync(lambda: port.connections == 1)
        eventually_sync(lambda: sum(t.name == "observer-peer" for t in threading.enumerate()) == 1)


@pytest.fixture
def place(port):
    return Place(host="127.0.0.1", port=port.address[1])


@pytest.fixture
def stranger(port):
    """A TCP connection that has proven nothing."""
    with socket.create_connection(port.address) as sock:
        yield sock


@pytest.fixture
def insider(place):
    """The channel of somebody who has proven a viewer's key, and now leaves the path."""
    key = keys.add("mallory", Role.VIEWER)
    line = dial.dial(place, key, time.monotonic() + 5)
    channel = line.end._channel
    channel.deadline = time.monotonic() + LIMIT_S + SLACK_S
    yield channel
    line.end.close()
