"""Ends in odd places: within handlers, in `init`, by any exception, while the node stops."""

import asyncio
import gc
import weakref

import pytest

from runtime import (
    ChildSpec,
    NodeError,
    NoReply,
    ProcessDied,
    ProcessExit,
    Reply,
    Server,
    StartError,
    Supervisor,
    exits,
)
from runtime.server_process import ServerProcess
from tests.support.clock import virtual_node, virtual_time
from tests.support.eventually import eventually
from tests.support.processes import end_of, quiet, serve, the_crash


class Bare(Server):
    def init(self):
        return 0


class Odd(Server):
    def init(self, when=""):
        if when == "init":
            self.exit(self.pid, "kill")
        return 0

    def handle_call(self, message, caller, state):
        self.exit(self.pid, "kill")
        return Reply("too late", state)

    def handle_cast(self, message, state):
        self.exit(self.pid, message)
        self.resource("after").append("the rest of the handler ran")
        return "a state that nobody sees"


class OddAsync(Odd):
    async def init(self, when=""):
        if when == "init":
            self.exit(self.pid, "kill")
            await asyncio.Event().wait()
        return 0

    async def handle_cast(self, message, state):
        self.exit(self.pid, message)
        self.resource("after").append("the rest of the handler ran")
        if message == "kill":
            raise ValueError("nobody is told of this")
        await asyncio.Event().wait()


odd = pytest.mark.parametrize("kind", [Odd, OddAsync], ids=["plain", "async"])


@odd
@pytest.mark.parametrize("reason", ["kill", "shutdown", "normal", "oops"])
@virtual_time
async def test_a_process_may_end_itself_within_its_own_handler(kind, reason):
    after = []
    async with virtual_node(resources={"after": after}) as node:
        pid = await serve(node, kind)
        pid.cast(reason)
        pid.cast("never handled")
        assert await end_of(pid) == {"kill": "killed"}.get(reason, reason)
        await quiet(node)
        assert len(node.table) == 1
    assert after == ["the rest of the handler ran"]
    gc.collect()  # an exception of a task that nobody retrieved would be reported here
    assert asyncio.all_tasks() == {asyncio.current_task()}


@odd
@virtual_time
async def test_a_process_killed_in_its_own_init_has_not_started(kind):
    async with virtual_node() as node:
        with pytest.raises(StartError, match="killed"):
            await serve(node, kind, "init")
        assert len(node.table) == 1


@pytest.mark.parametrize("queued", [False, True])
@virtual_time
async def test_a_call_to_a_process_that_ends_itself_while_answering_fails(queued):
    async with virtual_node() as node:
        pid = await serve(node, Odd)
        if queued:
            pid.send("something before it")
        with pytest.raises(ProcessDied, match="killed"):
            await pid.call("hello")


@virtual_time
async def test_a_node_that_stops_does_not_wait_for_an_init_that_never_ends():
    class Hangs(Server):
        trap_exits = True

        async def init(self):
            await asyncio.Event().wait()

    async with virtual_node() as node:
        starting = asyncio.ensure_future(
            node.start(Supervisor([ChildSpec("ok", Bare), ChildSpec("hangs", Hangs)]))
        )
        await eventually(lambda: node.whereis("hangs"))
    with pytest.raises(StartError, match="'hangs' did not start: killed"):
        await starting
    assert asyncio.all_tasks() == {asyncio.current_task()}


@virtual_time
async def test_a_node_stops_although_a_restart_hangs_in_init():
    class HangsTheSecondTime(Server):
        async def init(self):
            tries = self.resource("tries")
            tries.append(1)
            if len(tries) > 1:
                await asyncio.Event().wait()
            return 0

    async with virtual_node(resources={"tries": []}) as node:
        await node.start(Supervisor([ChildSpec("h", HangsTheSecondTime)]))
        node.named("h").cast("no handler: a crash")
        await eventually(lambda: len(node.resources["tries"]) == 2)
    assert asyncio.all_tasks() == {asyncio.current_task()}


@virtual_time
async def test_stop_may_be_called_from_inside_a_handler():
    class Ends(Server):
        def init(self):
            return 0

        async def handle_cast(self, node, state):
            await self.resource("node").stop()
            return state

    for kind in (Ends, type("EndsTrapping", (Ends,), {"trap_exits": True})):
        resources = {}
        async with virtual_node(resources=resources) as node:
            node.resources["node"] = node
            pid = await serve(node, kind)
            pid.cast("stop")
            await node.run_forever()
            assert not pid.alive
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize(
    "error",
    [
        SystemExit(3),
        KeyboardInterrupt(),
        GeneratorExit(),
        asyncio.CancelledError(),
        StopIteration(),
        BaseException("b"),
    ],
)
@pytest.mark.parametrize("asynchronous", [False, True])
@virtual_time
async def test_whatever_a_handler_raises_is_the_processs_exit_and_does_not_reach_the_loop(
    error, asynchronous
):
    class Raises(Server):
        def init(self):
            return 0

        def handle_call(self, message, caller, state):
            raise error

        handle_info = handle_cast = lambda self, message, state: self.handle_call(message, None, state)

    class RaisesAsync(Server):
        def init(self):
            return 0

        async def handle_call(self, message, caller, state):
            await asyncio.sleep(0)
            raise error

        async def handle_cast(self, message, state):
            raise error

        handle_info = handle_cast

    complaints = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
    async with virtual_node() as node:
        for way in ("cast", "send", "call", "queued call"):
            pid = await serve(node, RaisesAsync if asynchronous else Raises)
            if way.endswith("call"):
                if way.startswith("queued"):
                    pid._process.pause()
                    asyncio.get_running_loop().call_soon(pid._process.unpause)
                with pytest.raises(ProcessDied):
                    await pid.call("x")
            else:
                getattr(pid, way)("x")
            reason = await end_of(pid)
            if asynchronous and isinstance(error, StopIteration | asyncio.CancelledError):
                assert isinstance(reason, RuntimeError | asyncio.CancelledError)  # as Python has it
            else:
                assert reason is error
    gc.collect()
    assert complaints == []


@virtual_time
async def test_a_process_exit_raised_for_system_exit_keeps_the_place_where_it_was_raised():
    class Leaves(Server):
        def init(self):
            return 0

        async def handle_cast(self, message, state):
            self.give_up()

        def give_up(self):
            raise SystemExit(2)

    async with virtual_node() as node:
        pid = await serve(node, Leaves)
        pid.cast("x")
        assert type(await end_of(pid)) is SystemExit
        assert "in give_up" in the_crash(node).traceback


@virtual_time
async def test_after_the_node_has_stopped_nothing_can_be_started():
    node = virtual_node()
    async with node:
        pid = await serve(node, Bare)
    with pytest.raises(NodeError, match="is not running"):
        await node.start(ChildSpec("x", Bare))
    assert not pid.alive


@virtual_time
async def test_a_call_that_stays_unanswered_fails_when_the_node_stops():
    class Silent(Server):
        def init(self):
            return 0

        def handle_call(self, message, caller, state):
            return NoReply(state)

    async with virtual_node() as node:
        pid = await serve(node, Silent)
        call = asyncio.ensure_future(pid.call("x", timeout=None))
        await asyncio.sleep(1)
    with pytest.raises(ProcessDied, match="shutdown"):
        await call


class Leave(Server):
    def init(self):
        return 0

    def handle_cast(self, reason, state):
        raise ProcessExit(reason)


class LeaveAsync(Leave):
    async def handle_cast(self, reason, state):
        await asyncio.sleep(0)
        raise ProcessExit(reason)


@pytest.mark.parametrize("kind", [Leave, LeaveAsync])
@pytest.mark.parametrize("reason", ["normal", "shutdown", ("shutdown", "x"), "out of paper", 7])
@virtual_time
async def test_process_exit_ends_a_process_with_any_reason(kind, reason):
    async with virtual_node() as node:
        pid = await serve(node, kind)
        pid.cast(reason)
        assert await end_of(pid) == reason


class Thing:
    """What code holds."""


@pytest.mark.parametrize("how", ["kill", "shutdown"])
@virtual_time
async def test_a_pid_of_the_dead_keeps_nothing_of_their_code(how):
    async with virtual_node() as node:
        held = []

        async def holds(process):
            thing = Thing()
            held.append(weakref.ref(thing))
            try:
                await asyncio.sleep(3600)
            finally:
                str(thing)

        pid = node.spawn(holds)
        await eventually(lambda: held)
        exits.signal(pid._process, how)
        await eventually(lambda: not node.scheduler.lingering)
        gc.collect()
        assert not pid.alive
        assert held[0]() is None


@virtual_time
async def test_the_dead_do_not_keep_one_another_by_their_last_messages():
    async with virtual_node(flight=0) as node:
        before = sum(type(it) is ServerProcess for it in gc.get_objects())
        last = None
        for _ in range(50):
            pid = await serve(node, Hears)
            pid.cast(last)  # whoever ended before stands among the last messages of the next
            await quiet(node)
            exits.signal(pid._process, "kill")
            last = pid
        node.ledger.crashes.clear()
        gc.collect()
        assert (
            sum(type(it) is ServerProcess for it in gc.get_objects()) < before + 25
        )  # those that the living have last heard of


class Hears(Server):
    def init(self):
        return 0

    def handle_cast(self, message, heard):
        return heard + 1
