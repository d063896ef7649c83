"""What the README's table advises to do instead: the neighbours do not feel it, and nobody is interrupted."""

import asyncio
import contextlib
import logging
import logging.handlers
import os
import queue
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime import Node, ProcessDied, Reply, Server
from tests.support.eventually import eventually
from tests.support.processes import serve


class Shared:
    """What the host has given."""

    def __init__(self):
        self.lock = threading.Lock()
        self.queue = queue.Queue()
        self.pool = ThreadPoolExecutor(1)
        self.log = logging.getLogger("advised")
        self.log.propagate = False
        self.inside = False
        self.seen = []


class Advised(Server):
    """Does what it is sent the name of."""

    def init(self):
        return ()

    def handle_cast(self, message, state):
        shared = self.resource(Shared)
        shared.seen.append(getattr(self, message)(shared))
        return state

    def sleeps(self, shared):
        return self.wait(asyncio.sleep(0.1, "slept"))

    def gets_from_a_queue(self, shared):
        return self.wait(asyncio.to_thread(shared.queue.get))

    def uses_an_executor(self, shared):
        return self.wait(asyncio.get_running_loop().run_in_executor(shared.pool, shared.queue.get))

    def logs_to_a_slow_pipe(self, shared):
        shared.log.error("x" * 1_000_000)
        return "logged"

    def is_critical(self, shared):
        for _ in range(20):
            with self.critical(), shared.lock:
                shared.inside = True
                until = time.perf_counter() + 0.004
                while time.perf_counter() < until:
                    pass
                shared.inside = False
        return "left"


@pytest.fixture
async def advised():
    """A node with one process; what is shared; and the slicer."""
    shared = Shared()
    async with Node("advised", resources={Shared: shared}, introspection=False) as node:
        yield await serve(node, Advised), shared, node.scheduler.mode.slicer
    shared.pool.shutdown()


async def test_waiting_costs_no_slices(advised):
    pid, shared, slicer = advised
    pid.cast("sleeps")
    await eventually(lambda: shared.seen)
    assert shared.seen == ["slept"]
    assert (slicer.parks, slicer.interrupts) == (0, 0)


@pytest.mark.parametrize("message", ["gets_from_a_queue", "uses_an_executor"])
async def test_a_queue_is_waited_for_beside_the_process(advised, message):
    pid, shared, slicer = advised
    pid.cast(message)
    await asyncio.sleep(0.1)  # five times what a wait in `queue` would be allowed
    assert not shared.seen
    shared.queue.put("an item")
    await eventually(lambda: shared.seen)
    assert shared.seen == ["an item"]
    assert (slicer.parks, slicer.interrupts) == (0, 0)


async def test_a_queue_handler_keeps_a_slow_pipe_away_from_the_process(advised):
    pid, shared, slicer = advised
    reading, writing = os.pipe()
    lines = queue.SimpleQueue()
    shared.log.addHandler(handler := logging.handlers.QueueHandler(lines))
    with os.fdopen(writing, "w") as pipe:
        listener = logging.handlers.QueueListener(lines, logging.StreamHandler(pipe))
        listener.start()
        pid.cast("logs_to_a_slow_pipe")
        await eventually(lambda: shared.seen)
        assert slicer.interrupts == 0
        drained = asyncio.create_task(asyncio.to_thread(_drain, reading, 1_000_000))
        await asyncio.to_thread(listener.stop)
        await drained
    shared.log.removeHandler(handler)
    os.close(reading)


def _drain(reading, count):
    while count > 0:
        count -= len(os.read(reading, 1 << 20))


async def test_the_host_never_meets_a_lock_that_is_held_inside_critical(advised):
    pid, shared, slicer = advised
    pid.cast("is_critical")
    while not shared.seen:
        assert shared.lock.acquire(blocking=False)
        assert not shared.inside
        shared.lock.release()
        await asyncio.sleep(0)
    assert shared.seen == ["left"]
    assert slicer.parks > 0
    assert (slicer.interrupts, slicer.rescues) == (0, 0)


class OwnsTheConnection(Server):
    """Writes each item in a transaction of its own, which takes many slices."""

    def init(self):
        return ()

    def handle_call(self, item, caller, state):
        database = self.resource(sqlite3.Connection)
        database.execute("insert into items values (?)", (item,))
        until = time.perf_counter() + 0.02
        while time.perf_counter() < until:
            pass
        if item == "dropped":
            database.rollback()
        else:
            database.commit()
        return Reply(item, state)


async def test_where_one_process_owns_a_connection_a_rollback_undoes_only_its_own():
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.execute("create table items (item text)")
        async with Node("advised", resources={sqlite3.Connection: database}, introspection=False) as node:
            owner = await serve(node, OwnsTheConnection)
            await asyncio.gather(*map(owner.call, ("first", "dropped", "second")))
            assert node.scheduler.mode.slicer.parks > 0
        assert database.execute("select item from items").fetchall() == [("first",), ("second",)]


async def test_sqlite_waits_for_a_lock_of_another_for_less_than_its_time_out(tmp_path):
    with (
        contextlib.closing(sqlite3.connect(tmp_path / "items.db")) as ours,
        contextlib.closing(sqlite3.connect(tmp_path / "items.db", timeout=5.0)) as theirs,
    ):
        ours.execute("create table items (item text)")
        ours.execute("begin exclusive")
        async with Node("advised", resources={sqlite3.Connection: theirs}, introspection=False) as node:
            owner = await serve(node, OwnsTheConnection)
            began = time.perf_counter()
            with pytest.raises(ProcessDied, match="database is locked"):
                await owner.call("an item", timeout=30)
            assert time.perf_counter() - began < 4
        ours.rollback()
