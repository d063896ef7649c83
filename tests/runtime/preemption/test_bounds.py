"""How long a step may be held, tick by tick: a slicer that nobody else ticks, and steps that are held as the test says."""

import math
import time
from types import SimpleNamespace

import pytest

from runtime import Interrupted
from runtime.preemption import slicer as module
from runtime.preemption.guards import BRIEF, FREE, ITSELF, LONG, RELUCTANT
from runtime.preemption.slicer import ENOUGH, Slicer
from runtime.preemption.ticker import FAST_S, RARE_S, SLOW_S, Ticker
from tests.support.processes import serve
from tests.support.slicing import Does, overrun, sliced, slicer


class Paced(Ticker):
    """A ticker without a timer, that keeps the pace which it is told."""

    def _set(self, period_s):
        self.pace = period_s


class Step:
    """A step that has gone on after a park, and where it is when ticks meet it."""

    def __init__(self, monkeypatch):
        self.hold = FREE
        self.parks = 0
        self.sched = SimpleNamespace(since=0.0, running="process")
        self.slicer = Slicer(self.sched, SimpleNamespace(park=self._park))
        self.ticker = Paced()
        self.ticker.fast()
        self.worker = SimpleNamespace(
            blocked=None, critical=None, overdue=False, resumed_at=1.0, spoiled=False, survived=0
        )
        monkeypatch.setattr(module, "ticker", self.ticker)
        monkeypatch.setattr(module, "verdict", lambda _frame, _current: self.hold)

    def _park(self, _worker, _current):
        self.parks += 1

    def begins(self, process="process"):
        """Another slice, or another step."""
        self.sched.since = time.monotonic()
        self.sched.running = process

    def met(self, hold, ticks=1):
        """Ticks, each of a millisecond, where it is held so; how often they have interrupted it."""
        self.hold, interrupts = hold, 0
        for _ in range(ticks):
            self.ticker.fast()
            try:
                self.slicer._tick_of_step(self.worker, None, None)
            except Interrupted:
                interrupts += 1
        return interrupts


@pytest.fixture
def step(monkeypatch):
    return Step(monkeypatch)


def test_it_is_interrupted_when_its_ticks_are_used_up_and_not_before(step):
    step.begins()
    assert step.met(BRIEF, BRIEF - 1) == 0
    assert step.met(BRIEF) == 1


def test_after_an_interruption_it_has_as_many_again(step):
    step.begins()
    assert step.met(BRIEF, BRIEF) == 1
    assert step.met(BRIEF, BRIEF - 1) == 0
    assert step.met(BRIEF) == 1


def test_each_slice_has_as_many(step):
    for _ in range(3):
        step.begins()
        assert step.met(BRIEF, BRIEF - 1) == 0
    for _ in range(3):
        step.begins()
        step.met(RELUCTANT, BRIEF - 1)
    assert step.parks == 0


def test_who_has_survived_enough_is_parked_even_there_but_not_in_what_ends_by_itself(step):
    step.begins()
    assert step.met(BRIEF, BRIEF * ENOUGH) == ENOUGH
    step.met(ITSELF, 100)
    assert step.parks == 0
    assert step.met(BRIEF) == 0
    assert step.parks == 1


def test_who_has_survived_less_is_not(step):
    step.begins()
    step.met(BRIEF, BRIEF * ENOUGH - 1)
    assert step.parks == 0


def test_who_waits_for_somebody_is_parked_after_a_while_and_not_interrupted(step):
    step.begins()
    assert step.met(RELUCTANT, BRIEF - 1) == 0
    assert step.parks == 0
    assert step.met(RELUCTANT) == 0
    assert step.parks == 1


def test_who_has_waited_so_long_is_not_held_again_but_the_next_one_is(step):
    step.begins("waits")
    step.met(RELUCTANT, BRIEF)
    step.begins("waits")
    step.met(RELUCTANT)
    assert step.parks == 2
    step.begins("another")
    step.met(RELUCTANT, BRIEF - 1)
    assert step.parks == 2


def test_the_longer_it_is_held_the_rarer_are_the_ticks(step):
    """Each writes a byte to the wake-up descriptor of the loop, which nobody reads meanwhile."""
    step.begins()
    paces = []
    for _ in range(LONG + 1):
        step.hold = 5000
        step.ticker.pace = FAST_S
        step.slicer._tick_of_step(step.worker, None, None)
        paces.append(step.ticker.pace)
    assert paces == [FAST_S] * (BRIEF - 1) + [SLOW_S] * (LONG - BRIEF) + [RARE_S] * 2


def test_a_rare_tick_counts_for_the_time_that_it_stands_for(step):
    step.begins()
    step.slicer._tick_of_step(step.worker, None, None)
    step.hold, step.ticker.pace = 200, RARE_S
    for _ in range(3):
        step.slicer._seen = step.sched.since
        step.ticker.pace = RARE_S
        step.slicer._tick_of_step(step.worker, None, None)
    step.ticker.pace = RARE_S
    with pytest.raises(Interrupted):
        step.slicer._tick_of_step(step.worker, None, None)


def test_a_step_that_has_begun_a_moment_ago_gets_the_rest_of_its_slice(step):
    for first in ("never stood still", "has just gone on"):
        step.worker.resumed_at = 0.0 if first == "never stood still" else math.inf
        step.begins()
        before = step.parks
        step.met(FREE)
        assert step.parks == before, first
        step.met(FREE)
        assert step.parks == before + 1, first


def test_a_step_that_went_on_a_slice_ago_has_had_it(step):
    step.worker.resumed_at = time.monotonic() - FAST_S
    step.begins()
    step.met(FREE)
    assert step.parks == 1


def test_a_step_that_is_ticked_slowly_is_ticked_fast_from_then_on(step):
    step.begins()
    step.ticker.slow()
    step.slicer._tick_of_step(step.worker, None, None)
    assert step.ticker.pace == FAST_S


def test_what_critical_code_has_held_up_is_made_up_for_once_and_where_it_may_be(step):
    step.worker.overdue = True
    step.hold = BRIEF
    step.slicer.leave(step.worker, None)
    assert step.parks == 0
    step.worker.overdue = True
    step.hold = FREE
    for _ in range(3):
        step.slicer.leave(step.worker, None)
    assert step.parks == 1


def test_a_worker_that_runs_no_step_is_left_alone(step, monkeypatch):
    """A step that has just ended, and a turn of the run queue between two of them."""
    step.worker.workers = step.slicer._workers
    monkeypatch.setattr(module, "_worker_of", lambda _current: step.worker)
    step.begins(None)
    for _ in range(3 * BRIEF):
        assert step.slicer.tick(None)
    assert step.parks == 0
    step.begins("process")
    assert step.slicer.tick(None)
    assert step.parks == 1


# --- the limit of recursion -----------------------------------------------------------------------


@pytest.fixture
def roomless(monkeypatch):
    """Whether a tick finds no room on the stack."""
    roomless = []

    def room(_frames):
        if roomless:
            raise RecursionError

    monkeypatch.setattr(module, "_room", room)
    return roomless


async def test_only_who_stays_at_the_limit_of_recursion_is_interrupted_and_its_worker_runs_nothing_more(
    roomless,
):
    def ticked(of, times):
        for _ in range(times):
            of.tick(None)

    def falls_and_climbs(process):
        of = slicer(process)
        for _ in range(5):
            roomless.append(True)
            ticked(of, BRIEF // 2)
            roomless.clear()
            of.tick(None)

    def stays(process):
        met.append(process._process.sched.workers.current())
        roomless.append(True)
        try:
            ticked(slicer(process), BRIEF)
        except Interrupted as error:
            met.append(error)
        roomless.clear()

    met = []
    async with sliced(falls=falls_and_climbs, stays=stays) as node:
        pid = await serve(node, Does)
        await pid.call("falls", timeout=20)
        await pid.call("stays", timeout=20)
        worker, error = met
        assert isinstance(error, Interrupted)
        assert worker.dead
        assert worker not in node.scheduler.workers.pool


async def test_a_host_at_the_limit_of_recursion_is_not_interrupted(roomless):
    async with sliced() as node:
        roomless.append(True)
        for _ in range(3 * BRIEF):
            assert slicer(node).tick(None)
        roomless.clear()


# --- two nodes ------------------------------------------------------------------------------------


async def test_a_step_of_another_node_is_left_to_that(monkeypatch):
    """It runs at once, inside a step of this node, and overruns."""

    def overruns(process):
        overrun(process)
        return "late"

    def ask(process):
        two.scheduler.inline_until = math.inf
        try:
            return process.call(callee, "late", timeout=20)
        finally:
            two.scheduler.inline_until = 0.0

    def park(worker, leaf):
        parked.append(worker.workers)
        parks(worker, leaf)

    async with sliced(ask=ask) as one, sliced(late=overruns) as two:
        asker, callee = await serve(one, Does), await serve(two, Does)
        parked, parks = [], one.scheduler.workers.park
        monkeypatch.setattr(one.scheduler.workers, "park", park)
        assert await asker.call("ask", timeout=20) == "late"
        assert slicer(two).parks > 0
        assert two.scheduler.workers not in parked
