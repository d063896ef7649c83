"""Coroutine processes: their ends, and selective `receive`."""

import asyncio
import contextlib
import functools
import gc

import pytest

from runtime import (
    ChildSpec,
    CoroutineHandle,
    Exit,
    Node,
    NodeError,
    NoProcess,
    ProcessExit,
    StartError,
    Supervisor,
)
from runtime.coroutine import CoroutineProcess
from tests.support.clock import virtual_node, virtual_time
from tests.support.eventually import eventually
from tests.support.processes import end_of, quiet, serve, the_crash


async def test_one_that_is_in_the_table_and_has_not_begun_can_be_asked_what_it_runs():
    async with Node("t", introspection=False) as node:
        process = node._make(CoroutineProcess, CoroutineHandle)
        assert process.behaviour == "runtime.coroutine:CoroutineProcess"


@virtual_time
async def test_a_coroutine_that_returns_ends_normally():
    async def worker(process, value):
        return value

    async with virtual_node() as node:
        assert await end_of(node.spawn(worker, 1)) == "normal"


@virtual_time
async def test_a_coroutine_that_raises_crashes_with_a_report():
    async def worker(process):
        await asyncio.sleep(0)
        raise OSError("disk")

    async with virtual_node() as node:
        pid = node.spawn(worker)
        assert type(await end_of(pid)) is OSError
        assert the_crash(node).number == pid.number
        assert the_crash(node).behaviour.endswith(
            ":test_a_coroutine_that_raises_crashes_with_a_report.<locals>.worker"
        )
        assert 'raise OSError("disk")' in the_crash(node).traceback


@pytest.mark.parametrize("reason", ["normal", "shutdown", ("shutdown", 1), "oops"])
@virtual_time
async def test_process_exit_is_the_reason(reason):
    async def worker(process):
        raise ProcessExit(reason)

    async with virtual_node() as node:
        assert await end_of(node.spawn(worker)) == reason
        assert len(node.ledger.crashes) == (reason == "oops")


@pytest.mark.parametrize(
    "error", [SystemExit(1), KeyboardInterrupt(), GeneratorExit(), BaseException("b")], ids=repr
)
@virtual_time
async def test_whatever_it_raises_is_its_exit_and_does_not_reach_the_loop(error):
    async def worker(process):
        await asyncio.sleep(0)
        raise error

    complaints = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
    async with virtual_node() as node:
        assert await end_of(node.spawn(worker)) is error
    gc.collect()
    assert complaints == []


@virtual_time
async def test_a_coroutine_that_cancels_itself_crashes():
    async def worker(process):
        asyncio.current_task().cancel()
        await asyncio.sleep(1)

    async with virtual_node() as node:
        assert type(await end_of(node.spawn(worker))) is asyncio.CancelledError


@virtual_time
async def test_a_kill_cancels_it_and_runs_its_finally_blocks(seen):
    async def worker(process):
        try:
            await process.receive()
        finally:
            await asyncio.sleep(0)
            process.resource("seen").append("cleaned up")

    async with virtual_node(resources={"seen": seen}) as node:
        pid = node.spawn(worker)
        await quiet(node)
        pid._process.handle.exit(pid, "kill")
        assert not pid.alive
        assert pid._process.reason == "killed"
    assert seen == ["cleaned up"]


@virtual_time
async def test_a_process_killed_before_its_first_step_never_runs(seen):
    async def worker(process):
        process.resource("seen").append("ran")

    async with virtual_node(resources={"seen": seen}) as node:
        pid = node.spawn(worker)
        pid._process.handle.exit(pid, "kill")
        await asyncio.sleep(1)
    assert seen == []


@virtual_time
async def test_a_process_may_end_itself(seen):
    async def worker(process, reason):
        process.exit(process.pid, reason)
        process.resource("seen").append("until the next await")
        await asyncio.sleep(0)
        process.resource("seen").append("never")

    async with virtual_node(resources={"seen": seen}) as node:
        assert await end_of(node.spawn(worker, "kill")) == "killed"
        assert await end_of(node.spawn(worker, "oops")) == "oops"
        assert await end_of(node.spawn(worker, "normal")) == "normal"
        await asyncio.sleep(1)
    assert seen == ["until the next await"] * 3


@virtual_time
async def test_what_is_left_of_an_ended_process_can_start_and_receive_nothing(seen):
    async def child(process):
        await asyncio.Event().wait()

    async def attempt(seen, what):
        try:
            result = what()
            if asyncio.iscoroutine(result):
                await result
        except (NoProcess, NodeError) as error:
            seen.append(type(error))

    async def worker(process):
        seen = process.resource("seen")
        try:
            await process.receive()
        finally:
            await attempt(seen, process.receive)
            await attempt(seen, lambda: process.task(asyncio.sleep(1000)))
            await attempt(seen, lambda: process.send_after(1000, "x"))
            await asyncio.sleep(0.1)
            await attempt(seen, lambda: process.spawn(child))
            process.link(process.pid)
            process.monitor(process.pid)

    async with virtual_node(resources={"seen": seen}) as node:
        node.spawn(worker)
        await quiet(node)
    assert seen == [NoProcess, NoProcess, NoProcess, NodeError]
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert len(node.table) == 0


@virtual_time
async def test_a_coroutine_that_swallows_its_cancellation_is_cancelled_again_when_the_node_stops():
    async def stubborn(process):
        for _ in range(3):
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()

    async with virtual_node() as node:
        node.spawn(stubborn)
        await asyncio.sleep(1)
    assert asyncio.all_tasks() == {asyncio.current_task()}


@virtual_time
async def test_wrong_arguments_are_the_spawners_error_and_leave_nothing_behind():
    async def worker(process, one):
        """Never run."""

    async with virtual_node() as node:
        with pytest.raises(TypeError, match="positional argument"):
            node.spawn(worker, 1, 2, 3)
        assert len(node.table) == 1


@virtual_time
async def test_wrong_arguments_of_a_child_are_a_start_that_fails_and_its_supervisor_lives():
    async def worker(process, one):
        """Never run."""

    async with virtual_node() as node:
        top = await node.start(Supervisor([]))
        with pytest.raises(StartError, match="takes 2 positional"):
            await Supervisor.start_child(top, ChildSpec("w", worker, 1, 2, 3))
        assert top.alive
        assert await Supervisor.which_children(top) == []


@virtual_time
async def test_only_async_functions_can_be_spawned():
    def plain(process):
        """Not async."""

    async with virtual_node() as node:
        for wrong in (plain, 7, plain(None)):
            with pytest.raises(
                TypeError, match="spawn takes an async function whose first parameter is the process"
            ):
                node.spawn(wrong)


@virtual_time
async def test_a_partial_async_function_is_as_good(seen):
    async def worker(process, one, two):
        process.resource("seen").append((one, two))
        raise ValueError("named in the report")

    async with virtual_node(resources={"seen": seen}) as node:
        pid = node.spawn(functools.partial(worker, two=2), 1)
        await end_of(pid)
        assert seen == [(1, 2)]
        assert the_crash(node).behaviour.endswith("worker")
        top = await node.start(
            Supervisor([ChildSpec("w", functools.partial(worker, two=2), 1, restart="temporary")])
        )
        counts = await Supervisor.count_children(top)
        assert counts.supervisors == 0


@virtual_time
async def test_a_coroutine_can_be_a_supervised_child(seen):
    async def worker(process, name):
        process.resource("seen").append(name)
        await process.receive()
        raise ValueError("again")

    async with virtual_node(resources={"seen": seen}) as node:
        await node.start(Supervisor([ChildSpec("worker", worker, "first argument")]))
        await eventually(lambda: len(seen) == 1)
        node.named("worker").send("go")
        await eventually(lambda: len(seen) == 2)
    assert seen == ["first argument"] * 2


@virtual_time
async def test_a_supervised_coroutine_ends_at_once_when_it_is_shut_down(seen):
    async def worker(process):
        try:
            await process.receive()
        except asyncio.CancelledError:
            process.resource("seen").append("cancelled")
            raise

    async with virtual_node(resources={"seen": seen}) as node:
        pid = await serve(node, worker)
        await quiet(node)
    assert pid._process.reason == "shutdown"
    assert seen == ["cancelled"]


@virtual_time
async def test_a_supervised_coroutine_that_traps_exits_has_its_time_to_leave(seen):
    async def worker(process):
        process.trap_exits = True
        message = await process.receive(match=Exit)
        await asyncio.sleep(2)
        process.resource("seen").append(message.reason)

    async with virtual_node(resources={"seen": seen}) as node:
        pid = await serve(node, worker)
        await quiet(node)
    assert seen == ["shutdown"]
    assert pid._process.reason == "normal"


@virtual_time
async def test_a_supervised_coroutine_that_traps_exits_and_stays_is_killed():
    async def worker(process):
        process.trap_exits = True
        assert process.trap_exits
        await asyncio.Event().wait()

    loop = asyncio.get_running_loop()
    async with virtual_node() as node:
        pid = await serve(node, worker, shutdown=3)
        await quiet(node)
        before = loop.time()
    assert pid._process.reason == "killed"
    assert loop.time() - before == pytest.approx(3, abs=0.5)


@virtual_time
async def test_a_coroutine_has_the_same_handle_as_a_server(seen):
    async def worker(process):
        process.label = "labelled"
        process.progress("working")
        process.count("anything", 2)
        process.send_after(5, "tick")
        process.resource("seen").append((process.label, process.pid, await process.receive()))
        with pytest.raises(AttributeError, match=r"self\.total cannot be set"):
            process.total = 1

    async with virtual_node(resources={"seen": seen}) as node:
        pid = node.spawn(worker)
        assert await end_of(pid) == "normal"
    assert seen == [("labelled", pid, "tick")]
