"""`receive`: selective, in order, and never losing a message."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import pytest

from runtime import (
    Call,
    CallTimeout,
    ProcessDied,
)
from runtime.scheduler import TURN_S
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import end_of, quiet, the_crash


@dataclass(frozen=True)
class Job:
    number: int


async def receives(process, *matches):
    """Receives once for each."""
    for match in matches:
        process.resource("seen").append(await process.receive(match=KINDS[match]))


KINDS = {
    "any": None,
    "a string": str,
    "a job": Job,
    "a number or a job": (int, Job),
    "a number or a string": int | str,
    "an even number": lambda message: isinstance(message, int) and message % 2 == 0,
}


@virtual_time
async def test_receive_takes_the_oldest_message(seen):
    async with virtual_node(resources={"seen": seen}) as node:
        pid = node.spawn(receives, "any", "any")
        pid.send(1)
        pid.send(2)
        assert await end_of(pid) == "normal"
    assert seen == [1, 2]


@pytest.mark.parametrize("early", [True, False], ids=["messages first", "receive first"])
@virtual_time
async def test_receive_takes_what_matches_and_leaves_the_others_in_order(seen, early):
    async with virtual_node(resources={"seen": seen}) as node:
        wanted = ("a job", "an even number", "a number or a string", "a number or a job", "any", "any")
        pid = node.spawn(receives, *wanted)
        if not early:
            await quiet(node)
        for message in (1, "text", 3, Job(1), 4, b"rest"):
            pid.send(message)
            if not early:
                await quiet(node)
        assert await end_of(pid) == "normal"
    assert seen == [Job(1), 4, 1, 3, "text", b"rest"]


@virtual_time
async def test_receive_waits_for_the_time_that_it_is_given(seen):
    loop = asyncio.get_running_loop()

    async def worker(process):
        before = process.resource("loop").time()
        with pytest.raises(TimeoutError, match=r"nothing for <0\.\d+\.0> to receive within 2\.5 s"):
            await process.receive(match=str, timeout=2.5)
        process.resource("seen").append(process.resource("loop").time() - before)

    async with virtual_node(resources={"seen": seen, "loop": loop}) as node:
        pid = node.spawn(worker)
        await asyncio.sleep(1)
        pid.send(1)  # wakes it, and does not match
        assert await end_of(pid) == "normal"
    assert seen == [pytest.approx(2.5)]


@virtual_time
async def test_receive_with_a_time_of_zero_takes_only_what_is_there(seen):
    async def worker(process):
        process.pid.send("there")
        process.resource("seen").append(await process.receive(timeout=0))
        with pytest.raises(TimeoutError):
            await process.receive(timeout=0)

    async with virtual_node(resources={"seen": seen}) as node:
        assert await end_of(node.spawn(worker)) == "normal"
    assert seen == ["there"]


@pytest.mark.parametrize("timeout", [-1, float("nan")])
@virtual_time
async def test_receive_refuses_a_time_that_is_none(timeout):
    async def worker(process):
        await process.receive(timeout=timeout)

    async with virtual_node() as node:
        assert type(await end_of(node.spawn(worker))) is ValueError


@virtual_time
async def test_a_receive_that_is_cancelled_loses_no_message(seen):
    async def worker(process):
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(process.receive(), 1)
        await asyncio.sleep(1)
        process.resource("seen").append(await asyncio.wait_for(process.receive(), 1))

    async with virtual_node(resources={"seen": seen}) as node:
        pid = node.spawn(worker)
        await asyncio.sleep(3.5)
        pid.send("kept")
        assert await end_of(pid) == "normal"
    assert seen == ["kept"]


@virtual_time
async def test_a_process_receives_one_message_at_a_time():
    async def worker(process):
        await asyncio.gather(process.receive(), process.receive())

    async with virtual_node() as node:
        reason = await end_of(node.spawn(worker))
        assert type(reason) is RuntimeError
        assert "is in `receive` already" in str(reason)


@virtual_time
async def test_a_predicate_that_raises_is_the_processs_own_error():
    async def worker(process):
        await process.receive(match=lambda message: message.missing)

    async with virtual_node() as node:
        pid = node.spawn(worker)
        pid.send(1)
        assert type(await end_of(pid)) is AttributeError
        assert the_crash(node).mailbox_sample == (1,)


@virtual_time
async def test_a_call_is_received_with_its_caller(seen):
    async def worker(process):
        call = await process.receive(match=Call)
        await asyncio.sleep(1)
        call.caller.reply(call.message * 2)

    async with virtual_node() as node:
        pid = node.spawn(worker)
        pid.cast("left in the mailbox")
        assert await pid.call(21) == 42


@virtual_time
async def test_calls_that_a_coroutine_never_answers_time_out_or_die_with_it():
    async def worker(process):
        await process.receive(match=Call)
        await process.receive(match=str)

    async with virtual_node() as node:
        pid = node.spawn(worker)
        with pytest.raises(CallTimeout):
            await pid.call(1, timeout=1)
        waiting = [asyncio.ensure_future(pid.call(n)) for n in (2, 3)]
        await asyncio.sleep(0.1)
        pid.send("leave")
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ProcessDied, ProcessDied]


@virtual_time
async def test_a_suspended_coroutine_receives_nothing_until_it_is_resumed(seen):
    async with virtual_node(resources={"seen": seen}) as node:
        pid = node.spawn(receives, "any")
        await quiet(node)
        pid._process.pause()
        pid.send("while suspended")
        await asyncio.sleep(100)
        assert seen == []
        pid._process.unpause()
        assert await end_of(pid) == "normal"
    assert seen == ["while suspended"]


@virtual_time
async def test_a_coroutine_suspended_outside_of_receive_stops_at_the_next(seen):
    async def worker(process):
        await asyncio.sleep(10)
        process.resource("seen").append(await process.receive())

    async with virtual_node(resources={"seen": seen}) as node:
        pid = node.spawn(worker)
        pid.send("hello")
        await asyncio.sleep(1)
        pid._process.pause()
        await asyncio.sleep(100)
        assert seen == []
        pid._process.unpause()
        assert await end_of(pid) == "normal"
    assert seen == ["hello"]


async def test_a_coroutine_with_a_full_mailbox_leaves_its_neighbours_their_turns():
    async def echoes_to_itself(process):
        process.pid.send("again")
        while True:
            process.pid.send(await process.receive())

    from runtime import Node

    async with Node("t", introspection=False) as node:
        pid = node.spawn(echoes_to_itself)
        loop = asyncio.get_running_loop()
        gaps = []
        for _ in range(20):
            before = loop.time()
            await asyncio.sleep(0)
            gaps.append(loop.time() - before)
        assert pid.alive
    assert sorted(gaps)[len(gaps) // 2] < TURN_S * 4


async def listens(process):
    """Receives for three seconds at a time, as `asyncio` limits it."""
    while True:
        with suppress(TimeoutError):
            process.resource("seen").append(await asyncio.wait_for(process.receive(str), 3))


@virtual_time
async def test_a_receive_within_a_time_limit_of_asyncio_is_woken(seen):
    async with virtual_node(resources={"seen": seen}) as node:
        pid = node.spawn(listens)
        for message in ("one", "two"):
            await asyncio.sleep(10)  # several limits pass
            pid.send(message)
            await quiet(node)
            assert seen[-1] == message
