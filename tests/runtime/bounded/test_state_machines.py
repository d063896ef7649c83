"""State machines with a limit: it is one of the mailbox, and not of what has been postponed, inserted, or set as a time-out."""

import asyncio

import pytest

from runtime import (
    Cast,
    KeepState,
    MailboxFull,
    NextEvent,
    NextState,
    Node,
    Postpone,
    StateMachine,
    StateTimeout,
    system,
)
from tests.support.bounded import Sends
from tests.support.clock import virtual_node, virtual_time
from tests.support.eventually import eventually
from tests.support.processes import quiet, serve


class Door(StateMachine):
    """Shut, it puts everything off; open, it keeps what comes. Who is let in may bring others."""

    mailbox_limit = 2

    def init(self):
        return NextState("shut", ())

    def shut(self, event, seen):
        if event == Cast("open"):
            return NextState("open", seen)
        return KeepState(seen, Postpone())

    def open(self, event, seen):
        match event:
            case Cast("shut"):
                return NextState("shut", seen)
            case Cast(("with", *others)):
                return KeepState(seen, *(NextEvent(Cast(other)) for other in others))
            case Cast("ring later"):
                return KeepState(seen, StateTimeout("rings", after=1))
            case StateTimeout(content):
                return KeepState((*seen, content))
        return KeepState((*seen, event.message))


class Drops(Door):
    mailbox_policy = "drop_oldest"


class Blocks(Door):
    mailbox_policy = "block"


ALL = pytest.mark.parametrize("kind", [Door, Drops, Blocks])


async def handled(pid):
    await quiet(pid._process.sched.node)
    return (await system.get_state(pid)).data


@ALL
@virtual_time
async def test_what_is_postponed_takes_no_room_and_comes_back_in_order_before_what_waits(kind):
    async with virtual_node() as node:
        pid = await serve(node, kind)
        for number in range(10):
            pid.cast(number)
            assert await handled(pid) == ()
        pid.cast("open")
        pid.cast("waits")
        assert await handled(pid) == (*range(10), "waits")
        assert pid._process.mailbox.refused == pid._process.mailbox.dropped == 0


@ALL
@virtual_time
async def test_what_is_postponed_again_and_again_is_neither_lost_nor_doubled(kind):
    async with virtual_node() as node:
        pid = await serve(node, kind)
        for number in range(3):
            pid.cast(number)
            pid.cast("open")
            await quiet(node)
            pid.cast("shut")
            await quiet(node)
        assert await handled(pid) == (0, 1, 2)


@ALL
@virtual_time
async def test_inserted_events_come_though_the_mailbox_is_full_and_before_it(kind):
    async with virtual_node() as node:
        pid = await serve(node, kind)
        pid.cast("open")
        await quiet(node)
        await system.suspend(pid)
        pid.cast(("with", "a", "b", "c"))
        pid.send("waits")
        await system.resume(pid)
        assert await handled(pid) == ("a", "b", "c", "waits")


@virtual_time
async def test_an_inserted_event_is_not_dropped_for_one_that_is_sent():
    """Suspended by hand between two inserted events: the next stands at the head of the mailbox."""

    class Stops(Drops):
        def open(self, event, seen):
            if event == Cast("a"):
                self._process.pause()
            return super().open(event, seen)

    async with virtual_node() as node:
        pid = await serve(node, Stops)
        pid.cast("open")
        pid.cast(("with", "a", "b", "c"))
        await quiet(node)
        for number in range(5):
            pid.cast(number)
        assert pid._process.mailbox.dropped == 4
        await system.resume(pid)
        assert await handled(pid) == ("a", "b", "c", 4)


@ALL
@virtual_time
async def test_a_time_out_is_taken_in_whatever_the_limit(kind):
    async with virtual_node() as node:
        pid = await serve(node, kind)
        pid.cast("open")
        pid.cast("ring later")
        await quiet(node)
        await system.suspend(pid)
        pid.cast(1)
        pid.cast(2)
        await asyncio.sleep(2)
        await system.resume(pid)
        assert await handled(pid) == (1, 2, "rings")


@virtual_time
async def test_a_machine_that_is_full_refuses():
    async with virtual_node() as node:
        pid = await serve(node, Door)
        await system.suspend(pid)
        pid.cast("open")
        pid.cast(1)
        for send in (pid.cast, pid.send):
            with pytest.raises(MailboxFull):
                send(2)
        with pytest.raises(MailboxFull):
            await pid.call(2)
        await system.resume(pid)
        assert await handled(pid) == (1,)


async def test_a_sender_that_waits_goes_on_when_an_event_is_put_off():
    async with Node("t", introspection=False) as node:
        pid = await serve(node, Blocks)
        one = await serve(node, Sends, pid)
        await system.suspend(pid)
        one.cast(tuple(range(6)))
        await eventually(lambda: pid._process.mailbox.waiting)
        await system.resume(pid)
        await eventually(lambda: one._process.state[1] == tuple(range(6)))
        pid.cast("open")
        await eventually(lambda: pid._process.state == ("open", tuple(range(6))))


@virtual_time
async def test_a_call_that_is_put_off_holds_no_room_and_is_answered_later():
    class Answers(Blocks):
        def open(self, event, seen):
            if type(event).__name__ == "Call":
                return KeepState(seen, reply=("in", event.message))
            return super().open(event, seen)

    async with virtual_node() as node:
        pid = await serve(node, Answers)
        calls = [asyncio.ensure_future(pid.call(number)) for number in range(5)]
        await quiet(node)
        assert not any(call.done() for call in calls)
        pid.cast("open")
        assert await asyncio.gather(*calls) == [("in", number) for number in range(5)]
