"""What `tests/stress` has found: each defect, made to happen by itself."""

import asyncio
import contextlib
import decimal
import gc
import threading

import anyio
import pytest

from runtime import Node, Reply, Server
from runtime.errors import Interrupted
from runtime.preemption import guards, slicer
from runtime.preemption.guards import Collections
from runtime.preemption.ticker import ticker
from runtime.status import AWAITING, IDLE, PARKED, SUSPENDED
from tests.support.eventually import eventually
from tests.support.processes import end_of, serve


@pytest.fixture
async def node():
    async with Node("t", introspection=False) as node:
        if not node.preemption.startswith("time-slicing"):
            pytest.skip(node.preemption)
        yield node


def spin(until):
    while not until:
        pass


class Runs(Server):
    """Runs whatever stands among the node's resources under the name it is sent."""

    def init(self):
        return 0

    def handle_call(self, name, caller, state):
        return Reply(self.resource(name)(self), state + 1)

    def handle_cast(self, name, state):
        self.resource(name)(self)
        return state + 1


class RunsAsync(Server):
    """The same in async handlers."""

    async def init(self):
        return 0

    async def handle_call(self, name, caller, state):
        return Reply(await self.resource(name)(self), state + 1)


def standing(pid):
    return pid._process.parked()


class TestContexts:
    async def test_a_step_sees_nothing_of_the_context_of_one_that_is_parked(self, node):
        over = []

        def precise(process):
            with decimal.localcontext() as here:
                here.prec = 5
                spin(over)

        node.resources.update(precise=precise, look=lambda _process: decimal.getcontext().prec)
        first, second, third = await serve(node, Runs), await serve(node, Runs), await serve(node, Runs)
        first.cast("precise")
        second.cast("look")
        await eventually(lambda: first._process.status == PARKED)
        assert {await second.call("look"), await third.call("look")} == {28}
        over.append(1)

    async def test_a_callee_sees_nothing_of_the_context_of_its_caller(self, node):
        callee = await serve(node, Runs)

        def ask(process):
            with decimal.localcontext() as here:
                here.prec = 5
                return process.call(callee, "look")

        node.resources.update(ask=ask, look=lambda _process: decimal.getcontext().prec)
        asker = await serve(node, Runs)
        assert [await asker.call("ask") for _ in range(20)] == [28] * 20


class TestWaiting:
    async def test_what_was_awaited_does_not_wake_a_step_of_another_process(self, node):
        loop = asyncio.get_running_loop()
        one, other = loop.create_future(), loop.create_future()
        node.resources.update(
            one=lambda process: process.wait(one), other=lambda process: process.wait(other)
        )
        first, second = await serve(node, Runs), await serve(node, Runs)
        first.cast("one")
        await eventually(lambda: first._process.status == AWAITING)
        one.set_result(1)  # its callback comes after the end of the process
        node.root.handle.exit(first, "kill")
        answer = asyncio.ensure_future(second.call("other"))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not answer.done()
        other.set_result(2)
        assert await answer == 2

    async def test_a_failure_that_a_killed_process_waited_for_reaches_nobody(self, node):
        reached = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: reached.append(context))
        begun = []

        async def fail():
            begun.append(1)
            try:
                await asyncio.sleep(30)
            finally:
                raise ValueError("in its cleaning up")

        node.resources["wait"] = lambda process: process.wait(fail())
        pid = await serve(node, Runs)
        pid.cast("wait")
        await eventually(lambda: begun)
        node.root.handle.exit(pid, "kill")
        await eventually(lambda: not node.scheduler.lingering and not node.scheduler.workers.parked)
        gc.collect()
        assert reached == []


class TestAnswers:
    async def test_an_answer_that_takes_long_to_copy_reaches_its_caller(self, node):
        pid = await serve(node, Runs)
        node.resources.update(
            small=lambda _process: 0, large=lambda _process: [[number] for number in range(3_000)]
        )  # fmt: skip
        for _ in range(5):
            await pid.call("small")  # the next one runs at once
            assert len(await pid.call("large", timeout=5)) == 3_000


class TestSuspension:
    async def test_a_step_that_is_granted_a_slice_while_it_is_suspended_is_not_forgotten(self, node):
        over = []

        async def work(process):
            spin(over)
            await asyncio.sleep(0)
            return "done"

        node.resources["work"] = work
        pid = await serve(node, RunsAsync)
        process, workers = pid._process, node.scheduler.workers
        answer = asyncio.ensure_future(pid.call("work"))
        await eventually(lambda: workers.granted is not None and workers.granted.process is process)
        process.pause()
        await eventually(lambda: workers.aside)
        assert process.status == SUSPENDED
        over.append(1)
        process.unpause()
        assert await answer == "done"
        assert process.status == IDLE


class TestCancellation:
    async def test_anyio_knows_its_own_cancellation_of_a_parked_step(self, node):
        async def work(process):
            with anyio.move_on_after(0.002) as scope:
                later = asyncio.get_running_loop().time() + 0.02
                while asyncio.get_running_loop().time() < later:
                    pass
                await anyio.sleep(30)
            return scope.cancelled_caught

        node.resources["work"] = work
        assert await (await serve(node, RunsAsync)).call("work")


class TestHubRescue:
    @pytest.mark.parametrize("behaviour", [Runs, RunsAsync])
    @pytest.mark.parametrize("fate", ["suspended", "killed", "granted"])
    async def test_the_host_gets_a_lock_whatever_became_of_the_step_that_holds_it(
        self, node, behaviour, fate
    ):
        lock, over, workers = threading.Lock(), [], node.scheduler.workers

        def hold(process):
            with lock:
                spin(over)
            return "done"

        async def hold_async(process):
            return hold(process)

        node.resources["hold"] = hold if behaviour is Runs else hold_async
        pid = await serve(node, behaviour)
        process = pid._process
        answer = asyncio.ensure_future(pid.call("hold"))
        await eventually(lambda: standing(pid))
        if fate == "suspended":
            process.pause()
            await eventually(lambda: workers.aside)
        elif fate == "granted" and behaviour is RunsAsync:
            await eventually(lambda: workers.granted is not None)
        elif fate == "killed":
            node.root.handle.exit(pid, "kill")
        over.append(1)
        with lock:  # on the loop's own stack
            pass
        if fate == "suspended":
            process.unpause()
        answer.cancel() if fate == "killed" else None
        with contextlib.suppress(asyncio.CancelledError):
            assert await answer == "done"
        await eventually(lambda: not workers.standing())


class TestRecursion:
    async def test_a_step_at_the_limit_of_recursion_gets_no_error_of_the_ticks(self, node):
        def depth():
            """Frames that are left."""
            try:
                return 1 + depth()
            except RecursionError:
                return 0

        def near(left):
            if left > 3:
                return near(left - 1)
            for _ in range(300_000):  # several slices, a few frames below the limit
                pass
            return "done"

        node.resources["work"] = lambda _process: near(depth() - 1)
        assert await (await serve(node, Runs)).call("work") == "done"

    async def test_a_step_that_stays_at_the_limit_of_recursion_is_interrupted(self, node, monkeypatch):
        def no_room(_frames):
            raise RecursionError

        monkeypatch.setattr(slicer, "_room", no_room)
        node.resources["spin"] = lambda _process: spin([])
        pid = await serve(node, Runs)
        pid.cast("spin")
        assert isinstance(await end_of(pid), Interrupted)

    def test_a_collection_whose_end_could_not_be_told_is_over(self):
        collections = Collections()
        try:
            collections.close()
            collections._began("start", {})
            assert collections.going_on()
            gc.collect()
            gc.collect()
            assert not collections.going_on()
        finally:
            collections.close()

    def test_callbacks_of_the_host_belong_to_the_collection(self):
        seen = []
        host = lambda _phase, _info: seen.append(collections.going_on())  # noqa: E731 - one and the same twice
        gc.callbacks.append(host)
        collections = Collections()
        try:
            gc.collect()
            assert seen == [True, True]
        finally:
            gc.callbacks.remove(host)
            collections.close()

    async def test_a_tick_that_meets_the_note_of_a_collection_never_interrupts_it(self, node):
        sliced = node.scheduler.mode.slicer
        sliced._collections._thread = threading.get_ident()
        sliced._collections._completed = guards._completed()
        worker = type("", (), {"critical": None})()
        note = type(
            "", (), {"f_code": Collections._ended.__code__, "f_globals": vars(guards), "f_back": None}
        )()
        assert sliced._verdict(worker, None, note) == guards.ITSELF
        sliced._collections._thread = None


class TestHolds:
    async def test_a_long_import_uses_up_nothing_of_what_comes_after_it(self, node, monkeypatch):
        sliced, answers = node.scheduler.mode.slicer, iter([5000] * 100 + [20] * 10)
        monkeypatch.setattr(slicer, "verdict", lambda _frame, _current: next(answers, 0))
        monkeypatch.setattr(sliced, "_count", lambda: 1)
        worker = type("", (), {"critical": None, "resumed_at": 1.0, "spoiled": False, "survived": 0})()
        sliced._seen = node.scheduler.since
        for _ in range(110):
            sliced._tick_of_step(worker, None, None)
        assert sliced.interrupts == 0

    async def test_holds_of_several_sorts_are_bounded_together(self, node, monkeypatch):
        sliced = node.scheduler.mode.slicer
        answers = iter([20, 200] * 100)
        monkeypatch.setattr(slicer, "verdict", lambda _frame, _current: next(answers))
        monkeypatch.setattr(sliced, "_count", lambda: 1)
        worker = type("", (), {"critical": None, "resumed_at": 1.0, "spoiled": False, "survived": 0})()
        sliced._seen = node.scheduler.since
        for _ in range(35):
            sliced._tick_of_step(worker, None, None)
        with pytest.raises(Interrupted):
            _ = [sliced._tick_of_step(worker, None, None) for _ in range(5)]
        assert worker.spoiled


class TestThrows:
    async def test_a_worker_into_which_something_was_thrown_runs_no_other_step(self, node):
        node.resources["spin"] = lambda _process: spin([])
        pid = await serve(node, Runs)
        pid.cast("spin")
        worker = await eventually(lambda: standing(pid))
        node.root.handle.exit(pid, "kill")
        await eventually(lambda: worker.dead)
        assert worker not in node.scheduler.workers.pool


async def test_a_node_is_sliced_although_a_step_ran_while_there_was_no_timer():
    async with Node("t", introspection=False):
        pass
    ticker.fast()  # as a step does on a node in another thread, which is not sliced
    async with Node("t", introspection=False) as node:
        if not node.preemption.startswith("time-slicing"):
            pytest.skip(node.preemption)
        until = asyncio.get_running_loop().time() + 0.2
        node.resources["spin"] = lambda _process: [
            0 for _ in iter(lambda: asyncio.get_running_loop().time() < until, False)
        ]
        pid = await serve(node, Runs)
        pid.cast("spin")
        await eventually(lambda: node.scheduler.mode.slicer.parks)
