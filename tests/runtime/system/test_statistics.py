"""Counting what a process handles and answers, while somebody wants to know."""

import time

import pytest

from runtime import KeepState, NextState, NoReply, Reply, Server, StateMachine, system
from runtime.log import items
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import Obeys, serve


class Answers(Server):
    def init(self):
        return 0

    def handle_call(self, message, caller, state):
        if message == "later":
            caller.reply("from elsewhere")
            return NoReply(state)
        return Reply(message, state)

    def handle_cast(self, message, state):
        return state + 1

    def handle_info(self, message, state):
        return state + 1


class AnswersAsync(Answers):
    async def handle_call(self, message, caller, state):
        return Answers.handle_call(self, message, caller, state)


class Machine(StateMachine):
    def init(self):
        return NextState("only", 0)

    def only(self, event, data):
        match event:
            case _ if type(event).__name__ != "Call":
                return KeepState(data)
            case _ if event.message == "later":
                event.caller.reply("from elsewhere")
                return KeepState(data)
        return KeepState(data, reply=event.message)


@pytest.mark.parametrize("kind", [Answers, AnswersAsync, Machine])
@virtual_time
async def test_messages_and_answers_are_counted_as_otp_counts_them(kind):
    async with virtual_node() as node:
        pid = await serve(node, kind)
        pid.cast("not counted")
        await system.statistics(pid, "on")
        before = time.time()
        pid.cast(1)
        pid.send(2)
        assert await pid.call("x") == "x"
        assert await pid.call(None) is None
        for _ in range(2):
            assert await pid.call("later") == "from elsewhere"
        assert await system.get_state(pid)
        counted = await system.statistics(pid)
        assert (counted.messages_in, counted.messages_out) == (6, 2)
        assert counted.reductions >= 6
        assert counted.start_time <= before <= counted.current_time


@virtual_time
async def test_nothing_is_counted_before_or_after():
    async with virtual_node() as node:
        pid = await serve(node, Answers)
        assert await system.statistics(pid) is None
        await system.statistics(pid, "on")
        assert await system.statistics(pid, "get") is not None
        for _ in range(2):
            await system.statistics(pid, "off")
            assert await system.statistics(pid) is None
        assert type(pid._process.events) is list


@virtual_time
async def test_turned_on_twice_it_counts_on():
    async with virtual_node() as node:
        pid = await serve(node, Answers)
        for _ in range(2):
            await system.statistics(pid, "on")
            pid.cast("x")
        assert (await system.statistics(pid)).messages_in == 2


@virtual_time
async def test_the_last_events_are_kept_all_the_same():
    async with virtual_node() as node:
        pid = await serve(node, Answers)
        pid.cast("before")
        await system.statistics(pid, "on")
        for number in range(30):
            pid.cast(number)
        assert (await system.statistics(pid)).messages_in == 30
        await system.statistics(pid, "off")
        assert [event[2] for event in items(pid._process.events)][-20:] == list(range(10, 30))


@virtual_time
async def test_a_coroutine_counts_what_it_receives():
    async def worker(process):
        while True:
            await process.receive(match=int)

    async with virtual_node() as node:
        pid = node.spawn(worker)
        await system.statistics(pid, "on")
        for message in (1, "left where it is", 2):
            pid.send(message)
        await serve(node, Obeys)
        counted = await system.statistics(pid)
        assert (counted.messages_in, counted.messages_out) == (2, 0)


@virtual_time
async def test_statistics_are_on_off_or_asked_for():
    async with virtual_node() as node:
        pid = await serve(node, Answers)
        with pytest.raises(ValueError, match="statistics 'reset'; it is one of get, on, off"):
            await system.statistics(pid, "reset")
