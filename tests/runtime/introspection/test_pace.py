"""Reading beside a loop that goes on."""

from __future__ import annotations

import itertools
import sys

import pytest

from runtime.introspection.pace import TRIES, settled
from runtime.introspection.values import walk
from runtime.port import pace
from runtime.port.pace import breathe, rested


class Changing:
    """Changes during its first so many copies."""

    def __init__(self, times):
        self.left = times

    def copy(self):
        self.left -= 1
        if self.left >= 0:
            raise RuntimeError("dictionary changed size during iteration")
        return "copy"


@pytest.fixture
def rests(monkeypatch):
    taken: list[float] = []
    monkeypatch.setattr(pace.time, "sleep", taken.append)
    return taken


@pytest.mark.parametrize("times", [0, 1, TRIES])
def test_what_changes_while_it_is_copied_is_copied_again(times, rests):
    assert settled(Changing(times).copy) == "copy"
    assert len(rests) == times


def test_what_changes_all_the_time_is_given_up(rests):
    with pytest.raises(RuntimeError):
        settled(Changing(10**6).copy)
    assert len(rests) == TRIES


def test_a_value_that_changes_all_the_time_is_torn_and_the_rest_is_shown(monkeypatch):
    monkeypatch.setattr("runtime.introspection.values.settled", lambda _copy: Changing(1).copy())
    walked = walk([1, {"a": 1}, 2])
    assert walked.value == [1, {"$type": "dict", "$text": "cannot be read now"}, 2]
    assert walked.torn


@pytest.fixture
def clock(monkeypatch, rests):
    """A clock that goes on by a millisecond at every look."""
    ticks = itertools.count()
    monkeypatch.setattr(pace.time, "perf_counter", lambda: next(ticks) / 1000)
    pace.rest()
    rests.clear()


def test_a_reader_rests_whenever_it_has_worked_for_a_slice(clock, rests):
    assert list(rested(range(9))) == list(range(9))
    assert rests == [pace.REST_S] * 4  # each look takes a millisecond, and a slice is two
    assert pace.REST_S >= 0.0005


def test_loops_within_loops_share_one_slice(clock, rests):
    for _ in rested(range(3)):
        breathe()
        for _ in rested(range(2)):
            pass
    assert rests == [pace.REST_S] * 6


def test_a_slice_is_shorter_than_what_a_busy_loop_waits_for_anybody():
    assert sys.getswitchinterval() > pace.SLICE_S
