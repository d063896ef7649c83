"""Passes over the table that are used again: what watching costs has a bound."""

from __future__ import annotations

import itertools
import types

import pytest

from runtime.introspection import passes
from runtime.introspection.passes import CHEAP_S, LASTS, Passes


class Clocks:
    """Time and processor time, and passes that take some of both."""

    def __init__(self):
        self.now = 1000.0
        self.cpu = 0.0
        self.made = itertools.count(1)

    def costing(self, seconds):
        def make():
            self.now += seconds
            self.cpu += seconds
            return next(self.made)

        return make


@pytest.fixture
def clocks(monkeypatch):
    clocks = Clocks()
    fake = types.SimpleNamespace(monotonic=lambda: clocks.now, thread_time=lambda: clocks.cpu)
    monkeypatch.setattr(passes, "time", fake)
    return clocks


def test_a_costly_pass_is_used_for_a_hundred_times_what_it_cost(clocks):
    kept: Passes[int] = Passes()
    make = clocks.costing(0.25)
    assert kept.get("ann", "ps", make) == (1, 0.0)
    clocks.now += 0.25 * LASTS - 0.125
    assert kept.get("ann", "ps", make) == (1, 0.25 * LASTS + 0.125)
    clocks.now += 0.25
    assert kept.get("ann", "ps", make) == (2, 0.0)


def test_whoever_asks_something_else_or_is_somebody_else_gets_a_pass_of_his_own(clocks):
    kept: Passes[int] = Passes()
    make = clocks.costing(0.25)
    assert kept.get("ann", "ps", make) == (1, 0.0)
    assert kept.get("bob", "ps", make) == (2, 0.0)
    assert kept.get("ann", "ps --desc", make) == (3, 0.0)
    assert kept.get("bob", "ps", make)[0] == 2


def test_a_cheap_pass_is_made_each_time(clocks):
    kept: Passes[int] = Passes()
    make = clocks.costing(CHEAP_S / 2)
    assert [kept.get("ann", "ps", make) for _ in range(3)] == [(1, 0.0), (2, 0.0), (3, 0.0)]


def test_what_nobody_may_use_any_more_is_forgotten(clocks):
    kept: Passes[int] = Passes()
    for number in range(3 * passes.OBSERVERS):
        kept.get(f"observer {number}", "ps", clocks.costing(0.25))
    assert len(kept._kept) <= passes.OBSERVERS + 1
    clocks.now += 10**6
    kept.get("ann", "ps", clocks.costing(0.25))
    assert list(kept._kept) == ["ann"]
