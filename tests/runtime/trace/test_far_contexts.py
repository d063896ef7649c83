"""A story crosses threads, OS processes and restarts, in both directions; and comes in and goes out as a `traceparent`."""

from __future__ import annotations

import asyncio
import logging

import pytest

from runtime import Backoff, ChildSpec, Node, Supervisor, trace
from tests.support.eventually import eventually
from tests.support.listening import flown, heard, listen, records
from tests.support.processes import quiet as all_quiet
from tests.support.stories import Hears, Tells, said
from tracing.context import from_traceparent
from tracing.story import orphans, spans


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(logging.getLogger("observer"), "disabled", True)


PLACES = {"here": {}, "thread": {"thread": True}, "isolated": {"isolated": True}}
HEADER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
MODES = ["each message a span", "each message a span, no recorder", "recorder alone"]


@pytest.fixture(params=MODES)
async def node(request):
    flight = 0 if "no recorder" in request.param else 10_000
    async with Node("far", introspection=False, flight=flight) as node:
        children = [ChildSpec("hears", Hears)]
        needed = {"here", *request.node.callspec.params.values()}
        children += [ChildSpec(name, Tells, **place) for name, place in PLACES.items() if name in needed]
        await node.start(Supervisor(children, max_restarts=1000, name="town"))
        node.ears = None if "alone" in request.param else listen(node)
        yield node
        if node.ears is not None:
            lost = orphans(spans(records(heard(node.ears))))
            assert [span for span in lost if span.cause not in HEADER] == []


def of(story, contexts):
    """All of one story, and each under a principal."""
    assert [context and context[0] for context in contexts] == [story[0]] * len(contexts)
    assert [context[3] for context in contexts] == [story[3]] * len(contexts)


DOES = {
    "cast": (("cast", "one"), ["one"]),
    "call": (("call", "one"), ["one", "one"]),
    "timer": (("timer", "one"), ["one"]),
    "later": (("later", ("cast", "one")), ["one"]),
    "task": (("task",), ["task done"]),
    "spawn": (("spawn", "one"), ["one"]),
    "span": (("span", "one"), ["one"]),
}


@pytest.mark.parametrize("does", DOES)
@pytest.mark.parametrize("place", PLACES)
async def test_it_goes_on_from_there(node, place, does):
    message, texts = DOES[does]
    with trace.story(principal="ann") as story:
        node.named(place).cast(message)
    of(story, await said(node, *texts))


@pytest.mark.parametrize("back", PLACES)
@pytest.mark.parametrize("there", PLACES)
async def test_it_goes_there_and_back(node, there, back):
    with trace.story(principal="ann") as story:
        node.named(there).cast(("through", back, ("cast", "one")))
    of(story, await said(node, "one"))


@pytest.mark.parametrize("back", PLACES)
@pytest.mark.parametrize("there", PLACES)
async def test_calls_there_and_back(node, there, back):
    if there == back:
        pytest.skip("nobody calls itself")
    with trace.story(principal="ann") as story:
        await node.named(there).call(("call through", back, ("cast", "one")))
    of(story, await said(node, "one", "after"))


@pytest.mark.parametrize("place", PLACES)
async def test_what_the_host_says_nothing_of_is_one_story_too(node, place):
    node.named(place).cast(("call", "one"))
    contexts = await said(node, "one", "one")
    assert contexts[0] is not None
    of(contexts[0], contexts)


@pytest.mark.parametrize("place", PLACES)
async def test_a_restart_belongs_to_the_story_of_the_crash(node, place):
    with trace.story(principal="ann") as story:
        node.named(place).cast(("crash",))
    of(story, await said(node, "crash"))
    told = node.ears
    await eventually(
        lambda: heard(told, "restarted") if told is not None else flown(node, "restarted"), within=10
    )
    events = heard(told) if told is not None else flown(node)
    mine = [
        event
        for event in events
        if event[1] in {"ended", "crash", "spawn", "restarted"} and event[3] == place
    ]
    mine = [event for event in mine if event[0] >= next(it[0] for it in mine if it[1] == "ended")]
    assert [event[1] for event in mine] == ["ended", "crash", "spawn", "restarted"]
    of(story, [event[6] for event in mine])


@pytest.mark.parametrize("place", PLACES)
async def test_what_a_new_incarnation_does_in_init_belongs_to_the_story_of_the_crash(node, place):
    await node.start(ChildSpec("begins", Tells, "tells", **PLACES[place]))
    await said(node, "init")
    with trace.story() as story:
        node.named("begins").cast(("crash",))
    of(story, (await said(node, "init", "crash", "init"))[1:])


@pytest.mark.parametrize("place", PLACES)
async def test_a_restart_after_a_wait_belongs_to_the_story_of_the_crash(node, place):
    spec = ChildSpec("begins", Tells, "tells", backoff=Backoff(0.01, 0.01), **PLACES[place])
    await node.start(spec)
    await said(node, "init")
    with trace.story() as story:
        node.named("begins").cast(("crash",))
    of(story, (await said(node, "init", "crash", "init"))[1:])


async def test_whoever_is_restarted_with_it_belongs_to_the_story_too(node):
    children = [ChildSpec("one", Tells), ChildSpec("begins", Tells, "tells")]
    await node.start(Supervisor(children, strategy="one_for_all", max_restarts=100, name="both"))
    await said(node, "init")
    with trace.story() as story:
        node.named("one").cast(("crash",))
    of(story, (await said(node, "init", "crash", "init"))[1:])


# --- in and out -------------------------------------------------------------------------------------------


async def test_a_traceparent_comes_in_and_goes_out(node):
    with trace.story(HEADER, principal="ann") as story:
        context = await node.named("here").call(("cast", "one"))
        assert trace.traceparent().split("-")[1] == HEADER.split("-")[1]
    assert story[2] == 0xB7AD6B7169203331
    of(story, [*await said(node, "one"), context])
    assert f"{context[0]:032x}" == HEADER.split("-")[1]


async def test_what_goes_out_is_caused_by_the_step_that_says_it(node):
    seen = []

    async def asks(process):
        seen.append((trace.current(), trace.traceparent()))

    node.spawn(asks)
    await eventually(lambda: seen)
    ((context, header),) = seen
    there = from_traceparent(header)
    assert (there[0], there[2]) == (context[0], context[1])


async def test_outside_of_every_story_there_is_no_traceparent(node):
    assert trace.traceparent() is None
    with trace.story():
        assert trace.traceparent() is not None
    assert trace.traceparent() is None


async def test_stories_of_tasks_of_the_host_stay_apart(node):
    async def one(number):
        with trace.story(principal=str(number)) as story:
            await asyncio.sleep(0)
            node.named("here").cast(("cast", str(number)))
            await asyncio.sleep(0)
            return story, await node.named("here").call(("later", ("cast", str(number))))

    stories = await asyncio.gather(*(one(number) for number in range(5)))
    assert all(story[0] == context[0] for story, context in stories)
    await said(node, *(str(number) for number in range(5)), *(str(number) for number in range(5)))
    heard_of = await node.named("hears").call("heard")
    for text, context in heard_of:
        of(stories[int(text)][0], [context])


@pytest.mark.parametrize("sliced", [True, False])
@pytest.mark.parametrize("traced", [True, False])
async def test_two_nodes_on_one_loop(sliced, traced):
    """A process of one sends to a process of the other; who says its story there goes on with it."""
    async with (
        Node("a", introspection=False, time_slicing=sliced) as a,
        Node("b", introspection=False, time_slicing=sliced) as b,
    ):
        for node in (a, b):
            await node.start(ChildSpec("hears", Hears))
            await node.start(ChildSpec("here", Tells))
            if traced:
                listen(node)
        with trace.story(principal="ann") as story:
            a.named("here").cast(("cast", "one"))
            b.named("here").cast(("cast", "one"))
            of(
                story,
                [await a.named("here").call(("timer", "two")), await b.named("here").call(("timer", "two"))],
            )
        for node in (a, b):
            of(story, await said(node, "one", "two"))
            await all_quiet(node)


@pytest.mark.parametrize("does", [does for does in DOES if does != "call"])
@pytest.mark.parametrize("traced", [True, False])
async def test_without_time_slices(traced, does):
    async with Node("whole", introspection=False, time_slicing=False) as node:
        await node.start(Supervisor([ChildSpec("hears", Hears), ChildSpec("here", Tells)]))
        if traced:
            listen(node)
        message, texts = DOES[does]
        with trace.story() as story:
            of(story, [await node.named("here").call(message)])
        of(story, await said(node, *texts))
