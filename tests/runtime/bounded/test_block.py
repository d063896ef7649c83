"""A full mailbox whose senders wait: who does, until when, and who cannot."""

import asyncio
import logging

import pytest

from runtime import (
    CallError,
    MailboxFull,
    Node,
    Reply,
    Server,
    TaskDone,
)
from tests.support.bounded import SENDERS, Blocks, Sends, SendsAsync, full, resume
from tests.support.clock import virtual_node, virtual_time
from tests.support.eventually import eventually
from tests.support.processes import Obeys, quiet, serve


@SENDERS
async def test_a_handler_that_sends_to_a_full_mailbox_stands_still_until_there_is_room(sender):
    async with Node("t", introspection=False) as node:
        pid = await full(node, Blocks)
        one, other = await serve(node, sender, pid), await serve(node, Obeys)
        one.cast(tuple(range(3, 20)))
        await eventually(lambda: pid._process.mailbox.waiting)
        assert one._process.state[1] == ()
        assert await other.call("seen") == ()  # nobody else waits
        await resume(pid)
        await eventually(lambda: len(one._process.state[1]) == 17)
        assert await one.call("done") == tuple(range(3, 20))
        assert await pid.call("seen") == tuple(range(1, 20))


async def test_senders_that_wait_are_taken_in_in_the_order_in_which_they_came():
    async with Node("t", introspection=False) as node:
        pid = await full(node, Blocks)
        senders = [await serve(node, kind, pid) for kind in (Sends, SendsAsync, Sends, SendsAsync)]
        for number, one in enumerate(senders):
            one.cast((("first", number),))
            await eventually(lambda number=number: len(pid._process.mailbox.waiting) == number + 1)
        await resume(pid)
        await eventually(lambda: len(pid._process.state) == 6)
        assert pid._process.state == (1, 2, *(("first", number) for number in range(4)))


async def test_a_task_beside_a_process_waits_too_and_its_process_does_not():
    class Helps(Obeys):
        def handle_call(self, message, caller, seen):
            if isinstance(message, tuple) and message[0] == "help":

                async def work():
                    message[1].cast("from a task")

                self.task(work())
                return Reply(None, seen)
            return super().handle_call(message, caller, seen)

    async with Node("t", introspection=False) as node:
        pid, one = await full(node, Blocks), await serve(node, Helps)
        await one.call(("help", pid))
        await eventually(lambda: pid._process.mailbox.waiting)
        assert await one.call("seen") == ()
        await resume(pid)
        await eventually(lambda: one._process.state)
        assert type(one._process.state[0]) is TaskDone
        assert await pid.call("seen") == (1, 2, "from a task")


@virtual_time
async def test_a_call_waits_for_room_and_then_for_its_answer():
    async with virtual_node() as node:
        pid = await full(node, Blocks)
        asked = asyncio.ensure_future(pid.call("asked"))
        await asyncio.sleep(1)
        assert not asked.done()
        await resume(pid)
        assert await asked == (1, 2)
        assert await pid.call("seen") == (1, 2, "asked")


@virtual_time
async def test_a_call_that_times_out_before_there_is_room_never_arrives():
    async with virtual_node() as node:
        pid = await full(node, Blocks)
        with pytest.raises(TimeoutError):
            await pid.call("asked", timeout=1)
        await resume(pid)
        await quiet(node)
        assert await pid.call("seen") == (1, 2)


@SENDERS
async def test_a_sender_that_waits_goes_on_when_the_other_ends(sender):
    async with Node("t", introspection=False) as node:
        pid = await full(node, Blocks)
        one = await serve(node, sender, pid)
        one.cast((3, 4))
        call = asyncio.ensure_future(pid.call("asked"))
        await eventually(lambda: len(pid._process.mailbox.waiting) == 2)
        pid._process.handle.exit(pid, "kill")
        await eventually(lambda: one._process.state[1])
        assert await one.call("done") == (3, 4)
        with pytest.raises(CallError, match="ended before it answered"):
            await call
        assert node.scheduler.dead_letters == 2


@SENDERS
async def test_what_a_sender_wanted_to_say_that_is_killed_while_it_waits_is_not_said(sender):
    async with Node("t", introspection=False) as node:
        pid = await full(node, Blocks)
        one = await serve(node, sender, pid)
        one.cast((3,))
        await eventually(lambda: pid._process.mailbox.waiting)
        one._process.handle.exit(one, "kill")
        await quiet(node)
        await resume(pid)
        assert await pid.call("seen") == (1, 2)
    assert not node.scheduler.workers.zombies


@SENDERS
async def test_a_node_stops_though_senders_wait(sender):
    async with Node("t", introspection=False) as node:
        pid = await full(node, Blocks)
        one = await serve(node, sender, pid)
        one.cast((3,))
        await eventually(lambda: pid._process.mailbox.waiting)
    assert not one.alive
    assert not node.scheduler.workers.zombies


async def test_the_host_is_refused_since_the_loop_waits_for_nobody():
    async with Node("t", introspection=False) as node:
        pid = await full(node, Blocks)
        with pytest.raises(MailboxFull, match="its sender cannot wait here"):
            pid.cast(3)


async def test_a_process_is_refused_where_it_cannot_stand_still():
    class Tries(Server):
        def init(self):
            return ()

        def handle_call(self, to, caller, state):
            with self.critical(), pytest.raises(MailboxFull, match="cannot wait here"):
                to.cast(3)
            _Finalized(to)  # gone at once
            log = logging.Logger("t")  # noqa: LOG001 - one that goes with this test
            log.addHandler(_Casts(to))
            log.error("4")
            return Reply(log.handlers[0].refused, state)

    class _Casts(logging.Handler):
        def __init__(self, to):
            super().__init__()
            self.to = to
            self.refused = False

        def emit(self, record):
            try:
                self.to.cast(record.msg)
            except MailboxFull:
                self.refused = True  # its lock is locked for the thread: nobody could log meanwhile

    refusals = []

    class _Finalized:
        def __init__(self, to):
            self.to = to

        def __del__(self):
            try:
                self.to.cast(5)
            except MailboxFull:
                refusals.append("in a finalizer")  # whoever drops the last reference would wait

    async with Node("t", introspection=False) as node:
        pid, one = await full(node, Blocks), await serve(node, Tries)
        assert await one.call(pid)
        assert refusals == ["in a finalizer"]


async def test_without_time_slicing_nobody_can_stand_still():
    async with Node("t", introspection=False, time_slicing=False) as node:
        pid = await full(node, Blocks)
        one = await serve(node, Sends, pid)
        one.cast((3,))
        assert await one.call("done") == (("refused", 3),)
