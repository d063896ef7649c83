"""Plain handlers that block in the standard library, as most code does that was not written for asyncio."""

import asyncio
import logging
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from contextlib import suppress

import pytest

from runtime import Node, ProcessDied, Reply, Server
from tests.support.processes import OopsError, end_of, serve


class Blocks(Server):
    """Calls what it is sent the name of, and replies with what that returned."""

    def init(self):
        return ()

    def handle_call(self, message, caller, state):
        return Reply(globals()[message](), state)


def runs_a_program():
    """With three pipes `subprocess` waits in a selector."""
    code = "import sys, time; time.sleep(0.1); print('out'); print('err', file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], input="", capture_output=True, text=True)
    return done.stdout, done.stderr


def reads_a_socket():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(5)
        sends = threading.Timer(0.1, theirs.send, (b"late",))
        sends.start()
        return ours.recv(10)


def gets_from_a_simple_queue():
    items = queue.SimpleQueue()
    threading.Timer(0.1, items.put, ("late",)).start()
    return items.get()


@pytest.mark.parametrize(
    ("block", "answer"),
    [
        ("runs_a_program", ("out\n", "err\n")),
        ("reads_a_socket", b"late"),
        ("gets_from_a_simple_queue", "late"),
    ],
)
async def test_a_handler_that_blocks_is_parked_in_the_middle_and_gets_its_answer(block, answer):
    async with Node("blocks", introspection=False) as node:
        pid = await serve(node, Blocks)
        assert await pid.call(block) == answer
        assert node.scheduler.mode.slicer.parks >= 5
        assert node.scheduler.mode.slicer.interrupts == 0


def waits_for_an_event():
    threading.Event().wait(1)


def joins_a_thread():
    thread = threading.Thread(target=time.sleep, args=(0.3,))
    thread.start()
    thread.join()


def waits_for_a_future():
    Future().result(1)


@pytest.mark.parametrize("wait", ["waits_for_an_event", "joins_a_thread", "waits_for_a_future"])
async def test_a_wait_in_threading_is_parked_after_a_while(wait):
    async with Node("waits", introspection=False) as node:
        pid = await serve(node, Blocks)
        with suppress(ProcessDied):  # the future is never done, and says so
            await pid.call(wait)
        assert node.scheduler.mode.slicer.parks >= 3
        assert node.scheduler.mode.slicer.interrupts == 0


def writes_to_a_full_pipe():
    reading, writing = os.pipe()
    written = os.write(writing, bytes(1_000_000))
    os.close(reading)
    os.close(writing)
    return written


async def test_os_write_returns_early_with_what_it_has_written():
    async with Node("writes", introspection=False) as node:
        assert 0 < await (await serve(node, Blocks)).call("writes_to_a_full_pipe") < 1_000_000


class Crashes(Server):
    def init(self):
        return ()

    def handle_call(self, message, caller, state):
        raise OopsError

    def handle_cast(self, message, state):
        raise OopsError


class TakesItsTime(logging.Handler):
    """A host's log that is far away."""

    def emit(self, record):
        time.sleep(0.1)


@pytest.mark.parametrize("how", ["call", "cast"])
async def test_a_process_ends_in_peace_while_the_host_logs_it(how, caplog):
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: disturbed.append(context))
    disturbed = []
    log, handler = logging.getLogger("observer"), TakesItsTime()
    log.addHandler(handler)
    try:
        async with Node("ends", introspection=False) as node:
            pid = await serve(node, Crashes)
            if how == "call":
                with pytest.raises(ProcessDied):
                    await pid.call("crash")
            else:
                pid.cast("crash")
            assert type(await end_of(pid)) is OopsError
            assert node.scheduler.mode.slicer.interrupts == 0
    finally:
        log.removeHandler(handler)
    assert not disturbed


class LogsALot(Server):
    def init(self):
        return ()

    def handle_call(self, message, caller, state):
        log = self.resource(logging.Logger)
        for line in range(message):
            log.info("line %d", line)
        return Reply("logged", state)


async def test_a_handler_that_logs_for_long_is_parked_between_two_lines(tmp_path):
    log, lines = logging.getLogger("many lines"), 10_000
    log.setLevel(logging.INFO)
    log.propagate = False
    log.addHandler(logging.FileHandler(tmp_path / "log"))
    async with Node("logs", resources={logging.Logger: log}, introspection=False) as node:
        assert await (await serve(node, LogsALot)).call(lines, timeout=30) == "logged"
        assert node.scheduler.mode.slicer.parks >= 5
        assert node.scheduler.mode.slicer.interrupts == 0
    log.handlers.pop().close()
    assert len((tmp_path / "log").read_text(encoding="utf-8").splitlines()) == lines
