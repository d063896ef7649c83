"""Coroutine processes: their ends, and selective `receive`."""

import asyncio
import contextlib
import functools
import gc
from dataclasses import dataclass

import pytest

from runtime import (
    Call,
    CallTimeout,
    ChildSpec,
    Exit,
    NodeError,
    NoProcess,
    ProcessDied,
    ProcessExit,
    StartError,
    Supervisor,
)
from runtime.scheduler import TURN_S
from tests.support.clock import virtual_node, virtual_time
from tests.support.eventually import eventually
from tests.support.processes import end_of, quiet, serve, the_crash


@dataclass(frozen=True)
class Job:
    number: int


@pytest.fixture
def seen():
    """What a process of the test has seen."""
    return []


def node_for(seen):
    return virtual_node(resources={"seen": seen})


# --- ends -----------------------------------------------------------------------------------------


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

    async with node_for(seen) as node:
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

    async with node_for(seen) as node:
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

    async with node_for(seen) as node:
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

    async with node_for(seen) as node:
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


# --- starting -------------------------------------------------------------------------------------


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

    async with node_for(seen) as node:
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

    async with node_for(seen) as node:
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

    async with node_for(seen) as node:
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

    async with node_for(seen) as node:
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


# --- receive --------------------------------------------------------------------------------------


async def receives(process, *matches):
    """Receives once for each."""
    for match in matches:
        process.resource("seen").append(await process.receive(match=KINDS[match]))


KINDS = {
    "any": None,
    "a string": str,
    "a job": Job,
    "a number or a job": (int, Job),
    "a number or a string": int | str,
    "an even number": lambda message: isinstance(message, int) and message % 2 == 0,
}


@virtual_time
async def test_receive_takes_the_oldest_message(seen):
    async with node_for(seen) as node:
        pid = node.spawn(receives, "any", "any")
        pid.send(1)
        pid.send(2)
        assert await end_of(pid) == "normal"
    assert seen == [1, 2]


@pytest.mark.parametrize("early", [True, False], ids=["messages first", "receive first"])
@virtual_time
async def test_receive_takes_what_matches_and_leaves_the_others_in_order(seen, early):
    async with node_for(seen) as node:
        wanted = ("a job", "an even number", "a number or a string", "a number or a job", "any", "any")
        pid = node.spawn(receives, *wanted)
        if not early:
            await quiet(node)
        for message in (1, "text", 3, Job(1), 4, b"rest"):
            pid.send(message)
            if not early:
                await quiet(node)
        assert await end_of(pid) == "normal"
    assert seen == [Job(1), 4, 1, 3, "text", b"rest"]


@virtual_time
async def test_receive_waits_for_the_time_that_it_is_given(seen):
    loop = asyncio.get_running_loop()

    async def worker(process):
        before = process.resource("loop").time()
        with pytest.raises(TimeoutError, match=r"nothing for <0\.\d+\.0> to receive within 2\.5 s"):
            await process.receive(match=str, timeout=2.5)
        process.resource("seen").append(process.resource("loop").time() - before)

    async with virtual_node(resources={"seen": seen, "loop": loop}) as node:
        pid = node.spawn(worker)
        await asyncio.sleep(1)
        pid.send(1)  # wakes it, and does not match
        assert await end_of(pid) == "normal"
    assert seen == [pytest.approx(2.5)]


@virtual_time
async def test_receive_with_a_time_of_zero_takes_only_what_is_there(seen):
    async def worker(process):
        process.pid.send("there")
        process.resource("seen").append(await process.receive(timeout=0))
        with pytest.raises(TimeoutError):
            await process.receive(timeout=0)

    async with node_for(seen) as node:
        assert await end_of(node.spawn(worker)) == "normal"
    assert seen == ["there"]


@pytest.mark.parametrize("timeout", [-1, float("nan")])
@virtual_time
async def test_receive_refuses_a_time_that_is_none(timeout):
    async def worker(process):
        await process.receive(timeout=timeout)

    async with virtual_node() as node:
        assert type(await end_of(node.spawn(worker))) is ValueError


@virtual_time
async def test_a_receive_that_is_cancelled_loses_no_message(seen):
    async def worker(process):
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(process.receive(), 1)
        await asyncio.sleep(1)
        process.resource("seen").append(await asyncio.wait_for(process.receive(), 1))

    async with node_for(seen) as node:
        pid = node.spawn(worker)
        await asyncio.sleep(3.5)
        pid.send("kept")
        assert await end_of(pid) == "normal"
    assert seen == ["kept"]


@virtual_time
async def test_a_process_receives_one_message_at_a_time():
    async def worker(process):
        await asyncio.gather(process.receive(), process.receive())

    async with virtual_node() as node:
        reason = await end_of(node.spawn(worker))
        assert type(reason) is RuntimeError
        assert "is in `receive` already" in str(reason)


@virtual_time
async def test_a_predicate_that_raises_is_the_processs_own_error():
    async def worker(process):
        await process.receive(match=lambda message: message.missing)

    async with virtual_node() as node:
        pid = node.spawn(worker)
        pid.send(1)
        assert type(await end_of(pid)) is AttributeError
        assert the_crash(node).mailbox_sample == (1,)


@virtual_time
async def test_a_call_is_received_with_its_caller(seen):
    async def worker(process):
        call = await process.receive(match=Call)
        await asyncio.sleep(1)
        call.caller.reply(call.message * 2)

    async with virtual_node() as node:
        pid = node.spawn(worker)
        pid.cast("left in the mailbox")
        assert await pid.call(21) == 42


@virtual_time
async def test_calls_that_a_coroutine_never_answers_time_out_or_die_with_it():
    async def worker(process):
        await process.receive(match=Call)
        await process.receive(match=str)

    async with virtual_node() as node:
        pid = node.spawn(worker)
        with pytest.raises(CallTimeout):
            await pid.call(1, timeout=1)
        waiting = [asyncio.ensure_future(pid.call(n)) for n in (2, 3)]
        await asyncio.sleep(0.1)
        pid.send("leave")
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ProcessDied, ProcessDied]


@virtual_time
async def test_a_suspended_coroutine_receives_nothing_until_it_is_resumed(seen):
    async with node_for(seen) as node:
        pid = node.spawn(receives, "any")
        await quiet(node)
        pid._process.pause()
        pid.send("while suspended")
        await asyncio.sleep(100)
        assert seen == []
        pid._process.unpause()
        assert await end_of(pid) == "normal"
    assert seen == ["while suspended"]


@virtual_time
async def test_a_coroutine_suspended_outside_of_receive_stops_at_the_next(seen):
    async def worker(process):
        await asyncio.sleep(10)
        process.resource("seen").append(await process.receive())

    async with node_for(seen) as node:
        pid = node.spawn(worker)
        pid.send("hello")
        await asyncio.sleep(1)
        pid._process.pause()
        await asyncio.sleep(100)
        assert seen == []
        pid._process.unpause()
        assert await end_of(pid) == "normal"
    assert seen == ["hello"]


async def test_a_coroutine_with_a_full_mailbox_leaves_its_neighbours_their_turns():
    async def echoes_to_itself(process):
        process.pid.send("again")
        while True:
            process.pid.send(await process.receive())

    from runtime import Node

    async with Node("t", introspection=False) as node:
        node.spawn(echoes_to_itself)
        loop = asyncio.get_running_loop()
        gaps = []
        for _ in range(20):
            before = loop.time()
            await asyncio.sleep(0)
            gaps.append(loop.time() - before)
    assert sorted(gaps)[len(gaps) // 2] < TURN_S * 4


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

    async with node_for(seen) as node:
        pid = node.spawn(worker)
        assert await end_of(pid) == "normal"
    assert seen == [("labelled", pid, "tick")]
