"""The other end of a call: answering later, from anywhere, or too late."""

import asyncio
import copy

import pytest

from runtime import CallTimeout, NoReply, NotSendable, ProcessDied, Reply, Server, TaskDone
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import end_of, quiet, serve


class Desk(Server):
    """Keeps its callers, and answers them when it is told."""

    def init(self):
        return ()

    def handle_call(self, message, caller, callers):
        match message:
            case "reply, then return a reply":
                caller.reply("first")
                return Reply("second", callers)
            case "reply, then wait":
                caller.reply("first")
                return NoReply(callers)
            case "reply twice":
                caller.reply("first")
                caller.reply("second")
                return NoReply(callers)
            case "callers":
                return Reply(callers, callers)
        return NoReply((*callers, caller))

    def handle_cast(self, answer, callers):
        for caller in callers:
            caller.reply(answer)
        return ()


async def ask(pid, message="hello", **options):
    """A call that is on its way."""
    call = asyncio.ensure_future(pid.call(message, **options))
    await asyncio.sleep(0.001)
    return call


@virtual_time
async def test_a_caller_can_be_answered_later():
    async with virtual_node() as node:
        pid = await serve(node, Desk)
        calls = [await ask(pid) for _ in range(3)]
        pid.cast("at last")
        assert await asyncio.gather(*calls) == ["at last"] * 3


@virtual_time
async def test_a_caller_can_be_answered_from_another_process():
    class Clerk(Server):
        def init(self):
            return 0

        def handle_cast(self, caller, state):
            caller.reply("from the clerk")
            return state

    async with virtual_node() as node:
        pid, clerk = await serve(node, Desk), await serve(node, Clerk)
        call = await ask(pid)
        (caller,) = await pid.call("callers")
        clerk.cast(caller)
        assert await call == "from the clerk"


@virtual_time
async def test_a_caller_can_be_answered_from_a_task_of_the_server():
    class Thinks(Server):
        def init(self):
            return 0

        def handle_call(self, message, caller, state):
            self.task(self.think(caller))
            return NoReply(state)

        async def think(self, caller):
            await asyncio.sleep(3)
            caller.reply("a thought")

        def handle_info(self, message, state):
            assert isinstance(message, TaskDone)
            return state

    async with virtual_node() as node:
        pid = await serve(node, Thinks)
        assert await pid.call("think") == "a thought"


@virtual_time
async def test_a_caller_can_be_answered_by_the_host():
    async with virtual_node() as node:
        pid = await serve(node, Desk)
        call = await ask(pid)
        (caller,) = await pid.call("callers")
        caller.reply("from the host")
        assert await call == "from the host"


@pytest.mark.parametrize("queued", [False, True])
@pytest.mark.parametrize("message", ["reply, then return a reply", "reply, then wait", "reply twice"])
@virtual_time
async def test_the_first_answer_counts_and_a_second_is_dropped_and_counted(message, queued):
    async with virtual_node() as node:
        pid = await serve(node, Desk)
        if queued:
            pid._process.pause()
            asyncio.get_running_loop().call_soon(pid._process.unpause)
        assert await pid.call(message) == "first"
        assert node.scheduler.late_replies == (0 if message == "reply, then wait" else 1)
        assert pid.alive


@virtual_time
async def test_a_caller_knows_its_deadline():
    loop = asyncio.get_running_loop()
    async with virtual_node() as node:
        pid = await serve(node, Desk)
        now = loop.time()
        calls = [await ask(pid, timeout=timeout) for timeout in (3, None)]
        first, second = await pid.call("callers")
        assert first.deadline == pytest.approx(now + 3, abs=0.1)
        assert second.deadline is None
        pid.cast("done")
        await asyncio.gather(*calls)


@virtual_time
async def test_a_caller_is_gone_once_its_deadline_has_passed_and_the_late_reply_is_dropped_and_counted():
    async with virtual_node() as node:
        pid = await serve(node, Desk)
        call = await ask(pid, timeout=3)
        (caller,) = await pid.call("callers")
        assert not caller.gone
        with pytest.raises(CallTimeout):
            await call
        assert caller.gone
        caller.reply("too late")
        assert node.scheduler.late_replies == 1
        assert await pid.call("callers") == (caller,)


@virtual_time
async def test_a_caller_is_gone_once_it_has_been_answered():
    async with virtual_node() as node:
        pid = await serve(node, Desk)
        call = await ask(pid)
        (caller,) = await pid.call("callers")
        caller.reply("an answer")
        assert caller.gone
        assert await call == "an answer"


@virtual_time
async def test_a_caller_is_gone_once_its_task_has_been_cancelled():
    async with virtual_node() as node:
        pid = await serve(node, Desk)
        call = await ask(pid, timeout=None)
        (caller,) = await pid.call("callers")
        call.cancel()
        await asyncio.wait([call])
        assert caller.gone


@virtual_time
async def test_a_caller_is_gone_once_the_server_has_died():
    async with virtual_node() as node:
        pid = await serve(node, Desk)
        call = await ask(pid)
        (caller,) = await pid.call("callers")
        pid._process.handle.exit(pid, "kill")
        with pytest.raises(ProcessDied, match="killed"):
            await call
        assert caller.gone
        caller.reply("nobody hears it")
        assert node.scheduler.late_replies == 1


@virtual_time
async def test_an_answer_that_cannot_be_sent_is_refused_and_the_caller_still_waits():
    async with virtual_node() as node:
        pid = await serve(node, Desk)
        call = await ask(pid)
        (caller,) = await pid.call("callers")
        with pytest.raises(NotSendable):
            caller.reply(lambda: 1)
        assert not caller.gone
        caller.reply("plain")
        assert await call == "plain"


@virtual_time
async def test_an_answer_that_can_change_is_copied():
    async with virtual_node() as node:
        pid = await serve(node, Desk)
        call = await ask(pid)
        (caller,) = await pid.call("callers")
        answer = ["mine"]
        caller.reply(answer)
        answer.append("changed")
        assert await call == ["mine"]


@virtual_time
async def test_a_caller_says_whose_it_is_and_copies_as_itself():
    async with virtual_node() as node:
        pid = await serve(node, Desk)
        call = await ask(pid)
        (caller,) = await pid.call("callers")
        assert repr(caller) == f"<caller of {pid}>"
        assert copy.deepcopy(caller) is caller
        pid.cast("done")
        await call
        assert repr(caller) == f"<caller of {pid}, gone>"


@virtual_time
async def test_a_server_that_ends_owes_nobody_anything():
    async with virtual_node() as node:
        pid = await serve(node, Desk)
        calls = [await ask(pid, timeout=None) for _ in range(5)]
        assert len(pid._process.owed) == 5
        pid._process.handle.exit(pid, "kill")
        await end_of(pid)
        await quiet(node)
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ProcessDied] * 5
        assert not pid._process.owed
