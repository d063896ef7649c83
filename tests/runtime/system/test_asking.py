"""Whom one may ask, for how long, and what is answered when nobody could."""

import asyncio
import math
import threading

import pytest

from runtime import (
    Backoff,
    CallCycle,
    CallTimeout,
    ChildSpec,
    Node,
    NodeError,
    NoProcess,
    NotRegistered,
    Reply,
    SelfCall,
    Server,
    Supervisor,
    exits,
    system,
)
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import Obeys, quiet, serve

OPERATIONS = pytest.mark.parametrize(
    "operation",
    [
        system.suspend, system.resume, system.get_state, system.get_status, system.statistics, system.terminate,
        lambda pid, **options: system.replace_state(pid, lambda state: state, **options),
    ],
    ids=["suspend", "resume", "get_state", "get_status", "statistics", "terminate", "replace_state"],
)  # fmt: skip


class Waits(Server):
    """Asks others in its handlers."""

    def init(self):
        return ()

    async def handle_call(self, message, caller, state):
        if message == "sleep":
            await asyncio.sleep(10)
            return Reply("slept", state)
        operation, pid = message
        try:
            return Reply(await getattr(system, operation)(pid), state)
        except (SelfCall, CallCycle) as error:
            return Reply(type(error).__name__, state)


@OPERATIONS
@virtual_time
async def test_nobody_answers_for_the_dead_or_under_a_name_that_nobody_has(operation):
    async with virtual_node() as node:
        pid = await serve(node, Obeys)
        exits.signal(pid._process, "kill")
        with pytest.raises(NoProcess, match="is not alive"):
            await operation(pid)
        with pytest.raises(NotRegistered, match="no process is registered as 'nobody'"):
            await operation(node.named("nobody"))


@OPERATIONS
@virtual_time
async def test_a_name_that_is_being_restarted_is_nobodys(operation):
    async with virtual_node() as node:
        await node.start(Supervisor([ChildSpec("a", Obeys, backoff=Backoff(first=1, jitter=0))]))
        node.named("a").cast("boom")
        await quiet(node)
        with pytest.raises(NotRegistered, match="or is being restarted"):
            await operation(node.named("a"))


@OPERATIONS
@virtual_time
async def test_a_process_that_is_busy_answers_too_late(operation):
    async with virtual_node() as node:
        pid = await serve(node, Waits)
        busy = asyncio.ensure_future(pid.call("sleep", timeout=None))
        await asyncio.sleep(0)
        with pytest.raises(CallTimeout, match="has not answered within 1 s; it is awaiting in Waits"):
            await operation(pid, timeout=1)
        assert await busy == "slept"
        assert not node.scheduler.owed
        assert not node.scheduler.waits.calls


@virtual_time
async def test_what_was_asked_too_late_is_done_all_the_same():
    """As OTP: the message has been sent."""
    async with virtual_node() as node:
        pid = await serve(node, Waits)
        busy = asyncio.ensure_future(pid.call("sleep", timeout=None))
        await asyncio.sleep(0)
        with pytest.raises(CallTimeout):
            await system.suspend(pid, timeout=1)
        await busy
        assert (await system.get_status(pid)).suspended


@pytest.mark.parametrize("timeout", [-1, math.nan])
@virtual_time
async def test_a_time_limit_is_a_number_that_is_not_negative(timeout):
    async with virtual_node() as node:
        pid = await serve(node, Obeys)
        with pytest.raises(ValueError, match="it is seconds, 0 or more, or None"):
            await system.get_state(pid, timeout=timeout)


@virtual_time
async def test_without_a_time_limit_one_waits_for_ever():
    async with virtual_node() as node:
        pid = await serve(node, Waits)
        busy = asyncio.ensure_future(pid.call("sleep", timeout=None))
        await asyncio.sleep(0)
        assert await system.get_state(pid, timeout=None) == ()
        assert await busy == "slept"


class Calls(Waits):
    """Calls another, which asks back. Whoever of the two waits second closes the cycle, and is told."""

    async def handle_call(self, message, caller, state):
        operation, other = message
        try:
            return Reply(await other.call((operation, self.pid)), state)
        except CallCycle as error:
            return Reply(type(error).__name__, state)


@pytest.mark.parametrize("operation", ["suspend", "get_state", "get_status", "terminate"])
@virtual_time
async def test_a_process_does_not_ask_itself_nor_who_waits_for_it(operation):
    async with virtual_node() as node:
        one, caller = await serve(node, Waits), await serve(node, Calls)
        assert await one.call((operation, one)) == "SelfCall"
        assert await caller.call((operation, one)) == "CallCycle"


@virtual_time
async def test_a_process_asks_another():
    async with virtual_node() as node:
        one, other = await serve(node, Waits), await serve(node, Obeys)
        other.send(1)
        assert await one.call(("get_state", other)) == (1,)


async def test_a_process_of_another_thread_is_asked_through_its_loop():
    async with Node("t", introspection=False) as node:
        pid = await serve(node, Obeys)
        told = []

        def ask():
            try:
                asyncio.run(system.get_state(pid))
            except NodeError as error:
                told.append(str(error))

        thread = threading.Thread(target=ask)
        thread.start()
        await asyncio.to_thread(thread.join)
        assert len(told) == 1
        assert "lives in another thread" in told[0]


@virtual_time
async def test_who_gives_up_asking_is_forgotten():
    async with virtual_node() as node:
        pid = await serve(node, Waits)
        busy = asyncio.ensure_future(pid.call("sleep", timeout=None))
        await asyncio.sleep(0)
        asked = asyncio.ensure_future(system.get_state(pid))
        await asyncio.sleep(1)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        await busy
        await quiet(node)
        assert not node.scheduler.owed
        assert pid.alive


@virtual_time
async def test_a_status_says_what_a_process_is():
    async with virtual_node() as node:
        top = await node.start(Supervisor([ChildSpec("a", Obeys)]))
        pid = node.whereis("a")
        status = await system.get_status(pid)
        assert status == system.Status(
            pid, "a", "tests.support.processes:Obeys", suspended=False, parent=top, waiting=0
        )
