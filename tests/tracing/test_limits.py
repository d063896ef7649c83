"""Limits: every session has all of them, and each is bounded itself."""

import dataclasses

import pytest

from tracing.limits import Limits


def test_a_session_that_says_nothing_ends_after_1000_records_or_30_seconds():
    assert (Limits().count, Limits().seconds) == (1000, 30.0)


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Limits)])
@pytest.mark.parametrize("value", [0, -1, 1e18, float("inf"), float("nan"), None, True, "5"])
def test_there_is_no_session_without_a_limit(name, value):
    with pytest.raises(ValueError, match=rf"the limit {name} is .*; it is a number from"):
        Limits(**{name: value})


def test_counts_are_whole_numbers_and_times_are_not():
    assert Limits(seconds=0.5).seconds == 0.5
    with pytest.raises(ValueError, match="it is a whole number"):
        Limits(count=1.5)
