"""What happens inside an isolated process reaches who traces the node: once, in order, redacted, and bounded."""

from __future__ import annotations

import logging

import pytest

from runtime import ChildSpec, Node
from runtime.isolation.telling import MOST, OWN
from tests.support.eventually import eventually
from tests.support.listening import heard, listen, records, tap_of
from tests.support.stories import Hears, Keeps, Tells, listens, said
from tracing.limits import Limits
from tracing.records import ABSENT
from tracing.story import orphans, spans


@pytest.fixture
async def node(monkeypatch):
    monkeypatch.setattr(logging.getLogger("observer"), "disabled", True)
    async with Node("outside", introspection=False) as node:
        await node.start(ChildSpec("hears", Hears))
        yield node


async def isolated(node, behaviour=Tells):
    return await node.start(ChildSpec("inside", behaviour, isolated=True))


def of(ears, *kinds):
    return [event for event in heard(ears, *kinds) if event[3] == "inside"]


async def test_a_message_is_told_from_inside_and_outside_once(node):
    await isolated(node)
    ears = listen(node)
    node.named("inside").cast(("cast", "one"))
    await said(node, "one")
    await eventually(lambda: of(ears, "handled"))
    assert [event[1] for event in of(ears)] == ["receive", "handle", "send", "handled"]
    send, receive = [event for event in heard(ears, "send", "receive") if event[7] == ("one",)]
    assert send[6] == receive[6]
    assert (send[2], receive[5]) == (node.whereis("inside").number, node.whereis("inside").number)


async def test_who_listens_before_it_starts_hears_it_too(node):
    ears = listen(node)
    await isolated(node)
    node.named("inside").cast(("cast", "one"))
    await said(node, "one")
    kinds = [event[1] for event in of(ears)]
    assert kinds[:2] == ["register", "spawn"]
    assert kinds.count("started") == 1
    assert "send" in kinds


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (("count",), "count"),
        (("span", "one"), "span_start"),
        (("span", "one"), "span_end"),
        (("timer", "one"), "timer"),
        (("call", "one"), "call"),
        (("call", "one"), "reply"),
        (("crash",), "raised"),
    ],
)
async def test_kinds_that_only_the_inside_knows(node, message, kind):
    assert kind in OWN
    await isolated(node)
    ears = listen(node, f"all {kind}")
    node.named("inside").cast(message)
    (event,) = await eventually(lambda: [it for it in heard(ears) if it[3] in {"inside", "hears"}])
    assert event[1] == kind
    assert event[6] is not None


async def test_what_makes_a_handler_inside_raise_has_waited_since_it_was_sent(node):
    await isolated(node)
    ears = listen(node)
    node.named("inside").cast(("crash",))
    (raised,) = await eventually(lambda: of(ears, "raised"))
    receive = of(ears, "receive")[0]
    assert raised[0] - raised[9] - raised[8] == pytest.approx(receive[0] - receive[8], abs=1e-6)


async def test_its_states_are_told_and_redacted_as_its_behaviour_says(node):
    await isolated(node, Keeps)
    ears = listen(node, "inside state")
    node.named("inside").cast("one")
    (event,) = await eventually(lambda: heard(ears))
    assert event[7] == (("secret",), ("secret", "one"))
    assert event[10](event[7][1]) == 2


async def test_what_is_seen_of_a_message_says_who_gets_it_and_of_an_answer_who_gives_it(node):
    await isolated(node)
    await node.start(ChildSpec("keeps", Keeps))
    ears = listen(node)
    node.named("inside").cast(("through", "keeps", ("flood", 0)))
    node.named("inside").cast(("call through", "keeps", ("a", "question")))
    await said(node, "after")
    keeps = node.whereis("keeps").number
    send, call = [event for event in of(ears, "send", "call") if event[5] == keeps]
    (reply,) = [event for event in heard(ears, "reply") if event[2] == keeps]
    assert [event[10](event[7][0]) for event in (send, call, reply)] == [2, 2, 1]
    assert reply[5] == node.whereis("inside").number


async def test_what_cannot_leave_its_os_process_is_left_out(node):
    await isolated(node, Keeps)
    ears = listen(node, "inside state")
    node.named("inside").cast("alive")
    node.named("inside").cast("next")
    await eventually(lambda: len(heard(ears)) == 2)
    assert [event[7] for event in heard(ears)] == [(("secret",), ABSENT), (ABSENT, ABSENT)]


async def test_conditions_are_read_in_what_comes_from_inside(node):
    await isolated(node, Keeps)
    ears = listen(node, "inside send when message == 'flood'")
    node.named("inside").cast("one")
    node.named("inside").cast(("flood", 2))
    await eventually(lambda: len(heard(ears)) == 2)


async def test_what_it_handles_of_its_own_is_told_too(node):
    """What it has sent to itself never came by the record."""
    await isolated(node)
    ears = listen(node)
    node.named("inside").cast(("later", ("cast", "one")))
    await said(node, "one")
    await eventually(lambda: len(of(ears, "handled")) == 2)
    assert [event[4] for event in of(ears, "receive")] == ["handle_cast", "handle_info"]
    assert len(of(ears, "timer")) == 1
    assert orphans(spans(records(heard(ears)))) == []


async def test_processes_beside_it_are_told_under_their_own_pids(node):
    await isolated(node, Keeps)
    ears = listen(node)
    node.named("inside").cast("inner")
    await said(node, "from inside")
    pid = node.whereis("inside").number
    (spawned,) = [event for event in heard(ears, "spawn") if event[2] != pid]
    assert spawned[5] == pid
    (send,) = [event for event in heard(ears, "send") if event[2] == spawned[2]]
    assert send[6][2] == spawned[6][1]


async def test_a_coroutine_process_is_told_of_too(node):
    await node.start(ChildSpec("inside", listens, isolated=True))
    ears = listen(node)
    node.named("inside").cast("one")
    await said(node, "one")
    assert [event[1] for event in of(ears)] == ["receive", "send"]


async def test_nothing_is_told_once_nobody_listens(node):
    await isolated(node)
    ears = listen(node)
    node.named("inside").cast(("cast", "one"))
    await said(node, "one")
    tap_of(node).stop(ears)
    cell = node.whereis("inside")._process.cell
    told = []
    cell.on_told = lambda *parts: told.append(parts)
    node.named("inside").cast(("cast", "one"))
    node.named("inside").cast(("count",))
    await said(node, "one", "one")
    assert told == []


async def test_more_than_may_be_told_ends_the_sessions_that_wanted_it_and_says_so(node):
    await isolated(node, Keeps)
    ears, other = listen(node, "inside send"), tap_of(node).open("all register", Limits())
    node.named("inside").cast(("flood", 20 * MOST))
    await eventually(lambda: ears.stopped)
    assert ears.stopped.cause == "rate"
    assert "inside" in ears.stopped.text
    assert MOST <= len(heard(ears)) < 20 * MOST
    assert other.stopped is None


async def test_more_than_may_be_told_ends_nobody_elses_session(node):
    await isolated(node, Keeps)
    ears = listen(node, "inside send")
    others = [listen(node, "hears messages"), listen(node, "inside timer")]
    node.named("inside").cast(("flood", 20 * MOST))
    await eventually(lambda: ears.stopped)
    assert [each.stopped for each in others] == [None, None]
