"""`terminate`: when it runs, and what it is told."""

import asyncio

import pytest

from runtime import (
    ChildSpec,
    Exit,
    Reply,
    SelfCall,
    Server,
    StartError,
    Stop,
    Supervisor,
)
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import end_of, serve, the_crash


class Goodbye(Server):
    trap_exits = True

    def init(self):
        return "last"

    def handle_cast(self, message, state):
        match message:
            case "raise":
                raise ValueError("oops")
            case "kill":
                self.exit(self.pid, "kill")
                return state
        return Stop(message, "stopping")

    def handle_call(self, message, caller, state):
        return Stop("normal", "stopping", reply="goodbye")

    def terminate(self, reason, state):
        self.resource("said").append((reason, state))


class GoodbyeAsync(Goodbye):
    async def terminate(self, reason, state):
        await asyncio.sleep(1)
        self.resource("said").append((reason, state))


goodbyes = pytest.mark.parametrize("kind", [Goodbye, GoodbyeAsync], ids=["plain", "async"])


@goodbyes
@virtual_time
async def test_terminate_is_told_the_reason_and_the_last_state(kind):
    said = []
    async with virtual_node(resources={"said": said}) as node:
        for reason in ("normal", ("shutdown", 1), "anything"):
            pid = await serve(node, kind)
            pid.cast(reason)
            await end_of(pid)
    assert said == [("normal", "stopping"), (("shutdown", 1), "stopping"), ("anything", "stopping")]


@goodbyes
@virtual_time
async def test_terminate_runs_after_a_crash_with_the_last_good_state(kind):
    said = []
    async with virtual_node(resources={"said": said}) as node:
        pid = await serve(node, kind)
        pid.cast("raise")
        await end_of(pid)
    ((reason, state),) = said
    assert (type(reason), state) == (ValueError, "last")


@goodbyes
@virtual_time
async def test_terminate_runs_when_the_supervisor_shuts_down_a_process_that_traps_exits(kind):
    said = []
    async with virtual_node(resources={"said": said}) as node:
        await serve(node, kind)
    assert said == [("shutdown", "last")]


@virtual_time
async def test_terminate_does_not_run_when_exits_are_not_trapped():
    class Leaves(Goodbye):
        trap_exits = False

    said = []
    async with virtual_node(resources={"said": said}) as node:
        await serve(node, Leaves)
    assert said == []


@goodbyes
@virtual_time
async def test_terminate_does_not_run_when_init_has_failed(kind):
    class Fails(kind):
        def init(self):
            raise OSError

    said = []
    async with virtual_node(resources={"said": said}) as node:
        with pytest.raises(StartError):
            await serve(node, Fails)
    assert said == []


@goodbyes
@virtual_time
async def test_terminate_does_not_run_when_the_process_is_killed(kind):
    said = []
    async with virtual_node(resources={"said": said}) as node:
        pid = await serve(node, kind)
        pid.cast("kill")
        assert await end_of(pid) == "killed"
    assert said == []


@goodbyes
@virtual_time
async def test_the_answer_of_a_stop_comes_after_terminate(kind):
    said = []
    async with virtual_node(resources={"said": said}) as node:
        pid = await serve(node, kind)
        assert await pid.call("leave") == "goodbye"
        assert said == [("normal", "stopping")]


@pytest.mark.parametrize("asynchronous", [False, True])
@virtual_time
async def test_a_terminate_that_raises_changes_the_reason_but_not_the_answer(asynchronous):
    class Trips(Server):
        def init(self):
            return 0

        def handle_call(self, message, caller, state):
            return Stop("normal", state, reply="goodbye")

        def terminate(self, reason, state):
            raise KeyError("tripped")

    class TripsAsync(Trips):
        async def terminate(self, reason, state):
            await asyncio.sleep(0)
            raise KeyError("tripped")

    async with virtual_node() as node:
        pid = await serve(node, TripsAsync if asynchronous else Trips)
        assert await pid.call("leave") == "goodbye"
        assert type(await end_of(pid)) is KeyError
        assert the_crash(node).text == "KeyError('tripped')"


@virtual_time
async def test_a_terminate_that_never_ends_is_killed_after_the_time_that_the_spec_allows():
    class Stays(Server):
        trap_exits = True

        def init(self):
            return 0

        async def terminate(self, reason, state):
            await asyncio.Event().wait()

    loop = asyncio.get_running_loop()
    async with virtual_node() as node:
        pid = await serve(node, Stays, shutdown=7)
        before = loop.time()
    assert loop.time() - before == pytest.approx(7)
    assert pid._process.reason == "killed"


@virtual_time
async def test_the_parents_exit_signal_waits_its_turn_in_the_mailbox():
    class Works(Goodbye):
        def handle_info(self, message, state):
            return message

    said = []
    async with virtual_node(resources={"said": said}) as node:
        pid = await serve(node, Works)
        pid.send("the last message before the shutdown")
    assert said == [("shutdown", "the last message before the shutdown")]


@virtual_time
async def test_an_exit_signal_from_another_process_is_a_message_to_a_server_that_traps():
    class Traps(Server):
        trap_exits = True

        def init(self):
            return ()

        def handle_info(self, message, seen):
            return (*seen, message)

        def handle_call(self, message, caller, seen):
            return Reply(seen, seen)

    async def pokes(process, pid):
        process.exit(pid, "poke")

    async with virtual_node() as node:
        pid = await serve(node, Traps)
        poker = node.spawn(pokes, pid)
        await end_of(poker)
        assert await pid.call("seen") == (Exit(poker, "poke"),)


@pytest.mark.parametrize("kind", [Goodbye, GoodbyeAsync, None], ids=["plain", "async", "a supervisor"])
@virtual_time
async def test_a_suspended_process_still_obeys_its_supervisor(kind):
    loop = asyncio.get_running_loop()
    said = []
    async with virtual_node(resources={"said": said}) as node:
        if kind is None:
            pid = await node.start(Supervisor([ChildSpec("child", Goodbye)]))
        else:
            pid = await serve(node, kind)
        pid._process.pause()
        pid.send("a message that waits")
        before = loop.time()
    assert loop.time() - before < 2
    assert said == [("shutdown", "last")]


@pytest.mark.parametrize("message", ["shutdown", "raise"])
@virtual_time
async def test_a_process_cannot_call_itself_in_terminate_either(message):
    class Asks(Goodbye):
        async def terminate(self, reason, state):
            await self.pid.call("hello")

    async with virtual_node() as node:
        pid = await serve(node, Asks)
        pid.cast(message)
        assert type(await end_of(pid)) is SelfCall
