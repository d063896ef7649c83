"""Places where a step is not switched, although its slice is over; and the same beside them, where it is."""

import asyncio
import contextlib
import logging
import math
import queue
import sys
import threading
import warnings
from types import SimpleNamespace

import anyio
import pytest

from runtime import sending
from runtime.form import COMPILED
from runtime.preemption.errand import Errand
from runtime.preemption.guards import BRIEF, FREE, IMPORT, ITSELF, LONG, RELUCTANT, is_known, verdict
from tests.support.eventually import eventually
from tests.support.processes import serve
from tests.support.slicing import SEVERAL, Does, DoesAsync, counted, parks_inside, sliced, slicer


async def test_a_step_that_overruns_anywhere_else_is_parked():
    assert await parks_inside(lambda stay: stay()) > 0


# --- places that are never left in the middle -----------------------------------------------------


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


# --- told by frames -------------------------------------------------------------------------------


def plain():
    """The code of a function that a module calls back from."""


async def coroutine():
    """The code of a function that stands still in a known place while it awaits."""


def frames(*modules, code=plain.__code__):
    """The innermost frame of a step that stands in functions of these modules, innermost first."""
    outer = SimpleNamespace(f_code=Errand.step.__code__, f_globals={"__name__": "runtime"}, f_back=None)
    for module in reversed(modules):
        outer = SimpleNamespace(f_code=code, f_globals={"__name__": module}, f_back=outer)
    return outer


@pytest.mark.parametrize(
    ("module", "hold"),
    [
        ("of.somebody", FREE),
        *((module, RELUCTANT) for module in ("threading", "queue", "concurrent.futures.thread")),
        ("warnings", BRIEF),
        *(
            (module, IMPORT)
            for module in (
                "importlib._bootstrap", "_frozen_importlib", "_frozen_importlib_external", "zipimport",
            )
        ),
        *(
            (module, LONG)
            for module in (
                "asyncio.events", "anyio._core", "sniffio._impl", "contextlib", "weakref", "_weakrefset",
            )
        ),
        ("runtime.preemption.streams", LONG),
        ("runtime.registry", BRIEF),
        ("tracing.session", BRIEF),
        *(
            (module, ITSELF)
            for module in (
                "bdb", "pdb", "pydevd", "_pydevd_bundle.x", "_pydev_bundle.x", "debugpy.x", "coverage.pytracer",
            )
        ),
    ],
)  # fmt: skip
def test_what_a_module_calls_is_held_as_that_has_to_be(module, hold):
    assert verdict(frames("of.somebody", module)) == hold


@pytest.mark.parametrize("module", ["asyncio.tasks", "anyio._core", "contextlib"])
def test_what_their_coroutines_await_is_free_and_they_themselves_are_not(module):
    assert verdict(frames("of.somebody", module, code=coroutine.__code__)) == FREE
    assert verdict(frames(module, code=coroutine.__code__)) == LONG


def test_of_several_holds_the_longest_counts():
    for outer, inner in (("warnings", "zipimport"), ("zipimport", "warnings"), ("zipimport", "contextlib")):
        assert verdict(frames("of.somebody", inner, outer)) == IMPORT
        assert verdict(frames("of.somebody", inner, "queue", outer)) == IMPORT


def test_the_runtime_itself_ends_soon_and_what_it_calls_is_held():
    assert verdict(frames("runtime.sending")) == ITSELF
    assert verdict(frames()) == ITSELF
    assert verdict(frames("of.somebody", "runtime.sending")) == BRIEF


def test_a_step_is_not_switched_in_the_middle_of_tracing():
    assert verdict(frames("tracing.functions.sites", "of.somebody")) == ITSELF
    assert verdict(frames("tracing.session", "runtime.sending", "of.somebody")) == ITSELF


def test_what_is_no_step_is_left_alone():
    frame = SimpleNamespace(f_code=plain.__code__, f_globals={"__name__": "of.somebody"}, f_back=None)
    assert verdict(frame) == ITSELF
    assert verdict(None) == ITSELF


@pytest.mark.skipif(COMPILED, reason="what is compiled has no frames")
def test_only_the_copy_of_a_message_is_open_in_the_runtime():
    copies = frames("of.somebody", "runtime.messages")
    assert verdict(copies) == FREE
    sends = frames("of.somebody", "runtime.messages", "runtime.sending")
    assert verdict(sends) == BRIEF
    sends.f_back.f_back.f_code = sending.deliver.__code__
    assert verdict(sends) == FREE
    other = frames("of.somebody", "runtime.sending")
    other.f_back.f_code = sending.deliver.__code__
    assert verdict(other) == BRIEF


async def test_a_step_is_not_switched_while_it_asks_the_loop_for_a_turn(monkeypatch):
    loop, parks = asyncio.get_running_loop(), []

    def soon(*args, **options):
        """As slow as one of a loop that is written in Python, and none of asyncio's."""
        monkeypatch.undo()
        before = slicer(node).parks
        ticks.pass_by(SEVERAL)
        parks.append(slicer(node).parks - before)
        return loop.call_soon(*args, **options)

    def job(process):
        process.pid.cast("more")  # for which it asks when this step is over
        monkeypatch.setattr(loop, "call_soon", soon)

    async with sliced(job=job, more=lambda process: None) as node:
        pid = await serve(node, Does)
        await eventually(lambda: not node.scheduler.scheduled)
        node.scheduler.inline_until = math.inf
        with counted() as ticks:
            await pid.call("job", timeout=20)
    assert parks == [0]


@pytest.mark.skipif(COMPILED, reason="what is compiled has no frames")
def test_the_functions_by_which_steps_are_told_are_known():
    assert is_known(Errand.step.__code__)
    assert is_known(sending.deliver.__code__)
    assert is_known(logging.Handler.acquire.__code__)
    assert not is_known(plain.__code__)
