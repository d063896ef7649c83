"""The timer: when it ticks, whose signal it is, and what becomes of it."""

import asyncio
import signal
import threading

import pytest

from runtime import Node
from runtime.preemption.ticker import FAST_S, OFF, SLOW_S, ticker
from tests.support.eventually import eventually
from tests.support.processes import serve
from tests.support.slicing import Does, counted, parked, script, sliced, slicer, spin


async def test_an_idle_node_does_not_tick_and_its_loop_is_not_woken():
    async with sliced(job=lambda process: None) as node:
        pid = await serve(node, Does)
        await pid.call("job")
        await eventually(lambda: ticker.pace == OFF)
        ticks = []
        ticker._on_tick.append(ticks.append)
        try:
            for _ in range(5):
                await asyncio.sleep(0.02)
        finally:
            ticker._on_tick.pop()
        assert not ticks
        assert ticker.pace == OFF


async def test_it_ticks_slowly_while_only_the_host_runs():
    async with sliced(job=lambda process: None) as node:
        pid = await serve(node, Does)
        with counted() as ticks:
            await pid.call("job")
            ticks.pass_by(3)
            assert ticker.pace == SLOW_S


async def test_it_ticks_fast_while_a_step_runs():
    async with sliced(job=lambda process: paces.append(ticker.pace)) as node:
        paces = []
        pid = await serve(node, Does)
        await eventually(lambda: ticker.pace == OFF)
        await pid.call("job")
    assert paces == [FAST_S]


async def test_handler_and_timer_are_gone_once_the_last_node_has_stopped():
    before = [signal.getsignal(number) for number in range(1, signal.SIGRTMAX + 1)]
    async with sliced():
        async with Node("other", introspection=False):
            during = [signal.getsignal(number) for number in range(1, signal.SIGRTMAX + 1)]
            assert sum(one != other for one, other in zip(before, during, strict=True)) == 1
        assert ticker.what
    assert [signal.getsignal(number) for number in range(1, signal.SIGRTMAX + 1)] == before
    assert not ticker.what


async def test_a_signal_of_the_host_is_left_to_it():
    highest = int(signal.SIGRTMAX)
    mine = signal.signal(highest, lambda *_: None)
    handler = signal.getsignal(highest)
    try:
        async with sliced() as node:
            assert signal.getsignal(highest) is handler
            assert f"signal {highest - 1}" in node.preemption
    finally:
        signal.signal(highest, mine)


async def test_two_nodes_of_one_loop_slice_their_own_steps():
    done = []
    async with sliced(job=lambda process: spin(lambda: done)) as one:
        async with sliced(job=lambda process: spin(lambda: done)) as two:
            for node in (one, two):
                pid = await serve(node, Does)
                pid.cast("job")
                await parked(node, pid)
            await eventually(lambda: min(slicer(one).parks, slicer(two).parks) > 5)
        before = slicer(one).parks
        await eventually(lambda: slicer(one).parks > before + 3)
        done.append(True)


def test_a_node_slices_after_one_that_could_not():
    """What a node in a thread asks of the timer, which it does not have, says nothing about those to come."""

    async def live(slices):
        async with sliced(job=lambda process: None) as node:
            pid = await serve(node, Does)
            await pid.call("job")
            assert node.preemption.startswith("time-slicing") is slices
            if slices:
                done = []
                node.resources["spin"] = lambda process: spin(lambda: done)
                pid.cast("spin")
                await parked(node, pid)
                done.append(True)

    thread = threading.Thread(target=lambda: asyncio.run(live(slices=False)))
    thread.start()
    thread.join()
    asyncio.run(live(slices=True))


@pytest.mark.parametrize("work", ["sum(range(30_000_000))", "__import__('slow_module')"])
def test_a_long_hold_leaves_room_for_the_signals_of_the_host(work, tmp_path):
    """Each tick writes a byte to the wake-up descriptor; where that is full, a signal of the host goes under."""
    (tmp_path / "slow_module.py").write_text(
        "import time\nuntil = time.monotonic() + 1\nwhile time.monotonic() < until: pass"
    )
    done = script(
        f"""
        import asyncio, os, signal, sys
        from runtime import ChildSpec, Node, Server
        sys.path.insert(0, {str(tmp_path)!r})
        class Long(Server):
            def init(self): return 0
            def handle_cast(self, message, state):
                {work}
                os.kill(os.getpid(), signal.SIGUSR1)
                return state
        async def main():
            got = asyncio.Event()
            asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, got.set)
            async with Node("x", introspection=False) as node:
                (await node.start(ChildSpec("long", Long))).cast(1)
                await asyncio.wait_for(got.wait(), 20)
        asyncio.run(main())
        """
    )
    assert (done.returncode, done.stderr) == (0, "")


SPINS = """
import asyncio, signal
from runtime import ChildSpec, Node, Server
from runtime.preemption import ticker

def none_free():
    raise ticker.Unavailable("no real-time signal is free")

ticker._free_signal = none_free
{before}
class Spins(Server):
    def init(self): return 0
    def handle_cast(self, message, state):
        while True: sum(range(100))

async def main():
    async with Node("x", introspection=False) as node:
        print(node.preemption)
        if node.scheduler.mode.slicer is not None:
            pid = await node.start(ChildSpec("spins", Spins, restart="temporary"))
            pid.cast(1)
            while not pid._process.parked(): await asyncio.sleep(0)
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    print(signal.getsignal(signal.SIGALRM))
asyncio.run(main())
"""


def test_without_a_signal_of_its_own_it_is_the_interval_timer():
    done = script(SPINS.format(before=""))
    assert done.returncode == 0, done.stderr
    assert "time-slicing: 1 ms slices by the interval timer (SIGALRM)" in done.stdout
    assert "SIG_DFL" in done.stdout or done.stdout.endswith("0\n")


def test_the_alarm_of_the_host_is_not_taken_from_it():
    done = script(SPINS.format(before="signal.signal(signal.SIGALRM, print)"))
    assert done.returncode == 0, done.stderr
    assert "SIGALRM belongs to the host" in done.stdout
    assert "<built-in function print>" in done.stdout
