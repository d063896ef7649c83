"""Every kind of event that patterns know comes from a real run, and says of whom, to whom and what."""

from __future__ import annotations

import logging

import pytest

from runtime import (
    ChildSpec,
    MailboxFull,
    Node,
    Reply,
    Server,
    Supervisor,
    exits,
    system,
    trace,
)
from runtime.trace.listening import FLIGHT_KINDS
from tests.support.agents_code import Folder
from tests.support.eventually import eventually
from tests.support.listening import flown, heard, listen
from tests.support.slicing import overrun, stubborn
from tracing.kinds import KINDS
from tracing.records import ABSENT


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(logging.getLogger("observer"), "disabled", True)


class Agent(Server):
    counters = ("tokens",)

    def init(self):
        return 0

    def handle_call(self, message, caller, state):
        return Reply(getattr(self, message[0])(*message[1:]), state)

    def handle_cast(self, job, state):
        if job == "crash":
            raise ValueError("asked to crash")
        self.resource(job)(self)
        return state + 1

    def handle_info(self, message, state):
        return state


class Narrow(Agent):
    mailbox_limit = 1


VERSIONED = """
    from runtime import Reply, Server

    class Worker(Server):
        def init(self):
            return 1

        def handle_call(self, message, caller, state):
            return Reply("old", state)
"""


def looked_up(name):
    return f"found {name}"


def looks_up(_process):
    looked_up("alice")


def fails(_process):
    with pytest.raises(ZeroDivisionError):
        divides(0)


def divides(number):
    return 1 / number


def counts(process):
    process.count("tokens", 5)


def works(_process):
    with trace.span("tool", name="search"):
        pass


def is_parked(process):
    overrun(process)


JOBS = {job.__name__: job for job in (looks_up, fails, counts, works, is_parked, stubborn)}


@pytest.fixture
async def node():
    async with Node("kinds", introspection=False, resources=JOBS) as node:
        children = [ChildSpec("alice", Agent), ChildSpec("bob", Agent), ChildSpec("narrow", Narrow)]
        await node.start(Supervisor(children, max_restarts=3, max_seconds=1000, name="agents"))
        yield node


async def told(node, kind, act, pattern="all events"):
    """The first event of this kind that comes of `act(node)`."""
    ears = listen(node, pattern)
    await act(node)
    return (await eventually(lambda: heard(ears, kind), within=20))[0]


def number(node, name):
    return node.whereis(name).number


async def cast(node):
    node.named("alice").cast("counts")


async def send(node):
    node.named("alice").send("info")


async def call(node):
    await node.named("alice").call(("send_after", 60.0, "later"))


async def timer(node):
    await node.named("alice").call(("send_after", 0.0, "now"))


async def crash(node):
    node.named("alice").cast("crash")


async def start(node):
    await node.start(ChildSpec("carol", Agent))


async def gives_up(node):
    for _ in range(4):
        before = node.whereis("alice")
        node.named("alice").cast("crash")
        await eventually(lambda before=before: before is not None and not before.alive)
        await eventually(lambda: node.whereis("alice") is not None or node.whereis("agents") is None)


async def suspend(node):
    await system.suspend(node.whereis("alice"))


async def suspend_and_resume(node):
    await suspend(node)
    await system.resume(node.whereis("alice"))


async def overflow(node):
    await system.suspend(node.whereis("narrow"))
    node.named("narrow").cast("counts")
    with pytest.raises(MailboxFull):
        node.named("narrow").cast("counts")


async def zombie(node):
    node.named("alice").cast("stubborn")
    await eventually(node.whereis("alice")._process.parked)
    exits.signal(node.whereis("alice")._process, "kill")


def job(name):
    async def act(node):
        node.named("alice").cast(name)

    return act


def asks(method, *others):
    async def act(node):
        await node.named("alice").call((method, *(node.whereis(other) for other in others)))

    return act


async def unlink(node):
    await asks("link", "bob")(node)
    await asks("unlink", "bob")(node)


async def demonitor(node):
    ref = await node.named("alice").call(("monitor", node.whereis("bob")))
    await node.named("alice").call(("demonitor", ref))


RUNS = {
    "send": cast,
    "receive": send,
    "handle": cast,
    "handled": cast,
    "state": cast,
    "call": call,
    "reply": call,
    "timer": timer,
    "raised": crash,
    "crash": crash,
    "ended": crash,
    "restarted": crash,
    "gave_up": gives_up,
    "spawn": start,
    "started": start,
    "register": start,
    "unregister": crash,
    "suspended": suspend,
    "resumed": suspend_and_resume,
    "overflow": overflow,
    "zombie": zombie,
    "parked": job("is_parked"),
    "count": job("counts"),
    "span_start": job("works"),
    "span_end": job("works"),
    "link": asks("link", "bob"),
    "unlink": unlink,
    "monitor": asks("monitor", "bob"),
    "demonitor": demonitor,
}
BY_THE_HOST = {"overflow", "zombie"}
"""What comes of what the test itself does, which has said nothing of a story."""
ELSEWHERE = {"node_started", "code_changed", "operator"} | {
    kind for kind, about in KINDS.items() if about.group == "functions"
}
"""Kinds that have tests of their own; `operator` beside the port."""


def test_no_kind_is_left_out():
    assert set(RUNS) | ELSEWHERE == set(KINDS)


@pytest.mark.parametrize("kind", RUNS)
async def test_it_is_told(node, kind):
    before = {name: number(node, name) for name in ("alice", "bob", "narrow", "agents")}
    event = await told(node, kind, RUNS[kind])
    mono, _, pid, name, text, peer, context, values, waited, took, _ = event
    assert node.scheduler.clock() - 30 < mono <= node.scheduler.clock()
    assert pid in {*before.values(), 0} or kind in {"restarted", "spawn", "started", "register"}
    assert name is not None or pid == 0
    assert isinstance(text, str)
    assert len(values) <= len(KINDS[kind].values)
    assert (peer != 0) <= bool(KINDS[kind].peer)
    assert context is not None or kind in BY_THE_HOST
    assert waited is None or waited >= 0
    assert took is None or took >= 0


@pytest.mark.parametrize("kind", sorted(FLIGHT_KINDS & set(RUNS)))
async def test_the_flight_recorder_has_it_while_nobody_traces(node, kind):
    await RUNS[kind](node)
    await eventually(lambda: flown(node, kind), within=20)


async def test_a_message_is_told_from_its_sending_to_its_end(node):
    ears = listen(node)
    node.named("alice").cast("counts")
    await eventually(lambda: heard(ears, "handled"))
    mine = [event for event in heard(ears) if event[1] in {"send", "receive", "handle", "handled", "state"}]
    assert [event[1] for event in mine] == ["send", "receive", "handle", "handled", "state"]
    assert len({event[6] for event in mine}) == 1
    send, receive, handle, handled, state = mine
    alice = number(node, "alice")
    assert (send[2], send[5], send[7]) == (0, alice, ("counts",))
    assert (receive[2], receive[3], receive[4], receive[7]) == (alice, "alice", "handle_cast", ("counts",))
    assert handle[7] == ("counts", 0)
    assert handled[7] == ("counts", 0, 1, ABSENT)
    assert handled[8] is not None
    assert handled[9] is not None
    assert state[7] == (0, 1)


async def test_a_call_is_told_with_its_answer(node):
    ears = listen(node)
    await node.named("alice").call(("whereis", "bob"))
    asked = heard(ears, "call", "reply", "handled")
    assert [event[1] for event in asked] == ["call", "reply", "handled"]
    assert asked[1][7] == (node.whereis("bob"),)
    assert asked[2][7][3] == node.whereis("bob")
    assert len({event[6] for event in asked}) == 1


async def test_the_start_of_the_node_is_in_its_flight_recorder(node):
    (event,) = flown(node, "node_started")
    assert event[4] == "node kinds"


@pytest.mark.parametrize("kind", ["function_call", "function_return"])
async def test_functions_are_told_of_the_process_in_whose_handler_they_run(node, kind):
    act = job("looks_up")
    event = await told(node, kind, act, f"all {__name__}:looked_up -> return")
    assert (event[2], event[4]) == (number(node, "alice"), f"{__name__}:looked_up")
    assert event[6] is not None
    if kind == "function_return":
        assert event[7][1] == "found alice"


async def test_what_a_function_raises_is_told(node):
    event = await told(node, "function_raise", job("fails"), f"all {__name__}:divides -> return")
    assert isinstance(event[7][1], ZeroDivisionError)


async def test_a_change_of_code_is_told_with_the_states(node, tmp_path):
    folder = Folder(tmp_path)
    try:
        module = folder.load("work", VERSIONED)
        pid = await node.start(ChildSpec("worker", module.Worker))
        folder.edit("work", '"old"', '"new"')
        ears = listen(node)
        await node.code.apply("work")
        assert await pid.call("which") == "new"
        (event,) = heard(ears, "code_changed")
        assert (event[2], event[3], event[7]) == (pid.number, "worker", (1, 1))
        (kept,) = flown(node, "code_changed")
        assert kept[7] == (), "the recorder holds no state of code that has been replaced"
    finally:
        folder.close()
