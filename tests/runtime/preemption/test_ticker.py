"""The timer: when it ticks, whose signal it is, and what becomes of it."""

import asyncio
import atexit
import signal
import threading
import time
from pathlib import Path

import pytest

from runtime import Node
from runtime.preemption.ticker import FAST_S, OFF, RARE_S, SLOW_S, Ticker, ticker
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


class Still:
    """A timer that only notes what it is set to."""

    survives_exec = False

    def __init__(self):
        self.times = []

    def set(self, seconds):
        self.times.append(seconds)


def test_it_rests_after_several_ticks_in_a_row_that_nobody_needs():
    answers = iter([False] * 3 + [True] + [False] * 4)
    of = Ticker()
    of._timer = timer = Still()
    of._on_tick.append(lambda _frame: next(answers))
    of.slow()
    for _ in range(7):
        of._tick(0, None)
        assert of.pace == SLOW_S
    of._tick(0, None)
    assert of.pace == OFF
    assert timer.times[-1] == OFF


@pytest.mark.parametrize("when", ["before it is set", "after it is set"])
def test_a_tick_while_a_step_begins_is_not_the_last_one(when):
    """It finds the hub, and nothing that needs ticks; then the step runs, and is to be sliced."""

    class Met(Still):
        def set(self, seconds):
            if seconds == FAST_S and when == "before it is set":
                of._tick(0, None)
            super().set(seconds)
            if seconds == FAST_S and when == "after it is set":
                of._tick(0, None)

    of = Ticker()
    of._timer = timer = Met()
    of._on_tick.append(lambda _frame: False)
    of.slow()
    for _ in range(3):
        of._tick(0, None)
    of.fast()
    assert OFF not in timer.times
    assert of.pace != OFF


def test_each_tick_asks_for_the_next():
    of = Ticker()
    of._timer = timer = Still()
    of._on_tick.append(lambda _frame: True)
    of.fast()
    of._tick(0, None)
    assert timer.times == [FAST_S, FAST_S]


def test_steps_without_a_timer_need_not_ask_for_ticks_again_and_again():
    of = Ticker()
    of.fast()
    assert of.pace == FAST_S


# --- its signal -----------------------------------------------------------------------------------


@pytest.fixture
async def pending():
    """The signal of a node's timer, blocked: it comes, and is not handled."""
    if not hasattr(signal, "sigtimedwait"):
        pytest.skip("this platform cannot wait for signals")
    async with sliced() as node:
        number = ticker._timer.signal
        signal.pthread_sigmask(signal.SIG_BLOCK, {number})
        try:
            yield number
            ticker.off()
            signal.sigtimedwait({number}, 0)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        assert node.preemption


async def test_a_tick_that_is_not_handled_comes_again_though_rarely(pending):
    """It has come just before a call that blocks, and does not end that."""
    before = time.monotonic()
    ticker.fast()
    assert signal.sigtimedwait({pending}, 10)
    assert signal.sigtimedwait({pending}, 10), "the call would block until it ends by itself"
    assert time.monotonic() - before >= FAST_S + RARE_S


async def test_no_other_thread_is_disturbed_by_a_tick(pending):
    def could_be_disturbed():
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {pending})
        ready.set()
        over.wait(20)

    ready, over = threading.Event(), threading.Event()
    thread = threading.Thread(target=could_be_disturbed)
    thread.start()
    ready.wait(20)
    ticker.fast()
    try:
        await eventually(lambda: pending in signal.sigpending())
    finally:
        over.set()
        thread.join()


async def test_it_ticks_although_the_host_has_blocked_its_signal():
    number = int(signal.SIGRTMAX)
    signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        async with sliced(job=lambda process: spin(lambda: done)) as node:
            assert f"signal {number}" in node.preemption
            pid, done = await serve(node, Does), []
            pid.cast("job")
            net = threading.Timer(10, done.append, (True,))
            net.start()
            await parked(node, pid)
            net.cancel()
            done.append(True)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})


def timers():
    """The timers of this OS process, where it is told."""
    listed = Path("/proc/self/timers")
    return listed.read_text(encoding="ascii") if listed.exists() else ""


async def test_nodes_that_have_stopped_leave_no_timers_and_no_hooks_behind():
    async with sliced():
        pass  # the hooks of the first one stay, for all that follow
    before = timers(), atexit._ncallbacks()
    for _ in range(3):
        async with sliced():
            pass
    assert (timers(), atexit._ncallbacks()) == before


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
    print(signal.getitimer(signal.ITIMER_REAL)[0], signal.getsignal(signal.SIGALRM))
asyncio.run(main())
"""


def test_without_a_signal_of_its_own_it_is_the_interval_timer():
    done = script(SPINS.format(before=""))
    assert done.returncode == 0, done.stderr
    assert "time-slicing: 1 ms slices by the interval timer (SIGALRM)" in done.stdout
    assert done.stdout.endswith(("0.0 0\n", "0.0 Handlers.SIG_DFL\n"))


@pytest.mark.parametrize(
    "before", ["signal.signal(signal.SIGALRM, print)", "signal.setitimer(signal.ITIMER_REAL, 1000)"]
)
def test_the_alarm_of_the_host_is_not_taken_from_it(before):
    done = script(SPINS.format(before=before))
    assert done.returncode == 0, done.stderr
    assert "SIGALRM belongs to the host" in done.stdout
    assert "<built-in function print>" in done.stdout or "999." in done.stdout
