"""Functions under trace in a real node: whose calls they are, in which story, and through which `redact` they are shown."""

import asyncio
import sys
from types import ModuleType

import pytest

from runtime import ChildSpec, Node, Reply, Server
from tests.support.eventually import eventually
from tests.support.processes import serve
from tests.support.traced import heard
from tracing.functions.instrument import sites


@pytest.fixture
def bank(monkeypatch):
    module = ModuleType("traced_bank")
    exec(compile("def pay(amount): return amount * 2", "traced_bank.py", "exec"), vars(module))
    monkeypatch.setitem(sys.modules, "traced_bank", module)
    yield module
    assert not sites.functions


class Plain(Server):
    """Pays in its plain handler."""

    def init(self):
        return "traced_bank"

    def handle_call(self, amount, caller, state):
        return Reply(sys.modules[state].pay(amount), state)


class Payer(Plain):
    """Pays in its handlers and tasks."""

    async def handle_info(self, amount, state):
        await asyncio.sleep(0)
        if type(amount) is int:  # the task tells that it is done
            sys.modules[state].pay(amount)
        return state

    def handle_cast(self, amount, state):
        async def later():
            await asyncio.sleep(0)
            return sys.modules[state].pay(amount)

        self.task(later())
        return state

    @staticmethod
    def redact(value):
        return "***" if value == 42 else value


def opened(node, pattern):
    return node.scheduler.listening.tap.open(pattern)


def raw(session):
    taken, _ = session.take()
    return [event for _, event, _ in taken]


async def test_a_call_in_a_handler_is_its_process_and_its_message(bank):
    async with Node("traced", introspection=False) as node:
        session = opened(node, "behaviour Payer handle, traced_bank:pay")
        pid = await serve(node, Payer)
        assert await pid.call(5) == 10
        handle, call = raw(session)
        assert (call[1], call[2], call[4], call[7]) == (
            "function_call", pid._process.number, "traced_bank:pay", ({"amount": 5},),
        )  # fmt: skip
        assert call[6] == handle[6], "the story of the message, and its span"


@pytest.mark.parametrize("send", ["send", "cast"], ids=["async handler", "task"])
async def test_a_call_behind_an_await_is_still_its_processes(bank, send):
    async with Node("traced", introspection=False) as node:
        session = opened(node, "behaviour Payer traced_bank:pay -> return")
        pid = await serve(node, Payer)
        getattr(pid, send)(5)
        await eventually(lambda: session.waiting == 2)
        assert [(event[1], event[2]) for event in raw(session)] == [
            ("function_call", pid._process.number),
            ("function_return", pid._process.number),
        ]


async def test_a_call_on_the_thread_of_a_process_is_that_processes(bank):
    async with Node("traced", introspection=False) as node:
        session = opened(node, "all traced_bank:pay -> return")
        pid = await node.start(ChildSpec("payer", Plain, thread=True))
        assert await pid.call(5) == 10
        await eventually(lambda: session.waiting == 2)
        assert {event[2] for event in raw(session)} == {pid._process.number}


async def test_a_call_of_the_host_is_the_nodes(bank):
    async with Node("traced", introspection=False) as node:
        session = opened(node, "all traced_bank:pay")
        bank.pay(1)
        await asyncio.to_thread(bank.pay, 2)
        await eventually(lambda: session.waiting == 2)
        assert [event[2] for event in raw(session)] == [0, 0]


async def test_a_call_in_another_node_is_none_of_this_ones(bank):
    async with Node("one", introspection=False) as one, Node("other", introspection=False) as other:
        session = opened(one, "all traced_bank:pay")
        pid = await serve(other, Payer)
        assert await pid.call(5) == 10
        assert heard(session) == []


async def test_arguments_are_shown_through_the_behaviours_redact(bank):
    async with Node("traced", introspection=False) as node:
        session = opened(node, "behaviour Payer traced_bank:pay")
        pid = await serve(node, Payer)
        await pid.call(42)
        (event,) = raw(session)
        assert event[10](event[7][0]) == {"amount": "***"}


async def test_the_end_of_the_node_takes_the_probes_out(bank):
    code = bank.pay.__code__
    async with Node("traced", introspection=False) as node:
        session = opened(node, "all traced_bank:pay")
    assert session.stopped.cause == "node"
    assert bank.pay.__code__ is code


async def test_a_session_that_runs_out_of_time_takes_them_out_though_nobody_calls(bank):
    from tracing.limits import Limits

    async with Node("traced", introspection=False) as node:
        session = node.scheduler.listening.tap.open("all traced_bank:pay", Limits(seconds=0.05))
        await eventually(lambda: not sites.functions)
        assert session.stopped.cause == "time"
