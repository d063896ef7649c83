"""What every process can be asked, one with a thread of its own too. It is answered on the loop, between two messages."""

from __future__ import annotations

import asyncio
import threading

import pytest

from runtime import CallbackFailed, CallTimeout, Node, Reply, Server, system
from tests.support.processes import serve


class Blocks(Server):
    """Waits for its test, on its thread."""

    def init(self):
        return ()

    def handle_call(self, message, caller, seen):
        return Reply(seen, seen)

    def handle_cast(self, message, seen):
        self.resource("go on").wait(10)
        return (*seen, message)

    def terminate(self, reason, seen):
        self.resource("said").append(
            (reason, seen, threading.current_thread() is not threading.main_thread())
        )


@pytest.fixture
def resources():
    return {"go on": threading.Event(), "said": []}


async def test_a_handler_that_blocks_is_waited_for(resources):
    async with Node("t", introspection=False, resources=resources) as node:
        pid = await serve(node, Blocks, thread=True)
        pid.cast(1)
        pid.cast(2)
        suspended = asyncio.ensure_future(system.suspend(pid))
        with pytest.raises(CallTimeout, match="awaiting in Blocks"):
            await system.get_state(pid, timeout=0.05)
        resources["go on"].set()
        await suspended
        pid.cast(3)
        assert await system.get_state(pid) == (1, 2)
        await system.resume(pid)
        assert await pid.call("seen") == (1, 2, 3)


async def test_its_state_is_replaced_and_its_messages_are_counted(resources):
    resources["go on"].set()
    async with Node("t", introspection=False, resources=resources) as node:
        pid = await serve(node, Blocks, thread=True)
        await system.statistics(pid, "on")
        pid.cast(1)
        assert await system.replace_state(pid, lambda seen: (*seen, "replaced")) == (1, "replaced")
        with pytest.raises(CallbackFailed):
            await system.replace_state(pid, lambda seen: seen / 0)
        assert await pid.call("seen") == (1, "replaced")
        counted = await system.statistics(pid)
        assert (counted.messages_in, counted.messages_out) == (2, 1)


@pytest.mark.parametrize("suspended", [False, True])
async def test_it_says_its_last_on_its_thread(resources, suspended):
    resources["go on"].set()
    async with Node("t", introspection=False, resources=resources) as node:
        pid = await serve(node, Blocks, thread=True)
        pid.cast(1)
        if suspended:
            await system.suspend(pid)
        await system.terminate(pid, "shutdown")
        assert not pid.alive
    assert resources["said"] == [("shutdown", (1,), True)]
