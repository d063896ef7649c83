"""The ticker never rests while a step runs."""

import asyncio
import signal
import time

from runtime import Node, Server
from runtime.preemption.ticker import ticker
from tests.support.eventually import eventually
from tests.support.processes import serve


class Spins(Server):
    def init(self):
        return ()

    def handle_cast(self, message, state):
        until = time.perf_counter() + 0.1
        while time.perf_counter() < until:
            pass
        return state


async def test_ticks_of_the_hub_just_before_a_step_do_not_leave_it_without_any():
    node = Node("paced", introspection=False)
    armed = []

    def clock():
        """Read by a turn when it has looked at the pace; the hub is ticked as often as idleness takes."""
        if armed and node.scheduler.scheduled:
            armed.clear()
            for _ in range(10):
                signal.raise_signal(ticker._timer.signal)
        return time.monotonic()

    node._clock = clock
    async with node:
        pid = await serve(node, Spins)
        await asyncio.sleep(0.1)
        armed.append(True)
        pid.cast("go")
        process = pid._process
        await eventually(lambda: not armed and process.current is None and not process.letters)
        assert node.scheduler.mode.slicer.parks >= 5
