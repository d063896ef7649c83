"""Messages are handled alike, whether somebody listens or not: limits of mailboxes, order, answers, ends."""

from __future__ import annotations

import pytest

from runtime import Node, trace
from tests.support.bounded import SENDERS, Blocks, Drops, Keeps, Sends, full, resume
from tests.support.eventually import eventually
from tests.support.listening import listen
from tests.support.processes import serve


def session(node):
    listen(node)


def story_of_the_host(_node):
    with trace.story():
        pass


LISTENERS = pytest.mark.parametrize("begin", [session, story_of_the_host], ids=lambda begin: begin.__name__)


@LISTENERS
async def test_a_full_mailbox_refuses(begin):
    async with Node("t", introspection=False) as node:
        begin(node)
        pid, one = await full(node, Keeps), await serve(node, Sends, await full(node, Keeps))
        one.cast((3,))
        assert await one.call("done") == (("refused", 3),)
        await resume(pid)
        assert await pid.call("seen") == (1, 2)


@LISTENERS
async def test_a_full_mailbox_drops_its_oldest(begin):
    async with Node("t", introspection=False) as node:
        begin(node)
        pid = await full(node, Drops)
        pid.cast(3)
        await resume(pid)
        assert await pid.call("seen") == (2, 3)


@LISTENERS
@SENDERS
async def test_a_full_mailbox_lets_its_senders_wait(begin, sender):
    async with Node("t", introspection=False) as node:
        begin(node)
        pid = await full(node, Blocks)
        one = await serve(node, sender, pid)
        one.cast(tuple(range(3, 20)))
        await eventually(lambda: pid._process.mailbox.waiting)
        assert one._process.state[1] == ()
        await resume(pid)
        await eventually(lambda: len(one._process.state[1]) == 17)
        assert await pid.call("seen") == tuple(range(1, 20))
