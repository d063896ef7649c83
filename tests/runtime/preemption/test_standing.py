"""What the scheduler knows of few processes only: where their steps stand still, and to whom they owe answers."""

import asyncio
from types import SimpleNamespace

import pytest

from runtime import CallTimeout, NoReply, ProcessDied, Reply, Server, exits, sending
from runtime.status import AWAITING
from tests.support.eventually import eventually
from tests.support.processes import serve
from tests.support.slicing import KINDS, Does, job_of, parked, sliced, slicer, spin, stubborn


@KINDS
async def test_a_step_stands_in_the_table_while_it_is_parked_and_not_longer(kind):
    done = []
    async with sliced(job=job_of(kind, lambda process: spin(lambda: done))) as node:
        pid = await serve(node, kind)
        pid.cast("job")
        worker = await parked(node, pid)
        assert node.scheduler.standing == {pid._process: [worker]}
        done.append(True)
        await eventually(lambda: node.scheduler.standing == {})


async def test_a_step_that_waits_stands_there_too():
    async with sliced() as node:
        gate = asyncio.Event()
        node.resources["job"] = lambda process: process.wait(gate.wait())
        pid = await serve(node, Does)
        pid.cast("job")
        await eventually(lambda: pid._process.status == AWAITING)
        (worker,) = node.scheduler.standing[pid._process]
        assert pid._process.parked() is worker
        gate.set()
        await eventually(lambda: node.scheduler.standing == {})


async def test_it_does_not_stand_there_while_it_has_a_slice():
    seen = []

    def job(process):
        def looks():
            seen.append(process._process.sched.standing.get(process._process))
            return slicer(process).parks >= 3

        spin(looks)

    async with sliced(job=job) as node:
        pid = await serve(node, Does)
        await pid.call("job", timeout=20)
    assert set(map(str, seen)) == {"None"}


async def test_of_several_steps_that_stand_still_one_is_its_own():
    beside, own = SimpleNamespace(owns=False), SimpleNamespace(owns=True)
    async with sliced() as node:
        process = (await serve(node, Does))._process
        process.holds(beside)
        assert process.parked() is None
        process.holds(own)
        assert process.parked() is own
        process.lets_go(beside)
        assert node.scheduler.standing == {process: [own]}
        process.lets_go(own)
        process.lets_go(own)
        assert node.scheduler.standing == {}


async def test_a_process_with_several_steps_is_parked_where_its_own_stands_and_all_end_with_it():
    async def beside():
        spin(lambda: False)

    def job(process):
        for _ in range(2):
            process.task(beside())
        process.wait(asyncio.Event().wait())

    async with sliced(job=job) as node:
        pid = await serve(node, Does)
        pid.cast("job")
        process, scheduler = pid._process, node.scheduler
        await eventually(lambda: len(scheduler.standing.get(process, ())) == 3)
        assert process.parked().owns
        assert [worker.owns for worker in scheduler.standing[process]].count(True) == 1
        assert process.status == AWAITING
        exits.signal(process, "kill")
        await eventually(lambda: scheduler.standing == {} and not scheduler.workers.at_work())
        assert not scheduler.workers.zombies


@KINDS
async def test_neither_who_was_killed_nor_a_zombie_stands_there(kind):
    async with sliced(
        spins=job_of(kind, lambda process: spin(lambda: False)), stubborn=job_of(kind, stubborn)
    ) as node:
        for job in ("spins", "stubborn"):
            pid = await serve(node, kind)
            pid.cast(job)
            await parked(node, pid)
            exits.signal(pid._process, "kill")
            await eventually(lambda: node.scheduler.standing == {})
        assert len(node.scheduler.workers.zombies) == 1


class Owes(Server):
    """Answers now, later, or never."""

    def init(self):
        return ()

    def handle_call(self, message, caller, state):
        return Reply(message, state) if message == "now" else NoReply((*state, caller))

    def handle_cast(self, message, state):
        for caller in state:
            caller.reply(message)
        return ()


async def owing(node, timeout=5.0):
    """A process that owes an answer, and who waits for it."""
    pid = await serve(node, Owes)
    answer = asyncio.ensure_future(pid.call("later", timeout))
    await eventually(lambda: len(pid._process.owed) == 1)
    return pid, answer


async def test_what_was_answered_at_once_was_never_owed():
    async with sliced() as node:
        pid = await serve(node, Owes)
        assert await pid.call("now") == "now"
        assert node.scheduler.owed == {}


@pytest.mark.parametrize("how", ["answered", "too late", "given up", "ended"])
async def test_an_answer_is_owed_until_nobody_waits_for_it(how):
    async with sliced() as node:
        pid, answer = await owing(node, timeout=0.05 if how == "too late" else 20)
        other, waits_on = await owing(node)
        if how == "answered":
            pid.cast("answer")
            assert await answer == "answer"
        elif how == "too late":
            with pytest.raises(CallTimeout):
                await answer
        elif how == "given up":
            answer.cancel()
            with pytest.raises(asyncio.CancelledError):
                await answer
        else:
            exits.signal(pid._process, "kill")
            with pytest.raises(ProcessDied):
                await answer
        assert set(node.scheduler.owed) == {other._process}
        other.cast("answer")
        assert await waits_on == "answer"
        assert node.scheduler.owed == {}


async def test_nor_is_it_owed_longer_where_nobody_had_to_wait_for_it():
    async with sliced() as node:
        pid = await serve(node, Owes)
        answer = sending.request(pid, pid._process, "later")
        assert set(node.scheduler.owed) == {pid._process}
        await eventually(lambda: pid._process.state)
        pid.cast("answer")
        assert await answer == "answer"
        assert node.scheduler.owed == {}


@KINDS
async def test_a_caller_whose_callee_is_killed_while_it_is_parked_is_told(kind):
    async with sliced(job=job_of(kind, lambda process: spin(lambda: False))) as node:
        pid = await serve(node, kind)
        answers = [asyncio.ensure_future(pid.call("job", timeout=20)) for _ in range(3)]
        await parked(node, pid)
        exits.signal(pid._process, "kill")
        results = await asyncio.gather(*answers, return_exceptions=True)
        assert [type(result) for result in results] == [ProcessDied] * 3
        assert node.scheduler.owed == {}
        await eventually(lambda: node.scheduler.standing == {})
