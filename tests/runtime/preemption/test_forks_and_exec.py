"""A fork, and another image in the place of this one, are not hit by the ticks of the node that was there before."""

import os
import sys

import pytest

from runtime.preemption.ticker import AGAIN_S, ticker
from tests.support.host_scripts import main, passes
from tests.support.slicing import sliced

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="POSIX only")


def test_a_forked_child_is_not_sliced_and_lives_undisturbed():
    passes(
        main("""
child = os.fork()
if not child:
    before, until = parks(n), time.monotonic() + 0.1
    while time.monotonic() < until: pass
    os._exit(0 if parks(n) == before and signal.getitimer(signal.ITIMER_REAL)[0] == 0 else 1)
assert os.waitpid(child, 0)[1] == 0
number = ticker._timer.signal
child = os.fork()
if not child: os._exit(0 if signal.getsignal(number) == signal.SIG_DFL else 1)
assert os.waitpid(child, 0)[1] == 0
def job(process):
    child = os.fork()
    if not child:
        before, until = parks(n), time.monotonic() + 0.1
        while time.monotonic() < until: pass
        os._exit(0 if parks(n) == before else 1)
    return os.waitpid(child, 0)[1]
assert await (await start(n, job)).call(1, timeout=20) == 0
""")
    )


def test_a_node_of_a_forked_child_slices_its_own_steps():
    passes("""
async def live():
    async with node() as n:
        assert n.preemption.startswith("time-slicing"), n.preemption
        await spinner(n)
        over.append(1)
async def main():
    async with node() as n:
        await spinner(n)
        child = os.fork()
        if not child:
            asyncio.events._set_running_loop(None)
            asyncio.run(live())
            os._exit(1 if ticker.what or any(map(callable, map(signal.getsignal, range(signal.SIGRTMIN, signal.SIGRTMAX + 1)))) else 0)
        while (done := os.waitpid(child, os.WNOHANG))[0] == 0: await asyncio.sleep(0.01)
        assert done[1] == 0, done
        over.append(1)
asyncio.run(main())
""")


async def test_before_another_image_is_loaded_the_ticks_are_put_off():
    """One that is pending when the image comes would end it: there is no time to see whether one is."""
    async with sliced():
        ticker.fast()
        sys.audit("os.exec", b"program", [], None)
        assert ticker.pace == AGAIN_S


INTERVAL = """
from runtime.preemption import ticker as tickers
def none_free(): raise tickers.Unavailable("none is free")
tickers._free_signal = none_free
"""


@pytest.mark.parametrize(
    ("timer", "seconds"), [("", 0.2), (INTERVAL, 1.2)], ids=["its own signal", "interval timer"]
)
@pytest.mark.parametrize("where", ["step", "host"])
def test_the_image_that_exec_loads_is_not_hit_by_a_tick(where, timer, seconds):
    """The interval timer outlives the image that has set it; so it is off, and not only put off for a second."""
    script_text = timer + main("""
def job(process): os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(SECONDS); print('another image')"])
if WHERE == "host": job(None)
(await start(n, job)).cast(1)
await asyncio.sleep(30)
""").replace("WHERE", repr(where)).replace("SECONDS", str(seconds))
    assert passes(script_text) == "another image\n"


def test_a_step_whose_exec_fails_is_sliced_as_before():
    passes("""
async def main():
    async with node() as n:
        def job(process):
            try: os.execv("/there/is/no/such/program", ["x"])
            except OSError: spin(process)
        pid = await start(n, job)
        pid.cast(1)
        while not pid._process.parked(): await asyncio.sleep(0)
        over.append(1)
asyncio.run(main())
""")
