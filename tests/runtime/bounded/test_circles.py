"""Processes that would wait for room in each others mailboxes: nobody waits for ever."""

import pytest

from runtime import (
    CallCycle,
    MailboxFull,
    Node,
    Reply,
    Server,
)
from tests.support.bounded import Blocks
from tests.support.eventually import eventually
from tests.support.processes import quiet, serve


async def test_a_process_that_sends_to_itself_does_not_wait_for_itself():
    class Talks(Blocks):
        def handle_cast(self, message, seen):
            if message != "talk":
                return (*seen, message)
            for number in range(4):
                try:
                    self.pid.cast(number)
                except MailboxFull:
                    seen = (*seen, "full")
            return seen

    async with Node("t", introspection=False) as node:
        pid = await serve(node, Talks)
        pid.cast("talk")
        await quiet(node)
        assert await pid.call("seen") == ("full", "full", 0, 1)


class Fills(Server):
    """Casts to another, once told whom."""

    mailbox_limit = 1
    mailbox_policy = "block"

    def init(self):
        return ("began",)

    def handle_call(self, message, caller, seen):
        if message == "seen":
            return Reply(seen, seen)
        return Reply(self._send(message), seen)

    def handle_cast(self, message, seen):
        if isinstance(message, tuple):
            return (*seen, self._send(message))
        return (*seen, message)

    def _send(self, targets):
        for to in targets:
            try:
                to.cast("x")
            except MailboxFull as error:
                return str(error)
        return "sent"


class FillsAsync(Fills):
    async def handle_cast(self, message, seen):
        return Fills.handle_cast(self, message, seen)


@pytest.mark.parametrize("kind", [Fills, FillsAsync])
async def test_handlers_that_fill_each_others_mailboxes_do_not_wait_for_ever(kind):
    async with Node("t", introspection=False) as node:
        one, two = await serve(node, kind), await serve(node, kind)
        for pid in (one, two):
            pid._process.pause()
        one.cast((two, two))
        two.cast((one, one))
        for pid in (one, two):
            pid._process.unpause()
        await eventually(lambda: len(one._process.state) >= 3 and len(two._process.state) >= 3)
        told = [text for pid in (one, two) for text in pid._process.state if "waits itself for" in text]
        assert len(told) == 1
        assert not node.scheduler.waits.room


class Calls(Fills):
    """Calls another, which casts to it."""

    def handle_cast(self, message, seen):
        if not isinstance(message, tuple):
            return (*seen, message)
        try:
            return (*seen, self.call(message[0], (self.pid, self.pid)))
        except CallCycle:
            return (*seen, "cycle")


async def test_a_call_is_a_cycle_when_its_handler_waits_for_room_with_its_caller():
    async with Node("t", introspection=False) as node:
        one, two = await serve(node, Calls), await serve(node, Fills)
        one.cast((two,))  # the call runs at once, and is known as a wait once it stands still
        await eventually(lambda: one._process.state == ("began", "cycle", "x", "x"))


async def test_a_handler_does_not_wait_for_room_with_the_caller_whom_it_answers():
    async with Node("t", introspection=False) as node:
        one, two = await serve(node, Calls), await serve(node, Fills)
        two._process.pause()
        one.cast((two,))
        await eventually(lambda: node.scheduler.waits.blocked)
        two._process.unpause()
        await eventually(lambda: len(one._process.state) == 3)
        assert f"and waits itself for {two}, which sends" in one._process.state[1]
        assert one._process.state[2] == "x"


async def test_what_waits_for_room_beside_a_process_closes_no_circle():
    class Helps(Fills):
        def handle_call(self, message, caller, seen):
            if message == "seen":
                return Reply(seen, seen)

            async def work():
                self._send(message)

            self.task(work())
            return Reply(None, seen)

        def handle_info(self, message, seen):
            return seen

    async with Node("t", introspection=False) as node:
        one, two = await serve(node, Helps), await serve(node, Helps)
        for pid in (one, two):
            await pid.call((two if pid is one else one,) * 30)
        await eventually(lambda: len(one._process.state) == len(two._process.state) == 31)
