"""A recorder keeps what a replay needs: of one process, as it was when it happened, and bounded."""

from __future__ import annotations

import pytest

from runtime import ChildSpec, Server
from runtime.replay import Broken, Recording, decode, encode, replay
from runtime.replay.recorder import record_process
from runtime.results import NOTHING
from tests.runtime.replay.test_replaying import Account, Bank, Deposit, Log, Logger
from tracing.context import born, caused
from tracing.limits import Limits
from tracing.tap import Refused, Tap


class Site:
    """Offers events as the runtime's sites do."""

    def __init__(self, tap, process):
        self.tap = tap
        self.process = process
        self.mono = process.sched.clock()

    def tell(self, kind, *values, text="", pid=None, peer=0, context=None):
        self.mono += 0.001
        if kind in self.tap.kinds:
            number = self.process.number if pid is None else pid
            self.tap.offer(
                self.process, (self.mono, kind, number, None, text, peer, context, values, None, None, None)
            )


class Idle(Server):
    def init(self):
        return 0


@pytest.fixture
async def process(node):
    return (await node.start(ChildSpec("idle", Idle)))._process


async def coroutine(process):
    await process.receive()


async def test_what_could_not_be_replayed_is_not_recorded(node):
    tap = Tap(node.scheduler.clock)
    isolated = await node.start(ChildSpec("isolated", Idle, isolated=True))
    for process, why in (
        (node.root, "the runtime's own"),
        (node.spawn(coroutine)._process, "local variables"),
        (isolated._process, "another OS process"),
    ):
        with pytest.raises(Refused, match=why):
            record_process(tap, process)
    assert tap.sessions == ()


async def test_what_can_change_is_kept_as_it_was(node, process):
    tap = Tap(process.sched.clock)
    recorder = record_process(tap, process)
    site, state = Site(tap, process), Log(["a"])
    for letter in "bc":
        site.tell("handle", letter, state, text="handle_info")
        before = state
        state.log.append(letter)
        site.tell("handled", letter, before, state, NOTHING, text="handle_info")
    state.log.append("later")
    recording = Recording.of(recorder.packed())
    assert len(recording.steps) == 2
    recording = Recording(**{**fields(recording), "about": recording.about._replace(behaviour=named(Logger))})
    assert (await replay(node, recording)).identical


def fields(value):
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def named(kind):
    return f"{kind.__module__}:{kind.__qualname__}"


async def test_of_others_only_what_concerns_it_is_kept(node, process):
    tap = Tap(process.sched.clock)
    recorder = record_process(tap, process)
    site, me = Site(tap, process), process.number
    story = born()
    site.tell("call", "rate", peer=77, context=(asked := caused(story)))
    site.tell("reply", 1.5, pid=77, peer=me, context=asked)
    site.tell("reply", 9.9, pid=77, peer=78, context=asked)
    site.tell("handled", Deposit(1), Account(), Account(1), NOTHING, pid=79, text="handle_cast")
    site.tell("handled", Deposit(5), Account(), Account(5, (5,)), NOTHING, text="handle_cast", context=story)
    (step,) = Recording.of(recorder.packed()).steps
    assert len(recorder.collect()) == 3
    assert [(one.peer, one.answer is not None) for one in step.asks] == [(77, True)]


async def test_it_is_bounded_and_says_why_it_has_stopped(node, process):
    tap = Tap(process.sched.clock)
    recorder = record_process(tap, process, Limits(count=3), "me")
    site = Site(tap, process)
    for _ in range(5):
        site.tell("handled", Deposit(5), Account(), Account(5, (5,)), NOTHING, text="handle_cast")
    assert recorder.stopped.cause == "count"
    assert len(Recording.of(recorder.packed()).steps) == 3
    other = record_process(tap, process, owner="me")
    tap.leave("me")
    assert other.stopped.cause == "owner"
    with pytest.raises(Broken, match="0 processes"):
        Recording.of(other.packed())


async def test_its_bytes_can_be_replayed_elsewhere(node, process):
    tap = Tap(process.sched.clock)
    recorder = record_process(tap, process)
    Site(tap, process).tell("handled", Deposit(5), Account(), Account(5, (5,)), NOTHING, text="handle_cast")
    recording = Recording.of(decode(encode(recorder.packed())))
    assert recording.about.behaviour == process.behaviour
    recording = Recording(**{**fields(recording), "about": recording.about._replace(behaviour=named(Bank))})
    assert (await replay(node, recording)).identical
