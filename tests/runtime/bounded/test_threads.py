"""Senders in other threads."""

import asyncio
import threading

import pytest

from runtime import (
    MailboxFull,
    Node,
)
from tests.support.bounded import Blocks, Keeps, full, resume
from tests.support.eventually import eventually
from tests.support.processes import quiet, serve


async def test_a_thread_is_refused_by_what_is_full_at_that_moment():
    async with Node("t", introspection=False) as node:
        pid = await full(node, Keeps)

        def elsewhere():
            with pytest.raises(MailboxFull):
                pid.cast(3)

        await asyncio.to_thread(elsewhere)
        await eventually(lambda: pid._process.mailbox.refused == 1)
        await resume(pid)
        await quiet(node)
        await asyncio.to_thread(pid.cast, 4)
        await eventually(lambda: pid._process.state == (1, 2, 4))


async def test_what_a_thread_sends_that_meets_a_full_mailbox_on_its_way_is_counted():
    async with Node("t", introspection=False) as node:
        pid = await serve(node, Keeps)
        pid._process.pause()

        def elsewhere():
            for number in range(5):
                pid.cast(number)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()  # the loop has had no turn
        await eventually(lambda: pid._process.mailbox.refused == 3)
        await resume(pid)
        assert await pid.call("seen") == (0, 1)


async def test_a_thread_waits_for_room():
    async with Node("t", introspection=False) as node:
        pid = await full(node, Blocks)
        thread = threading.Thread(target=lambda: [pid.cast(number) for number in range(3, 6)])
        thread.start()
        await eventually(lambda: pid._process.mailbox.waiting)
        assert thread.is_alive()
        await resume(pid)
        await eventually(lambda: not thread.is_alive())
        assert await pid.call("seen") == (1, 2, 3, 4, 5)


async def test_a_thread_that_waits_goes_on_when_the_process_ends():
    async with Node("t", introspection=False) as node:
        pid = await full(node, Blocks)
        thread = threading.Thread(target=pid.cast, args=(3,))
        thread.start()
        await eventually(lambda: pid._process.mailbox.waiting)
    await eventually(lambda: not thread.is_alive())
