"""Who holds the loop, and how late it is: sampled while somebody observes, and not a moment longer."""

from __future__ import annotations

import random
import threading
import time
from types import SimpleNamespace

import pytest

from runtime import ChildSpec, Supervisor
from runtime.introspection import sampler as sampler_room
from runtime.introspection.sampler import Sampler
from runtime.port.contract import NodeQuery, Ps, TreeQuery
from tests.runtime.introspection.behaviours import Stuck, Worker, gate, held
from tests.support.eventually import eventually_sync


@pytest.fixture
def node(live):
    return live(Supervisor([ChildSpec("stuck", Stuck), ChildSpec("w", Worker)], name="top"))


def sampling():
    return any(thread.name == "observer-sampler" for thread in threading.enumerate())


def test_nobody_samples_until_somebody_asks(node):
    assert not sampling()
    node.ask(Ps())
    assert sampling()


def test_sampling_ends_when_nobody_asks_any_more_and_begins_again(node, monkeypatch):
    monkeypatch.setattr(sampler_room, "IDLE_S", 0.1)
    node.ask(Ps())
    eventually_sync(lambda: not sampling())
    assert node.introspection.sampler.busy() == {}
    assert node.introspection.sampler.lag_s == 0.0
    spent = node.introspection.sampler.cpu_s
    assert spent > 0
    node.ask(Ps())
    assert sampling()
    eventually_sync(lambda: not sampling())
    assert node.introspection.sampler.cpu_s > spent


def test_who_goes_on_asking_keeps_it_alive(node, monkeypatch):
    monkeypatch.setattr(sampler_room, "IDLE_S", 0.2)
    end = time.monotonic() + 0.6
    node.ask(Ps())
    first = node.introspection.sampler._thread
    while time.monotonic() < end:
        node.ask(Ps())
        assert node.introspection.sampler._thread is first
        time.sleep(0.01)


def test_what_a_program_draws_after_a_seed_is_the_same_while_it_is_observed(node):
    before = random.getstate()
    node.ask(Ps())
    sampler = node.introspection.sampler
    taken = len(sampler._samples)
    eventually_sync(lambda: len(sampler._samples) > taken + 2)
    assert random.getstate() == before


def test_sampling_ends_with_the_node(node):
    node.ask(Ps())
    node.introspection.stop()
    assert not sampling()
    node.ask(Ps())  # somebody was still asking
    assert not sampling()


def test_the_busiest_process_is_found(node):
    node.ask(NodeQuery())
    node.post(node.node.named("stuck").cast, "plain")
    held("stuck")
    number = node.node.whereis("stuck").number
    eventually_sync(lambda: node.introspection.sampler.busy().get(number, 0) > 0.5)
    info = node.ask(NodeQuery())
    assert (info.busiest.name, info.busiest.value > 0.5) == ("stuck", True)
    assert [row.name for row in node.ask(Ps(sort="busy", desc=True, limit=1)).rows] == ["stuck"]
    assert node.ask(TreeQuery()).roots[0].busy > 0.5
    gate("stuck").set()


def test_the_first_answer_already_knows_the_lag(node):
    assert node.ask(NodeQuery()).lag_ms > 0


def test_the_lag_of_a_loop_that_is_stuck_grows_and_goes_away(node):
    node.ask(NodeQuery())
    node.post(node.node.named("stuck").cast, "plain")
    held("stuck")
    eventually_sync(lambda: node.introspection.sampler.lag_s > 0.5)
    first = node.introspection.sampler.lag_s
    eventually_sync(lambda: node.introspection.sampler.lag_s > first)
    gate("stuck").set()
    eventually_sync(lambda: node.introspection.sampler.lag_s < 0.1)


def test_observing_has_its_price_and_it_is_told(node):
    node.ask(NodeQuery())
    eventually_sync(lambda: node.ask(NodeQuery()).observer_ms_per_s > 0)
    node.introspection.port_cpu_s = lambda: 1000.0
    eventually_sync(lambda: node.ask(NodeQuery()).observer_ms_per_s > 1000)


def test_a_step_that_was_over_before_the_sampler_could_look_is_still_counted():
    """This thread waits up to 5 ms for the interpreter; most steps are shorter."""
    last = SimpleNamespace(number=7)
    sched = SimpleNamespace(running=None, last=last, last_from=10.0, now=10.002)
    sampler = Sampler(sched)
    assert sampler._who_ran(10.001) == 7
    assert sampler._who_ran(9.999) == 0, "it had not begun"
    assert sampler._who_ran(10.003) == 0, "it was over"
    sched.running = SimpleNamespace(number=8)
    assert sampler._who_ran(10.001) == 8
