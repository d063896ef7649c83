"""Replay: what was recorded comes out again, exactly; and where other code would have gone another way, it is shown."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from runtime import NoReply, Reply, Server, Stop, trace
from runtime.replay import replay
from tests.support.listening import heard, listen
from tests.support.recorded import Tale


@dataclass(frozen=True)
class Account:
    balance: int = 0
    log: tuple = ()


@dataclass(frozen=True)
class Deposit:
    amount: int


class Bank(Server):
    def handle_call(self, message, caller, state):
        if message == "balance":
            return Reply(state.balance, state)
        if message == "stop":
            return Stop("normal", state, reply="bye")
        if message == "later":
            return NoReply({"waits": caller, "state": state})
        raise ValueError(f"what is {message}?")

    def handle_cast(self, message, state):
        return replace(state, balance=state.balance + message.amount, log=(*state.log, message.amount))

    def handle_info(self, message, state):
        state.log.append(message)
        return state


def bank():
    return (
        Tale(Bank)
        .handled("cast", Deposit(5), Account(), Account(5, (5,)))
        .handled("call", "balance", Account(5, (5,)), Account(5, (5,)), 5)
        .handled("cast", Deposit(2), Account(5, (5,)), Account(7, (5, 2)))
    )


@pytest.mark.parametrize("mode", ["lock-step", "free"])
async def test_what_was_recorded_comes_out_again(node, mode):
    report = await replay(node, bank().recording(), mode=mode)
    assert report.differing == ()
    assert (report.done, report.same, report.first, report.ended) == (3, 3, None, "")
    assert report.identical


async def test_a_difference_is_told_field_by_field(node):
    tale = bank().handled("cast", Deposit(1), Account(7, (5, 2)), Account(9, (5, 2, 2)))
    report = await replay(node, tale.recording())
    (step,) = report.differing
    (found,) = step.differences
    assert (report.first, report.same, step.number, found.what) == (4, 3, 4, "state")
    assert [(one.path, one.before, one.after) for one in found.changes] == [
        ("balance", 9, 8),
        ("log[2]", 2, 1),
    ]


async def test_a_reply_that_differs_is_told(node):
    report = await replay(node, Tale(Bank).handled("call", "balance", Account(5), Account(5), 6).recording())
    ((found,),) = (step.differences for step in report.differing)
    assert (found.what, found.changes[0].before, found.changes[0].after) == ("reply", 6, 5)


async def test_lock_step_begins_each_step_anew_and_free_carries_a_difference_on(node):
    tale = (
        Tale(Bank)
        .handled("cast", Deposit(1), Account(0), Account(2, (1,)))
        .handled("cast", Deposit(1), Account(2, (1,)), Account(3, (1, 1)))
    )
    assert [step.number for step in (await replay(node, tale.recording())).differing] == [1]
    assert [step.number for step in (await replay(node, tale.recording(), mode="free")).differing] == [1, 2]


@pytest.mark.parametrize("mode", ["lock-step", "free"])
async def test_mutable_states_are_copied_for_each_step(node, mode):
    before, after = Log(["a"]), Log(["a", "b"])
    tale = Tale(Logger).handled("info", "b", before, after).handled("info", "c", after, Log(["a", "b", "c"]))
    assert (await replay(node, tale.recording(), mode=mode)).identical
    assert (before.log, after.log) == (["a"], ["a", "b"])


@dataclass
class Log:
    log: list[str] = field(default_factory=list)


class Logger(Server):
    def handle_info(self, message, state):
        state.log.append(message)
        return state


async def test_what_raised_raises_again_with_the_same_reason(node):
    error = ValueError("what is x?")
    tale = bank().raised("call", "x", Account(1), error).ended(error)
    assert (await replay(node, tale.recording())).identical
    other = bank().raised("call", "x", Account(1), ValueError("no")).recording()
    ((found,),) = (step.differences for step in (await replay(node, other)).differing)
    assert (found.what, found.changes[0].path) == ("end", "args[0]")


async def test_what_raises_only_now_is_shown_with_its_traceback(node):
    tale = Tale(Bank).handled("call", "x", Account(1), Account(1), 3)
    ((step,),) = ((await replay(node, tale.recording())).differing,)
    assert step.differences[0].what == "end"
    assert "it goes on; now it raises" in step.differences[0].text
    assert "what is x?" in step.traceback


async def test_a_stop_is_compared_with_the_end_of_the_process(node):
    assert (
        await replay(node, bank().stopped("call", "stop", Account(7), "normal", "bye").recording())
    ).identical
    assert (
        await replay(
            node,
            bank().handled("cast", Deposit(1), Account(), Account(1, (1,))).ended("shutdown").recording(),
        )
    ).identical
    for other, what in (
        (bank().stopped("call", "stop", Account(7), "shutdown", "bye"), "end"),
        (bank().stopped("call", "stop", Account(7), "normal", "farewell"), "reply"),
        (bank().stopped("call", "balance", Account(7), "normal", 7), "end"),
    ):
        ((found,),) = (step.differences for step in (await replay(node, other.recording())).differing)
        assert found.what == what


class Asking(Server):
    def init(self, rates):
        return {"rates": rates}

    async def handle_call(self, message, caller, state):
        await asyncio.sleep(30)
        first, second = await asyncio.gather(state["rates"].call("EUR"), state["rates"].call("CHF"))
        return Reply((first, second), state)

    def handle_cast(self, message, state):
        return {**state, "rate": self.call(state["rates"], message)}


async def rates(process: Any) -> None:
    await process.receive()


async def test_calls_are_answered_from_the_record_and_nobody_is_asked(node):
    pid = node.spawn(rates)
    state = {"rates": pid}
    tale = Tale(Asking).begin().asked(pid.number, "EUR", 1.1).asked(pid.number, "CHF", 0.9)
    tale.handled("call", "both", state, state, (1.1, 0.9))
    tale.begin().asked(pid.number, "USD", 1.2).handled("cast", "USD", state, {"rates": pid, "rate": 1.2})
    report = await replay(node, tale.recording(), mode="free")
    assert report.differing == ()
    assert report.identical
    assert pid.alive
    assert pid._process.letters == 0


async def test_a_call_that_the_record_has_not_is_told_and_not_made_up(node):
    pid = node.spawn(rates)
    tale = (
        Tale(Asking)
        .begin()
        .asked(pid.number, "EUR", 1.1)
        .handled("cast", "USD", {"rates": pid}, {"rates": pid})
    )
    ((found,),) = (step.differences for step in (await replay(node, tale.recording())).differing)
    assert (found.what, f"it calls {pid} with a str" in found.text) == ("unanswered", True)


class Vault(Server):
    """Its values are secret as a whole, in its spans, too."""

    @staticmethod
    def redact(value):
        return "by redact"

    def handle_cast(self, message, state):
        with trace.span("open", code=message):
            return state


async def test_what_is_traced_of_a_replay_is_shown_as_what_it_replays_would_be(node):
    session = listen(node)
    recording = Tale(Vault).handled("cast", "sesame", "gold", "gold").recording()
    assert (await replay(node, recording)).identical
    (spawned,) = heard(session, "spawn")
    assert spawned[7] == ((),)
    told = heard(session, "span_start", "span_end", "ended")
    assert len(told) == 3
    assert {event[10](value) for event in told for value in event[7]} == {"by redact"}
