"""One record in full."""

from __future__ import annotations

from tests.support.trace_nodes import ONE, record, review
from tui.spans import plain
from tui.tracing.record import record_tree, records_tree
from tui.tracing.row import row_of, rows_of
from tui.tracing.slow import Slow


def parts(row):
    (root,) = record_tree(row, Slow(), {"<0.14.0>": "dispatcher"}.get)
    return {part.label: part for part in root.children}


def test_a_state_is_told_by_the_fields_that_have_changed():
    found = parts(rows_of(review())[9])
    assert plain(found["changes"].text) == "2 fields"
    assert [(it.label, plain(it.text)) for it in found["changes"].children] == [
        ("budget", "10000 → 7310"),
        ("seen", "12 → 13"),
    ]
    assert not found["before"].open


def test_fields_that_came_and_went_are_told():
    row = row_of(record(1, 0, "state", ONE, values={"before": {"a": 1}, "state": {"b": [2]}}), 0)
    assert [plain(it.text) for it in parts(row)["changes"].children] == ["removed 1", "added [2]"]


def test_who_sent_it_how_long_it_waited_and_its_ids_are_told():
    found = parts(rows_of(review())[9])
    assert plain(found["process"].text) == "reviewer-1 <0.18.0> ← dispatcher <0.14.0>"
    assert "waited 1.7 s" in plain(found["time"].text)
    assert [it.label for it in found["ids"].children] == ["trace", "span", "cause", "number"]


def test_times_stand_before_the_bar_which_may_be_cut():
    assert plain(parts(rows_of(review())[9])["time"].text).startswith("waited 1.7 s worked 212 ms ░")


def test_the_message_of_an_exception_is_told_in_full():
    reason = {"$type": "OverBudget", "args": ["10412 of 10000 " + "x" * 80], "spent": 10412}
    found = parts(row_of(record(1, 0, "crash", ONE, values={"reason": reason}), 0))["reason"]
    assert plain(found.text) == "OverBudget"
    assert [(it.label, it.value) for it in found.children] == [
        ("message", reason["args"][0]),
        ("spent", 10412),
    ]
    assert found.children[0].open


def test_an_exception_that_says_more_than_a_text_is_told_by_its_parts():
    reason = {"$type": "OSError", "args": [2, "no such file"]}
    found = parts(row_of(record(1, 0, "crash", ONE, values={"reason": reason}), 0))["reason"]
    assert found.value == reason


def test_a_stack_is_told_innermost_first():
    stack = parts(rows_of(review())[5])["stack"]
    assert plain(stack.text) == "2 frames, innermost first"
    assert plain(stack.children[0].text) == "complexity.py:33 check  demo/checks"


def test_a_cut_value_is_said():
    assert "a limit has cut a value" in plain(
        parts(row_of(record(1, 0, "send", ONE, cut=True), 0))["cut"].text
    )


def test_of_several_records_the_last_is_unfolded():
    assert [it.open for it in records_tree(rows_of(review())[:3], Slow(), str)] == [False, False, True]
