"""The recorder alone tells the same story as messages that have spans of their own: who did what, because of whom; or it says no cause.

The host tells `clerk`, who tells a process of each sort what to do. Each story is told in sentences, once while a session asks for messages,
so that all is exact, and once from the times that the recorder has kept.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from contextlib import suppress

import pytest

from runtime import (
    Cast,
    ChildSpec,
    Info,
    KeepState,
    NextState,
    Node,
    Server,
    StateMachine,
    Stop,
    Supervisor,
    trace,
)
from runtime.trace.inferred import told_apart
from tests.support.eventually import eventually
from tests.support.listening import flown, heard, listen, records
from tracing.story import spans


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(logging.getLogger("observer"), "disabled", True)


# --- what they do ---------------------------------------------------------------------------------------------


def cast(process):
    process.named("sink").cast("a message")


def span(process):
    with trace.span("tool"):
        cast(process)


def timer(process):
    process.send_after(0.001, "later", process.named("sink"))


def timer_for_itself(process):
    process.send_after(0.001, "cast")


def task(process):
    async def casts_later():
        await asyncio.sleep(0.02)
        cast(process)

    process.task(casts_later())


async def child(process, job):
    await asyncio.sleep(0.001)
    JOBS[job](process)


def spawn(process):
    process.spawn(child, "cast")


def spawn_who_crashes(process):
    process.spawn(child, "crash")


def start_child(process):
    process.start_child("below", ChildSpec("kid", Sink, restart="temporary"))


def crash(process):
    raise ValueError


def crash_with_a_friend(process):
    process.link(process.whereis("friend"))
    raise ValueError


def kill(process):
    process.exit(process.whereis("victim"), "kill")


JOBS = {
    job.__name__: job
    for job in (
        cast,
        span,
        timer,
        timer_for_itself,
        task,
        spawn,
        spawn_who_crashes,
        start_child,
        crash,
        crash_with_a_friend,
        kill,
    )
}


# --- who does it ----------------------------------------------------------------------------------------------


class Sink(Server):
    def init(self):
        return ()

    def handle_cast(self, message, state):
        return state

    handle_info = handle_cast


class Clerk(Sink):
    def handle_cast(self, message, state):
        name, job = message
        self.named(name).cast(job)
        return state


class Plain(Sink):
    def handle_cast(self, job, state):
        if job == "stop":
            return Stop("shutdown", state)
        JOBS[job](self)
        return state

    def handle_info(self, message, state):
        cast(self)
        return state


class Async(Sink):
    async def handle_cast(self, job, state):
        await asyncio.sleep(0.001)
        if job == "stop":
            return Stop("shutdown", state)
        JOBS[job](self)
        await asyncio.sleep(0.001)
        return state

    async def handle_info(self, message, state):
        await asyncio.sleep(0.001)
        cast(self)
        return state


class Machine(StateMachine):
    def init(self):
        return NextState("on", ())

    def on(self, event, data):
        match event:
            case Cast("stop"):
                return Stop("shutdown", data)
            case Cast(job):
                JOBS[job](self)
            case Info():
                cast(self)
        return KeepState(data)


async def coroutine(process):
    while (job := await process.receive()) != "stop":
        JOBS.get(job, cast)(process) if isinstance(job, str) else cast(process)


async def coroutine_that_awaits(process):
    while (job := await process.receive()) != "stop":
        await asyncio.sleep(0.001)
        JOBS.get(job, cast)(process) if isinstance(job, str) else cast(process)
        await asyncio.sleep(0.001)


# --- what is told of it ---------------------------------------------------------------------------------------

REPLACED = [
    "agents acts because {who} acts",
    "{who} restarted while agents acts",
    "{who} is made because agents acts",
]
STORIES = {
    "cast": ["sink acts because {who} acts"],
    "span": ["{who} does tool because {who} acts", "sink acts because {who} does tool"],
    "timer": ["sink acts because {who} acts"],
    "timer_for_itself": ["{who} acts because {who} acts", "sink acts because {who} acts"],
    "task": ["sink acts because {who} acts", "{who} acts because {who} acts", "sink acts because {who} acts"],
    "spawn": [
        "child is made because {who} acts",
        "sink acts because child is made",
        "child ended while child is made",
    ],
    "spawn_who_crashes": [
        "child is made because {who} acts",
        "child ended while child is made",
        "child crash while child is made",
    ],
    "start_child": ["below acts because {who} acts", "kid is made because below acts"],
    "crash": ["{who} ended while {who} acts", "{who} crash while {who} acts", *REPLACED],
    "crash_with_a_friend": [
        *(
            f"{whose} {what} while {{who}} acts"
            for whose in ("{who}", "friend")
            for what in ("ended", "crash")
        ),
        *REPLACED,
        REPLACED[0],
        "friend restarted while agents acts",
        "friend is made because agents acts",
    ],
    "kill": [
        "victim ended while {who} acts",
        "agents acts because {who} acts",
        "victim restarted while agents acts",
        "victim is made because agents acts",
    ],
    "stop": ["{who} ended while {who} acts", *REPLACED],
}
"""Beside that the clerk acts, and this process because of that."""

TASK = (("sink acts because {who} acts", "sink acts"),)
STOP = (
    ("{who} acts because clerk acts", "{who} ended"),
    ("{who} ended while {who} acts", None),
    ("agents acts because {who} acts", "agents acts because {who} ended"),
)
KILL = (
    ("victim ended while {who} acts", "victim ended"),
    ("agents acts because {who} acts", "agents acts because victim ended"),
)
SERVER = {"task": TASK, "stop": STOP}
COROUTINE = {"kill": KILL}
ISOLATED = {
    "task": (*TASK, *TASK, ("{who} acts because {who} acts", None)),
    "timer_for_itself": (
        ("{who} acts because {who} acts", "child acts because {who} acts"),
        ("sink acts because {who} acts", "sink acts because child acts"),
    ),
    "stop": STOP,
}
"""What is told instead where the recorder does not know: no cause. Handlers that stop, and what happens inside isolated ones, it does not keep."""


PROCESSES = {
    "plain": (Plain, {}, SERVER),
    "async": (Async, {}, SERVER),
    "machine": (Machine, {}, SERVER),
    "thread": (Plain, {"thread": True}, SERVER),
    "isolated": (Plain, {"isolated": True}, ISOLATED),
    "coroutine": (coroutine, {}, COROUTINE),
    "awaiting": (coroutine_that_awaits, {}, COROUTINE),
}


def expected(job, who, unknown):
    told = ["clerk acts", "{who} acts because clerk acts", *STORIES[job]]
    for sentence, instead in unknown.get(job, ()):
        place = told.index(sentence)
        told[place : place + 1] = [instead] if instead else []
    return Counter(sentence.format(who=who) for sentence in told)


def sentences(events):
    found = spans(records(events))
    does = {span.span: f"{span.name or 'child'} {verb(span)}" for span in found}
    told = [
        f"{does[it.span]} because {does.get(it.cause, '?')}" if it.cause else does[it.span] for it in found
    ]
    for it in found:
        told += [
            f"{record.name or 'child'} {record.kind} while {does[it.span]}"
            for record in it.records
            if record.kind in {"ended", "crash", "restarted"} and verb(it) != "ended"
        ]
    return Counter(told)


def verb(span):
    kinds = {record.kind for record in span.records}
    if "span_start" in kinds:
        return f"does {span.title}"
    if "spawn" in kinds:
        return "is made"
    return "acts" if kinds & {"receive", "handled", "raised", "timer"} else "ended"


async def town(node, who):
    behaviour, options, _ = PROCESSES[who]
    children = [
        ChildSpec("sink", Sink),
        ChildSpec("victim", Sink),
        ChildSpec("friend", coroutine),
        ChildSpec("below", Supervisor([])),
        ChildSpec("clerk", Clerk),
        ChildSpec(who, behaviour, **options),
    ]
    await node.start(Supervisor(children, max_restarts=1000, name="agents"))


async def the_story(node, ears, who, job, wanted):
    """What is told of it, once that is as wanted; or when it has had its time."""
    with trace.story() as story:
        node.named("clerk").cast((who, job))

    def told():
        kept = [*(heard(ears) if ears else ()), *flown(node)]
        mine = [event for event in kept if event[6] is not None and event[6][0] == story[0]]
        return sentences(told_apart(sorted(mine, key=lambda event: event[0])))

    with suppress(AssertionError):  # the sentences themselves say more
        await eventually(lambda: told() == wanted)
    return told()


@pytest.mark.parametrize("alone", [False, True], ids=["with spans", "from times alone"])
@pytest.mark.parametrize("who", PROCESSES)
async def test_the_stories_are_told_of(who, alone):
    unknown = PROCESSES[who][2] if alone else {}
    async with Node("alone", introspection=False) as node:
        await town(node, who)
        ears = None if alone else listen(node, "all messages")
        for job in STORIES:
            wanted = expected(job, who, unknown)
            told = await the_story(node, ears, who, job, wanted)
            assert sorted(told.elements()) == sorted(wanted.elements()), job


async def test_what_a_coroutine_sends_comes_of_the_message_before():
    """All of it in one step, since both messages are there when it begins."""

    async def hands_on(process):
        while True:
            process.named("sink").cast(await process.receive())

    class Twice(Sink):
        def handle_cast(self, message, state):
            for each in (1, 2):
                self.named("hands_on").cast(each)
            return state

    async with Node("alone", introspection=False) as node:
        children = [ChildSpec("sink", Sink), ChildSpec("twice", Twice), ChildSpec("hands_on", hands_on)]
        await node.start(Supervisor(children))
        with trace.story() as story:
            node.named("twice").cast("go")

        def kept():
            return [
                event for event in flown(node, "handled") if event[6] is not None and event[6][0] == story[0]
            ]

        await eventually(lambda: len(kept()) == 5)
        told = told_apart(kept())
    received = {event[7]: event[6][1] for event in told if event[3] == "hands_on"}
    causes = {event[7]: event[6][2] for event in told if event[3] == "sink"}
    assert causes == received


class Spanning(Sink):
    def handle_cast(self, message, state):
        span(self)
        return state


class SpanningLater(Sink):
    async def handle_cast(self, message, state):
        await asyncio.sleep(0)
        span(self)
        return state


@pytest.mark.parametrize("behaviour", [Spanning, SpanningLater])
async def test_a_message_of_the_host_whose_handler_opens_a_span_is_in_the_story_of_that(behaviour):
    async with Node("alone", introspection=False) as node:
        await node.start(Supervisor([ChildSpec("sink", Sink), ChildSpec("who", behaviour)]))
        node.named("who").cast("go")
        await eventually(lambda: Counter(event[4] for event in flown(node))["handle_cast"] == 2)
        (story,) = {event[6][0] for event in flown(node, "span_start")}
        told = told_apart([event for event in flown(node) if event[6] is not None and event[6][0] == story])
    assert sentences(told) == Counter(
        ["who acts", "who does tool because who acts", "sink acts because who does tool"]
    )
