"""Restarts with other arguments: the same input and the same crash need another try, not the same one."""

import asyncio

import pytest

from runtime import Attempt, BadReturn, ChildSpec, Node, Reply, Server, Supervisor
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import end_of, quiet

TOLD = "what restart_args was told"


class Writer(Server):
    def init(self, prompt, heat=1.0, **options):
        if heat == 13:
            raise OSError("unlucky")
        return prompt, heat, options

    def handle_call(self, message, caller, state):
        return Reply(state, state)

    def handle_cast(self, message, state):
        raise RuntimeError(message)


async def coroutine_writer(process, prompt, heat, told):
    process.resource(TOLD).append((prompt, heat))
    await process.receive()
    raise RuntimeError("boom")


def cooler(history):
    prompt, heat, *rest = history[-1].args
    return (prompt, heat / 2, *rest)


def as_told(history):
    return ("x", len(history), history)


def raises(history):
    raise ZeroDivisionError("of restart_args")


def returns_a_list(history):
    return ["x", 1]


def unlucky_once(history):
    return ("x", 13 if len(history) == 1 else 14)


async def crash(node, name="a"):
    pid = node.whereis(name)
    pid.send("go") if name == "c" else pid.cast("boom")
    await end_of(pid)
    await quiet(node)


@virtual_time
async def test_the_first_start_has_the_specs_arguments_and_each_other_those_that_are_computed():
    async with virtual_node() as node:
        spec = ChildSpec("a", Writer, "x", 1.0, restart_args=cooler, key=7)
        await node.start(Supervisor([spec], max_restarts=9))
        seen = [await node.named("a").call("state")]
        for _ in range(2):
            await crash(node)
            seen.append(await node.named("a").call("state"))
        assert seen == [("x", 1.0, {"key": 7}), ("x", 0.5, {"key": 7}), ("x", 0.25, {"key": 7})]


@virtual_time
async def test_it_is_told_arguments_reason_and_life_of_every_attempt():
    told = []

    def tells(history):
        told.append(history)
        return cooler(history)

    async with virtual_node() as node:
        await node.start(Supervisor([ChildSpec("a", Writer, "x", 1.0, restart_args=tells)], max_restarts=9))
        await crash(node)
        await crash(node)
    first, second = told[1]
    assert (type(first), first.args, second.args) == (Attempt, ("x", 1.0), ("x", 0.5))
    assert type(second.reason) is RuntimeError
    assert second.lived_s >= 0
    assert second.at >= first.at
    assert told[0] == (first,)


@virtual_time
async def test_it_is_told_twenty_attempts_at_most():
    sizes = []

    def counts(history):
        sizes.append(len(history))
        return history[-1].args

    async with virtual_node() as node:
        await node.start(Supervisor([ChildSpec("a", Writer, "x", restart_args=counts)], max_restarts=99))
        for _ in range(23):
            await crash(node)
    assert sizes == [*range(1, 21), 20, 20, 20]


@virtual_time
async def test_what_it_changes_in_the_history_changes_nothing():
    def spoils(history):
        history[0].args[0].append("spoilt")
        return history[-1].args if len(history) > 1 else (["x"],)

    async with virtual_node() as node:
        await node.start(Supervisor([ChildSpec("a", Writer, [], restart_args=spoils)], max_restarts=9))
        for _ in range(2):
            await crash(node)
        assert (await node.named("a").call("state"))[0] == ["x"]


@virtual_time
async def test_if_it_raises_the_start_has_failed_and_says_why():
    async with virtual_node() as node:
        top = await node.start(Supervisor([ChildSpec("a", Writer, "x", restart_args=raises)], max_restarts=3))
        await crash(node)
        assert await end_of(top) == "shutdown"
        report = node.ledger.crashes[-1]
        assert report.text == "('restart_args', ZeroDivisionError('of restart_args'))"
        assert "in raises" in report.traceback


@virtual_time
async def test_it_returns_a_tuple_and_nothing_else():
    async with virtual_node() as node:
        top = await node.start(Supervisor([ChildSpec("a", Writer, "x", restart_args=returns_a_list)]))
        await crash(node)
        await end_of(top)
        what, error = node.ledger.crashes[-1].reason
        assert (what, type(error)) == ("restart_args", BadReturn)
        assert "restart_args returned <list>; return a tuple of arguments" in str(error)


@virtual_time
async def test_a_start_that_fails_is_an_attempt_too():
    async with virtual_node() as node:
        await node.start(Supervisor([ChildSpec("a", Writer, "x", restart_args=unlucky_once)], max_restarts=3))
        await crash(node)
        assert await node.named("a").call("state") == ("x", 14, {})


@virtual_time
async def test_what_an_operator_starts_again_has_them_too():
    async with virtual_node() as node:
        top = await node.start(Supervisor([ChildSpec("a", Writer, "x", 1.0, restart_args=cooler)]))
        await Supervisor.terminate_child(top, "a")
        await Supervisor.restart_child(top, "a")
        assert (await node.named("a").call("state"))[1] == 0.5


@virtual_time
async def test_a_coroutine_process_has_them_in_its_first_step():
    told = []
    async with virtual_node(resources={TOLD: told}) as node:
        spec = ChildSpec("c", coroutine_writer, "x", 1.0, 0, restart_args=cooler)
        await node.start(Supervisor([spec]))
        await quiet(node)
        await crash(node, "c")
        assert told == [("x", 1.0), ("x", 0.5)]
        assert node.whereis("c")._process.behaviour.endswith(":coroutine_writer")


def spins(history):
    while True:
        pass


async def test_an_endless_one_is_sliced_and_ended_by_the_start_timeout():
    async with Node("t", introspection=False) as node:
        spec = ChildSpec("a", Writer, "x", restart_args=spins, start_timeout=0.2)
        top = await node.start(Supervisor([spec], max_restarts=1))
        other = await node.start(ChildSpec("b", Writer, "y"))
        node.named("a").cast("boom")
        while top.alive:
            assert await other.call("state") == ("y", 1.0, {})
            await asyncio.sleep(0.01)
        assert [end.by for end in node.ledger.history if end.kind == "killed"] == ["start_timeout of 0.2 s"]


def test_it_is_a_function_and_no_supervisor_has_one():
    with pytest.raises(TypeError, match="restart_args=5"):
        ChildSpec("a", Writer, restart_args=5)
    with pytest.raises(TypeError, match="a supervisor takes none"):
        ChildSpec("a", Supervisor([]), restart_args=cooler)
