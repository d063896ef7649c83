"""Which columns there is room for."""

from __future__ import annotations

from tui.widgets.table import Column, place


def column(key, least, **options):
    return Column(key, key, lambda row, cells: [(str(row), "text")], least, **options)


def widths(columns, cells, known=None):
    return {column.key: width for column, width in place(columns, cells, known)}


def test_columns_have_their_least_width_and_a_cell_between():
    assert widths([column("a", 4), column("b", 5)], 10) == {"a": 4, "b": 5}


def test_the_highest_rank_goes_first():
    columns = [column("a", 4), column("b", 4, rank=1), column("c", 4, rank=2)]
    assert list(widths(columns, 9)) == ["a", "b"]
    assert list(widths(columns, 5)) == ["a"]


def test_what_is_left_over_is_shared_by_weight():
    assert widths([column("a", 2, weight=1), column("b", 2, weight=3)], 13) == {"a": 4, "b": 8}


def test_no_column_grows_beyond_what_it_is_worth():
    assert widths([column("a", 2, most=4, weight=1), column("b", 2, weight=1)], 21) == {"a": 4, "b": 16}


def test_content_can_widen_a_column():
    assert widths([column("a", 2), column("b", 2, weight=1)], 12, {"a": 6}) == {"a": 6, "b": 5}


def test_columns_without_rank_stay_however_narrow_it_is():
    assert list(widths([column("a", 9), column("b", 9)], 4)) == ["a", "b"]
