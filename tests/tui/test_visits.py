"""Where one has been, as a browser keeps it."""

from __future__ import annotations

from tui.visits import Visit, Visits


def visits(*pages):
    them = Visits()
    for page in pages:
        them.go(Visit(page))
    return them


def test_back_and_forward():
    them = visits("processes", "tree", "node")
    assert them.back() == Visit("tree")
    assert them.back() == Visit("processes")
    assert them.back() is None
    assert them.forward() == Visit("tree")


def test_a_new_place_forgets_what_lay_ahead():
    them = visits("processes", "tree", "node")
    them.back()
    them.go(Visit("process", "<0.1.0>"))
    assert them.forward() is None
    assert them.back() == Visit("tree")


def test_the_same_place_twice_is_one_visit():
    assert visits("tree", "tree").back() is None
