"""Records as the console keeps them: harmless text, the most telling value first, values kept until somebody looks."""

from __future__ import annotations

import gc

from tests.support.trace_nodes import ONE, record, review
from tui.tracing.row import row_of, rows_of


def test_a_message_stands_before_the_name_of_its_handler():
    row = row_of(
        record(1, 0.5, "handled", ONE, text="handle_cast", values={"message": {"$type": "Check", "part": 1}}),
        0,
    )
    assert row.what == "Check(part=1)  handle_cast"
    assert row.told == "Check(part=1)"


def test_a_text_that_says_the_value_already_is_not_said_twice():
    assert row_of(record(1, 0, "crash", ONE, text="'x'", values={"reason": "x"}), 0).what == "'x'"


def test_values_are_read_back_as_they_were():
    shown = review()[9]
    assert row_of(shown, 0).value() == shown.values
    assert row_of(record(1, 0, "spawn", ONE), 0).value() == {}


def test_text_of_a_node_is_harmless_and_bounded():
    row = row_of(record(1, 0, "handled", ONE, text="\x1b[31m" + "x" * 1000, principal="\u202eeve"), 0)
    assert "\x1b" not in row.what
    assert len(row.what) <= 240
    assert "\u202e" not in row.principal


def test_a_filter_finds_process_kind_message_peer_and_trace():
    row = rows_of(review())[9]
    for text in ("reviewer-1", "<0.18.0>", "handled", "turtle.py", "<0.14.0>", "0af76519"):
        assert text in row.found


def test_a_row_is_one_object_to_the_garbage_collector():
    row = rows_of(review())[9]
    assert [it for it in gc.get_referents(row) if gc.is_tracked(it) and not isinstance(it, type)] == []
