"""Charts that start at zero."""

from __future__ import annotations

from tui.widgets.sparkline import SAMPLES, Sparkline, columns, condense


def test_a_chart_starts_at_zero_and_not_at_its_least_sample():
    assert columns([50, 100], 1, 100) == ["▄█"]


def test_zero_is_a_line_on_the_ground_and_a_missing_sample_is_blank():
    assert columns([0, None, 0], 1, 10) == ["▁ ▁"]


def test_several_rows_stand_on_each_other():
    assert columns([5, 10], 2, 10) == [" █", "██"]


def test_what_is_above_the_ceiling_is_cut_there():
    assert columns([200], 1, 100) == ["█"]


def test_sixty_samples_take_sixty_cells_where_there_are_sixty():
    assert condense([1.0] * 60, 60) == [1.0] * 60


def test_in_thirty_cells_each_shows_the_greater_of_two():
    samples = [float(value) for value in range(60)]
    assert condense(samples, 30) == [float(value) for value in range(1, 60, 2)]


def test_few_samples_stand_at_the_right():
    assert condense([3.0], 60) == [None] * (SAMPLES - 1) + [3.0]


def test_a_cell_is_blank_only_where_all_its_samples_are_missing():
    samples = [1.0] * 56 + [None, None, None, 2.0]
    assert condense(samples, 30)[-2:] == [None, 2.0]


def test_the_ceiling_is_stated():
    chart = Sparkline("messages/s", str, least=10)
    chart.samples = [9_020.0]
    lines = ["".join(text for text, _ in line) for line in chart.paint(70)]
    assert "10k" in lines[1]
