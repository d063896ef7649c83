"""Spans and stories of the user's own: what is sent in them, and after them, however they are left."""

from __future__ import annotations

import asyncio

import pytest

from runtime import ChildSpec, Node, Server, Supervisor, trace
from tests.support.eventually import eventually
from tests.support.listening import heard, listen


class Sink(Server):
    """Gets what the others send."""

    def init(self):
        return 0

    def handle_cast(self, message, count):
        return count + 1


async def waiter(process):
    """Waits in a span, and goes on after it."""
    while True:
        with trace.span("wait"):
            message = await process.receive()
        process.named("sink").cast(message)


class Keeper(Server):
    """Keeps a span open from its first message to its second."""

    def init(self):
        return ()

    def handle_cast(self, message, span):
        if message == "open":
            return trace.span("long").__enter__()
        span.__exit__(None, None, None)
        self.named("sink").cast(message)
        return span


@pytest.fixture
async def node():
    async with Node("spans", introspection=False) as node:
        children = [ChildSpec("sink", Sink), ChildSpec("waiter", waiter), ChildSpec("keeper", Keeper)]
        await node.start(Supervisor(children, name="all"))
        yield node


async def sinks(session, count):
    """The contexts of what `sink` has received."""
    await eventually(lambda: len(of_sink(session)) == count)
    return of_sink(session)


def of_sink(session):
    return [event[6] for event in heard(session, "receive") if event[3] == "sink"]


async def test_what_is_sent_after_a_span_belongs_to_the_message_that_was_received_in_it(node):
    session = listen(node)
    for number in range(2):
        node.named("waiter").send(number)
        contexts = await sinks(session, number + 1)
        received = [event[6] for event in heard(session, "receive") if event[3] == "waiter"]
        assert contexts[number][0] == received[number][0]
        assert contexts[number][2] == received[number][1]


async def outlived():
    with trace.span("outer"):
        yield trace.current()
        yield None


async def told():
    with trace.story():
        yield trace.current()
        yield None


@pytest.mark.parametrize("way", [outlived, told])
async def test_a_generator_may_be_closed_in_another_context_than_it_was_begun_in(node, way):
    listen(node)
    outside = trace.current()
    generator = way()
    inside = await asyncio.create_task(anext(generator))
    assert inside is not None
    await generator.aclose()
    assert trace.current() == outside


@pytest.mark.parametrize("way", [outlived, told])
async def test_a_generator_that_is_closed_in_a_copy_of_its_context_leaves_the_story(node, way):
    listen(node)
    generator = way()
    await anext(generator)

    async def closed():
        await generator.aclose()
        return trace.current()

    assert await asyncio.create_task(closed()) is None


async def test_a_span_that_is_left_in_a_later_message_takes_nothing_into_its_story(node):
    session = listen(node)
    node.named("keeper").cast("open")
    node.named("keeper").cast("close")
    (context,) = await sinks(session, 1)
    received = [event[6] for event in heard(session, "receive") if event[3] == "keeper"]
    assert context[0] == received[-1][0]
    assert context[2] == received[-1][1]
