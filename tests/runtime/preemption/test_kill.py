"""Killing what does not end by itself."""

import asyncio
import gc
from contextlib import suppress

import pytest

from runtime import Continue, Down, Interrupted, ProcessDied, Reply, Server, exits
from runtime.preemption.worker import Killed
from runtime.preemption.workers import THROWS
from tests.support.eventually import eventually
from tests.support.processes import serve
from tests.support.slicing import KINDS, Does, job_of, parked, script, sliced, slicer, spin, stubborn


class Watches(Server):
    """Keeps what it hears of those that it monitors."""

    def init(self, pid, heard):
        self.monitor(pid)
        return heard

    def handle_info(self, message, heard):
        self.resource("heard").append(message)
        return heard


@KINDS
async def test_a_killed_spinner_is_gone_at_once_and_its_code_ends(kind):
    ended = []

    def forever(process):
        try:
            spin(lambda: False)
        except BaseException as error:
            ended.append(type(error))
            raise

    heard = []
    async with sliced(job=job_of(kind, forever), heard=heard) as node:
        pid = await serve(node, kind)
        await serve(node, Watches, pid, ())
        pid.cast("job")
        await parked(node, pid)
        exits.signal(pid._process, "kill")
        assert not pid.alive
        assert pid._process not in list(node.table)
        await eventually(lambda: ended == [Killed])
        await eventually(lambda: heard)
        assert isinstance(heard[0], Down)
        assert heard[0].reason == "killed"
        assert not node.scheduler.workers.zombies
        assert not node.scheduler.workers.at_work()


@KINDS
async def test_what_survives_all_that_is_thrown_is_a_zombie_and_never_runs_again(kind):
    survived, turns = [], [0]

    def stubborn(process):
        def stay():
            while not over:
                turns[0] += 1

        while not over:
            try:
                stay()
            except BaseException as error:
                survived.append(type(error))

    over = []
    async with sliced(job=job_of(kind, stubborn)) as node:
        pid = await serve(node, kind)
        pid.cast("job")
        await parked(node, pid)
        exits.signal(pid._process, "kill")
        zombies = node.scheduler.workers.zombies
        await eventually(lambda: zombies)
        assert survived == [Killed] * THROWS
        assert zombies[0].process is pid._process
        await asyncio.sleep(0)
        before = turns[0]
        parks = slicer(node).parks
        for _ in range(50):
            await asyncio.sleep(0.001)
        assert turns[0] == before
        assert slicer(node).parks == parks
        assert not node.scheduler.workers.at_work()


@KINDS
async def test_a_finally_that_spins_becomes_a_zombie(kind):
    def spins_in_finally(process):
        try:
            spin(lambda: False)
        finally:
            stubborn(process)

    async with sliced(job=job_of(kind, spins_in_finally)) as node:
        pid = await serve(node, kind)
        pid.cast("job")
        await parked(node, pid)
        exits.signal(pid._process, "kill")
        await eventually(lambda: node.scheduler.workers.zombies)


@KINDS
async def test_a_finally_may_take_several_slices(kind):
    done = []

    def cleans_up(process):
        try:
            spin(lambda: False)
        finally:
            target = slicer(process).parks + 1
            try:
                spin(lambda: slicer(process).parks >= target)
            finally:
                done.append(True)

    async with sliced(job=job_of(kind, cleans_up)) as node:
        pid = await serve(node, kind)
        pid.cast("job")
        await parked(node, pid)
        exits.signal(pid._process, "kill")
        await eventually(lambda: done)
        assert not node.scheduler.workers.zombies


@KINDS
async def test_a_node_stops_with_parked_steps_and_zombies(kind):
    async with sliced(
        stubborn=job_of(kind, stubborn), spin=job_of(kind, lambda process: spin(lambda: False))
    ) as node:
        for job in ("stubborn", "spin", "stubborn", "spin"):
            pid = await serve(node, kind)
            pid.cast(job)
            await parked(node, pid)
    assert len(node.scheduler.workers.zombies) == 2
    assert not node.scheduler.workers.at_work()


async def test_a_node_stops_while_a_plain_handler_waits_for_a_stubborn_coroutine():
    async def stubborn():
        while True:
            try:
                spin(lambda: False)
            except BaseException:
                began.append(True)

    began = []
    async with sliced(job=lambda process: process.wait(stubborn())) as node:
        pid = await serve(node, Does)
        pid.cast("job")
        await eventually(lambda: slicer(node).parks > 2)
    assert began
    assert not node.scheduler.workers.at_work()


async def test_a_zombie_is_never_collected():
    async with sliced(job=stubborn) as node:
        pid = await serve(node, Does)
        pid.cast("job")
        await parked(node, pid)
    del node, pid
    gc.collect()  # throwing GreenletExit into it would not return


STUBBORN = """
import asyncio, sys
from runtime import ChildSpec, Node, Server

class Stubborn(Server):
    def init(self): return 0
    def handle_cast(self, kind, state):
        while True:
            try:
                stay()
            except BaseException:
                continue
    {asynchronous}def handle_info(self, kind, state):
        while True:
            try:
                stay()
            except BaseException:
                continue

def stay():
    while True:
        try:
            while True: sum(range(100))
        except BaseException:
            continue

async def main():
    {node}
    pids = [await node.start(ChildSpec(str(n), Stubborn, restart="temporary")) for n in range(3)]
    for pid in pids: pid.{send}("x")
    while not all(pid._process.parked() for pid in pids): await asyncio.sleep(0)
    {end}
asyncio.run(main())
print("over")
"""


@pytest.mark.parametrize("send", ["cast", "send"], ids=["plain", "async"])
def test_python_ends_with_steps_parked(send):
    text = STUBBORN.format(
        asynchronous="async ",
        node="node = await Node('x', introspection=False).__aenter__()",
        send=send,
        end="",
    )
    if send == "send":
        text = text.replace(
            "asyncio.run(main())", "loop = asyncio.new_event_loop(); loop.run_until_complete(main())"
        )
    done = script(text)
    assert (done.returncode, done.stdout) == (0, "over\n"), done.stderr


@pytest.mark.parametrize("send", ["cast", "send"], ids=["plain", "async"])
def test_python_ends_with_zombies(send):
    text = STUBBORN.format(
        asynchronous="async ", node="node = await Node('x', introspection=False).__aenter__()", send=send,
        end="await node.stop(); assert len(node.scheduler.workers.zombies) == 3",
    )  # fmt: skip
    done = script(text)
    assert (done.returncode, done.stdout) == (0, "over\n"), done.stderr


def test_python_ends_by_sys_exit_with_steps_parked():
    text = STUBBORN.format(
        asynchronous="async ",
        node="node = await Node('x', introspection=False).__aenter__()",
        send="cast",
        end="sys.exit(3)",
    )
    assert script(text).returncode == 3


class Stubborn:
    """Spins in its copy until the step has been parked there, and does not let that be ended."""

    def __deepcopy__(self, memo):
        with suppress(Killed):
            spin(lambda: False)
        return 1


class Finalized:
    """The same, in its finalizer."""

    def __init__(self, spins):
        self.spins = spins

    def __del__(self):
        if self.spins:
            with suppress(Killed):
                spin(lambda: False)


class Copies(Server):
    """Its answer is stubborn."""

    def init(self):
        return "first"

    def handle_call(self, message, caller, state):
        return Reply(Stubborn(), "second")


class Continues(Copies):
    """The same, where the result is applied apart from the step."""

    def handle_call(self, message, caller, state):
        return Continue("more", "second", reply=Stubborn())

    def handle_continue(self, message, state):
        return state


class Drops(Server):
    """Its first state has a finalizer that is stubborn."""

    def init(self):
        return Finalized(spins=True)

    def handle_call(self, message, caller, state):
        return Reply(1, Finalized(spins=False))


@pytest.mark.parametrize("kind", [Copies, Continues, Drops])
async def test_a_process_that_is_killed_where_its_step_ends_stays_ended(kind):
    async with sliced() as node:
        pid = await serve(node, kind)
        asking = asyncio.create_task(pid.call("go", timeout=20))
        await parked(node, pid)
        exits.signal(pid._process, "kill")
        await eventually(lambda: not node.scheduler.workers.at_work())
        assert not pid.alive
        assert pid._process.reason == "killed"
        with pytest.raises(ProcessDied):
            await asking


async def test_interrupted_is_no_exception_that_a_handler_swallows():
    assert not issubclass(Interrupted, Exception)
    assert not issubclass(Killed, Exception)
