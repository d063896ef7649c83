"""Ended in good order, by whoever may ask."""

import asyncio
import threading

import pytest

from runtime import (
    ChildSpec,
    NextState,
    NotSendable,
    ProcessDied,
    Server,
    StateMachine,
    Supervisor,
    exits,
    system,
)
from runtime.status import PARKED
from tests.support.clock import virtual_node, virtual_time
from tests.support.eventually import eventually
from tests.support.processes import quiet, serve
from tests.support.slicing import sliced, spin


class Says(Server):
    def init(self, seconds=0):
        return seconds

    async def handle_cast(self, seconds, state):
        await asyncio.sleep(seconds)
        self.resource("said").append("handled")
        return state

    async def terminate(self, reason, state):
        await asyncio.sleep(state)
        self.resource("said").append(reason)


class Machine(StateMachine):
    def init(self):
        return NextState("on", 1)

    def terminate(self, reason, state, data):
        self.resource("said").append((reason, state, data))

    def on(self, event, data): ...


@pytest.fixture
def said():
    return []


@pytest.mark.parametrize("suspended", [False, True])
@virtual_time
async def test_a_process_says_its_last_and_ends_and_then_whoever_asks_is_answered(said, suspended):
    async with virtual_node(resources={"said": said}) as node:
        pid = await serve(node, Says, 2)
        if suspended:
            await system.suspend(pid)
        await system.terminate(pid, ("shutdown", "asked to"))
        assert said == [("shutdown", "asked to")]
        assert (pid.alive, pid._process.reason) == (False, ("shutdown", "asked to"))
        assert not node.ledger.crashes


@virtual_time
async def test_the_handler_that_runs_is_waited_for_and_what_waits_is_not(said):
    async with virtual_node(resources={"said": said}) as node:
        pid = await serve(node, Says)
        pid.cast(2)
        asked = asyncio.ensure_future(system.terminate(pid))
        await asyncio.sleep(1)
        pid.cast(1)
        await asked
    assert said == ["handled", "normal"]


@pytest.mark.parametrize("suspended", [False, True])
async def test_a_terminate_that_overruns_is_sliced(suspended):
    go_on = []

    class Overruns(Server):
        def init(self):
            return ()

        def terminate(self, reason, state):
            spin(lambda: go_on)

    async with sliced() as node:
        pid = await serve(node, Overruns)
        if suspended:
            await system.suspend(pid)
        asked = asyncio.ensure_future(system.terminate(pid))
        await eventually(lambda: pid._process.status == PARKED)
        go_on.append(True)
        await asked
        assert not pid.alive


@virtual_time
async def test_a_reason_that_is_not_orderly_is_a_crash(said):
    async with virtual_node(resources={"said": said}) as node:
        pid = await serve(node, Says)
        await system.terminate(pid, "overdrawn")
        assert [crash.reason for crash in node.ledger.crashes] == ["overdrawn"]
        with pytest.raises(NotSendable):
            await system.terminate(await serve(node, Says), threading.Lock())


@virtual_time
async def test_a_state_machine_and_a_supervisor_end_as_they_do(said):
    async with virtual_node(resources={"said": said}) as node:
        await system.terminate(await serve(node, Machine), "shutdown")
        top = await node.start(Supervisor([ChildSpec("a", Machine)]))
        await system.suspend(top)
        await system.terminate(top, "shutdown")
        assert node.whereis("a") is None
        assert said == [("shutdown", "on", 1)]


@virtual_time
async def test_its_supervisor_does_with_it_what_it_does_with_any_end(said):
    async with virtual_node(resources={"said": said}) as node:
        await node.start(Supervisor([ChildSpec("a", Says), ChildSpec("b", Says, restart="transient")]))
        for name in "ab":
            await system.terminate(node.named(name))
        await quiet(node)
        assert node.whereis("a") is not None
        assert node.whereis("b") is None


@virtual_time
async def test_who_asks_is_told_when_it_is_killed_first(said):
    async with virtual_node(resources={"said": said}) as node:
        pid = await serve(node, Says, 100)
        asked = asyncio.ensure_future(system.terminate(pid, timeout=None))
        await asyncio.sleep(1)
        exits.signal(pid._process, "kill")
        with pytest.raises(ProcessDied, match="killed"):
            await asked


@virtual_time
async def test_a_coroutine_has_no_terminate():
    async def worker(process):
        await process.receive()

    async with virtual_node() as node:
        with pytest.raises(TypeError, match="has no `terminate`; send it an exit signal"):
            await system.terminate(node.spawn(worker))
