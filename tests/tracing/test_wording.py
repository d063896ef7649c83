"""Counts with their nouns."""

import pytest

from tracing.wording import counted


@pytest.mark.parametrize(
    ("count", "word", "told"),
    [
        (0, "step", "0 steps"),
        (1, "step", "1 step"),
        (2, "step", "2 steps"),
        (1500, "process", "1,500 processes"),
    ],
)
def test_one_is_one_and_more_are_more(count, word, told):
    assert counted(count, word) == told
