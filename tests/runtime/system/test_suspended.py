"""What goes on while a process is suspended, and what ends it: messages, timers, exits, its supervisor."""

import asyncio

import pytest

from runtime import (
    CallTimeout,
    ChildSpec,
    Down,
    Exit,
    ProcessDied,
    Reply,
    Server,
    Supervisor,
    TaskDone,
    exits,
    system,
)
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import Obeys, end_of, quiet, serve, three


class Slow(Server):
    """Takes a second for each message."""

    def init(self):
        return ()

    async def handle_call(self, message, caller, done):
        await asyncio.sleep(1)
        return Reply(message, (*done, message))

    async def handle_cast(self, message, done):
        await asyncio.sleep(1)
        return (*done, message)

    def handle_info(self, message, done):
        return (*done, message)


# --- meanwhile -----------------------------------------------------------------------------------------


@virtual_time
async def test_calls_to_a_suspended_process_time_out_and_are_handled_when_it_goes_on():
    """As gen_server: the message is still there, and its answer reaches nobody."""
    async with virtual_node() as node:
        pid = await serve(node, Slow)
        await system.suspend(pid)
        with pytest.raises(CallTimeout, match="it is suspended, 1 message in its mailbox"):
            await pid.call("early", timeout=1)
        waiting = asyncio.ensure_future(pid.call("late", timeout=10))
        await asyncio.sleep(1)
        await system.resume(pid)
        assert await waiting == "late"
        assert await system.get_state(pid) == ("early", "late")
        assert node.scheduler.late_replies == 1


@virtual_time
async def test_timers_go_on_and_what_they_send_waits():
    async with virtual_node() as node:
        pid = await serve(node, Obeys)
        await pid.call(("send_after", 5, "once"))
        ref = await pid.call(("send_interval", 10, "again"))
        await system.suspend(pid)
        await asyncio.sleep(25)
        assert await system.get_state(pid) == ()
        assert pid._process.letters == 3
        await system.resume(pid)
        assert await pid.call("seen") == ("once", "again", "again")
        await pid.call(("cancel_timer", ref))


@virtual_time
async def test_tasks_go_on_and_their_ends_wait():
    class Works(Obeys):
        def handle_call(self, message, caller, seen):
            if message == "work":
                return Reply(self.task(asyncio.sleep(5, "done")), seen)
            return super().handle_call(message, caller, seen)

    async with virtual_node() as node:
        pid = await serve(node, Works)
        ref = await pid.call("work")
        await system.suspend(pid)
        await asyncio.sleep(10)
        assert await system.get_state(pid) == ()
        await system.resume(pid)
        assert await pid.call("seen") == (TaskDone(ref, "done"),)


@virtual_time
async def test_a_suspended_process_answers_however_much_waits():
    async with virtual_node() as node:
        pid = await serve(node, Obeys)
        await system.suspend(pid)
        for number in range(1000):
            pid.send(number)
        assert await system.get_state(pid) == ()
        assert (await system.get_status(pid)).waiting == 1000
        assert await system.replace_state(pid, lambda _: ("replaced",)) == ("replaced",)
        await system.resume(pid)
        assert await pid.call("seen") == ("replaced", *range(1000))


@virtual_time
async def test_a_full_mailbox_takes_what_is_asked_and_keeps_it():
    class Full(Slow):
        mailbox_limit = 2
        mailbox_policy = "drop_oldest"

    async with virtual_node() as node:
        pid = await serve(node, Full)
        pid.cast("x")
        await asyncio.sleep(0.5)
        for number in (1, 2):
            pid.send(number)
        suspended = asyncio.ensure_future(system.suspend(pid))
        await asyncio.sleep(0)
        for number in (3, 4):
            pid.send(number)
        await suspended
        assert await system.get_state(pid) == ("x",)
        await system.resume(pid)
        assert await system.get_state(pid) == ("x", 3, 4)


@virtual_time
async def test_a_suspended_process_that_is_linked_dies_with_the_other():
    async with virtual_node() as node:
        _, one, other = await three(node)
        await one.call(("link", other))
        await system.suspend(one)
        other.cast("oops")
        assert await end_of(one) == "oops"


@virtual_time
async def test_a_suspended_process_that_traps_exits_finds_them_when_it_goes_on():
    async with virtual_node() as node:
        one, other, _ = await three(node)
        await one.call(("link", other))
        ref = await one.call(("monitor", other))
        await system.suspend(one)
        other.cast("oops")
        await end_of(other)
        assert await system.get_state(one) == ()
        await system.resume(one)
        assert set(await one.call("seen")) == {Exit(other, "oops"), Down(ref, other, "oops")}


@virtual_time
async def test_a_suspended_process_is_killed_with_all_who_ask_it():
    async with virtual_node() as node:
        pid = await serve(node, Slow)
        await system.suspend(pid)
        waiting = [asyncio.ensure_future(each) for each in (pid.call("x"), system.get_state(pid))]
        await asyncio.sleep(0)
        exits.signal(pid._process, "kill")
        for each in waiting:
            with pytest.raises(ProcessDied, match="killed"):
                await each


@virtual_time
async def test_who_asks_a_process_that_ends_first_is_told():
    async with virtual_node() as node:
        pid = await serve(node, Slow)
        pid.cast("x")
        asked = asyncio.ensure_future(system.get_state(pid))
        await asyncio.sleep(0.5)
        exits.signal(pid._process, "shutdown")
        with pytest.raises(ProcessDied, match="shutdown"):
            await asked
        assert not node.scheduler.owed


# --- and its supervisor -----------------------------------------------------------------------------------


class Says(Server):
    trap_exits = True

    def init(self, name):
        self.resource("said").append(f"{name} starts")
        return name

    def handle_cast(self, message, name):
        raise OSError(message)

    def terminate(self, reason, name):
        self.resource("said").append(f"{name} ends: {reason}")


def trio(**options):
    return Supervisor([ChildSpec(name, Says, name) for name in "abc"], **options)


@virtual_time
async def test_a_suspended_child_ends_and_starts_with_its_group():
    said = []
    async with virtual_node(resources={"said": said}) as node:
        await node.start(trio(strategy="one_for_all"))
        old = node.whereis("b")
        await system.suspend(old)
        old.send("waits")
        del said[:]
        node.named("a").cast("oops")
        await quiet(node)
        assert said[1:] == ["c ends: shutdown", "b ends: shutdown", "a starts", "b starts", "c starts"]
        assert not old.alive
        assert not (await system.get_status(node.named("b"))).suspended, "its successor is another process"


@virtual_time
async def test_a_suspended_child_is_terminated_and_restarted_by_its_supervisor():
    said = []
    async with virtual_node(resources={"said": said}) as node:
        top = await node.start(trio())
        await system.suspend(node.named("b"))
        await Supervisor.terminate_child(top, "b")
        assert said[-1] == "b ends: shutdown"
        pid = await Supervisor.restart_child(top, "b")
        assert await system.get_state(pid) == "b"


@virtual_time
async def test_a_child_that_is_suspended_in_a_handler_ends_after_it():
    said = []

    class Busy(Says):
        async def handle_cast(self, message, name):
            await asyncio.sleep(1)
            self.resource("said").append("handled")
            return name

    async with virtual_node(resources={"said": said}) as node:
        pid = await node.start(ChildSpec("busy", Busy, "busy"))
        pid.cast("x")
        pid.cast("never handled")
        await asyncio.sleep(0.5)
        pid._process.pause()
    assert said == ["busy starts", "handled", "busy ends: shutdown"]


@virtual_time
async def test_a_suspended_supervisor_restarts_nobody_until_it_is_resumed_and_shuts_down_all_the_same():
    said = []
    async with virtual_node(resources={"said": said}) as node:
        top = await node.start(trio())
        await system.suspend(top)
        node.named("a").cast("oops")
        await asyncio.sleep(10)
        assert node.whereis("a") is None
        with pytest.raises(CallTimeout, match="suspended"):
            await top.call("anything", timeout=1)
        await system.resume(top)
        await quiet(node)
        assert node.whereis("a") is not None
        await system.suspend(top)
    assert said[-3:] == ["c ends: shutdown", "b ends: shutdown", "a ends: shutdown"]
