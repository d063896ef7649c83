"""What a tick does: to what is no step nothing, and no guard lets a step own the node."""

import logging
import sys

from greenlet import getcurrent, greenlet

from runtime import Interrupted
from runtime.preemption.workers import Workers
from tests.support.eventually import eventually
from tests.support.processes import end_of, serve
from tests.support.slicing import SEVERAL, Does, counted, overrun, parked, sliced, slicer, spin

# --- what is no step ------------------------------------------------------------------------------


async def test_the_host_is_never_switched_away_from():
    async with sliced(job=lambda process: None) as node:
        pid = await serve(node, Does)
        with counted() as ticks:
            await pid.call("job")
            before = slicer(node).parks
            ticks.pass_by(SEVERAL)
            greenlet(ticks.pass_by).switch(SEVERAL)
            assert slicer(node).parks == before


async def test_a_greenlet_of_the_host_into_which_a_step_switches_is_not_parked():
    parks = []

    def of_the_host():
        before = slicer(node).parks
        ticks.pass_by(SEVERAL)
        parks.append(slicer(node).parks - before)
        worker.switch()

    async with sliced() as node:
        host = greenlet(of_the_host, parent=getcurrent())

        def job(process):
            nonlocal worker
            worker = getcurrent()
            host.switch()

        worker = None
        node.resources["job"] = job
        with counted() as ticks:
            pid = await serve(node, Does)
            await pid.call("job", timeout=20)
    assert parks == [0]


async def test_a_tick_that_finds_the_step_just_finished_does_nothing(monkeypatch):
    class Pool(list):
        """Where a worker puts itself when its step is over, and has not yet left the thread to others."""

        def append(self, worker):
            super().append(worker)
            if jobs and not seen:
                seen.append(slicer(node).parks)
                ticks.pass_by(SEVERAL)
                seen.append(slicer(node).parks)

    def with_pool(self, sched):
        made(self, sched)
        self.pool = Pool(self.pool)

    seen, jobs = [], []
    made = Workers.__init__
    monkeypatch.setattr(Workers, "__init__", with_pool)
    async with sliced(job=lambda process: jobs.append(1)) as node:
        with counted() as ticks:
            pid = await serve(node, Does)
            pid.cast("job")
            await eventually(lambda: len(seen) == 2)
            assert seen[0] == seen[1]
            await pid.call("job")
            assert len(jobs) == 2


# --- no guard lets a step own the node ------------------------------------------------------------


def logger_that(stay):
    class Slow(logging.Handler):
        def emit(self, record):
            stay()

    logger = logging.getLogger("tests.slow")
    logger.propagate = False
    logger.handlers[:] = [Slow()]
    return logger


async def test_a_step_that_stays_where_it_must_not_be_switched_is_interrupted():
    async with sliced(job=lambda process: logger_that(lambda: spin(lambda: False)).error("x")) as node:
        pid = await serve(node, Does)
        with counted() as ticks:
            pid.cast("job")
            reason = await end_of(pid)
        assert isinstance(reason, Interrupted)
        assert "held the node for 20 ms" in str(reason)
        assert ", line " in str(reason)
        assert 20 <= ticks.count < 100
        assert slicer(node).interrupts == 1


async def test_a_step_that_survives_interruptions_is_parked_even_there():
    survived = []

    def stubborn():
        while not done:
            try:
                spin(lambda: done)
            except Interrupted:
                survived.append(1)

    done = []
    async with sliced(job=lambda process: logger_that(stubborn).error("x")) as node:
        pid = await serve(node, Does)
        pid.cast("job")
        await parked(node, pid)
        assert len(survived) == 3
        done.append(True)
        assert await pid.call("job", timeout=20) is None


async def test_an_import_may_take_longer_than_logging(tmp_path, monkeypatch):
    (tmp_path / "slow_module.py").write_text("import sys\nsys.stay()\n")
    monkeypatch.syspath_prepend(tmp_path)

    def load(process):
        monkeypatch.setattr(sys, "stay", lambda: ticks.pass_by(30), raising=False)
        import slow_module

        assert slow_module

    try:
        async with sliced(job=load) as node:
            with counted() as ticks:
                pid = await serve(node, Does)
                await pid.call("job", timeout=20)
                assert slicer(node).interrupts == 0
    finally:
        sys.modules.pop("slow_module", None)


async def test_critical_code_is_not_switched_and_then_it_is():
    parks = []

    def job(process):
        before = slicer(process).parks
        with process.critical():
            ticks.pass_by(SEVERAL)
            parks.append(slicer(process).parks - before)
        overrun(process)

    async with sliced(job=job) as node:
        with counted() as ticks:
            pid = await serve(node, Does)
            await pid.call("job", timeout=20)
    assert parks == [0]


async def test_critical_code_inside_critical_code_does_not_end_that():
    parks = []

    def job(process):
        with process.critical():
            before = slicer(process).parks
            with process.critical():
                pass
            ticks.pass_by(SEVERAL)
            parks.append(slicer(process).parks - before)

    async with sliced(job=job) as node:
        with counted() as ticks:
            await (await serve(node, Does)).call("job", timeout=20)
    assert parks == [0]


async def test_nested_greenlets_of_a_step_are_parked_at_their_leaf_and_go_on_there():
    """As SQLAlchemy's: a greenlet for each call, which gives way to its parent now and then."""

    def job(process):
        def leaf():
            overrun(process, 2)
            return "leaf"

        def branch():
            result = greenlet(leaf).switch()
            overrun(process, 2)
            return f"{result} of a branch"

        child = greenlet(branch)
        assert child.parent is getcurrent()
        result = child.switch()
        overrun(process, 2)
        return result

    async with sliced(job=job) as node:
        pid = await serve(node, Does)
        assert await pid.call("job", timeout=20) == "leaf of a branch"
