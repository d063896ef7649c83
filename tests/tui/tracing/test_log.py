"""The log: bounded, filtered as it grows, and what its messages add up to."""

from __future__ import annotations

from tests.support.trace_nodes import ONE, THREE, record, review
from tui.tracing.log import Log
from tui.tracing.row import rows_of


def some(count, first=0):
    return rows_of(
        [
            record(number, number, "receive", f"<0.{number % 7 + 5}.0>")
            for number in range(first, first + count)
        ]
    )


def test_records_are_numbered_in_the_order_in_which_they_come():
    log = Log()
    log.add(some(3))
    log.add(some(3))
    assert [row.number for row in log.rows] == [0, 1, 2, 3, 4, 5]


def test_the_oldest_go_where_there_are_too_many_and_numbers_go_on():
    log = Log(most=100)
    for first in range(0, 500, 50):
        log.add(some(50, first))
    assert len(log.rows) <= 100
    assert log.gone == 500 - len(log.rows)
    assert [row.number for row in log.rows] == list(range(log.gone, 500))


def test_what_comes_is_filtered_as_what_was_there():
    log = Log()
    log.add(some(70))
    log.look_for("<0.6.0>")
    assert len(log.shown) == 10
    log.add(some(70))
    assert len(log.shown) == 20
    assert {row.pid for row in log.shown} == {"<0.6.0>"}
    log.look_for("")
    assert log.shown is log.rows


def test_a_filter_is_inverted_by_a_mark_before_it():
    log = Log()
    log.add(some(70))
    log.look_for("! <0.6.0>")
    log.add(some(70))
    assert len(log.shown) == 120
    assert "<0.6.0>" not in {row.pid for row in log.shown}
    log.look_for("!")
    assert log.shown is log.rows


def test_what_is_dropped_is_dropped_from_what_is_shown():
    log = Log(most=70)
    log.add(some(70))
    log.look_for("<0.6.0>")
    log.add(some(70))
    assert log.shown == [row for row in log.rows if row.pid == "<0.6.0>"]


def test_waiting_and_work_are_those_of_messages_that_were_handled():
    log = Log()
    log.add(rows_of(review()))
    assert round(log.waited, 3) == 1.696
    assert round(log.took, 3) == 2.428


def test_what_has_raised_and_therefore_crashed_has_failed_once():
    log = Log()
    raised, crash = record(1, 0, "raised", ONE), record(2, 0, "crash", ONE)
    log.add(rows_of([raised, crash, record(3, 0, "crash", THREE), raised]))
    assert log.failed == 3


def test_a_process_is_called_by_the_name_that_a_record_tells():
    log = Log()
    log.add(rows_of(review()))
    assert log.called("<0.18.0>") == "reviewer-1"
    assert log.called("<0.99.0>") == "<0.99.0>"
