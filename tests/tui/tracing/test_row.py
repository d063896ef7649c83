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


def test_of_what_is_raised_the_reason_stands_first():
    values = {
        "message": {"$type": "Check", "part": 1},
        "reason": {"$type": "ValueError", "args": ["too much"], "__notes__": ["!"]},
    }
    row = row_of(record(1, 0, "raised", ONE, text="handle_cast", values=values), 0)
    assert row.what == "ValueError('too much')  Check(part=1)  handle_cast"
    assert row.told == "Check(part=1)"


def test_an_exception_is_told_as_it_is_made():
    values = {"reason": {"$type": "ValueError", "args": ["too much"]}}
    assert (
        row_of(record(1, 0, "crash", ONE, text="ValueError", values=values), 0).what
        == "ValueError('too much')"
    )


def test_of_a_process_without_arguments_none_are_told():
    row = row_of(record(1, 0, "spawn", ONE, text="shop:Cart", values={"arguments": []}), 0)
    assert row.what == "shop:Cart"


def test_what_has_no_process_is_of_the_host_or_of_the_node():
    call = record(1, 0, "call", None)
    assert row_of(call, 0).who == "outside"
    assert row_of(call.model_copy(update={"kind": "operator"}), 0).who == "the node"
    assert row_of(call.model_copy(update={"kind": "send", "cause": "b" * 16}), 0).who == ""


def test_who_has_called_from_outside_is_told_as_far_as_it_is_known():
    came = record(1, 0, "handled", ONE, span="a" * 16)
    assert row_of(came, 0).beyond == "outside"
    assert row_of(came.model_copy(update={"cause": "b" * 16}), 0).beyond == ""
    assert row_of(came.model_copy(update={"span": ""}), 0).beyond == ""
    assert row_of(came.model_copy(update={"kind": "reply", "cause": "b" * 16}), 0).beyond == "outside"


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
