"""A hundred thousand processes in one node: every list answers, and the loop hardly notices."""

from __future__ import annotations

import asyncio
import gc
import threading
import time

import pytest

from runtime import ChildSpec, Node, Reply, Server, Supervisor
from runtime.introspection.service import Introspection
from runtime.port.contract import Info, NodeQuery, Ps, Role, TreeQuery, answer_document
from runtime.port.session import Principal

TEAMS, SIZE = 500, 200
TOTAL = TEAMS * SIZE
ANN = Principal("ann", "id", Role.ADMIN, "test")
READS = {
    "node": NodeQuery(),
    "ps": Ps(),
    "ps by mailbox": Ps(sort="mailbox", desc=True, limit=200),
    "ps by name": Ps(sort="name", limit=200),
    "ps by change": Ps(sort="reductions", delta=True, desc=True, limit=200),
    "ps filtered": Ps(filter="idle", limit=200),
    "ps, the last": Ps(sort="reductions", offset=TOTAL, limit=200),
    "ps by memory": Ps(sort="memory", desc=True, limit=200),
    "ps by change of memory": Ps(sort="memory", delta=True, desc=True, limit=200),
    "tree": TreeQuery(children=10),
    "info": Info(process="team-0"),
}


class Idle(Server):
    def init(self):
        return 0

    def handle_call(self, message, caller, count):
        return Reply(count + 1, count + 1)


class Probe:
    """How late the loop is: a task that wants to run every millisecond."""

    def __init__(self):
        self.worst = 0.0
        self._task = asyncio.create_task(self._run())

    async def _run(self):
        while True:
            due = time.perf_counter() + 0.001
            await asyncio.sleep(0.001)
            self.worst = max(self.worst, time.perf_counter() - due)

    def take(self):
        """The longest delay in seconds since the last time."""
        worst, self.worst = self.worst, 0.0
        return worst

    def stop(self):
        self._task.cancel()


async def beside(work):
    """Do it in a thread; the loop goes on. Its result, and how many seconds it took."""
    answer: asyncio.Future = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()

    def run():
        began = time.perf_counter()
        result = work()
        loop.call_soon_threadsafe(answer.set_result, (result, time.perf_counter() - began))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        return await asyncio.wait_for(answer, 30)
    finally:
        thread.join()


@pytest.fixture
def quiet_heap():
    """Keeps the collector from walking the processes while delays are measured."""
    yield
    gc.unfreeze()


@pytest.mark.timeout(60)
async def test_lists_of_a_hundred_thousand_processes_do_not_hold_up_the_loop(quiet_heap):
    teams = [
        ChildSpec(f"team-{t}", Supervisor([ChildSpec((t, n), Idle, register=False) for n in range(SIZE)]))
        for t in range(TEAMS)
    ]
    async with Node("big", introspection=False) as node:
        await node.start(Supervisor(teams, name="teams"))
        introspection = Introspection(node)
        gc.collect()
        gc.freeze()
        probe = Probe()
        await asyncio.sleep(0.3)  # a measurement, not a wait
        calm = probe.take()  # what the machine itself does to a loop that is idle
        figures = {}
        for name, request in READS.items():
            document, took = await beside(
                lambda request=request: answer_document(introspection(request, ANN))
            )
            figures[name] = (took, probe.take(), len(document))
        busiest = [pid.pid for pid in node.table if type(pid.handle) is Idle][:5]
        for pid in busiest:
            for _ in range(3):
                await pid.call("x")
        page, _ = await beside(
            lambda: introspection(Ps(sort="reductions", desc=True, limit=8, filter="idle"), ANN)
        )
        probe.stop()
        await beside(introspection.stop)
    print(
        f"calm {calm * 1000:.1f} ms",
        {name: f"{a:.3f} s, loop {b * 1000:.1f} ms" for name, (a, b, _) in figures.items()},
    )
    assert [row.pid for row in page.rows[:5]] == [str(pid) for pid in busiest]
    assert page.total == TOTAL + TEAMS + 2
    for name, (took, delay, _) in figures.items():
        assert took < 5, name
        assert delay < max(0.1, 3 * calm), name
