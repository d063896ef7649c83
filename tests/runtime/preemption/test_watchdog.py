"""What looks after steps where they cannot be sliced: each of these nodes is told that it cannot."""

import logging
import sys
import threading

import pytest

from runtime import Interrupted, Node
from runtime.preemption import mode, watchdog
from runtime.preemption.watchdog import can_interrupt
from tests.support.eventually import eventually
from tests.support.processes import OopsError, end_of, serve
from tests.support.slicing import Does, DoesAsync, spin

INTERRUPTS = pytest.mark.skipif(not can_interrupt(), reason="sys.monitoring came with 3.12")


class Clock:
    """The clock of a node: it stands still until the test moves it, and counts the looks of the watchdog."""

    def __init__(self):
        self.now = 1000.0
        self.looks = 0

    def __call__(self):
        if threading.current_thread().name == "observer-watchdog":
            self.looks += 1
        return self.now + 0.0  # the watchdog tells steps by the object

    def seen_after(self, seconds):
        """Hold the loop until the watchdog has seen that the step has held it for so many seconds more."""
        self.now += seconds
        looked = self.looks + 2  # it may be in the middle of one
        spin(lambda: self.looks >= looked)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def node(monkeypatch, clock):
    monkeypatch.setattr(mode, "_hindrance", lambda: "said by the test")
    node = Node("watched", introspection=False)
    node._clock = clock
    async with node:
        yield node


@pytest.fixture
async def reporting(monkeypatch, clock):
    """A node that can only report, as on CPython 3.11."""
    monkeypatch.setattr(mode, "_hindrance", lambda: "said by the test")
    monkeypatch.setattr(watchdog, "can_interrupt", lambda: False)
    node = Node("watched", introspection=False)
    node._clock = clock
    async with node:
        yield node


async def done(node, *jobs):
    """What a process did that was given these jobs, one message for each; what it has ended for, if it has."""
    finished = []
    for number, job in enumerate(jobs):
        node.resources[f"job {number}"] = job
    node.resources["end"] = lambda _process: finished.append(True)
    pid = await serve(node, Does)
    for number in range(len(jobs)):
        pid.cast(f"job {number}")
    pid.cast("end")
    await eventually(lambda: finished or not pid.alive, 20)
    return pid._process.reason


def reports(caplog):
    return [record.getMessage() for record in caplog.records if "has held the loop" in record.getMessage()]


# --- it is reported -------------------------------------------------------------------------------


async def test_a_step_that_holds_the_loop_for_a_second_is_reported_once_with_its_stack(node, clock, caplog):
    def the_culprit(process):
        clock.seen_after(1.25)
        clock.seen_after(0.5)

    await done(node, the_culprit)
    (report,) = reports(caplog)
    assert "has held the loop for 1.2 s" in report
    assert "<0." in report
    assert "in the_culprit" in report


async def test_each_step_has_its_own_second(node, clock, caplog):
    await done(node, lambda _process: clock.seen_after(0.75), lambda _process: clock.seen_after(0.75))
    assert reports(caplog) == []
    await done(node, lambda _process: clock.seen_after(1.25), lambda _process: clock.seen_after(1.25))
    assert len(reports(caplog)) == 2


async def test_the_host_is_no_step(node, clock, caplog):
    clock.now += 60
    spin_until = clock.looks
    threading.Event().wait(3 * watchdog.PERIOD_S)
    assert clock.looks == spin_until
    assert reports(caplog) == []


async def test_where_it_can_only_report_nothing_is_interrupted(reporting, clock, caplog):
    def job(process):
        assert not reporting.scheduler.mode.watchdog.kill(process._process)
        clock.seen_after(60)

    assert reporting.preemption == "report only: said by the test"
    assert await done(reporting, job) is None
    assert len(reports(caplog)) == 1
    assert reporting.scheduler.mode.watchdog.interrupts == 0


@pytest.mark.skipif(can_interrupt(), reason="3.12 and later can do more")
async def test_before_3_12_it_can_only_report(node):
    assert node.preemption == "report only: said by the test"


# --- it is interrupted ----------------------------------------------------------------------------


@INTERRUPTS
@pytest.mark.parametrize("kind", [Does, DoesAsync], ids=["plain", "async"])
async def test_a_step_that_holds_the_loop_for_five_seconds_is_interrupted(node, clock, kind):
    def swallows_exceptions(process):
        while True:
            try:
                clock.seen_after(6)
                spin(lambda: False)
            except Exception:
                continue

    async def in_a_coroutine(process):
        swallows_exceptions(process)

    node.resources.update(
        job=swallows_exceptions if kind is Does else in_a_coroutine, idle=lambda _process: "there"
    )
    assert node.preemption == "interrupt: said by the test"
    pid, other = await serve(node, kind), await serve(node, Does)
    pid.cast("job")
    reason = await end_of(pid)
    assert isinstance(reason, Interrupted)
    assert "held the loop for 6.0 s" in str(reason)
    assert node.scheduler.mode.watchdog.interrupts == 1
    assert await other.call("idle") == "there"


@INTERRUPTS
async def test_each_step_has_its_own_five_seconds(node, clock):
    steps = [lambda _process: clock.seen_after(3)] * 3
    assert await done(node, *steps) is None
    assert node.scheduler.mode.watchdog.interrupts == 0


@INTERRUPTS
async def test_each_step_has_its_own_five_seconds_also_after_one_that_was_interrupted(node, clock):
    met = []

    def interrupted_at(*times):
        def job(process):
            try:
                for seconds in times:
                    clock.seen_after(seconds)
                spin(lambda: False)
            except Interrupted as error:
                met.append(str(error))

        return job

    assert await done(node, interrupted_at(9), interrupted_at(4.5, 1)) is None
    assert met == ["its step held the loop for 9.0 s", "its step held the loop for 5.5 s"]


@INTERRUPTS
async def test_a_step_that_survives_is_interrupted_again_a_second_later(node, clock):
    met = []

    def job(process):
        for seconds, interrupts in ((5, True), (0.5, False), (0.75, True), (1, True)):
            try:
                clock.seen_after(seconds)
                if interrupts:
                    spin(lambda: False)
            except Interrupted as error:
                met.append(str(error))

    assert await done(node, job) is None
    assert met == [f"its step held the loop for {held} s" for held in ("5.0", "6.2", "7.2")]


# --- who is killed --------------------------------------------------------------------------------


@INTERRUPTS
async def test_a_step_whose_process_is_to_be_killed_is_interrupted_at_once(node):
    def job(process):
        killer = threading.Thread(target=node.scheduler.mode.watchdog.kill, args=(process._process,))
        killer.start()
        spin(lambda: False)

    assert "is to be killed" in str(await done(node, job))


@INTERRUPTS
async def test_the_step_of_another_is_not_interrupted_for_it(node):
    other = await serve(node, Does)

    def job(process):
        assert node.scheduler.mode.watchdog.kill(other._process)

    assert await done(node, job) is None
    assert node.scheduler.mode.watchdog.interrupts == 0


# --- and nobody else ------------------------------------------------------------------------------


@INTERRUPTS
async def test_a_thread_of_the_host_that_runs_the_same_code_is_left_alone(node, clock):
    over, met = [], []

    def beside():
        try:
            spin(lambda: over)
        except BaseException as error:
            met.append(error)

    def job(process):
        thread.start()
        clock.seen_after(6)
        spin(lambda: False)

    thread = threading.Thread(target=beside)
    assert isinstance(await done(node, job), Interrupted)
    over.append(True)
    thread.join()
    assert met == []


@INTERRUPTS
async def test_the_step_that_follows_is_not_interrupted_in_the_place_of_the_one_before(
    node, clock, monkeypatch
):
    """Between the look and the interruption the step may have ended, and another may run the same code."""
    first_is_over, second_runs = threading.Event(), threading.Event()

    def late(_frame):
        first_is_over.set()
        assert second_runs.wait(20)
        return [spin.__code__]

    def first(process):
        clock.now += 6
        spin(first_is_over.is_set)

    def second(process):
        second_runs.set()
        looked = clock.looks + 1
        spin(lambda: clock.looks > looked)

    monkeypatch.setattr(watchdog, "_running_code", late)
    assert await done(node, first, second) is None
    assert node.scheduler.mode.watchdog.interrupts == 0


@INTERRUPTS
async def test_what_the_host_does_at_the_end_of_a_process_is_not_interrupted(node, clock, monkeypatch):
    def slow(record):
        if not filtered:
            filtered.append(record)
            clock.seen_after(6)
        return True

    def crashes(process):
        raise OopsError

    filtered, log = [], logging.getLogger("observer")
    monkeypatch.setattr(watchdog, "_running_code", lambda _frame: [spin.__code__])
    log.addFilter(slow)
    try:
        assert type(await done(node, crashes)) is OopsError
    finally:
        log.removeFilter(slow)
    assert filtered
    assert node.scheduler.mode.watchdog.interrupts == 0


@INTERRUPTS
async def test_tool_ids_are_borrowed_and_given_back(node, clock):
    def tools():
        return [sys.monitoring.get_tool(number) for number in range(6)]

    def job(process):
        clock.seen_after(6)
        spin(lambda: False)

    before = tools()
    assert isinstance(await done(node, job), Interrupted)
    await eventually(lambda: tools() == before)


@INTERRUPTS
async def test_without_a_tool_id_that_is_free_it_says_so(node, clock, caplog):
    mine = [number for number in (3, 4) if sys.monitoring.get_tool(number) is None]
    for number in mine:
        sys.monitoring.use_tool_id(number, "of the host")
    try:
        assert await done(node, lambda _process: clock.seen_after(6)) is None
    finally:
        for number in mine:
            sys.monitoring.free_tool_id(number)
    assert any("cannot be interrupted: every monitoring tool id is taken" in text for text in caplog.messages)


async def test_its_thread_ends_with_the_node(monkeypatch):
    monkeypatch.setattr(mode, "_hindrance", lambda: "said by the test")
    async with Node("watched", introspection=False) as node:
        thread = node.scheduler.mode.watchdog._thread
        assert thread.is_alive()
    assert not thread.is_alive()
