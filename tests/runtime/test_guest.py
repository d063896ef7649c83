"""A node is a guest in its host's loop: it disturbs nobody, and leaves nothing behind."""

import asyncio
import contextlib
import gc
import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import weakref
from pathlib import Path

import pytest

from runtime import (
    ChildSpec,
    Node,
    Reply,
    Server,
    Supervisor,
)
from tests.support.clock import virtual_node, virtual_time
from tests.support.eventually import eventually
from tests.support.processes import end_of, quiet, serve


class Worker(Server):
    def init(self):
        return "worker"

    def handle_call(self, message, caller, name):
        return Reply((name, message), name)


def belongings():
    """What this OS process has open: tasks, threads, timers, files."""
    loop = asyncio.get_running_loop()
    timers = [timer for timer in loop._scheduled if not timer.cancelled()]
    return asyncio.all_tasks(), set(threading.enumerate()), timers, open_files()


def open_files():
    """Numbers of open files, and what they are."""
    found = {}
    for path in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the directory itself, closed meanwhile
            found[path.name] = path.readlink()
    return found


@pytest.fixture
def home(monkeypatch):
    """Where keys and sockets stand; short, since a UNIX socket's path must be."""
    with tempfile.TemporaryDirectory(prefix="obs-", dir="/tmp") as path:
        monkeypatch.setenv("OBSERVER_HOME", path)
        yield Path(path)


class Busy(Server):
    """Has a task, a timer, a monitor, and a call that it never answers."""

    def init(self):
        self.task(asyncio.sleep(3600))
        self.send_after(3600, "tick")
        self.spawn(waits_for_ever)
        return 0

    async def handle_cast(self, message, state):
        await asyncio.sleep(3600)
        return state


async def waits_for_ever(process):
    await process.receive(timeout=3600)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("introspection", [False, True])
async def test_a_node_that_stops_leaves_no_task_thread_timer_socket_or_file_behind(introspection, home):
    async with Node("warm-up", introspection=introspection, port=0 if introspection else None):
        """What is loaded once and stays, as modules are."""
    gc.collect()
    before = belongings()
    async with Node("guest", introspection=introspection, port=0 if introspection else None) as node:
        await node.start(Supervisor([ChildSpec("busy", Busy)]))
        node.named("busy").cast("work")
        node.named("busy").cast("waits")
        await quiet(node)
        assert belongings() != before
        if introspection:
            assert [path for path in home.rglob("*guest*") if path.is_socket()]
            address = node.address
    assert belongings() == before
    if introspection:
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(address, timeout=1)
        assert [path for path in home.rglob("*guest*") if path.is_socket()] == []


async def test_a_hosts_own_tasks_and_timers_go_on_beside_a_node():
    ticks = []

    async def host():
        while True:
            await asyncio.sleep(0.001)
            ticks.append(1)

    own = asyncio.create_task(host())
    try:
        async with Node("guest", introspection=False) as node:
            pid = node.spawn(flood)
            await asyncio.sleep(0.2)
            assert pid.alive
            assert len(ticks) >= 3  # of about 13, on a machine that has nothing else to do
        assert not own.done()
    finally:
        own.cancel()


async def flood(process):
    while True:
        process.pid.send("again")
        await process.receive()


async def test_a_hosts_signal_handlers_and_exception_handler_stay_its_own():
    loop = asyncio.get_running_loop()
    heard = []
    loop.add_signal_handler(signal.SIGUSR1, lambda: heard.append("signal"))
    own = lambda loop, context: heard.append(context)  # noqa: E731
    loop.set_exception_handler(own)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        async with Node("guest", introspection=False) as node:
            pid = await serve(node, Busy)
            pid._process.handle.exit(pid, "kill")
            os.kill(os.getpid(), signal.SIGUSR1)
            await eventually(lambda: heard)
            assert loop.get_exception_handler() is own
            assert {number: signal.getsignal(number) for number in handlers} == handlers
    finally:
        loop.remove_signal_handler(signal.SIGUSR1)
    gc.collect()
    assert heard == ["signal"]


def test_ctrl_c_goes_to_the_host_and_stops_the_node_in_order():
    script = textwrap.dedent("""
        import asyncio, os, signal
        from runtime import ChildSpec, Node, Server, Supervisor

        class Worker(Server):
            trap_exits = True

            def init(self):
                return 0

            def terminate(self, reason, state):
                print("stopped:", reason, flush=True)

        async def main():
            async with Node("host", introspection=False) as node:
                await node.start(Supervisor([ChildSpec("w", Worker)]))
                os.kill(os.getpid(), signal.SIGINT)
                await node.run_forever()

        try:
            asyncio.run(main())
        except KeyboardInterrupt:
            print("the host has its Ctrl-C")
    """)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.splitlines() == ["stopped: shutdown", "the host has its Ctrl-C"]
    assert done.returncode == 0
    assert done.stderr == ""


def test_a_system_exit_in_a_handler_does_not_end_the_host():
    script = textwrap.dedent("""
        import asyncio, logging
        from runtime import ChildSpec, Node, ProcessDied, Server
        logging.disable()

        class Leaves(Server):
            def init(self):
                return 0

            async def handle_call(self, message, caller, state):
                raise {"exit": SystemExit(7), "interrupt": KeyboardInterrupt()}[message]

        async def main():
            async with Node("host", introspection=False) as node:
                for message in ("exit", "interrupt"):
                    pid = await node.start(ChildSpec(message, Leaves, restart="temporary"))
                    try:
                        await pid.call(message)
                    except ProcessDied as died:
                        print(type(died.reason).__name__)

        asyncio.run(main())
    """)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.split() == ["SystemExit", "KeyboardInterrupt"]
    assert (done.returncode, done.stderr) == (0, "")


async def test_a_node_works_in_debug_mode_of_asyncio():
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    try:
        async with Node("guest", introspection=False, resources={"diary": []}) as node:
            pid = await node.start(ChildSpec("w", Worker))
            assert await pid.call("hello") == ("worker", "hello")
            await serve(node, Busy)
            await quiet(node)
    finally:
        loop.set_debug(False)


@virtual_time
async def test_ten_thousand_processes_that_have_ended_leave_nothing_in_memory():
    class Short(Server):
        def init(self):
            return 0

        def handle_cast(self, message, state):
            self.exit(self.pid, "shutdown")
            return state

    async def short(process):
        process.monitor(process.pid)

    async with virtual_node(flight=100) as node:
        top = await node.start(Supervisor([]))

        async def cycle(count):
            for n in range(count):
                pid = await Supervisor.start_child(top, ChildSpec(n, Short, restart="temporary"))
                pid.cast("end")
                await end_of(node.spawn(short))
                await end_of(pid)
            gc.collect()
            return len(gc.get_objects())

        await cycle(2500)  # fills what is bounded: events, history
        before = await cycle(10)
        after = await cycle(2500)
        assert after - before < 250
        assert len(node.table) == 2
        assert not node.scheduler.lingering


@virtual_time
async def test_a_stale_pid_keeps_no_state_alive():
    class State:
        """Something big."""

        def __deepcopy__(self, memo):
            return self

    class Holds(Server):
        def init(self):
            state = State()
            self.resource("states").append(weakref.ref(state))
            return state

        def handle_cast(self, message, state):
            return state

    states = []
    async with virtual_node(resources={"states": states}) as node:
        pid = await serve(node, Holds)
        pid.cast("x")
        await quiet(node)
        pid._process.handle.exit(pid, "shutdown")
        gc.collect()
        assert states[0]() is None


def test_an_idle_server_has_no_task_no_mailbox_and_no_thread():
    async def main():
        async with Node("t", introspection=False, resources={"diary": []}) as node:
            before = len(asyncio.all_tasks()), threading.active_count()
            pids = [await serve(node, Worker) for _ in range(100)]
            for pid in pids:
                await pid.call("x")
            await quiet(node)
            assert (len(asyncio.all_tasks()), threading.active_count()) == before
            for pid in pids:
                process = pid._process
                assert (process.mailbox, process.task, process.coroutine, process.extra) == (
                    None,
                    None,
                    None,
                    None,
                )
                assert not hasattr(process, "__dict__")
                assert not hasattr(process.handle, "__dict__")

    asyncio.run(main())
