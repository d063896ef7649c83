"""The rows between two polls."""

from __future__ import annotations

from runtime.port.contract import ProcessPage
from tests.support.crew import row
from tests.support.fake_node import NOON
from tui.pages.window import Window


def page(*pids, kept=(), ended=(), **fields):
    rows = [row(pid, f"p{pid}", "B", **fields) for pid in pids]
    outside = [row(pid, f"p{pid}", "B") for pid in kept]
    return ProcessPage(
        at=NOON, total=9, matched=9, rows=rows, kept=outside, ended=[name(pid) for pid in ended]
    )


def name(pid):
    return f"<0.{pid}.0>"


def order(window):
    return [int(pid.split(".")[1]) for pid in window.order]


def filled(*pids):
    window = Window()
    window.take(page(*pids), None, hold=False)
    return window


def test_the_nodes_order_is_shown():
    window = filled(1, 2, 3)
    window.take(page(3, 1, 2), name(1), hold=False)
    assert order(window) == [3, 1, 2]


def test_a_held_order_stays_and_values_change():
    window = filled(1, 2, 3)
    window.take(page(3, 1, 2, mailbox=7), name(1), hold=True)
    assert order(window) == [1, 2, 3]
    assert window.rows[name(2)].mailbox == 7


def test_new_rows_wait_until_the_order_is_free():
    window = filled(1, 2)
    window.take(page(9, 1, 2), name(1), hold=True)
    assert order(window) == [1, 2]
    window.take(page(9, 1, 2), name(1), hold=False)
    assert order(window) == [9, 1, 2]


def test_a_row_that_leaves_while_held_fades_in_its_place():
    window = filled(1, 2, 3)
    window.take(page(1, 3), name(1), hold=True)
    assert order(window) == [1, 2, 3]
    assert window.gone == {name(2)}


def test_the_cursors_process_stays_in_its_place_when_it_ends():
    window = filled(1, 2, 3)
    window.take(page(3, 1, ended=[2]), name(2), hold=False)
    assert order(window) == [3, 2, 1]
    assert window.rows[name(2)].status == "ended"
    assert window.gone == {name(2)}


def test_an_ended_process_goes_once_the_cursor_has_left():
    window = filled(1, 2, 3)
    window.take(page(1, 3, ended=[2]), name(2), hold=False)
    window.take(page(1, 3), name(1), hold=False)
    assert order(window) == [1, 3]


def test_the_cursors_process_beyond_the_window_comes_last():
    window = filled(1, 2, 3)
    window.take(page(1, 3, kept=[2]), name(2), hold=False)
    assert order(window) == [1, 3, 2]
    assert not window.gone


def test_an_ended_process_has_an_heir_of_its_name():
    window = filled(1, 2)
    fresh = ProcessPage(
        at=NOON, total=2, matched=2, rows=[row(1, "p1", "B"), row(7, "p2", "B")], ended=[name(2)]
    )
    window.take(fresh, name(2), hold=False)
    assert window.heir(name(2)) == name(7)
    assert window.heir(name(1)) is None


def test_after_a_restart_of_the_node_everything_has_ended():
    window = filled(1, 2)
    window.end_all()
    assert window.gone == {name(1), name(2)}
