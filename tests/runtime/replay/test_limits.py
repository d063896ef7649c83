"""A replay is a process like any other: it takes its turns, ends when it takes too long, and touches nothing that lives."""

from __future__ import annotations

import asyncio

import pytest

from runtime import Server
from runtime.errors import CodeError
from runtime.replay import replay
from tests.runtime.replay.test_replaying import Bank, bank
from tests.support.eventually import eventually
from tests.support.recorded import Tale


class Endless(Server):
    def handle_cast(self, message, state):
        while message == "for ever":
            state += 1
        return state

    async def handle_info(self, message, state):
        await asyncio.get_running_loop().create_future()
        return state


async def coroutine(process):
    await process.receive()


@pytest.mark.parametrize(("handler", "message"), [("cast", "for ever"), ("info", "waits")])
async def test_a_handler_that_does_not_end_is_given_up_and_its_neighbours_go_on(node, handler, message):
    tale = Tale(Endless).handled("cast", "once", 1, 1).handled(handler, message, 1, 1)
    before = len(list(node.table))
    replaying = asyncio.ensure_future(replay(node, tale.recording(), seconds=0.3))
    pid = node.spawn(coroutine)
    pid.send("go on")
    await eventually(lambda: not pid.alive)
    report = await replaying
    assert (report.done, report.same) == (1, 1)
    assert report.ended == "it has not come beyond step 2 within 0.3 s"
    assert not node.ledger.crashes
    await eventually(lambda: len(list(node.table)) == before)


async def test_a_replay_that_nobody_waits_for_any_more_ends(node):
    tale = Tale(Endless).handled("info", "waits", 1, 1)
    before = len(list(node.table))
    replaying = asyncio.ensure_future(replay(node, tale.recording()))
    await eventually(lambda: len(list(node.table)) > before)
    replaying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await replaying
    await eventually(lambda: len(list(node.table)) == before)


async def test_a_replay_is_seen_as_such(node):
    replaying = asyncio.ensure_future(
        replay(node, Tale(Endless).handled("info", "waits", 1, 1).recording(), seconds=0.5)
    )
    await eventually(
        lambda: any(one.extra is not None and one.extra.label == "replay of <0.42.0>" for one in node.table)
    )
    await replaying


async def test_a_long_record_lets_others_have_their_turn(node):
    tale = bank()
    for _ in range(2000):
        tale.events.append(tale.events[1])
    turns = 0

    async def counting():
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    beside = asyncio.ensure_future(counting())
    report = await replay(node, tale.recording())
    beside.cancel()
    assert report.done == 2003
    assert turns > 20


async def test_a_coroutine_process_cannot_be_replayed_and_is_told_why(node):
    recording = Tale(coroutine).handled("info", 1, None, None).recording()
    with pytest.raises(CodeError, match="local variables"):
        await replay(node, recording)
    tale = Tale(Bank).handled("cast", 1, 1, 1)
    tale.behaviour = "nowhere:Bank"
    with pytest.raises(CodeError, match="no module nowhere"):
        await replay(node, tale.recording())
