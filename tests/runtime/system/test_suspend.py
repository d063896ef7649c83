"""When a process is suspended and resumed, how often, and by whom."""

import asyncio

import pytest

from runtime import (
    CallTimeout,
    ChildSpec,
    Continue,
    NodeError,
    ProcessDied,
    Reply,
    Server,
    system,
)
from runtime.log import items
from runtime.status import PARKED, STATUSES, SUSPENDED
from tests.support.clock import virtual_node, virtual_time
from tests.support.eventually import eventually
from tests.support.processes import Obeys, quiet, serve
from tests.support.slicing import KINDS, job_of, parked, sliced, spin


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


class Leaves(Slow):
    """Leaves something for itself."""

    async def handle_cast(self, message, done):
        await asyncio.sleep(1)
        return Continue(("left", message), done)

    def handle_continue(self, message, done):
        return (*done, message)


def kinds_of_events(node):
    records, _, _ = node.ledger.recorder.since(0, 1000)
    return [record.kind for record in records if record.kind in {"suspended", "resumed"}]


# --- when ---------------------------------------------------------------------------------------------


@virtual_time
async def test_a_process_is_suspended_between_two_messages_in_its_turn():
    async with virtual_node() as node:
        pid = await serve(node, Slow)
        for number in (1, 2):
            pid.cast(number)
        began = node.scheduler.clock()
        await system.suspend(pid)
        assert node.scheduler.clock() - began == pytest.approx(2)
        pid.cast(3)
        await asyncio.sleep(10)
        assert await system.get_state(pid) == (1, 2)
        await system.resume(pid)
        assert await system.get_state(pid) == (1, 2, 3)


@virtual_time
async def test_what_is_asked_stands_between_the_messages_before_and_after_it():
    async with virtual_node() as node:
        pid = await serve(node, Obeys)
        pid.send(1)
        first = asyncio.ensure_future(system.get_state(pid))
        await asyncio.sleep(0)
        pid.send(2)
        assert await first == (1,)
        assert await system.get_state(pid) == (1, 2)


@virtual_time
async def test_what_was_asked_before_the_process_was_suspended_is_answered_while_it_is():
    """As OTP, which looks for system messages only, wherever they stand."""
    async with virtual_node() as node:
        pid = await serve(node, Slow)
        pid.cast(1)
        suspended = asyncio.ensure_future(system.suspend(pid))
        await asyncio.sleep(0.5)
        pid.cast(2)
        asked = [asyncio.ensure_future(system.get_state(pid)) for _ in range(3)]
        assert await asyncio.gather(suspended, *asked) == [None, (1,), (1,), (1,)]
        await system.resume(pid)
        assert await system.get_state(pid) == (1, 2)


@virtual_time
async def test_an_operator_suspends_in_the_middle_of_a_handler_and_what_is_asked_waits_for_its_end():
    async with virtual_node() as node:
        pid = await serve(node, Leaves)
        pid.cast("x")
        pid.send("sent")
        await asyncio.sleep(0.5)
        pid._process.pause()
        asked = [asyncio.ensure_future(system.get_state(pid)) for _ in range(3)]
        assert await asyncio.gather(*asked) == [(), (), ()]
        assert node.scheduler.clock() == pytest.approx(1001, abs=0.1)
        assert STATUSES[pid._process.status] == "suspended"
        await system.resume(pid)
        assert await system.get_state(pid) == (("left", "x"), "sent")


@KINDS
async def test_a_step_that_an_operator_has_stopped_in_the_middle_is_resumed_and_nothing_else_can_be_asked(
    kind,
):
    go_on = []
    async with sliced(job=job_of(kind, lambda _: spin(lambda: go_on))) as node:
        pid = await serve(node, kind)
        pid.cast("job")
        await parked(node, pid)
        pid._process.pause()
        await eventually(lambda: pid._process.status == SUSPENDED)
        with pytest.raises(CallTimeout, match="it is suspended"):
            await system.get_state(pid, timeout=0.05)
        await system.resume(pid)
        assert pid._process.status == PARKED
        asked = asyncio.ensure_future(system.suspend(pid))
        go_on.append(True)
        await asked
        assert pid._process.status == SUSPENDED


@KINDS
async def test_a_parked_step_is_waited_for(kind):
    go_on = []
    async with sliced(job=job_of(kind, lambda _: spin(lambda: go_on))) as node:
        pid = await serve(node, kind)
        pid.cast("job")
        await parked(node, pid)
        asked = asyncio.ensure_future(system.suspend(pid))
        await asyncio.sleep(0.01)
        assert not asked.done()
        go_on.append(True)
        await asked
        assert pid._process.current is None
        await system.resume(pid)


@virtual_time
async def test_who_asks_a_process_whose_init_fails_is_told():
    class Fails(Slow):
        async def init(self):
            await asyncio.sleep(1)
            raise OSError("no")

    async with virtual_node() as node:
        starting = asyncio.ensure_future(node.start(ChildSpec("slow", Fails)))
        await asyncio.sleep(0.5)
        with pytest.raises(ProcessDied, match="OSError"):
            await system.get_state(node.named("slow"))
        await asyncio.gather(starting, return_exceptions=True)


@virtual_time
async def test_a_process_that_starts_is_suspended_after_its_init():
    class Starts(Slow):
        async def init(self):
            await asyncio.sleep(1)
            return ("started",)

    async with virtual_node() as node:
        starting = asyncio.ensure_future(node.start(ChildSpec("slow", Starts)))
        await asyncio.sleep(0.5)
        await system.suspend(node.named("slow"))
        pid = await starting
        pid.cast(1)
        assert await system.get_state(pid) == ("started",)


# --- twice, and by whom --------------------------------------------------------------------------------


@virtual_time
async def test_suspended_twice_and_resumed_once_it_goes_on():
    async with virtual_node() as node:
        pid = await serve(node, Obeys)
        for _ in range(2):
            await system.suspend(pid)
        assert (await system.get_status(pid)).suspended
        for _ in range(2):
            await system.resume(pid)
            assert not (await system.get_status(pid)).suspended
        assert kinds_of_events(node) == ["suspended", "resumed"]
        assert [event[2] for event in items(pid._process.events)] == ["suspended", "resumed"]


@virtual_time
async def test_what_an_operator_has_suspended_a_program_resumes():
    async with virtual_node() as node:
        pid = await serve(node, Obeys)
        pid._process.pause()
        await system.resume(pid)
        assert await pid.call("seen") == ()


@virtual_time
async def test_several_who_suspend_and_resume_at_the_same_time_are_served_in_order():
    async with virtual_node() as node:
        pid = await serve(node, Obeys)
        await asyncio.gather(system.suspend(pid), system.suspend(pid), system.resume(pid))
        assert not (await system.get_status(pid)).suspended
        await asyncio.gather(system.suspend(pid), system.resume(pid), system.suspend(pid))
        assert (await system.get_status(pid)).suspended


@virtual_time
async def test_the_root_is_the_node_and_is_not_suspended():
    async with virtual_node() as node:
        for asked in (system.suspend(node.root.pid), system.terminate(node.root.pid)):
            with pytest.raises(NodeError, match="stop the node instead"):
                await asked


# --- coroutine processes ----------------------------------------------------------------------------------


@virtual_time
async def test_a_suspended_coroutine_receives_nothing_until_it_is_resumed():
    seen = []

    async def worker(process):
        while True:
            seen.append(await process.receive())

    async with virtual_node() as node:
        pid = node.spawn(worker)
        for _ in range(2):
            await system.suspend(pid)
        pid.send("sent")
        await asyncio.sleep(10)
        status = await system.get_status(pid)
        assert (status.suspended, status.waiting, seen) == (True, 1, [])
        await system.resume(pid)
        await quiet(node)
        assert seen == ["sent"]
        assert kinds_of_events(node) == ["suspended", "resumed"]
