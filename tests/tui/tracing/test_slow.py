"""Thresholds, times in few cells, and the split between waiting and work."""

from __future__ import annotations

import pytest

from tui.spans import plain
from tui.tracing.slow import Slow, brief, split_bar


@pytest.mark.parametrize(
    ("seconds", "tone"), [(0.05, "text"), (0.1, "warn"), (0.49, "warn"), (0.5, "bad"), (None, "faint")]
)
def test_slow_is_amber_and_five_times_that_red(seconds, tone):
    assert Slow().wait_tone(seconds) == tone
    assert Slow().work_tone(seconds) == tone


def test_both_thresholds_are_typed_or_one_of_them():
    slow = Slow().changed("waited=2s took=500us")
    assert (slow.waited, slow.took) == (2.0, 0.0005)
    assert slow.changed("took = 1 min").waited == 2.0
    assert Slow().changed(slow.text) == slow


@pytest.mark.parametrize("text", ["", "waited", "took=5", "took=0s", "wait=1s", "took=1s and more"])
def test_what_is_no_threshold_is_refused_with_the_legal_form(text):
    with pytest.raises(ValueError, match="waited=100ms took=2s"):
        Slow().changed(text)


@pytest.mark.parametrize(("waited", "took", "bar"), [
    (1.0, 1.0, "░░░███"), (2.0, 1.0, "░░░░██"), (9.0, 0.001, "░░░░░█"), (0.001, 9.0, "░█████"), (None, 1.0, "██████"), (1.0, None, "░░░░░░"),
    (None, None, "      "), (0.0, 0.0, "      "),
])  # fmt: skip
def test_the_split_shows_either_where_there_was_any(waited, took, bar):
    assert plain(split_bar(waited, took, 6)) == bar


def test_microseconds_are_told():
    assert brief(0.000041) == "41 µs"
    assert brief(0.2) == "200 ms"
