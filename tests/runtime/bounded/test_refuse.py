"""A full mailbox that refuses: every sender is told, or the message is counted."""

import asyncio

import pytest

from runtime import (
    CallError,
    MailboxFull,
    PubSub,
)
from tests.support.bounded import SENDERS, Blocks, Keeps, full, resume
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import Obeys, quiet, serve


@virtual_time
async def test_a_full_mailbox_refuses_casts_and_sends_and_the_sender_is_told():
    async with virtual_node() as node:
        pid = await full(node, Keeps)
        for send in (pid.cast, pid.send):
            with pytest.raises(MailboxFull, match=rf"the mailbox of {pid} is full \(2 messages\)") as error:
                send(3)
            assert (error.value.target, error.value.limit) == (pid, 2)
        await resume(pid)
        assert await pid.call("seen") == (1, 2)
        assert pid._process.mailbox.refused == 2


@virtual_time
async def test_a_full_mailbox_refuses_calls_and_the_caller_is_told():
    async with virtual_node() as node:
        pid = await full(node, Keeps)
        with pytest.raises(MailboxFull):
            await pid.call("seen")
        assert not pid._process.owed
        await resume(pid)
        assert await pid.call("seen") == (1, 2)


@virtual_time
async def test_who_is_refused_again_and_again_lets_others_have_their_turns():
    async with virtual_node() as node:
        pid = await full(node, Keeps)
        asyncio.get_running_loop().call_soon(pid._process.unpause)
        while True:
            try:
                assert await pid.call("seen") == (1, 2)
                break
            except CallError:
                pass


@SENDERS
@virtual_time
async def test_a_handler_that_is_refused_gets_the_error(sender):
    async with virtual_node() as node:
        pid = await full(node, Keeps)
        one = await serve(node, sender, pid)
        one.cast((3, 4))
        assert await one.call("done") == (("refused", 3), ("refused", 4))


@virtual_time
async def test_an_idle_process_with_a_limit_takes_one_message_after_the_other():
    async with virtual_node() as node:
        pid = await serve(node, Keeps)
        for number in range(5):
            pid.cast(number)
            await quiet(node)
            assert await pid.call("note") is not None
        assert await pid.call("seen") == (0, "note", 1, "note", 2, "note", 3, "note", 4, "note")
        assert pid._process.mailbox.refused == 0


@virtual_time
async def test_a_timer_that_meets_a_full_mailbox_drops_its_message_and_counts_it():
    async with virtual_node() as node:
        pid = await full(node, Keeps)
        one = await serve(node, Obeys)
        await one.call(("send_after", 1, "late", pid))
        await asyncio.sleep(2)
        await resume(pid)
        assert await pid.call("seen") == (1, 2)
        assert pid._process.mailbox.refused == 1


@pytest.mark.parametrize("behaviour", [Keeps, Blocks])
@virtual_time
async def test_a_broadcast_is_held_up_by_nobody_who_is_full(behaviour):
    async with virtual_node() as node:
        topics = PubSub("topics")
        slow, one = await full(node, behaviour), await serve(node, Obeys)
        for pid in (slow, one):
            topics.subscribe(pid, "t")
        topics.broadcast(node, "t", "news")
        assert await one.call("seen") == ("news",)
        assert slow._process.mailbox.refused == 1
