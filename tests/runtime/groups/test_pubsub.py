"""Publish and subscribe: who gets what, and how often it is copied."""

import asyncio
from dataclasses import dataclass

import pytest

from runtime import NotSendable, PubSub, Reply, Server
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import Obeys, quiet, serve

NEWS = PubSub("news")


@dataclass(frozen=True)
class Storm:
    force: int


async def subscribers(node, number):
    pids = [await serve(node, Obeys) for _ in range(number)]
    for pid in pids:
        NEWS.subscribe(pid, "weather")
    return pids


@virtual_time
async def test_a_message_comes_as_it_was_sent_to_every_subscriber_of_its_topic():
    async with virtual_node() as node:
        one, two = await subscribers(node, 2)
        NEWS.subscribe(two, "sports")
        assert NEWS.subscribers(node, "weather") == [one, two]
        assert NEWS.topics(node) == ["weather", "sports"]
        assert NEWS.broadcast(node, "weather", Storm(9)) == 2
        assert NEWS.broadcast(node, "sports", "goal") == 1
        assert NEWS.broadcast(node, "arts", "?") == 0
        assert await one.call("seen") == (Storm(9),)
        assert await two.call("seen") == (Storm(9), "goal")


@virtual_time
async def test_a_sender_may_leave_itself_out():
    class Chats(Server):
        def init(self):
            NEWS.subscribe(self, "chat")
            return ()

        def handle_call(self, message, caller, seen):
            return Reply(seen, seen)

        def handle_cast(self, message, seen):
            NEWS.broadcast(self, "chat", message, but=self)
            return seen

        def handle_info(self, message, seen):
            return (*seen, message)

    async with virtual_node() as node:
        one, two = await serve(node, Chats), await serve(node, Chats)
        one.cast("hello")
        await quiet(node)
        assert await one.call("seen") == ()
        assert await two.call("seen") == ("hello",)


@virtual_time
async def test_who_subscribes_twice_gets_it_twice_and_unsubscribes_once():
    async with virtual_node() as node:
        (one,) = await subscribers(node, 1)
        NEWS.subscribe(one, "weather")
        NEWS.broadcast(node, "weather", 1)
        assert NEWS.unsubscribe(one, "weather")
        assert not NEWS.unsubscribe(one, "weather")
        NEWS.broadcast(node, "weather", 2)
        assert await one.call("seen") == (1, 1)


@virtual_time
async def test_a_message_that_nobody_can_change_is_not_copied_and_another_is_for_each():
    async with virtual_node() as node:
        one, two = await subscribers(node, 2)
        constant, mutable = Storm(9), [Storm(9)]
        NEWS.broadcast(node, "weather", constant)
        NEWS.broadcast(node, "weather", mutable)
        mine, yours = one._process.mailbox, two._process.mailbox
        assert mine[0][1] is yours[0][1] is constant
        assert mine[1][1] == yours[1][1] == mutable
        assert len({id(mine[1][1]), id(yours[1][1]), id(mutable)}) == 3


@virtual_time
async def test_what_cannot_be_shared_is_sent_to_nobody():
    async with virtual_node() as node:
        (one,) = await subscribers(node, 1)
        with pytest.raises(NotSendable):
            NEWS.broadcast(node, "weather", asyncio.Lock())
        assert await one.call("seen") == ()


@virtual_time
async def test_the_dead_are_subscribed_to_nothing():
    async with virtual_node() as node:
        one, two = await subscribers(node, 2)
        one._process.handle.exit(one, "kill")
        assert NEWS.broadcast(node, "weather", 1) == 1
        assert await two.call("seen") == (1,)
        assert node.scheduler.dead_letters == 0


async def test_other_threads_broadcast_what_each_gets_for_itself():
    async with virtual_node() as node:
        one, two = await subscribers(node, 2)
        assert await asyncio.to_thread(NEWS.broadcast, node, "weather", [1]) == 2
        await quiet(node)
        for pid in (one, two):
            assert await pid.call("seen") == ([1],)
