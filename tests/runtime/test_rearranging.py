"""One message that waits is dropped, or put last: that one, and no harm done to who has sent it."""

import asyncio

import pytest

from runtime import Backoff, ChildSpec, MailboxFull, MessageDropped, Supervisor, exits
from runtime.rearranging import LOOKED_AT, drop, requeue
from tests.support.bounded import Blocks, Keeps, full, resume
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import end_of, quiet, serve


class Unbounded(Keeps):
    mailbox_limit = None


def waiting(pid):
    """The messages that wait."""
    return [entry[1] for entry in pid._process.mailbox or ()]


def entry_of(pid, message):
    """Where a message waits."""
    return next(entry for entry in pid._process.mailbox if entry[1] == message)


async def paused(node, *messages):
    """A server that handles nothing, and for which messages wait."""
    pid = await serve(node, Unbounded)
    pid._process.pause()
    for message in messages:
        pid.cast(message)
    return pid


async def selective(process, *kinds):
    """Receives once for each kind, and notes what."""
    for kind in kinds:
        process.resource("seen").append(await process.receive(match=kind))


@virtual_time
async def test_a_dropped_message_is_gone_and_the_others_keep_their_order():
    async with virtual_node() as node:
        pid = await paused(node, 1, 2, 3)
        assert drop(pid._process, entry_of(pid, 2))
        await resume(pid)
        assert await pid.call("seen") == (1, 3)


@virtual_time
async def test_the_only_message_can_be_dropped_and_its_process_works_on():
    async with virtual_node() as node:
        pid = await paused(node, 1)
        assert drop(pid._process, entry_of(pid, 1))
        await resume(pid)
        await quiet(node)
        assert await pid.call("seen") == ()


@virtual_time
async def test_a_message_put_last_keeps_its_age_and_comes_after_all_others():
    async with virtual_node() as node:
        pid = await paused(node, 1, 2, 3)
        entry = entry_of(pid, 1)
        assert requeue(pid._process, entry)
        assert waiting(pid) == [2, 3, 1]
        assert pid._process.mailbox[-1] is entry
        await resume(pid)
        assert await pid.call("seen") == (2, 3, 1)


@virtual_time
async def test_who_has_called_is_told_that_the_call_was_dropped():
    async with virtual_node() as node:
        pid = await paused(node, 1)
        call = asyncio.ensure_future(pid.call("seen"))
        await quiet(node)
        assert drop(pid._process, entry_of(pid, "seen"))
        with pytest.raises(
            MessageDropped, match=rf"dropped the call out of the mailbox of {pid}; it was not handled"
        ):
            await call
        assert not pid._process.owed
        await resume(pid)
        assert await pid.call("seen") == (1,)


@virtual_time
async def test_a_call_that_was_put_last_is_answered_all_the_same():
    async with virtual_node() as node:
        pid = await paused(node)
        call = asyncio.ensure_future(pid.call("seen"))
        await quiet(node)
        pid.cast(1)
        assert requeue(pid._process, entry_of(pid, "seen"))
        await resume(pid)
        assert await call == (1,)


@virtual_time
async def test_what_has_been_handled_meanwhile_is_neither_dropped_nor_put_last():
    async with virtual_node() as node:
        pid = await paused(node, 1)
        entry = entry_of(pid, 1)
        await resume(pid)
        await quiet(node)
        pid._process.pause()
        pid.cast(1)  # the same value, and another message
        assert not drop(pid._process, entry)
        assert not requeue(pid._process, entry)
        assert waiting(pid) == [1]


@virtual_time
async def test_what_the_runtime_says_stays():
    async with virtual_node() as node:
        pid = await paused(node)
        other = await serve(node, Unbounded)
        exits.monitor(pid._process, other._process)
        exits.signal(other._process, "kill", None)
        await quiet(node)
        (down,) = pid._process.mailbox
        assert not drop(pid._process, down)
        assert not requeue(pid._process, down)


@virtual_time
async def test_a_restart_that_a_supervisor_has_put_off_stays():
    async with virtual_node() as node:
        waits = ChildSpec("waits", Unbounded, backoff=Backoff(first=1.0, jitter=0.0))
        top = await node.start(Supervisor([waits]))
        exits.signal(node.whereis("waits")._process, "kill", None)
        await quiet(node)
        top._process.pause()
        await asyncio.sleep(2)
        (due,) = top._process.mailbox
        assert not drop(top._process, due)
        assert not requeue(top._process, due)
        await resume(top)
        assert node.whereis("waits")


@virtual_time
async def test_a_bounded_mailbox_gives_the_room_of_a_dropped_message_to_who_waits_for_it():
    async with virtual_node() as node:
        pid = await full(node, Blocks)
        call = asyncio.ensure_future(pid.call("seen"))
        await quiet(node)
        assert drop(pid._process, pid._process.mailbox[0])
        assert waiting(pid) == [2, "seen"]
        await resume(pid)
        assert await call == (2,)


@virtual_time
async def test_a_full_mailbox_puts_a_message_last_without_letting_anybody_in():
    async with virtual_node() as node:
        pid = await full(node, Keeps)
        assert requeue(pid._process, pid._process.mailbox[0])
        assert waiting(pid) == [2, 1]
        with pytest.raises(MailboxFull):
            pid.cast(3)


@virtual_time
async def test_a_selective_receive_passes_over_nothing_when_what_it_has_looked_at_is_dropped(seen):
    async with virtual_node(resources={"seen": seen}) as node:
        pid = node.spawn(selective, str, int)
        for message in (1, 2, 3):
            pid.send(message)
        await quiet(node)
        assert drop(pid._process, entry_of(pid, 2))
        pid.send("text")
        assert await end_of(pid) == "normal"
    assert seen == ["text", 1]


@virtual_time
async def test_a_selective_receive_looks_again_at_what_was_put_last(seen):
    async with virtual_node(resources={"seen": seen}) as node:
        pid = node.spawn(selective, str, int, int)
        for message in (1, 2):
            pid.send(message)
        await quiet(node)
        assert requeue(pid._process, entry_of(pid, 1))
        pid.send("text")
        assert await end_of(pid) == "normal"
    assert seen == ["text", 2, 1]


@virtual_time
async def test_only_the_head_of_a_very_long_mailbox_is_searched():
    async with virtual_node() as node:
        pid = await paused(node, *range(LOOKED_AT + 1))
        assert not drop(pid._process, pid._process.mailbox[LOOKED_AT])
        assert drop(pid._process, pid._process.mailbox[LOOKED_AT - 1])
        assert len(pid._process.mailbox) == LOOKED_AT
