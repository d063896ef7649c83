"""Records as lines: what was asked for is in them, or beneath them."""

from __future__ import annotations

import pytest

from tests.support.traces import REVIEW, record
from tui.output.records import record_lines, titles
from tui.tracing.slow import Slow


def handled(**values):
    return record(
        1,
        "handled",
        0.0,
        pid="<0.3.0>",
        name="alice",
        text="handle_call",
        values={"message": REVIEW, **values},
    )


def lines(one, room=None):
    return [
        "".join(part if isinstance(part, str) else part.text for part in line)
        for line in record_lines(one, room, Slow())
    ]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "Review(path='a.py')  handle_call"),
        ({"reply": 5}, "Review(path='a.py')  handle_call  → 5"),
        ({"state": {"n": 2}}, "handle_call  state {'n': 2}"),
        ({"before": {"n": 1}, "state": {"n": 2}}, "handle_call  n 1 → 2"),
        ({"before": {"n": 1}, "state": {"n": 1}, "reply": "ok"}, "handle_call  → 'ok'  state {'n': 1}"),
    ],
)
def test_results_and_states_that_were_asked_for_are_in_the_line(values, told):
    (line,) = lines(handled(**values))
    assert line.endswith(told)


def test_a_reply_is_told_once():
    (line,) = lines(record(1, "reply", 0.0, values={"reply": 54321}))
    assert line.endswith("  54321")
    assert line.count("54321") == 1


def test_what_has_no_room_in_the_line_stands_beneath_it():
    first, second, third = lines(handled(reply="x" * 300, state={"n": 2}), 140)
    assert "→" not in first
    assert second.startswith("    → 'xxx")
    assert len(second) <= 140
    assert third == "    state {'n': 2}"


def test_a_value_is_bounded_where_the_terminal_is_not():
    (line,) = lines(handled(reply="x" * 5000))
    assert len(line) < 500


def test_each_frame_of_a_stack_has_a_line_of_its_own():
    one = handled(reply=5).model_copy(update={"stack": ["a.py:1 in f", "a.py:2 in g"]})
    first, *frames = lines(one)
    assert first.endswith("→ 5")
    assert frames == ["    a.py:1 in f", "    a.py:2 in g"]


def title_line(room):
    return "".join(cell.text for cell in titles(room))


@pytest.mark.parametrize("room", [80, 90, 100, 110, 120, 140, None])
def test_a_line_fits_its_terminal_and_stands_under_its_titles(room):
    first, *_ = lines(handled(reply="x" * 300), room)
    assert room is None or len(first) <= room
    assert first.index("Review(") == title_line(room).index("WHAT")


def test_in_a_narrow_terminal_whoever_has_no_name_is_told_by_its_pid():
    assert title_line(80).split() == ["WHEN", "NAME", "KIND", "WAITED", "TOOK", "WHAT"]
    (line, *_) = lines(handled().model_copy(update={"name": None}), 80)
    assert "<0.3.0>" in line


def test_what_comes_from_the_host_says_so():
    one = handled().model_copy(update={"pid": None, "name": None, "kind": "call", "peer": "<0.3.0>"})
    (line,) = lines(one)
    assert line.split()[1:5] == ["–", "outside", "call", "→<0.3.0>"]
