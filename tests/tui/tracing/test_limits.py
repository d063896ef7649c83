"""Limits as they are typed."""

from __future__ import annotations

import pytest

from runtime.port.contract import TraceLimits
from tui.tracing.limits import limits_text, limits_words, read_limits


def test_what_is_not_typed_stays():
    limits = read_limits("count=5,000 seconds=2.5", TraceLimits(queue=77))
    assert (limits.count, limits.seconds, limits.queue) == (5000, 2.5, 77)


def test_what_is_shown_can_be_typed_again():
    limits = TraceLimits(count=77, seconds=600, rate=1000)
    assert read_limits(limits_text(limits), TraceLimits()) == limits
    assert "77 records · 600 s · 1,000/s" in limits_words(limits)


@pytest.mark.parametrize(("text", "words"), [
    ("colour=7", "'colour' is no limit; there are count, seconds"), ("count", "'count' is no limit"),
    ("count=0", "count=0: input should be greater than or equal to 1"), ("seconds=100000", "seconds=100000: input should be less than"),
])  # fmt: skip
def test_what_is_illegal_is_told(text, words):
    with pytest.raises(ValueError, match=words):
        read_limits(text, TraceLimits())
