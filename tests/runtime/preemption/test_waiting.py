"""Waiting in plain handlers: `self.wait`, the plain `self.call`, and `self.critical`."""

import asyncio
import contextlib
import gc
import itertools

import pytest

from runtime import CallTimeout, Interrupted, Node, NoProcess, ProcessDied, SelfCall, exits
from runtime.preemption.hooks import answer_of
from runtime.preemption.worker import Killed
from runtime.status import STATUSES
from tests.support.eventually import eventually
from tests.support.processes import end_of, serve
from tests.support.slicing import Does, DoesAsync, overrun, parked, sliced, slicer, spin


async def value(result=42):
    await asyncio.sleep(0)
    return result


async def refusal(job, kind=Does, **options):
    """What a job is told that may not wait."""
    told = []

    def tries(process):
        with pytest.raises(RuntimeError) as refused:
            job(process)
        told.append(str(refused.value))

    async def tries_async(process):
        tries(process)

    async with Node("sliced", introspection=False, **options) as node:
        node.resources["job"] = tries if kind is Does else tries_async
        pid = await serve(node, kind)
        await pid.call("job")
    return told[0]


class TestRefusals:
    async def test_in_an_async_handler_it_is_awaited_instead(self):
        assert "await it instead" in await refusal(lambda process: process.wait(value()), DoesAsync)
        assert "await pid.call" in await refusal(lambda process: process.call(process.pid, 1), DoesAsync)

    async def test_without_time_slicing_nothing_can_stand_still(self):
        assert "time_slicing=False" in await refusal(
            lambda process: process.wait(value()), time_slicing=False
        )
        assert "time_slicing=False" in await refusal(lambda process: process.call("x", 1), time_slicing=False)

    async def test_in_a_finalizer(self):
        def job(process):
            errors = []

            class Held:
                def __del__(self):
                    try:
                        process.wait(value())
                    except RuntimeError as error:
                        errors.append(error)

            Held()
            raise errors[0]

        assert "finalizer" in await refusal(job)

    async def test_inside_critical(self):
        def job(process):
            with process.critical():
                process.wait(value())

        assert "critical" in await refusal(job)

    async def test_in_a_hook(self):
        async with sliced() as node:
            pid = await serve(node, Does)
            with pytest.raises(RuntimeError, match="hook"):
                answer_of(pid._process, lambda: pid._process.handle.wait(value()))

    async def test_for_another_process(self):
        handles = []
        async with sliced(keep=handles.append) as node:
            other = await serve(node, Does)
            await other.call("keep")
            node.resources["steal"] = lambda process: handles[0].wait(value())
            pid = await serve(node, Does)
            pid.cast("steal")
            assert "handlers of this process" in str(await end_of(pid))
            assert other.alive

    async def test_by_the_host(self):
        handles = []
        async with sliced(keep=handles.append) as node:
            pid = await serve(node, Does)
            await pid.call("keep")
            with pytest.raises(RuntimeError, match="handlers of this process"):
                handles[0].wait(value())
            with pytest.raises(RuntimeError, match="handlers of this process"), handles[0].critical():
                pass

    async def test_what_cannot_be_awaited(self):
        async with sliced(job=lambda process: process.wait(42)) as node:
            pid = await serve(node, Does)
            pid.cast("job")
            assert "takes an awaitable" in str(await end_of(pid))


async def test_results_exceptions_and_cancellation_cross():
    async def fails():
        raise LookupError("not here")

    async def is_cancelled():
        raise asyncio.CancelledError

    def job(process):
        assert process.wait(value(1)) == 1
        future = asyncio.get_running_loop().create_future()
        future.set_result(2)
        assert process.wait(future) == 2
        assert process.wait(asyncio.ensure_future(value(3))) == 3
        with pytest.raises(LookupError, match="not here"):
            process.wait(fails())
        with pytest.raises(asyncio.CancelledError):
            process.wait(is_cancelled())
        return "all"

    async with sliced(job=job) as node:
        pid = await serve(node, Does)
        assert await pid.call("job") == "all"


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
async def test_exits_in_what_is_awaited_stay_with_the_process(error):
    async def leaves():
        await asyncio.sleep(0)
        raise error

    async with sliced(job=lambda process: process.wait(leaves())) as node:
        pid = await serve(node, Does)
        pid.cast("job")
        assert type(await end_of(pid)) is error


async def test_neighbours_go_on_and_the_status_tells():
    async with sliced(idle=lambda process: "there") as node:
        gate = asyncio.Event()
        node.resources["job"] = lambda process: process.wait(gate.wait())
        pid, other = await serve(node, Does), await serve(node, Does)
        pid.cast("job")
        await eventually(lambda: STATUSES[pid._process.status] == "awaiting")
        assert await other.call("idle") == "there"
        gate.set()
        assert await pid.call("idle") == "there"


async def test_kill_cancels_what_is_waited_for():
    cancelled, ended = [], []

    async def waits():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    def job(process):
        try:
            process.wait(waits())
        except BaseException as error:
            ended.append(type(error))
            raise

    async with sliced(job=job) as node:
        pid = await serve(node, Does)
        pid.cast("job")
        await eventually(lambda: STATUSES[pid._process.status] == "awaiting")
        exits.signal(pid._process, "kill")
        await eventually(lambda: cancelled)
        assert ended == [Killed]


async def test_a_process_that_is_killed_in_the_turn_in_which_its_awaitable_is_done_goes_no_further():
    went_on, ended = [], []

    def job(process):
        try:
            process.wait(future)
            went_on.append(True)
        except Killed:
            ended.append(True)
            raise

    async with sliced(job=job, idle=lambda process: "there") as node:
        future = asyncio.get_running_loop().create_future()
        pid, other = await serve(node, Does), await serve(node, Does)
        pid.cast("job")
        await eventually(lambda: STATUSES[pid._process.status] == "awaiting")
        future.set_result(None)
        exits.signal(pid._process, "kill")
        await eventually(lambda: ended)
        assert not went_on
        assert await other.call("idle") == "there"


async def test_who_is_killed_in_a_call_is_thrown_out_of_it_and_owed_nothing():
    ended = []

    def job(process):
        try:
            process.call(other, "wait")
        except BaseException as error:
            ended.append(type(error))
            raise

    async with sliced(job=job) as node:
        gate = asyncio.Event()
        node.resources["wait"] = lambda process: process.wait(gate.wait())
        pid, other = await serve(node, Does), await serve(node, Does)
        pid.cast("job")
        await eventually(lambda: STATUSES[pid._process.status] == "awaiting")
        exits.signal(pid._process, "kill")
        await eventually(lambda: ended)
        assert ended == [Killed]
        assert node.scheduler.owed == {}
        gate.set()


async def test_a_step_that_has_ended_its_own_process_cannot_wait_any_more():
    ended = []

    def job(process):
        exits.signal(process._process, "kill")
        try:
            process.wait(future)
        except Killed:
            ended.append(True)
            raise

    async with sliced(job=job) as node:
        future = asyncio.get_running_loop().create_future()
        pid = await serve(node, Does)
        pid.cast("job")
        await eventually(lambda: ended)
        assert future.cancelled()
        assert node.scheduler.standing == {}


async def test_killing_who_waits_for_a_parked_coroutine_complains_of_nothing(caplog):
    async def spins():
        spin(lambda: False)

    async with sliced(job=lambda process: process.wait(spins())) as node:
        pid = await serve(node, Does)
        pid.cast("job")
        await eventually(lambda: slicer(node).parks > 2)
        exits.signal(pid._process, "kill")
        await eventually(lambda: not node.scheduler.workers.at_work())
    gc.collect()
    await asyncio.sleep(0)
    assert [record for record in caplog.records if record.name == "asyncio"] == []


async def test_waiting_inside_a_sort_key():
    def job(process):
        return sorted([3, 1, 2], key=lambda number: process.wait(value(-number)))

    async with sliced(job=job) as node:
        pid = await serve(node, Does)
        assert await pid.call("job") == [3, 2, 1]


async def test_many_waits_at_once():
    async with sliced() as node:
        gate = asyncio.Event()
        node.resources["job"] = lambda process: process.wait(gate.wait())
        pids = [await serve(node, Does) for _ in range(300)]
        answers = [asyncio.ensure_future(pid.call("job", timeout=20)) for pid in pids]
        await eventually(lambda: all(STATUSES[pid._process.status] == "awaiting" for pid in pids))
        gate.set()
        assert await asyncio.gather(*answers) == [True] * 300


class TestPlainCalls:
    async def test_to_idle_busy_and_parked_processes(self):
        async with sliced(answer=lambda process: "answer") as node:
            done = []
            node.resources["spin"] = lambda process: spin(lambda: done)
            idle, busy, asks = [await serve(node, Does) for _ in range(3)]
            node.resources["ask"] = lambda process: process.call(target, "answer", timeout=20)
            target = idle
            assert await asks.call("ask") == "answer"
            target = busy
            busy.cast("spin")
            answer = asyncio.ensure_future(asks.call("ask", timeout=20))
            await parked(node, busy)
            await eventually(lambda: STATUSES[asks._process.status] == "awaiting")
            done.append(True)
            assert await answer == "answer"

    async def test_a_callee_that_is_parked_in_the_middle_makes_the_caller_wait(self):
        def overruns(process):
            overrun(process, 3)
            return "late"

        async with sliced(late=overruns) as node:
            callee, asks = await serve(node, Does), await serve(node, Does)
            node.resources["ask"] = lambda process: process.call(callee, "late", timeout=20)
            answer = asyncio.ensure_future(asks.call("ask", timeout=20))
            await parked(node, callee)
            assert STATUSES[asks._process.status] == "awaiting"
            assert await answer == "late"

    async def test_to_the_dead_and_to_oneself(self):
        errors = []

        def ask(process):
            for target in (dead, process.pid, "nobody"):
                try:
                    process.call(target, "answer")
                except Exception as error:
                    errors.append(type(error).__name__)

        async with sliced(ask=ask) as node:
            dead, asks = await serve(node, Does), await serve(node, Does)
            exits.signal(dead._process, "kill")
            await asks.call("ask")
        assert errors == [NoProcess.__name__, SelfCall.__name__, "NotRegistered"]

    async def test_a_time_out_and_a_callee_that_ends(self):
        async with sliced() as node:
            gate = asyncio.Event()
            node.resources["wait"] = lambda process: process.wait(gate.wait())
            callee, asks = await serve(node, Does), await serve(node, Does)

            def ask(process):
                with pytest.raises(CallTimeout):
                    process.call(callee, "wait", timeout=0.01)
                asyncio.get_running_loop().call_soon(exits.signal, callee._process, "kill")
                with pytest.raises(ProcessDied):
                    process.call(callee, "wait")
                return "both"

            node.resources["ask"] = ask
            assert await asks.call("ask", timeout=20) == "both"

    async def test_calls_within_calls_deeper_than_what_runs_at_once(self):
        async with sliced() as node:
            pids = [await serve(node, Does) for _ in range(100)]
            after = dict(itertools.pairwise(pids))

            def ask(process):
                following = after.get(process.pid)
                return 0 if following is None else 1 + process.call(following, "ask", timeout=20)

            node.resources["ask"] = ask
            assert await pids[0].call("ask", timeout=20) == 99
            assert node.scheduler.depth == 0


async def test_critical_code_that_stays_is_interrupted():
    def job(process):
        with process.critical():
            spin(lambda: False)

    async with sliced(job=job) as node:
        pid = await serve(node, Does)
        pid.cast("job")
        assert isinstance(await end_of(pid), Interrupted)


async def test_critical_code_is_critical_in_an_async_handler_until_it_awaits():
    parks = []

    async def job(process):
        with process.critical():
            before = slicer(process).parks
            with contextlib.suppress(AssertionError):
                spin(lambda: False, within=0.005)
            parks.append(slicer(process).parks - before)
            await asyncio.sleep(0)
            overrun(process)

    async with sliced(job=job) as node:
        pid = await serve(node, DoesAsync)
        await pid.call("job", timeout=20)
    assert parks == [0]
