"""Bars of a waterfall, and its axis."""

from __future__ import annotations

import pytest

from tests.support.trace_nodes import ONE, record
from tui.spans import plain, width
from tui.tracing.bars import Axis, bar_line
from tui.tracing.row import rows_of
from tui.tracing.slow import Slow
from tui.tracing.story import story_of


def bar(kind="handled", mono=8.0, **fields):
    return story_of(rows_of([record(1, mono, kind, ONE, span="a" * 16, **fields)])).bars[0]


def line(it, starts=0.0, ends=10.0, cells=20):
    return plain(bar_line(it, Axis(5_000 + starts, 5_000 + ends), cells, Slow(9, 9)))


def test_waiting_and_work_have_shades_of_their_own():
    assert line(bar(waited=3.0, took=2.1)) == "     ░░░░░░█████    "


def test_what_failed_ends_in_a_cross():
    assert line(bar("raised", waited=3.0, took=2.1)) == "     ░░░░░░████✗    "


def test_what_is_very_short_is_seen():
    assert line(bar(waited=0.0, took=0.000001)).strip() == "█"


@pytest.mark.parametrize(("starts", "ends", "text"), [(9.0, 10.0, "◂"), (0.0, 1.0, " " * 19 + "▸")])
def test_what_lies_beyond_the_axis_is_pointed_at(starts, ends, text):
    assert line(bar(waited=1.0, took=1.0), starts, ends) == text


def test_what_was_sent_and_not_handled_waits():
    assert line(bar("send", 2.1)) == "    ░               "


@pytest.mark.parametrize("cells", [0, 5, 14, 40, 200])
@pytest.mark.parametrize("seconds", [1e-6, 0.003, 9.0, 7_200.0])
def test_the_axis_fits_any_room(cells, seconds):
    assert width(Axis(5_000, 5_000 + seconds).line(cells, 5_000)) == cells


def test_the_axis_has_round_figures_since_the_beginning():
    assert plain(Axis(5_000, 5_009).line(45, 5_000)).split() == ["╵0", "╵5.0", "s"]


def test_a_part_of_the_time_counts_from_the_beginning_of_the_story():
    assert "╵6.0 s" in plain(Axis(5_005, 5_007).line(60, 5_000))


@pytest.mark.parametrize(
    ("starts", "ends", "ticks"),
    [
        (0.0, 0.0009, "0, 200 µs, 400 µs, 600 µs, 800 µs"),
        (0.0, 0.0024, "0, 500 µs, 1.0 ms, 1.5 ms, 2.0 ms"),
        (9.0, 9.0009, "9.0000 s, 9.0002 s, 9.0004 s, 9.0006 s, 9.0008 s"),
        (75.0, 77.4, "75.0 s, 75.5 s, 76.0 s, 76.5 s, 77.0 s"),
    ],
)
def test_no_two_ticks_are_alike_and_none_is_rounded(starts, ends, ticks):
    line = plain(Axis(5_000 + starts, 5_000 + ends).line(80, 5_000))
    assert ", ".join(each.strip() for each in line.split("╵")[1:]) == ticks
