"""Lines of spans in the cells there are."""

from __future__ import annotations

import pytest

from tui.spans import clip, fit, fitting, flowing, plain, spread, width


@pytest.mark.parametrize("cells", range(14))
def test_a_line_fits_exactly(cells):
    assert width(fit([("日本", "text"), ("dispatcher", "text")], cells)) == cells


def test_what_is_cut_ends_in_an_ellipsis():
    assert plain(clip([("one ", "text"), ("two three", "text")], 8)) == "one two…"


def test_a_span_that_ends_at_the_edge_says_that_more_follows():
    assert plain(clip([("abcd", "text"), ("efgh", "text")], 4)) == "abc…"


def test_figures_stand_at_the_right():
    assert plain(fit([("12", "text")], 5, right=True)) == "   12"


def test_the_left_group_gives_way():
    assert plain(spread([("a long path", "text")], [("alert", "warn")], 10)) == "a l… alert"


def test_groups_of_the_highest_rank_go_first():
    groups = [(0, [("aaaa", "text")]), (2, [("bbbb", "text")]), (1, [("cccc", "text")])]
    assert [plain(group) for group in fitting(groups, 10)] == ["aaaa", "cccc"]


def test_groups_flow_over_as_many_lines_as_they_need():
    groups = [[("aaaa", "text")], [("bbbb", "text")], [("cccc", "text")]]
    assert [plain(line) for line in flowing(groups, 12)] == ["  aaaa  bbbb", "  cccc"]
