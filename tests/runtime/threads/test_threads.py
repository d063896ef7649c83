"""Servers with a thread of their own: `ChildSpec(…, thread=True)`."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading

import pytest

from runtime import (
    BadReturn,
    CallTimeout,
    ChildSpec,
    Continue,
    Down,
    Node,
    NotSendable,
    ProcessDied,
    Reply,
    SelfCall,
    Server,
    Stop,
    Supervisor,
)
from runtime.exits import signal
from runtime.log import items
from tests.support.eventually import eventually, eventually_sync
from tests.support.processes import Obeys, end_of, serve, the_crash

gates: dict[str, threading.Event] = {}


@pytest.fixture
def gate():
    gates["gate"] = threading.Event()
    yield gates["gate"]
    gates["gate"].set()


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    eventually_sync(lambda: set(threading.enumerate()) <= before)


@pytest.fixture
async def node():
    async with Node("bank", introspection=False) as node:
        yield node


class Works(Server):
    """Does what it is told, on its thread."""

    trap_exits = True

    def init(self, *first):
        return (threading.get_ident(), *first)

    def handle_call(self, message, caller, state):
        match message:
            case "threads":
                return Reply((state[0], threading.get_ident()), state)
            case "state":
                return Reply(state[1:], state)
            case "block":
                gates["gate"].wait(20)
                return Reply("done", state)
            case "spin":
                while True:
                    pass
            case "wait briefly":
                return Reply(self.wait(asyncio.sleep(0.001, "waited")), state)
            case "wait for ever":
                return Reply(self.wait(asyncio.sleep(1000)), state)
            case "name":
                return Reply(threading.current_thread().name, state)
            case "later":
                caller.reply("early")
                return Continue("more", (*state, "called"))
            case "stop":
                return Stop("normal", state, reply="bye")
            case ("call", target, question):
                return Reply(self.call(target, question), state)
            case (str() as method, *arguments):
                return Reply(getattr(self, method)(*arguments), state)
        raise message

    def handle_continue(self, message, state):
        return (*state, message, threading.get_ident())

    def handle_cast(self, message, state):
        return (*state, message)

    def handle_info(self, message, state):
        return (*state, message)

    def terminate(self, reason, state):
        gates.setdefault("terminated on", []).append(threading.get_ident() == state[0])


async def test_init_and_all_handlers_run_on_one_thread_that_is_not_the_loops(node):
    pid = await serve(node, Works, thread=True)
    for _ in range(3):
        first, now = await pid.call("threads")
        assert first == now != threading.get_ident()


async def test_what_is_kept_by_thread_stays_usable(node):
    class Keeps(Server):
        def init(self):
            base = sqlite3.connect(":memory:")
            base.execute("create table kept (number)")
            return base

        def handle_call(self, message, caller, base):
            if message == "close":
                base.close()
                return Stop("normal", "closed", reply=None)
            base.execute("insert into kept values (?)", (message,))
            return Reply(base.execute("select sum(number) from kept").fetchone()[0], base)

    pid = await serve(node, Keeps, thread=True)
    assert [await pid.call(number) for number in (1, 2, 3)] == [1, 3, 6]
    await pid.call("close")


async def test_its_neighbours_go_on_while_it_blocks(node, gate):
    blocked, free = await serve(node, Works, thread=True), await serve(node, Works)
    asking = asyncio.ensure_future(blocked.call("block", None))
    assert await free.call("state") == ()
    blocked.cast("behind")
    assert not asking.done()
    gate.set()
    assert await asking == "done"
    assert await blocked.call("state") == ("behind",)


async def test_messages_are_handled_in_their_order(node):
    pid = await serve(node, Works, thread=True)
    for number in range(100):
        pid.cast(number)
    assert await pid.call("state") == tuple(range(100))


async def test_an_answer_may_come_early_and_a_continuation_follows_on_the_thread(node):
    pid = await serve(node, Works, thread=True)
    assert await pid.call("later") == "early"
    called, more, thread = await pid.call("state")
    assert (called, more) == ("called", "more")
    assert thread != threading.get_ident()


async def test_it_waits_and_calls_and_sends_from_its_thread(node):
    pid, other = await serve(node, Works, thread=True), await serve(node, Obeys)
    assert await pid.call("wait briefly") == "waited"
    assert await pid.call(("call", other, "seen")) == ()
    await pid.call(("send_after", 0, "timed", other))
    await eventually(lambda: other._process.state == ("timed",))
    await pid.call(("send_after", 0, "to itself"))
    await eventually(lambda: pid._process.state[1:] == ("to itself",))


async def test_it_links_monitors_and_ends_others_from_its_thread(node):
    pid, watched, linked = (
        await serve(node, Works, thread=True),
        await serve(node, Obeys),
        await serve(node, Obeys),
    )
    ref = await pid.call(("monitor", watched))
    await pid.call(("link", linked))
    await pid.call(("exit", watched, "shutdown"))
    await eventually(lambda: Down(ref, watched, "shutdown") in pid._process.state)
    assert linked._process in pid._process.links


async def test_a_sender_on_a_thread_is_told_by_its_pid(node):
    class Casts(Works):
        def handle_call(self, message, caller, state):
            message.cast("hello")
            return Reply(None, state)

    pid, other = await serve(node, Casts, thread=True), await serve(node, Works)
    await pid.call(other)
    await eventually(lambda: other._process.state[1:] == ("hello",))
    assert items(other._process.events)[-1][3] == pid.number


async def test_it_does_not_call_itself(node):
    pid = await serve(node, Works, thread=True)
    with pytest.raises(ProcessDied) as died:
        await pid.call(("call", pid, "state"))
    assert isinstance(died.value.reason, SelfCall)


async def test_a_crash_on_the_thread_is_a_crash_with_its_traceback_and_last_state(node):
    pid = await serve(node, Works, "kept", thread=True)
    with pytest.raises(ProcessDied) as died:
        await pid.call(ValueError("oops"))
    assert repr(died.value.reason) == "ValueError('oops')"
    assert "in handle_call" in the_crash(node).traceback
    assert the_crash(node).traceback.count("File") == 1
    assert the_crash(node).last_state[1:] == ("kept",)


async def test_a_supervisor_restarts_it_with_a_new_thread(node):
    await node.start(Supervisor([ChildSpec("works", Works, thread=True)]))
    works = node.named("works")
    first = await works.call("name")
    with pytest.raises(ProcessDied):
        await works.call(ValueError("oops"))
    await eventually(lambda: node.whereis("works"))
    assert await works.call("name") != first


async def test_terminate_runs_on_the_thread_when_the_supervisor_shuts_it_down(node):
    gates.pop("terminated on", None)
    supervisor = await node.start(Supervisor([ChildSpec("works", Works, thread=True)]))
    await Supervisor.terminate_child(supervisor, "works")
    assert gates.pop("terminated on") == [True]


async def test_a_stop_with_an_answer_answers(node):
    pid = await serve(node, Works, thread=True)
    assert await pid.call("stop") == "bye"
    assert await end_of(pid) == "normal"


async def test_a_kill_is_at_once_for_everybody_and_ends_a_loop_on_the_thread(node):
    pid = await serve(node, Works, thread=True)
    asking = asyncio.ensure_future(pid.call("spin", None))
    await eventually(lambda: pid._process.lane.busy)
    signal(pid._process, "kill")
    assert not pid.alive
    with pytest.raises(ProcessDied):
        await asking
    await eventually(lambda: not node.scheduler.lanes)
    assert node.scheduler.workers.zombies == []


async def test_what_waits_on_the_thread_ends_with_its_process(node):
    pid = await serve(node, Works, thread=True)
    asking = asyncio.ensure_future(pid.call("wait for ever", None))
    await eventually(lambda: pid._process.lane.busy)
    signal(pid._process, "kill")
    with pytest.raises(ProcessDied):
        await asking
    await eventually(lambda: not node.scheduler.lanes)


async def test_a_thread_that_does_not_end_is_a_zombie_until_it_does_and_its_result_is_dropped(
    node, gate, caplog
):
    caplog.set_level(logging.CRITICAL, "observer")
    await node.start(Supervisor([ChildSpec("works", Works, thread=True)]))
    old = node.whereis("works")
    with pytest.raises(CallTimeout, match="awaiting in Works"):
        await old.call("block", 0.01)
    signal(old._process, "kill")
    (zombie,) = await eventually(lambda: node.scheduler.workers.zombies)
    assert zombie.process is old._process
    assert await node.named("works").call("state") == ()
    gate.set()
    await eventually(lambda: not node.scheduler.workers.zombies)
    assert await node.named("works").call("state") == ()


async def test_an_unanswerable_reply_crashes_it_as_any_server(node):
    class Answers(Works):
        def handle_call(self, message, caller, state):
            return Reply(threading.Lock(), state)

    pid = await serve(node, Answers, thread=True)
    with pytest.raises(ProcessDied) as died:
        await pid.call("?")
    assert isinstance(died.value.reason, NotSendable)


def test_async_handlers_and_coroutines_are_refused_for_a_thread():
    class Async(Works):
        async def handle_cast(self, message, state):
            return state

    async def worker(process):
        """Nothing."""

    with pytest.raises(ValueError, match=r"Async\.handle_cast is async"):
        ChildSpec("a", Async, thread=True)
    with pytest.raises(ValueError, match="for Server classes"):
        ChildSpec("a", worker, thread=True)
    with pytest.raises(ValueError, match="for Server classes"):
        ChildSpec("a", Supervisor(), thread=True)
    with pytest.raises(TypeError, match="True or False"):
        ChildSpec("a", Works, thread="yes")


async def test_a_handler_that_returns_a_coroutine_is_a_mistake(node):
    async def nothing():
        """Never runs."""

    class Returns(Works):
        def handle_cast(self, message, state):
            return nothing()

    pid = await serve(node, Returns, thread=True)
    pid.cast(1)
    assert isinstance(await end_of(pid), BadReturn)


async def test_other_threads_may_not_wait_in_its_name(node):
    pid = await serve(node, Works)
    with pytest.raises(RuntimeError, match="not for other threads"):
        await asyncio.to_thread(pid._process.handle.wait, asyncio.sleep(0))
