"""How figures and foreign text are written."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from tests.support.other_nodes import HOSTILE
from tui import format as form


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, form.NOTHING),
        (0, "0 s"),
        (0.0002, "0 s"),
        (0.212, "212 ms"),
        (0.9996, "1.0 s"),
        (1.8, "1.8 s"),
        (41, "41 s"),
        (59.9, "1:00"),
        (200, "3:20"),
        (7510, "2:05:10"),
        (86_400 * 4 + 3 * 3600, "4 d 3 h"),
        (float("inf"), form.NOTHING),
        (-1, "0 s"),
    ],
)
def test_durations_stay_short(seconds, text):
    assert form.duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, form.NOTHING),
        (0, "0"),
        (950, "950"),
        (999.6, "1.0k"),
        (9_120, "9.1k"),
        (41_210, "41.2k"),
        (412_000, "412k"),
        (1.3e6, "1.3M"),
        (-310, form.MINUS + "310"),
        (2e15, "2000T"),
        (float("nan"), form.NOTHING),
    ],
)
def test_large_counts_are_shortened(value, text):
    assert form.short(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, form.NOTHING), (0.2, "0"), (12, "+12"), (-310, form.MINUS + "310"), (4_200, "+4.2k")],
)
def test_changes_are_signed(value, text):
    assert form.change(value) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0%"), (0.004, "<1%"), (0.31, "31%"), (1, "100%"), (None, form.NOTHING)]
)
def test_a_small_share_is_not_nothing(share, text):
    assert form.percent(share) == text


@pytest.mark.parametrize(
    ("count", "text"), [(812, "812 B"), (1_240, "1.2 kB"), (84e6, "84 MB"), (3e12, "3000 GB")]
)
def test_sizes(count, text):
    assert form.size(count) == text


@pytest.mark.parametrize(
    ("highest", "top"),
    [(0, 1), (1, 1), (1.1, 2), (2.5, 5), (6, 10), (9_020, 10_000), (0.03, 0.05), (float("inf"), 1)],
)
def test_ceilings_go_in_steps_of_1_2_5(highest, top):
    assert form.ceiling(highest) == pytest.approx(top)


@pytest.mark.parametrize(
    ("value", "tone"),
    [(None, "faint"), (0, "faint"), (99, "text"), (100, "warn"), (999, "warn"), (1_000, "bad")],
)
def test_zeros_are_faint_and_limits_turn_amber_and_red(value, tone):
    assert form.tone(value, form.MAIL) == tone


def test_a_long_name_keeps_both_ends():
    assert form.elide("customer-0001-lookup-agent", 13) == "custom…-agent"


def test_nothing_is_elided_where_there_is_room():
    assert form.elide("reviewer-1", 10) == "reviewer-1"


@pytest.mark.parametrize("width", range(12))
def test_wide_characters_are_cut_by_cells(width):
    for cut in (form.elide, form.cut):
        assert cell_len(cut("日本語のエージェント", width)) <= width


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_is_one_harmless_line(text):
    shown = form.clean(text)
    assert not any(ord(character) < 32 or ord(character) == 127 for character in shown)
    assert not set("\u202e\u200b\ufeff\u200d") & set(shown)


def test_markup_is_only_text():
    assert form.clean("[bold red]x[/]") == "[bold red]x[/]"


def test_a_line_end_is_shown():
    assert form.clean("one\ntwo") == "one⏎two"


def test_memory_says_where_it_is_at_least_so_much_and_growth_has_a_sign():
    assert [form.memory(None), form.memory(812), form.memory(84_200_000, cut=True)] == [
        form.NOTHING,
        "812 B",
        "≥84 MB",
    ]
    assert [form.growth(None), form.growth(500), form.growth(4.1e6), form.growth(-8.1e5)] == [
        form.NOTHING,
        "0",
        "+4.1 MB",
        f"{form.MINUS}810 kB",
    ]
