"""Differences between two states, field by field."""

import copy

from hypothesis import given, settings
from hypothesis import strategies as st

from tracing.changes import Change, changes

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.text("ab", max_size=1),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


def test_fields_that_have_changed_come_and_gone_are_told():
    before = {"balance": 5, "log": [1, {"text": "a"}], "old": None, "same": 1}
    after = {"balance": 7, "log": [1, {"text": "b"}, 3], "same": 1, "new": [0]}
    assert changes(before, after) == [
        Change("balance", "changed", 5, 7),
        Change("log[1].text", "changed", "a", "b"),
        Change("log[2]", "added", None, 3),
        Change("old", "removed", None, None),
        Change("new", "added", None, [0]),
    ]


def test_a_value_that_became_another_altogether_is_one_change():
    assert changes({"a": 1}, [1]) == [Change("", "changed", {"a": 1}, [1])]
    assert changes(1, True) == [Change("", "changed", 1, True)]
    assert changes(1, 1) == []


def test_marks_of_what_is_shown_are_no_fields():
    before = {
        "$type": "Seen",
        "files": {"$type": "set", "$items": [1, {"$more": 3}]},
        "lock": {"$text": "open"},
    }
    after = {"$type": "Seen", "files": {"$type": "set", "$items": [2, {"$more": 4}]}, "lock": {"a": 1}}
    assert changes(before, after) == [
        Change("files[0]", "changed", 1, 2),
        Change("files[1]", "changed", {"$more": 3}, {"$more": 4}),
        Change("lock", "changed", {"$text": "open"}, {"a": 1}),
    ]


def test_there_are_no_more_than_are_asked_for():
    assert len(changes(list(range(500)), [None] * 500, most=7)) == 7
    assert len(changes({}, {str(n): n for n in range(500)}, most=7)) == 7


def exactly(value):
    """A value in which `true` is not 1."""
    if isinstance(value, dict):
        return {name: exactly(item) for name, item in value.items()}
    return [exactly(item) for item in value] if isinstance(value, list) else (type(value), value)


@settings(deadline=None, database=None, derandomize=True, max_examples=300)
@given(JSON, JSON)
def test_there_are_none_only_where_nothing_differs_and_nothing_is_touched(before, after):
    first, second = copy.deepcopy(before), copy.deepcopy(after)
    assert (changes(before, after) == []) == (exactly(before) == exactly(after))
    assert (before, after) == (first, second)
    assert len({change.path for change in changes(before, after)}) == len(changes(before, after))
