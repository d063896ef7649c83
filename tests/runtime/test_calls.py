"""Calls: the answer, and every way in which there is none."""

import asyncio
import inspect
import math

import pytest

from runtime import (
    CallCycle,
    CallError,
    CallTimeout,
    ChildSpec,
    NoProcess,
    NoReply,
    NotRegistered,
    ObserverError,
    ProcessDied,
    Reply,
    SelfCall,
    Server,
    Stop,
)
from runtime.log import items
from runtime.sending import MAX_DEPTH
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import end_of, quiet, serve


class Echo(Server):
    def init(self):
        return []

    def handle_call(self, message, caller, seen):
        match message:
            case "seen":
                return Reply(seen, seen)
            case "never":
                return NoReply([*seen, caller])
            case "crash":
                raise ValueError("no answer")
            case "stop":
                return Stop("normal", seen)
            case "stop with an answer":
                return Stop("normal", seen, reply="goodbye")
            case "kill":
                self.exit(self.pid, "kill")
                return Reply("too late", seen)
        return Reply(message, seen)

    def handle_cast(self, message, seen):
        return [*seen, message]

    handle_info = handle_cast


class Slow(Server):
    async def init(self):
        return 0

    async def handle_call(self, message, caller, answered):
        await asyncio.sleep(message)
        return Reply(answered + 1, answered + 1)


@virtual_time
async def test_a_call_is_answered():
    async with virtual_node() as node:
        pid = await serve(node, Echo)
        assert await pid.call("hello") == "hello"
        assert await asyncio.gather(*(pid.call(n) for n in range(10))) == list(range(10))


@virtual_time
async def test_a_call_to_an_ended_process_is_no_process():
    async with virtual_node() as node:
        pid = await serve(node, Echo)
        with pytest.raises(ProcessDied):
            await pid.call("stop")
        with pytest.raises(NoProcess, match=r"use node\.named\(NAME\), which finds the successor"):
            await pid.call("hello")


@virtual_time
async def test_a_call_to_a_name_that_nobody_has_is_not_registered():
    async with virtual_node() as node:
        with pytest.raises(NotRegistered) as error:
            await node.named("nobody").call("hello")
        assert error.value.name == "nobody"


@pytest.mark.parametrize("message", ["crash", "stop", "kill"])
@pytest.mark.parametrize("queued", [False, True])
@virtual_time
async def test_a_process_that_ends_without_an_answer_has_died(message, queued):
    reasons = {"crash": ValueError, "stop": str, "kill": str}
    async with virtual_node() as node:
        pid = await serve(node, Echo)
        if queued:
            pid.cast("something before it")
        with pytest.raises(ProcessDied) as error:
            await pid.call(message)
        assert type(error.value.reason) is reasons[message]


@virtual_time
async def test_calls_that_wait_when_the_process_ends_fail_as_well():
    async with virtual_node() as node:
        pid = await serve(node, Echo)
        pid._process.pause()
        waiting = [asyncio.ensure_future(pid.call(m)) for m in ("never", "crash", "behind", "further behind")]
        await asyncio.sleep(0)
        pid._process.unpause()
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ProcessDied] * 4


@virtual_time
async def test_a_stop_can_carry_the_answer():
    async with virtual_node() as node:
        pid = await serve(node, Echo)
        assert await pid.call("stop with an answer") == "goodbye"
        assert await end_of(pid) == "normal"


@virtual_time
async def test_a_call_without_an_answer_in_time_times_out_and_says_what_the_process_does():
    loop = asyncio.get_running_loop()
    async with virtual_node() as node:
        pid = await serve(node, Slow)
        before = loop.time()
        with pytest.raises(CallTimeout) as error:
            await pid.call(100, timeout=2.5)
        assert loop.time() - before == pytest.approx(2.5)
        assert str(error.value) == (
            f"{pid} has not answered within 2.5 s; it is awaiting in Slow for 2.5 s, 0 messages in its mailbox"
        )


def test_a_call_timeout_is_a_timeout_error():
    assert issubclass(CallTimeout, TimeoutError)


def test_the_errors_of_calls_are_a_tree():
    for error in (NoProcess, NotRegistered, CallTimeout, ProcessDied, SelfCall):
        assert issubclass(error, CallError)
    assert issubclass(NotRegistered, NoProcess)
    assert issubclass(CallError, ObserverError)


@virtual_time
async def test_the_time_limit_is_five_seconds_unless_another_is_given():
    loop = asyncio.get_running_loop()
    async with virtual_node() as node:
        pid = await serve(node, Slow)
        before = loop.time()
        with pytest.raises(CallTimeout):
            await pid.call(100)
        assert loop.time() - before == pytest.approx(5.0)


@pytest.mark.parametrize("timeout", [None, math.inf])
@virtual_time
async def test_a_call_can_wait_for_ever(timeout):
    async with virtual_node() as node:
        pid = await serve(node, Slow)
        assert await pid.call(100_000, timeout=timeout) == 1


@virtual_time
async def test_a_time_limit_of_zero_leaves_one_turn():
    async with virtual_node() as node:
        pid = await serve(node, Slow)
        with pytest.raises(CallTimeout):
            await pid.call(1, timeout=0)


@pytest.mark.parametrize("timeout", [-1, -0.001, math.nan])
@virtual_time
async def test_a_time_limit_that_is_no_time_is_refused(timeout):
    async with virtual_node() as node:
        pid = await serve(node, Echo)
        with pytest.raises(ValueError, match="it is seconds, 0 or more, or None"):
            await pid.call("hello", timeout=timeout)


@virtual_time
async def test_a_process_that_timed_out_somebody_still_answers_the_next():
    async with virtual_node() as node:
        pid = await serve(node, Slow)
        with pytest.raises(CallTimeout):
            await pid.call(3, timeout=1)
        assert await pid.call(0.5) == 2
        assert node.scheduler.late_replies == 1


@virtual_time
async def test_a_cancelled_caller_is_forgotten_and_the_late_answer_dropped():
    async with virtual_node() as node:
        pid = await serve(node, Echo)
        for timeout in (None, 60):
            call = asyncio.ensure_future(pid.call("never", timeout=timeout))
            await quiet(node)
            await asyncio.sleep(0)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
        assert not pid._process.owed
        callers = await pid.call("seen")
        assert [caller.gone for caller in callers] == [True, True]
        callers[0].reply("nobody hears it")
        assert node.scheduler.late_replies == 1


class Selfish(Server):
    def init(self):
        return 0

    async def handle_call(self, message, caller, state):
        match message:
            case "call yourself":
                await self.pid.call("hello")
            case "call yourself by name":
                await self.named("selfish").call("hello")
            case "call yourself within a time limit":
                async with asyncio.timeout(60):
                    await asyncio.wait_for(self.pid.call("hello"), 60)
        return Reply("hello", state)


@pytest.mark.parametrize(
    "how", ["call yourself", "call yourself by name", "call yourself within a time limit"]
)
@virtual_time
async def test_a_call_to_oneself_fails_at_once_instead_of_waiting_for_ever(how):
    async with virtual_node() as node:
        pid = await node.start(ChildSpec("selfish", Selfish, restart="temporary"))
        with pytest.raises(ProcessDied) as error:
            await pid.call(how)
        assert type(error.value.reason) is SelfCall
        assert "would wait for ever" in str(error.value.reason)


@virtual_time
async def test_a_coroutine_process_cannot_call_itself_either():
    caught = []

    async def worker(process):
        try:
            await process.pid.call("hello")
        except SelfCall as error:
            process.resource("caught").append(error)

    async with virtual_node(resources={"caught": caught}) as node:
        await end_of(node.spawn(worker))
    assert len(caught) == 1


class Tower(Server):
    """Calls the next one, so many times."""

    def init(self):
        return 0

    async def handle_call(self, message, caller, state):
        pids = message
        if not pids:
            return Reply(0, state)
        return Reply(1 + await pids[0].call(pids[1:]), state)


@virtual_time
async def test_calls_within_calls_may_be_deeper_than_what_runs_at_once():
    depth = MAX_DEPTH * 4
    async with virtual_node() as node:
        pids = [await serve(node, Tower) for _ in range(depth)]
        assert await pids[0].call(tuple(pids[1:])) == depth - 1
        assert node.scheduler.depth == 0


@virtual_time
async def test_who_handles_the_refusal_of_a_call_back_lives():
    class Peer(Server):
        def init(self):
            return 0

        async def handle_call(self, message, caller, state):
            try:
                return Reply(await message[0].call(message[1:], timeout=1), state)
            except CallCycle:
                return Reply("refused", state)

    async with virtual_node() as node:
        one, two = await serve(node, Peer), await serve(node, Peer)
        assert await one.call((two, one)) == "refused"
        assert one.alive
        assert two.alive


@virtual_time
async def test_a_message_to_nobody_is_dropped_and_counted():
    async with virtual_node() as node:
        pid = await serve(node, Echo)
        with pytest.raises(ProcessDied):
            await pid.call("stop")
        pid.cast("hello")
        pid.send("hello")
        node.named("nobody").cast("hello")
        node.named("nobody").send("hello")
        assert node.scheduler.dead_letters == 2
        assert node.registry.dead_letters == 2


@virtual_time
async def test_casts_are_for_handle_cast_and_sent_messages_for_handle_info():
    class Sorter(Server):
        def init(self):
            return ()

        def handle_call(self, message, caller, seen):
            return Reply(seen, seen)

        def handle_cast(self, message, seen):
            return (*seen, ("cast", message))

        def handle_info(self, message, seen):
            return (*seen, ("info", message))

    async with virtual_node() as node:
        pid = await serve(node, Sorter)
        pid.cast(1)
        pid.send(2)
        assert await pid.call("seen") == (("cast", 1), ("info", 2))


@virtual_time
async def test_an_operator_or_host_is_sender_number_zero_and_a_process_its_own_number():
    class Teller(Server):
        def init(self):
            return ()

        def handle_cast(self, pid, state):
            pid.cast("from a server")
            return state

    async with virtual_node() as node:
        pid, teller = await serve(node, Echo), await serve(node, Teller)
        pid.cast("from the host")
        teller.cast(pid)
        await quiet(node)
        assert [(event[2], event[3]) for event in items(pid._process.events)] == [
            ("from the host", 0),
            ("from a server", teller.number),
        ]


@virtual_time
async def test_a_call_is_a_coroutine_as_any_other():
    async with virtual_node() as node:
        pid = await serve(node, Echo)
        call = pid.call("hello")
        assert inspect.iscoroutine(call)
        assert await call == "hello"
