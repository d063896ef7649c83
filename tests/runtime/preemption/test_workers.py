"""The greenlets on which steps run."""

import asyncio
import gc
import itertools
import math
import weakref
from contextvars import ContextVar

import pytest
from greenlet import getcurrent, greenlet

from runtime import Reply, Server
from runtime.preemption.errand import Errand
from tests.support.eventually import eventually
from tests.support.processes import serve
from tests.support.slicing import Does, DoesAsync, overrun, sliced, slicer


def deep(levels, then):
    """`then()`, that many calls down."""
    return deep(levels - 1, then) if levels else then()


async def test_a_worker_that_was_made_deep_in_the_stack_has_as_much_of_it_as_the_others():
    """Each handler of this chain is called from far down in the one before, and runs at once on a worker that is new."""
    async with sliced() as node:
        pids = [await serve(node, Does) for _ in range(20)]
        after = dict(itertools.pairwise(pids))

        def call(process):
            node.scheduler.inline_until = math.inf
            following = after.get(process.pid)
            return deep(100, lambda: "deep enough" if following is None else process.call(following, "call"))

        node.resources["call"] = call
        assert await pids[0].call("call") == "deep enough"
        assert len(node.scheduler.workers.made) >= len(pids)


async def test_steps_of_plain_handlers_share_few_workers():
    async with sliced(job=lambda process: None) as node:
        pids = [await serve(node, Does) for _ in range(200)]
        for pid in pids:
            await pid.call("job")
        assert len(node.scheduler.workers.made) < 10


async def test_a_process_that_was_parked_once_is_as_small_as_before():
    async with sliced(job=overrun) as node:
        pid = await serve(node, Does)
        await pid.call("job")
        process = pid._process
        assert (process.mailbox, process.current, process.extra, node.scheduler.standing) == (
            None,
            None,
            None,
            {},
        )


async def test_a_worker_tells_the_next_step_nothing_of_the_last_one():
    async with sliced(job=overrun) as node:
        pids = [await serve(node, Does) for _ in range(3)]
        await asyncio.gather(*(pid.call("job", timeout=20) for pid in pids))
        assert slicer(node).parks >= 3
        told = {(worker.resumed_at, worker.process, worker.steps) for worker in node.scheduler.workers.pool}
        assert told == {(0.0, None, None)}


async def test_each_slice_has_a_beginning_of_its_own():
    begins = []

    def job(process):
        for _ in range(4):
            begins.append(process._process.sched.since)
            overrun(process)

    async with sliced(job=job) as node:
        await (await serve(node, Does)).call("job", timeout=20)
    assert begins == sorted(set(begins))


async def test_a_step_inside_a_step_leaves_the_node_as_it_was():
    def job(process):
        scheduler = process._process.sched
        before = scheduler.running, scheduler.since
        scheduler.enter(None, scheduler.clock(), None, Errand(lambda: None), ())
        assert scheduler.running is before[0]
        assert scheduler.since is before[1]

    async with sliced(job=job) as node:
        await (await serve(node, Does)).call("job")


async def test_steps_see_the_context_of_the_host_also_after_a_coroutine_on_the_same_worker():
    variable = ContextVar("variable", default="nothing")
    variable.set("of the host")

    async def idle(process):
        await asyncio.sleep(0)

    async with sliced(look=lambda process: variable.get(), idle=idle) as node:
        plain, other = await serve(node, Does), await serve(node, DoesAsync)
        node.scheduler.inline_until = math.inf  # no turn of the run queue comes between
        for _ in range(3):
            assert await plain.call("look") == "of the host"
            await other.call("idle")
            assert await plain.call("look") == "of the host"


# --- greenlets of libraries -----------------------------------------------------------------------


def await_only(awaitable):
    """As SQLAlchemy's: plain code that awaits by way of the greenlet that has made its own."""
    return getcurrent().parent.switch(awaitable)


async def greenlet_spawn(function, *args):
    """As SQLAlchemy's: runs plain code that may `await_only`."""
    child = greenlet(function, getcurrent())
    result = child.switch(*args)
    while not child.dead:
        result = child.switch(await result)
    return result


async def test_plain_code_on_a_greenlet_of_a_library_awaits_across_steps():
    async def job(process):
        def plain(name):
            seen = []
            for _ in range(5):
                await_only(asyncio.sleep(0))
                overrun(process)
                seen.append(name)
            return seen

        return await greenlet_spawn(plain, str(process.pid))

    async with sliced(job=job) as node:
        pids = [await serve(node, DoesAsync) for _ in range(8)]
        answers = await asyncio.gather(*(pid.call("job", timeout=60) for pid in pids))
        assert answers == [[str(pid)] * 5 for pid in pids]
        assert slicer(node).parks >= 40


async def test_the_worker_of_such_a_coroutine_goes_back_to_the_pool():
    async def job(process):
        return await greenlet_spawn(lambda: await_only(asyncio.sleep(0)))

    async with sliced(job=job) as node:
        pids = [await serve(node, DoesAsync) for _ in range(20)]
        for pid in pids:
            await pid.call("job")
        assert len(node.scheduler.workers.made) < 10


async def test_coroutines_whose_processes_call_each_other_keep_no_worker():
    async def job(process):
        for _ in range(20):
            await others[0].call("idle")
            await asyncio.sleep(0)

    async def idle(process):
        pass

    async with sliced(job=job, idle=idle) as node:
        others = [await serve(node, DoesAsync)]
        pids = [await serve(node, DoesAsync) for _ in range(20)]
        await asyncio.gather(*(pid.call("job", timeout=20) for pid in pids))
        assert len(node.scheduler.workers.made) < 10


# --- what is parked, and is not to suffer from it --------------------------------------------------


class Large(Server):
    """Answers, and sends, what takes several slices to copy."""

    def init(self):
        return ()

    def handle_call(self, other, caller, state):
        message = [list(range(10)) for _ in range(300_000)]
        if other is not None:
            other.cast(message)
        return Reply(message, state)

    def handle_cast(self, message, state):
        return state

    async def handle_info(self, message, state):
        return state


@pytest.mark.parametrize("times", range(3))
async def test_an_answer_that_takes_long_to_copy_arrives(times):
    async with sliced() as node:
        other = await serve(node, Large)
        pid = await serve(node, Large)
        await asyncio.sleep(0.01)
        before = slicer(node).parks
        answer = await pid.call(other, timeout=30)
        assert len(answer) == 300_000
        assert slicer(node).parks > before
        assert slicer(node).interrupts == 0


async def test_a_node_that_has_ended_is_garbage_with_all_that_it_remembers():
    async def lives():
        async with sliced(job=lambda process: "done") as node:
            pid = await serve(node, Does)
            await pid.call("job")
            return weakref.ref(node)

    ended = await asyncio.create_task(lives())

    def is_gone():
        gc.collect()
        return ended() is None

    await eventually(is_gone)


async def test_a_node_is_garbage_also_when_code_of_it_has_outlived_it():
    async def lives():
        async with sliced(job=lambda process: "done") as node:
            pid, sched = await serve(node, Does), node.scheduler
            await pid.call("job")
        ran = []
        for number in range(3):
            sched.enter(pid._process, sched.clock(), None, Errand(ran.append), (number,))
        assert ran == [0, 1, 2]
        return weakref.ref(node)

    ended = await asyncio.create_task(lives())

    def is_gone():
        gc.collect()
        return ended() is None

    await eventually(is_gone)
