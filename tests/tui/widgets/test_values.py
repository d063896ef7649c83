"""Values as rows that unfold."""

from __future__ import annotations

from tests.support.crew import STATE
from tui.spans import plain
from tui.widgets.values import Branch, text_of, tree_rows


def rows(value, folded=(), before=None):
    earlier = {} if before is None else {"": before}
    return dict(tree_rows([Branch("", value)], frozenset(folded), earlier))


def labels(value, folded=()):
    return [row.branch.label for row in rows(value, folded).values()]


def test_fields_are_rows():
    assert labels({"$type": "Point", "x": 1, "y": 2}) == ["", "x", "y"]


def test_a_small_part_is_open_and_a_large_one_folded():
    shown = rows(STATE)
    by_label = {row.branch.label: row for row in shown.values()}
    assert by_label["findings"].open
    assert not by_label["seen"].open


def test_what_is_folded_can_be_unfolded():
    path = next(path for path, row in rows(STATE).items() if row.branch.label == "seen")
    assert len(rows(STATE, [path])) == len(rows(STATE)) + 30


def test_a_changed_field_is_marked_and_its_siblings_are_not():
    shown = rows({"$type": "S", "a": 1, "b": 2}, before={"$type": "S", "a": 1, "b": 1})
    assert [row.branch.label for row in shown.values() if row.changed] == ["b"]


def test_a_change_inside_a_folded_part_is_marked_there():
    many = {str(key): 0 for key in range(40)}
    shown = rows({"many": {**many, "7": 1}}, before={"many": many})
    assert [row.branch.label for row in shown.values() if row.changed] == ["many"]


def test_without_an_earlier_value_nothing_is_marked():
    assert not any(row.changed for row in rows(STATE).values())


def test_marks_of_the_port_are_words():
    assert plain(text_of(Branch("", {"$redacted": True}), is_open=False)) == "<redacted>"
    assert "12 more" in plain(text_of(Branch("", {"$more": 12}), is_open=False))


def test_a_key_of_the_process_that_begins_with_a_dollar_is_its_own():
    assert "$own" in labels({"$$own": 1})


def test_a_long_text_unfolds_into_lines():
    text = "first line\n" + "word " * 40
    shown = rows(text, ["0"])
    assert len(shown) > 3
    assert plain(text_of(list(shown.values())[1].branch, is_open=False)) == "first line"


def test_items_of_a_set_are_rows():
    assert labels({"$type": "set", "$items": [1, 2]}) == ["", "[0]", "[1]"]


def lines_of(text, cells, label="text"):
    root = Branch("", {"$type": "S", label: text}, open=True)
    path = next(path for path, row in tree_rows([root]) if row.branch.label == label)
    return [
        row.guides + plain(text_of(row.branch, is_open=row.open))
        for at, row in tree_rows([root], frozenset([path]), None, cells)
        if at.startswith(f"{path}.")
    ]


def test_lines_of_a_long_text_fit_into_the_room_there_is():
    text = "the amount is over the limit of this card, which is 900 for whoever has come this year"
    for cells in (80, 44, 30):
        lines = lines_of(text, cells)
        assert max(map(len, lines)) <= cells
        assert " ".join(line.strip("│├└ ") for line in lines) == text


def test_a_text_unfolds_where_it_has_no_room_beside_its_label():
    text = "no more than forty characters, as it is"
    assert lines_of(text, 80) == []
    assert len(lines_of(text, 40)) == 2


def test_a_text_that_is_unfolded_is_not_told_twice():
    assert plain(text_of(Branch("", "x" * 100), is_open=True)) == "100 characters"
