"""Parked steps of coroutines: cancellation, time-outs, context and tasks are as if nobody had parked them."""

import asyncio
import contextvars
import sys

import anyio
import anyio.lowlevel
import pytest

from runtime import TaskDone, exits
from runtime.preemption.worker import Killed
from tests.support.eventually import eventually
from tests.support.processes import serve
from tests.support.slicing import Does, DoesAsync, overrun, parked, sliced, slicer, spin


async def done_by(job, **options):
    """What an async job returns."""
    async with sliced(job=job, **options) as node:
        pid = await serve(node, DoesAsync)
        return await pid.call("job", timeout=30)


def late(process, seconds=0.005):
    """Overrun until a timer of this loop, set before, must have fired."""
    over = []
    asyncio.get_running_loop().call_later(seconds, over.append, True)
    spin(lambda: over)
    overrun(process)


class TestCancelAndTimeOut:
    async def test_a_time_out_that_meets_a_parked_step_waits_for_its_next_await(self):
        async def job(process):
            seen = []
            try:
                async with asyncio.timeout(0.001):
                    late(process)
                    seen.append("to the end")
                    await asyncio.sleep(10)
                    seen.append("never")
            except TimeoutError:
                seen.append("timed out")
            return seen

        assert await done_by(job) == ["to the end", "timed out"]

    async def test_a_block_that_has_been_left_meanwhile_leaves_no_cancellation_behind(self):
        async def job(process):
            for _ in range(5):
                async with asyncio.timeout(0.001) as block:  # noqa: ASYNC100 - that is the point
                    late(process)
                assert block.expired()
                overrun(process)
                await asyncio.sleep(0)
                await asyncio.sleep(0.001)
                assert not asyncio.current_task().cancelling()
            return "unharmed"

        assert await done_by(job) == "unharmed"

    async def test_the_same_with_a_scope_of_anyio(self):
        async def job(process):
            for _ in range(5):
                with anyio.move_on_after(0.001):  # noqa: ASYNC100
                    late(process)
                overrun(process)
                await asyncio.sleep(0)
                await anyio.sleep(0.001)
            return "unharmed"

        assert await done_by(job) == "unharmed"

    async def test_a_scope_of_anyio_is_left_at_the_next_await(self):
        async def job(process):
            seen = []
            with anyio.move_on_after(0.001) as scope:
                late(process)
                seen.append("to the end")
                await anyio.sleep(10)
                seen.append("never")
            await anyio.lowlevel.checkpoint()
            return [*seen, scope.cancelled_caught]

        assert await done_by(job) == ["to the end", True]

    async def test_wait_for_times_out(self):
        async def job(process):
            async def inner():
                await asyncio.sleep(10)

            with pytest.raises(TimeoutError):
                await asyncio.wait_for(inner(), 0.001)
            late(process)
            await asyncio.sleep(0)
            return "unharmed"

        assert await done_by(job) == "unharmed"

    @pytest.mark.skipif(sys.version_info < (3, 12), reason="before 3.12 wait_for makes a task of its own")
    async def test_wait_for_around_a_parked_step_times_out_at_its_next_await(self):
        async def job(process):
            seen = []

            async def inner():
                late(process)
                seen.append("to the end")
                await asyncio.sleep(10)

            with pytest.raises(TimeoutError):
                await asyncio.wait_for(inner(), 0.001)
            return seen

        assert await done_by(job) == ["to the end"]

    async def test_a_task_group_whose_task_fails_cancels_the_parked_body(self):
        async def job(process):
            seen = []

            async def fails():
                raise LookupError("first")

            with pytest.raises(ExceptionGroup):  # noqa: PT012
                async with asyncio.TaskGroup() as group:
                    failing = group.create_task(fails())
                    spin(failing.done)
                    overrun(process)
                    seen.append("to the end")
                    await asyncio.sleep(10)
            await asyncio.sleep(0)
            return seen

        assert await done_by(job) == ["to the end"]

    async def test_a_cancellation_of_its_own_is_not_lost_when_the_step_is_parked(self):
        async def job(process):
            asyncio.current_task().cancel()
            overrun(process, 2)
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                asyncio.current_task().uncancel()
                await asyncio.sleep(0)
                return "cancelled"

        assert await done_by(job) == "cancelled"

    async def test_a_cancelled_task_whose_step_is_parked_ends_cancelled(self):
        async with sliced() as node:
            over, told = [], []

            async def spins():
                spin(lambda: over)
                return "returned all the same"

            def begin(process):
                told.append(process.task(spins()))

            class Keeps(Does):
                def handle_info(self, message, state):
                    told.append(message.reason)
                    return state

            node.resources["job"] = begin
            pid = await serve(node, Keeps)
            await pid.call("job")
            await eventually(lambda: slicer(node).parks > 2)
            told[0].cancel()
            over.append(True)
            await eventually(lambda: len(told) == 2)
            assert told[1] == "cancelled"


VARIABLE = contextvars.ContextVar("variable", default="the host's")


async def test_context_variables_and_the_current_task_are_the_tasks_own_after_every_park():
    async def job(process):
        mine = str(process.pid)
        task = asyncio.current_task()
        VARIABLE.set(mine)
        for _ in range(5):
            overrun(process)
            assert VARIABLE.get() == mine
            assert asyncio.current_task() is task
            await asyncio.sleep(0)
            assert VARIABLE.get() == mine
            assert asyncio.current_task() is task
        return mine

    async with sliced(job=job) as node:
        pids = [await serve(node, DoesAsync) for _ in range(6)]
        answers = await asyncio.gather(*(pid.call("job", timeout=60) for pid in pids))
        assert answers == [str(pid) for pid in pids]
        assert VARIABLE.get() == "the host's"


async def test_the_first_handlers_see_the_context_of_who_started_the_node():
    class First(Does):
        def init(self):
            self.resource("seen").append(VARIABLE.get())
            return ()

    token = VARIABLE.set("set before")
    seen = []
    try:
        async with sliced(seen=seen) as node:
            await serve(node, First)
    finally:
        VARIABLE.reset(token)
    assert seen == ["set before"]


async def test_tasks_of_a_process_that_spin_are_sliced_and_their_process_stays_answerable():
    async with sliced(idle=lambda process: "there") as node:
        over, told = [], []

        async def spins():
            spin(lambda: over)
            return "over"

        class Keeps(Does):
            def handle_info(self, message, state):
                told.append(message)
                return state

        node.resources["begin"] = lambda process: [process.task(spins()) for _ in range(3)] and None
        pid = await serve(node, Keeps)
        await pid.call("begin")
        await eventually(lambda: slicer(node).parks > 6)
        assert await pid.call("idle") == "there"
        over.append(True)
        await eventually(lambda: len(told) == 3)
        assert all(isinstance(message, TaskDone) and message.value == "over" for message in told)


async def test_a_coroutine_process_is_parked_and_can_be_killed():
    over, ended = [], []

    async def worker(process):
        try:
            spin(lambda: over)
        except Killed:
            ended.append("killed")
            raise

    async with sliced(idle=lambda process: "there") as node:
        pid, other = node.spawn(worker), await serve(node, Does)
        await parked(node, pid)
        assert await other.call("idle") == "there"
        exits.signal(pid._process, "kill")
        assert not pid.alive
        await eventually(lambda: ended == ["killed"])


async def test_a_coroutine_process_receives_between_overruns():
    async def worker(process):
        got = []
        for _ in range(5):
            got.append(await process.receive())
            overrun(process)
        seen.extend(got)

    seen = []
    async with sliced() as node:
        pid = node.spawn(worker)
        for number in range(5):
            pid.send(number)
        await eventually(lambda: seen == [0, 1, 2, 3, 4])
