"""Places where a step is not switched, although its slice is over."""

import asyncio
import contextlib
import gc
import io
import logging
import math
import queue
import sys
import threading
import warnings

import anyio
import pytest
from greenlet import getcurrent, greenlet

from runtime import Interrupted, Server
from runtime.preemption.ticker import ticker
from runtime.preemption.workers import Workers
from tests.support.eventually import eventually
from tests.support.processes import end_of, serve
from tests.support.slicing import Does, DoesAsync, counted, overrun, parked, sliced, slicer, spin

SEVERAL = 5
"""Ticks to which a step is exposed where it must not be switched: without a guard the second parks it."""


class Rests(Server):
    """Does nothing."""

    def init(self):
        return ()

    def handle_cast(self, message, state):
        return state


async def parks_inside(place):
    """How many times a step is parked while it stays, for several ticks, in `place(stay)`."""
    parks = []

    def job(process):
        def stay(*_args):
            of = slicer(process)
            before = of.parks
            ticks.pass_by(SEVERAL)
            parks.append(of.parks - before)

        place(stay)

    async with sliced(job=job) as node:
        with counted() as ticks:
            pid = await serve(node, Does)
            await pid.call("job", timeout=20)
    assert len(parks) == 1, "the step has not been there, once"
    return parks[0]


async def test_a_step_that_overruns_anywhere_else_is_parked():
    assert await parks_inside(lambda stay: stay()) > 0


# --- places that are never left in the middle -----------------------------------------------------


async def test_a_step_is_not_switched_during_garbage_collection():
    def collect(stay):
        class Cyclic:
            def __init__(self):
                self.itself = self

            def __del__(self):
                stay()

        gc.collect()
        Cyclic()
        gc.collect()

    assert await parks_inside(collect) == 0


async def test_a_step_is_not_switched_in_the_middle_of_logging():
    def log(stay):
        class Slow(logging.Handler):
            def emit(self, record):
                stay()

        logger = logging.getLogger("tests.slow")
        logger.propagate = False
        logger.handlers[:] = [Slow()]
        logger.error("slowly")

    assert await parks_inside(log) == 0


async def test_a_step_is_not_switched_in_the_middle_of_threading():
    def wait(stay):
        condition = threading.Condition()
        with condition:
            condition.wait_for(lambda: stay() is None)

    assert await parks_inside(wait) == 0


async def test_a_step_is_not_switched_in_the_middle_of_a_queue():
    def put(stay):
        class Slow(queue.Queue):
            def _put(self, item):
                stay()

        Slow().put(1)

    assert await parks_inside(put) == 0


async def test_a_step_is_not_switched_in_the_middle_of_a_warning():
    def warn(stay):
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.showwarning = stay
            warnings.warn("slowly", stacklevel=1)

    assert await parks_inside(warn) == 0


async def test_a_step_is_not_switched_in_the_middle_of_an_import(tmp_path, monkeypatch):
    (tmp_path / "slow_module.py").write_text("import sys\nsys.stay()\n")
    monkeypatch.syspath_prepend(tmp_path)

    def load(stay):
        monkeypatch.setattr(sys, "stay", stay, raising=False)
        import slow_module

        assert slow_module

    try:
        assert await parks_inside(load) == 0
    finally:
        sys.modules.pop("slow_module", None)


async def test_a_step_is_not_switched_in_the_middle_of_the_runtime():
    parks = []

    class Key(str):
        __slots__ = ()
        __eq__ = str.__eq__

        def __hash__(self):
            before = slicer(node).parks
            ticks.pass_by(SEVERAL)
            parks.append(slicer(node).parks - before)
            return str.__hash__(self)

    node = sliced(job=lambda process: process.resource(Key("value")), value=1)
    async with node:
        with counted() as ticks:
            pid = await serve(node, Does)
            assert await pid.call("job", timeout=20) == 1
    assert parks == [0]


async def test_a_message_that_is_being_copied_holds_nobody_up():
    large = [list(range(10)) for _ in range(300_000)]
    async with sliced() as node:
        other = await serve(node, Does)

        def job(process):
            before = slicer(node).parks
            other.send(large)
            return slicer(node).parks - before

        node.resources["job"] = job
        pid = await serve(node, Does)
        assert await pid.call("job", timeout=20) > 0


async def test_a_step_is_not_switched_inside_a_debugger_or_tracer():
    def trace(stay):
        def tracer(frame, event, _argument):
            if frame.f_code is traced.__code__ and event == "call":
                stay()

        def traced():
            pass

        before = sys.gettrace()
        sys.settrace(tracer)
        try:
            traced()
        finally:
            sys.settrace(before)

    assert await parks_inside(trace) == 0


async def test_a_step_is_not_switched_inside_a_profiler():
    def profile(stay):
        def profiler(frame, event, _argument):
            if frame.f_code is profiled.__code__ and event == "call":
                stay()

        def profiled():
            pass

        before = sys.getprofile()
        sys.setprofile(profiler)
        try:
            profiled()
        finally:
            sys.setprofile(before)

    assert await parks_inside(profile) == 0


# --- asyncio, anyio, contextlib: only their own code ----------------------------------------------


async def test_a_step_is_not_switched_in_what_contextlib_calls_back():
    def leave(stay):
        with contextlib.ExitStack() as stack:
            stack.callback(stay)

    assert await parks_inside(leave) == 0


async def test_a_step_is_not_switched_while_a_context_manager_is_entered():
    def enter(stay):
        @contextlib.contextmanager
        def manager():
            stay()
            yield

        with manager():
            pass

    assert await parks_inside(enter) == 0


async def test_the_body_of_a_context_manager_is_sliced():
    def body(stay):
        @contextlib.contextmanager
        def manager():
            yield

        with manager():
            stay()

    assert await parks_inside(body) > 0


async def parks_in_coroutine(place):
    """As `parks_inside`, for a coroutine that `await place(stay())` runs."""
    parks = []

    async def job(process):
        async def stay():
            before = slicer(process).parks
            ticks.pass_by(SEVERAL)
            parks.append(slicer(process).parks - before)

        await place(stay())

    async with sliced(job=job) as node:
        with counted() as ticks:
            pid = await serve(node, DoesAsync)
            await pid.call("job", timeout=20)
    return sum(parks)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="before 3.12 wait_for makes a task of its own")
async def test_what_is_awaited_with_wait_for_is_sliced():
    assert await parks_in_coroutine(lambda stay: asyncio.wait_for(stay, 30)) > 0


async def test_what_is_awaited_under_a_timeout_is_sliced():
    async def place(stay):
        async with asyncio.timeout(30):
            await stay

    assert await parks_in_coroutine(place) > 0


async def test_what_is_awaited_in_a_scope_of_anyio_is_sliced():
    async def place(stay):
        with anyio.move_on_after(30):
            await stay

    assert await parks_in_coroutine(place) > 0


async def test_asyncio_itself_is_not_left_in_the_middle():
    def resume(stay):
        class Slow(asyncio.Event):
            _waiters = property(lambda self: stay() or (), lambda self, value: None)

        Slow().set()

    assert await parks_inside(resume) == 0


# --- streams --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["stdout", "stderr"])
@pytest.mark.parametrize("way", ["print", "flush"])
async def test_a_step_is_not_switched_in_the_middle_of_a_write(monkeypatch, name, way):
    class SlowPipe(io.RawIOBase):
        stay = None

        def writable(self):
            return True

        def write(self, data):
            if self.stay is not None:
                stay, self.stay = self.stay, None
                stay()
            return len(data)

    pipe = SlowPipe()
    monkeypatch.setattr(sys, name, io.TextIOWrapper(io.BufferedWriter(pipe, 100)))

    def write(stay):
        stream = getattr(sys, name)
        if way == "flush":
            print("x", file=stream)
        pipe.stay = stay
        print("x" * 100_000, file=stream) if way == "print" else stream.flush()

    assert await parks_inside(write) == 0


async def test_the_streams_are_what_they_were_once_the_node_has_stopped():
    before = sys.stdout, sys.stdout.write, dict(vars(sys.stdout))
    async with sliced():
        assert sys.stdout is before[0]
        assert "write" in vars(sys.stdout)
    assert (sys.stdout, sys.stdout.write, vars(sys.stdout)) == before


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


async def test_a_step_is_not_switched_while_it_asks_the_loop_for_a_turn(monkeypatch):
    loop, parks = asyncio.get_running_loop(), []

    def soon(*args, **options):
        """As slow as one of a loop that is written in Python, and none of asyncio's."""
        monkeypatch.undo()
        before = slicer(node).parks
        ticks.pass_by(SEVERAL)
        parks.append(slicer(node).parks - before)
        return loop.call_soon(*args, **options)

    def job(_process):
        monkeypatch.setattr(loop, "call_soon", soon)
        other.cast("job")
        monkeypatch.undo()

    async with sliced(job=job) as node:
        pid, other = await serve(node, Does), await serve(node, Rests)
        await eventually(lambda: not node.scheduler.scheduled)
        node.scheduler.inline_until = math.inf
        with counted() as ticks:
            await pid.call("job", timeout=20)
    assert parks == [0]


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


async def test_a_collection_is_not_switched_even_after_interruptions():
    survived = []

    class Cyclic:
        def __init__(self):
            self.itself = self

        def __del__(self):
            while len(survived) < 6:
                try:
                    spin(lambda: False)
                except Interrupted:
                    survived.append(slicer(node).parks)

    def job(process):
        gc.collect()
        Cyclic()
        gc.collect()

    async with sliced(job=job) as node:
        pid = await serve(node, Does)
        await pid.call("job", timeout=20)
    assert len(survived) == 6
    assert len(set(survived)) == 1


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


async def test_a_stream_may_take_longer_than_logging():
    async with sliced() as node:
        from runtime.preemption import streams

        write = streams._held(lambda: ticks.pass_by(30))
        node.resources["job"] = lambda process: write()
        with counted() as ticks:
            pid = await serve(node, Does)
            await pid.call("job", timeout=20)
            assert slicer(node).interrupts == 0


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


async def test_nothing_ticks_where_no_step_runs():
    async with sliced() as node:
        pid = await serve(node, Does)
        assert pid.alive
        await eventually(lambda: ticker.pace == 0)
