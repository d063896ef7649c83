"""The sequence diagram: arrows, returns, notes, lanes beyond the edges."""

from __future__ import annotations

import pytest

from tests.support.trace_nodes import record, review
from tui.spans import plain, width
from tui.tracing.diagram import lane_cells, lanes_line, lanes_within, step_line
from tui.tracing.row import rows_of
from tui.tracing.story import story_of


def drawn(first=0, cells=110):
    story = story_of(rows_of(review()))
    return [
        plain(lanes_line(story, first, cells)),
        *(plain(step_line(story, step, first, cells)) for step in story.steps),
    ]


def test_the_story_is_read_from_top_to_bottom():
    titles, call, send, far, raised, crash, restarted, _, reply = drawn()
    assert titles.split() == ["outside", "dispatcher", "reviewer-1", "reviewer-3", "librarian"]
    assert "─ Review(path" in call
    assert call.rstrip(" │").endswith("▶")
    assert send.index("▷") < far.index("▷")
    assert "✗ raised OverBudget" in raised
    assert "✗ crash OverBudget(10000)" in crash
    assert "◆ restarted" in restarted
    assert "◀╌ '1 finding' ╌" in reply


def test_a_lifeline_is_thick_while_its_process_is_at_work():
    _, call, send, *_, reply = drawn()
    assert "┃" not in call
    assert "┃" in send
    assert reply.count("┃") == 1


@pytest.mark.parametrize("first", range(5))
@pytest.mark.parametrize("cells", [10, 17, 40, 69, 189])
def test_each_line_fills_its_room_wherever_one_has_scrolled(first, cells):
    story = story_of(rows_of(review()))
    for step in story.steps:
        assert width(step_line(story, step, first, cells)) == cells
    assert width(lanes_line(story, first, cells)) <= cells


def test_an_arrow_that_leaves_the_screen_says_so():
    *_, finding, _ = drawn(0, 70)
    assert finding.rstrip().endswith("▸")
    titles, call, *_ = drawn(2, 70)
    assert "dispatcher" not in titles
    assert call.startswith("◂ Review")


def test_processes_of_the_same_name_are_told_apart():
    again = record(90, 9.0, "receive", "<0.44.0>", span="f" * 16, peer="<0.26.0>")
    again = again.model_copy(update={"name": "reviewer-3"})
    story = story_of(rows_of([*review(), again]))
    titles = plain(lanes_line(story, 0, 200)).split("  ")
    named = [title.strip() for title in titles if "reviewer" in title]
    assert named == ["reviewer-1", "reviewer-3 <0.26.0>", "reviewer-3 <0.44.0>"]


def test_titles_keep_a_distance_from_each_other_and_from_the_edge():
    titles = plain(lanes_line(story_of(rows_of(review())), 3, 60))
    assert titles.startswith(" ")
    assert titles.split() == ["reviewer-3", "librarian"]


def test_a_process_is_beyond_the_edge_where_its_lifeline_is():
    assert lanes_within(200, 5) == 5
    assert lanes_within(75, 5) == 5  # the last stands at cell 73
    assert lanes_within(73, 5) == 4


def test_wide_characters_take_two_cells():
    message = {"message": "日本語のメッセージです"}
    story = story_of(
        rows_of([record(1, 0, "send", "<0.5.0>", peer="<0.6.0>", span="a" * 16, values=message)])
    )
    assert width(step_line(story, story.steps[0], 0, 60)) == 60


def test_lanes_share_the_room_but_are_never_too_narrow_for_a_label():
    assert lane_cells(110, 5) == 22
    assert lane_cells(110, 500) == 17
    assert lane_cells(200, 2) == 32
