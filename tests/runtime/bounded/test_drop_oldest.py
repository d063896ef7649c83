"""A full mailbox whose oldest message makes room; and what no mailbox refuses or drops, since the runtime says it."""

import asyncio

import pytest

from runtime import (
    Down,
    Groups,
    Joined,
    MailboxFull,
    Reply,
    TaskDone,
)
from tests.support.bounded import Blocks, Drops, Keeps, full, resume
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import Obeys, end_of, quiet, serve


@virtual_time
async def test_the_oldest_message_makes_room():
    async with virtual_node() as node:
        pid = await full(node, Drops)
        pid.cast(3)
        pid.send(4)
        await resume(pid)
        assert await pid.call("seen") == (3, 4)
        assert pid._process.mailbox.dropped == 2


@virtual_time
async def test_the_caller_of_a_call_that_is_dropped_is_told():
    async with virtual_node() as node:
        pid = await serve(node, Drops)
        pid._process.pause()
        asked = asyncio.ensure_future(pid.call("asked"))
        await asyncio.sleep(0)
        pid.cast(1)
        pid.cast(2)
        with pytest.raises(MailboxFull, match="the call was its oldest message"):
            await asked
        await resume(pid)
        assert await pid.call("seen") == (1, 2)


@virtual_time
async def test_what_the_runtime_says_is_never_dropped():
    async with virtual_node() as node:
        one, pid = await serve(node, Obeys), await serve(node, Drops)
        ref = await pid.call(("monitor", one))
        pid._process.pause()
        one.cast("oops")
        await end_of(one)
        for number in range(5):
            pid.cast(number)
        await resume(pid)
        assert await pid.call("seen") == (Down(ref, one, "oops"), 4)


# --- the runtime's own ----------------------------------------------------------------------------------


@pytest.mark.parametrize("behaviour", [Keeps, Drops, Blocks])
@virtual_time
async def test_signals_are_taken_in_whatever_the_limit(behaviour):
    class Traps(behaviour):
        trap_exits = True

        def handle_call(self, message, caller, seen):
            if message == "task":
                return Reply(self.task(asyncio.sleep(1, "done")), seen)
            return super().handle_call(message, caller, seen)

    async with virtual_node() as node:
        groups = Groups("g")
        one, other, pid = await serve(node, Obeys), await serve(node, Obeys), await serve(node, Traps)
        down = await pid.call(("monitor", one))
        await pid.call(("link", one))
        task = await pid.call("task")
        joins, _ = groups.monitor(pid, "g")
        pid._process.pause()
        pid.cast(1)
        pid.send(2)
        one.cast("oops")
        await end_of(one)
        groups.join(other, "g")
        await asyncio.sleep(2)
        await resume(pid)
        await quiet(node)
        seen = await pid.call("seen")
        assert seen[:3] == (1, 2, Down(down, one, "oops"))
        assert type(seen[3]).__name__ == "Exit"
        assert seen[4:] == (Joined(joins, "g", (other,)), TaskDone(task, "done"))


@virtual_time
async def test_a_supervisor_shuts_a_process_down_that_is_full():
    async with virtual_node() as node:
        pid = await full(node, Blocks)
        pid._process.handle.exit(pid, "shutdown")
        assert await end_of(pid) == "shutdown"
