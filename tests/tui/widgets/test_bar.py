"""The bar of restarts used."""

from __future__ import annotations

import pytest

from tui.spans import plain
from tui.widgets.bar import intensity_bar, intensity_tone


@pytest.mark.parametrize(
    ("used", "allowed", "tone"),
    [
        (0, 3, "muted"),
        (1, 3, "accent"),
        (2, 3, "bad"),
        (3, 3, "bad"),
        (4, 100, "accent"),
        (50, 100, "warn"),
        (98, 100, "warn"),
        (99, 100, "bad"),
        (0, 0, "muted"),
        (1, 0, "bad"),
    ],
)
def test_amber_from_half_and_red_when_one_is_left(used, allowed, tone):
    assert intensity_tone(used, allowed) == tone


@pytest.mark.parametrize(
    ("used", "allowed", "text"),
    [(0, 3, "░░░░░ 0/3 in 5 s"), (3, 3, "█████ 3/3 in 5 s"), (50, 100, "██▌░░ 50/100 in 5 s")],
)
def test_the_bar_shows_the_share(used, allowed, text):
    assert plain(intensity_bar(used, allowed, 5.0)) == text


def test_one_of_a_hundred_can_be_seen():
    assert plain(intensity_bar(1, 100, None))[0] != "░"


def test_without_an_allowance_there_is_no_bar():
    assert intensity_bar(None, None, None) == []
