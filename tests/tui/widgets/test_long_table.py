"""A table over rows that come at its end."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tui.widgets.long_table import ByKey, Keys


@dataclass
class Row:
    number: int


@pytest.fixture
def rows():
    return [Row(number) for number in (3, 5, 8, 13)]


def test_keys_are_numbers_as_text_and_nothing_is_copied(rows):
    keys = Keys(rows)
    assert list(keys) == ["3", "5", "8", "13"]
    rows.append(Row(21))
    assert keys[-1] == "21"
    assert keys[1:3] == ["5", "8"]
    assert len(keys) == 5


def test_a_row_is_found_by_its_key(rows):
    by_key = ByKey(rows)
    assert by_key["8"] is rows[2]
    assert "8" in by_key
    assert "9" not in by_key
    assert by_key.place_of("9") == 3
    assert list(by_key) == ["3", "5", "8", "13"]
    assert len(by_key) == 4
