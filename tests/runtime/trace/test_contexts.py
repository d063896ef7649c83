"""A story follows whatever a step causes: messages, calls, processes, tasks, timers; over awaits, parking and the end of a process.

In each test `origin` does something that, in the end, reaches `sink`. Both say under which story they run: it is the same, whether each
message gets a span of its own or nothing but the flight recorder is on. Where it does, the spans hang together.
"""

from __future__ import annotations

import asyncio

import pytest

from runtime import (
    Cast,
    ChildSpec,
    Continue,
    EventTimeout,
    GenericTimeout,
    Groups,
    Internal,
    KeepState,
    NextEvent,
    NextState,
    Node,
    Postpone,
    Registry,
    Reply,
    Server,
    StateMachine,
    StateTimeout,
    Supervisor,
    trace,
)
from tests.support.eventually import eventually
from tests.support.listening import heard, listen, records, tap_of
from tests.support.slicing import overrun
from tracing.story import orphans, spans

NAMES: Registry = Registry("story-names", keys="duplicate")
ROOMS: Groups = Groups("story-rooms")


def says(process, who):
    process.resource("said").append((who, trace.current()))


def reach(process):
    """What a step does when it is where the story is to be."""
    process.named("sink").cast("reached")


class Sink(Server):
    def init(self):
        NAMES.register(self, "sink")
        ROOMS.join(self, "sinks")
        return ()

    def handle_cast(self, message, state):
        says(self, "sink")
        return state

    handle_info = handle_cast

    def handle_call(self, message, caller, state):
        says(self, "sink")
        return Reply("reached", state)


class Middle(Server):
    """Answers later, or through others."""

    def init(self):
        return ()

    async def handle_call(self, message, caller, state):
        if message == "nothing":
            return Reply(None, state)
        if message == "later":
            await asyncio.sleep(0)
        return Reply(await self.named("sink").call("through the middle"), state)

    def handle_cast(self, message, state):
        raise ValueError(message)


class Narrow(Middle):
    """Has room for one message; who sends another waits."""

    mailbox_limit = 1
    mailbox_policy = "block"

    def handle_cast(self, message, state):
        if message == "reach":
            reach(self)
        return state


class Origin(Server):
    trap_exits = True

    def init(self):
        return ()

    def handle_call(self, job, caller, state):
        says(self, "origin")
        self.resource(job)(self)
        return Reply(None, state)

    def handle_cast(self, job, state):
        says(self, "origin")
        return self.resource(job)(self) or state

    def handle_continue(self, message, state):
        reach(self)
        return state

    def handle_info(self, message, state):
        reach(self)
        return state


class AsyncOrigin(Origin):
    async def handle_cast(self, job, state):
        says(self, "origin")
        await self.resource(job)(self)
        return state


class Light(StateMachine):
    """Red until it is told; then each of its time-outs and its own events leads to `sink`."""

    def init(self):
        return NextState("red", ())

    def red(self, event, data):
        match event:
            case Cast("go"):
                says(self, "origin")
                return NextState("green", data)
            case Cast("later" | "never"):
                return KeepState(data, Postpone())
            case Cast("insert"):
                says(self, "origin")
                return KeepState(data, NextEvent(Internal("inserted")))
            case Cast(timeout) if timeout in ("state", "event", "generic", "now"):
                says(self, "origin")
                return KeepState(data, TIMEOUTS[timeout])
        reach(self)
        return KeepState(data)

    def green(self, event, data):
        reach(self)
        return KeepState(data)


TIMEOUTS = {
    "state": StateTimeout("over", after=0.001),
    "event": EventTimeout("over", after=0.001),
    "generic": GenericTimeout("it", "over", after=0.001),
    "now": GenericTimeout("it", "over", after=0),
}


# --- what origin does ---------------------------------------------------------------------------------------


def cast(process):
    reach(process)


def send(process):
    process.named("sink").send("reached")


def send_to_a_pid(process):
    process.whereis("sink").send("reached")


def call(process):
    process.call(process.named("sink"), "reached")


def call_through_others(process):
    process.call(process.named("middle"), "later")


def call_and_then_cast(process):
    process.call(process.named("middle"), "nothing")
    reach(process)


def fills_a_mailbox(process):
    """The last waits for room, and gets it when the others have been handled."""
    for message in ("one", "two", "reach"):
        process.named("narrow").cast(message)


async def spawned(process, *_):
    reach(process)


def spawn(process):
    process.spawn(spawned)


def start_child(process):
    process.start_child("below", ChildSpec("child", spawned, restart="temporary"))


class Begins(Server):
    def init(self):
        reach(self)
        return ()


def start_a_server(process):
    process.start_child("below", ChildSpec("child", Begins))


def task(process):
    process.task(spawned(process))


async def gathers(process):
    await asyncio.gather(spawned(process), asyncio.sleep(0))


def task_with_tasks_of_its_own(process):
    process.task(gathers(process))


def task_that_is_done(process):
    process.task(asyncio.sleep(0))


def task_that_fails(process):
    async def fails():
        raise ValueError

    process.task(fails())


def timer(process):
    process.send_after(0.001, "later", process.named("sink"))


def timer_for_itself(process):
    process.send_after(0.001, "later")


def moment(process):
    process.send_at(0.0, "at once", process.named("sink"))


def interval(process):
    process.send_interval(0.001, "again", process.named("sink"))


def timer_in_a_task(process):
    async def sets():
        process.send_after(0.001, "later", process.named("sink"))

    process.task(sets())


def goes_on(process):
    return Continue("more", ())


def waits(process):
    process.wait(asyncio.sleep(0.001))
    reach(process)


def waits_for_who_reaches(process):
    process.wait(spawned(process))


def waits_for_a_task_that_reaches(process):
    process.wait(asyncio.ensure_future(spawned(process)))


def is_parked(process):
    overrun(process, 3)
    reach(process)


def watches_who_ends(process):
    process.monitor("middle")
    process.named("middle").cast("end")


def is_linked_with_who_ends(process):
    process.link(process.whereis("middle"))
    process.named("middle").cast("end")


def dispatches(process):
    NAMES.dispatch(process, "sink", "reached")


def broadcasts(process):
    ROOMS.broadcast(process, "sinks", "reached")


def callback_of_the_loop(process):
    asyncio.get_running_loop().call_soon(reach, process)


def callback_of_a_future(process):
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    future.add_done_callback(lambda _: reach(process))
    loop.call_later(0.001, future.set_result, None)


def task_of_asyncio(process):
    process.resource("said").kept = asyncio.get_running_loop().create_task(spawned(process))


PLAIN = [
    cast,
    send,
    send_to_a_pid,
    call,
    call_through_others,
    call_and_then_cast,
    fills_a_mailbox,
    spawn,
    start_child,
    start_a_server,
    task,
    task_with_tasks_of_its_own,
    task_that_is_done,
    task_that_fails,
    timer,
    timer_for_itself,
    moment,
    interval,
    timer_in_a_task,
    goes_on,
    waits,
    waits_for_who_reaches,
    is_parked,
    watches_who_ends,
    is_linked_with_who_ends,
    dispatches,
    broadcasts,
]
ASYNCIO = [callback_of_the_loop, callback_of_a_future, task_of_asyncio]


async def casts_after_awaits(process):
    await asyncio.sleep(0)
    await asyncio.sleep(0.001)
    reach(process)


async def calls_after_awaits(process):
    await asyncio.sleep(0.001)
    await process.named("middle").call("later")


async def asks_several(process):
    await asyncio.gather(*(process.named("sink").call("reached") for _ in range(3)))


async def makes_a_task(process):
    await asyncio.create_task(spawned(process))


async def leaves_a_task(process):
    async def later():
        await asyncio.sleep(0.005)
        reach(process)

    process.resource("said").task = asyncio.create_task(later())


async def from_another_thread(process):
    await asyncio.to_thread(reach, process)


async def in_time(process):
    async with asyncio.timeout(1):
        await process.named("sink").call("reached")


async def waits_for_it(process):
    await asyncio.wait_for(process.named("sink").call("reached"), 1)


async def sets_a_timer(process):
    await asyncio.sleep(0)
    process.send_after(0.001, "later", process.named("sink"))


async def starts_a_child(process):
    await process.start_child("below", ChildSpec("child", Begins))


async def starts_a_task(process):
    await asyncio.sleep(0)
    process.task(spawned(process))


async def is_parked_between_awaits(process):
    await asyncio.sleep(0)
    overrun(process, 2)
    await asyncio.sleep(0)
    reach(process)


ASYNC = [
    casts_after_awaits,
    calls_after_awaits,
    asks_several,
    makes_a_task,
    leaves_a_task,
    from_another_thread,
    in_time,
    waits_for_it,
    sets_a_timer,
    starts_a_child,
    starts_a_task,
    is_parked_between_awaits,
]


class Said(list):
    """What has been said; and what a handler leaves behind."""


async def town(node):
    await node.start(
        Supervisor(
            [
                ChildSpec("sink", Sink),
                ChildSpec("middle", Middle),
                ChildSpec("origin", Origin),
                ChildSpec("async", AsyncOrigin),
                ChildSpec("light", Light),
                ChildSpec("narrow", Narrow),
                ChildSpec("below", Supervisor([])),
            ],
            max_restarts=1000,
            name="town",
        )
    )


def a_node(**options):
    jobs = {job.__name__: job for job in (*PLAIN, waits_for_a_task_that_reaches, *ASYNCIO, *ASYNC)}
    return Node("stories", introspection=False, resources={"said": Said(), **jobs}, **options)


@pytest.fixture(params=["each message a span", "each message a span, no recorder", "recorder alone"])
async def node(request):
    async with a_node(flight=0 if "no recorder" in request.param else 10_000) as node:
        await town(node)
        node.ears = None if "alone" in request.param else listen(node)
        yield node


async def the_story(node, times=1):
    """Wait until the sink has been reached; the context there, after looking that it is origin's story."""
    said = node.resources["said"]
    await eventually(lambda: sum(who == "sink" for who, _ in said) >= times)
    origin = next(context for who, context in said if who == "origin")
    sinks = [context for who, context in said if who == "sink"]
    assert origin is not None
    assert [context and context[0] for context in sinks] == [origin[0]] * len(sinks)
    if node.ears is not None:
        hangs_together(node, origin, sinks)
    return sinks[-1]


def hangs_together(node, origin, sinks):
    """Every span has its cause, up to origin's; and those of the sink are its own."""
    mine = [record for record in records(heard(node.ears)) if record.trace == f"{origin[0]:032x}"]
    found = {span.span: span for span in spans(mine)}
    assert orphans(found.values()) == []
    for sink in sinks:
        assert sink[1] != origin[1]
        span = found[f"{sink[1]:016x}"]
        while span.cause and span.span != f"{origin[1]:016x}":
            span = found[span.cause]
        assert span.span == f"{origin[1]:016x}"


@pytest.mark.parametrize("job", PLAIN, ids=lambda job: job.__name__)
async def test_a_plain_handler_causes(node, job):
    node.named("origin").cast(job.__name__)
    await the_story(node)


@pytest.mark.parametrize("time_slicing", [True, False], ids=["sliced", "not sliced"])
@pytest.mark.parametrize("told", ["cast", "call"])
@pytest.mark.parametrize("job", ASYNCIO, ids=lambda job: job.__name__)
async def test_a_plain_handler_causes_what_it_makes_with_asyncio_while_each_message_has_a_span(
    job, told, time_slicing
):
    async with a_node(time_slicing=time_slicing) as node:
        await town(node)
        node.ears = listen(node)
        if told == "cast":
            node.named("origin").cast(job.__name__)
        else:
            await node.named("origin").call(job.__name__)
        await the_story(node)


async def test_a_plain_handler_causes_what_a_task_does_for_which_it_waits_while_each_message_has_a_span():
    async with a_node() as node:
        await town(node)
        node.ears = listen(node)
        node.named("origin").cast("waits_for_a_task_that_reaches")
        await the_story(node)


async def test_what_a_plain_handler_makes_after_a_session_belongs_to_no_story_of_that_time():
    async with a_node() as node:
        await town(node)
        session = listen(node)
        origin = node.named("origin")
        await origin.call("cast")
        tap_of(node).stop(session)
        await origin.call("callback_of_the_loop")
        said = node.resources["said"]
        await eventually(lambda: sum(who == "sink" for who, _ in said) == 2)
        first, *_ = (context[0] for who, context in said if who == "origin" and context)
        assert [context and context[0] for who, context in said if who == "sink"].count(first) == 1


@pytest.mark.parametrize("job", ASYNC, ids=lambda job: job.__name__)
async def test_an_async_handler_causes(node, job):
    node.named("async").cast(job.__name__)
    await the_story(node)


@pytest.mark.parametrize("job", [cast, call, timer, is_parked], ids=lambda job: job.__name__)
async def test_a_call_of_the_host_causes(node, job):
    await node.named("origin").call(job.__name__)
    await the_story(node)


@pytest.mark.parametrize("what", ["go", "insert", *TIMEOUTS])
async def test_a_state_machine_causes(node, what):
    if what == "go":
        node.named("light").cast("later")  # put off: of a story of its own
    node.named("light").cast(what)
    if what == "go":
        await eventually(lambda: any(who == "sink" for who, _ in node.resources["said"]))
        (origin,) = (context for who, context in node.resources["said"] if who == "origin")
        (sink,) = (context for who, context in node.resources["said"] if who == "sink")
        assert sink[0] != origin[0]
    else:
        await the_story(node)


async def test_an_interval_causes_each_time(node):
    node.named("origin").cast("interval")
    await the_story(node, times=3)


async def test_two_stories_in_turns_stay_apart(node):
    """Both are parked again and again, and go on in turns."""
    for name in ("origin", "origin", "origin"):
        node.named(name).cast("is_parked")
    node.named("async").cast("is_parked_between_awaits")
    said = node.resources["said"]
    await eventually(lambda: sum(who == "sink" for who, _ in said) == 4, within=20)
    begun = [context[0] for who, context in said if who == "origin"]
    ended = [context[0] for who, context in said if who == "sink"]
    assert sorted(begun) == sorted(ended)
    assert len(set(begun)) == 4
