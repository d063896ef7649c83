"""A node lets itself be seen: socket, port and threads come with it and go with it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
import threading
from pathlib import Path

import pytest

from runtime import ChildSpec, Node, Reply, Server, Supervisor
from runtime.port import keys
from runtime.port.client import Client, find, nodes
from runtime.port.contract import AuditQuery, Failure, Feed, Kill, NodeQuery, Ps, Role, State
from runtime.port.errors import PortError
from tests.support.eventually import eventually


class Account(Server):
    def init(self):
        return 0

    def handle_call(self, message, caller, balance):
        return Reply(balance + message, balance + message)


@pytest.fixture
def home(monkeypatch):
    """Short, since a UNIX socket's path must be."""
    path = Path(tempfile.mkdtemp(prefix="obs-", dir="/tmp"))
    monkeypatch.setenv("OBSERVER_HOME", str(path))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def nothing_left():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


async def ask(place, *requests, key=None):
    """Ask from a thread: the client blocks."""

    def work():
        with Client(find(place), key=key) as client:
            return [client.ask(request) for request in requests]

    answer: asyncio.Future = asyncio.get_running_loop().create_future()

    def run():
        try:
            result = work()
        except BaseException as error:
            loop.call_soon_threadsafe(answer.set_exception, error)
        else:
            loop.call_soon_threadsafe(answer.set_result, result)

    loop = asyncio.get_running_loop()
    thread = threading.Thread(target=run)
    thread.start()
    try:
        return await answer
    finally:
        thread.join()


async def test_a_node_is_found_by_its_name_and_answers(home, nothing_left):
    async with Node("bank") as node:
        assert node.address is None
        await node.start(Supervisor([ChildSpec("alice", Account)], name="tree"))
        assert [place.name for place in nodes()] == ["bank"]
        info, page = await ask("bank", NodeQuery(), Ps())
        assert (info.name, info.incarnation, info.port) == ("bank", node.incarnation, None)
        assert [row.name or row.label for row in page.rows] == ["bank (root)", "tree", "alice"]
    assert nodes() == []
    assert list((home / "run").iterdir()) == []


async def test_a_tcp_port_is_opened_where_one_is_asked_for(home, nothing_left):
    async with Node("bank", port=0) as node:
        host, port = node.address
        (info,) = await ask(f"{host}:{port}", NodeQuery())
        assert (info.host, info.port) == (host, port)


async def test_changes_go_through_and_are_recorded_with_the_key(home, nothing_left):
    async with Node("bank") as node:
        await node.start(ChildSpec("alice", Account))
        await node.named("alice").call(5)
        state, done, audit = await ask("bank", State(process="alice"), Kill(process="alice"), AuditQuery())
        assert state.value == 5
        assert done.text == "alice was ended: kill"
        assert (audit.entries[0].key, audit.entries[0].action) == ("owner", "kill")


async def test_what_a_role_does_not_allow_is_recorded_too(home, nothing_left):
    async with Node("bank") as node:
        await node.start(ChildSpec("alice", Account))
        keys.add("viewer", Role.VIEWER)
        with pytest.raises(Failure, match="needs the role operator"):
            await ask("bank", Kill(process="alice"), key="viewer")
        (audit,) = await ask("bank", AuditQuery())
        (entry,) = audit.entries
        assert (entry.key, entry.action, entry.target) == ("viewer", "kill", "alice")
        assert entry.outcome == "kill needs the role operator; the key 'viewer' is viewer"


async def test_a_reader_that_waits_does_not_hold_up_the_end(home, nothing_left):
    async with Node("bank"):
        (page,) = await ask("bank", Feed())
        waiting = asyncio.create_task(ask("bank", Feed(cursor=page.cursor, wait_s=30)))
        await eventually(lambda: [t for t in threading.enumerate() if t.name == "observer-peer"])
    with contextlib.suppress(Failure):  # cut off, or told that there was nothing: either is an end
        await asyncio.wait_for(waiting, 5)


async def test_the_cost_of_observing_includes_the_port(home, nothing_left):
    async with Node("bank"):
        spent: list[float] = []

        async def look():
            while not spent or spent[-1] == 0:
                spent.extend(info.observer_ms_per_s for info in await ask("bank", NodeQuery()))

        await asyncio.wait_for(look(), 10)
        assert spent[-1] > 0


async def test_two_nodes_of_one_name_cannot_both_be_seen_and_nothing_is_left(home, nothing_left):
    async with Node("bank", port=0) as first:
        with pytest.raises(PortError):
            async with Node("other", port=first.address[1]):
                pytest.fail("it opened a port that was taken")
        assert [place.name for place in nodes()] == ["bank"]


async def test_a_node_that_wants_no_introspection_opens_nothing(home, nothing_left):
    async with Node("bank", introspection=False) as node:
        assert node.address is None
        assert not (home / "run").exists()
        assert not (home / "keys").exists()
