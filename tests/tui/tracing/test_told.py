"""What a record is about, in a list: of a state its changes, and beside it what was asked for, where there is room."""

from __future__ import annotations

from tests.support.trace_nodes import ONE, record
from tui.spans import plain
from tui.tracing.columns import columns
from tui.tracing.record import record_tree
from tui.tracing.row import row_of
from tui.tracing.slow import Slow

VALUES = {"message": {"$type": "Check", "part": 1}, "before": {"n": 1}, "state": {"n": 2}, "reply": "ok"}


def shown(row, cells):
    what = next(column for column in columns(Slow, str) if column.key == "what")
    return plain(what.cell(row, cells))


def test_a_state_says_what_has_changed():
    state = record(1, 0, "state", ONE, text="handle_cast", values={"before": {"n": 1}, "state": {"n": 2}})
    assert shown(row_of(state, 0), 40) == "handle_cast  n 1 → 2"


def test_the_result_and_the_change_stand_beside_the_message_where_there_is_room():
    handled = row_of(record(1, 0, "handled", ONE, text="handle_call", values=VALUES), 0)
    assert shown(handled, 80) == "Check(part=1)  handle_call  → 'ok'  n 1 → 2"
    assert shown(handled, 30) == "Check(part=1)  handle_call"


def test_of_a_state_that_was_left_out_no_changes_are_told():
    left_out = {"before": {"$type": "Seen", "n": 1}, "state": {"$text": "left out: 7,809 characters"}}
    state = row_of(record(1, 0, "state", ONE, text="handle_info", values=left_out), 0)
    assert shown(state, 80) == "handle_info  state left out: 7,809 characters"
    (root,) = record_tree(state, Slow(), str)
    changes = next(part for part in root.children if part.label == "changes")
    assert plain(changes.text) == "not known: a state was left out"
