"""Reading beside a loop that goes on."""

from __future__ import annotations

import pytest

from runtime.introspection import pace
from runtime.introspection.pace import TRIES, rested, settled
from runtime.introspection.values import walk


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


def test_rests_are_real_and_regular(rests):
    assert list(rested(range(10), 4)) == list(range(10))
    assert rests == [pace.REST_S] * 2
    assert pace.REST_S >= 0.0005
