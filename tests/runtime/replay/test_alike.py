"""Whether two values are the same: part by part, with the way to what differs."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.replay.alike import different
from runtime.replay.identities import World


def paths(a, b):
    return different(a, b, World(1).same)


@dataclass
class Thing:
    name: str
    parts: list[Any] = field(default_factory=list)
    at: float = field(default=0.0, compare=False)

    def __eq__(self, other):
        return True

    __hash__ = None


class Pair(NamedTuple):
    left: Any
    right: Any


class Plain:
    __slots__ = ("__dict__", "value")

    def __init__(self, value, more):
        self.value = value
        self.more = more


@pytest.mark.parametrize(
    ("a", "b", "found"),
    [
        (1, 1, []),
        (1, True, [""]),
        (1, 1.0, [""]),
        (float("nan"), float("nan"), []),
        ([1, 2], [1, 3], ["[1]"]),
        ([1], [1, 2], ["[1]"]),
        ((1,), [1], [""]),
        (deque([1]), deque([2]), ["[0]"]),
        ({"a": 1, "b": 2}, {"b": 3, "c": 4}, ["a", "b", "c"]),
        ({1: {2: 3}}, {1: {2: 4}}, ["1.2"]),
        ({1, "a"}, {"a", 1}, []),
        ({1}, {2}, [""]),
        (Pair(1, [2]), Pair(1, [3]), ["right[0]"]),
        (Thing("x", [1]), Thing("y", [2]), ["name", "parts[0]"]),
        (Thing("x", at=1.0), Thing("x", at=2.0), []),
        (Plain(1, 2), Plain(1, 3), ["more"]),
        (Plain(1, 2), Plain(2, 2), ["value"]),
        (ValueError("a", 1), ValueError("a", 2), ["args[1]"]),
        (ValueError("a"), TypeError("a"), [""]),
        (re.compile("a"), re.compile("a"), []),
        (re.compile("a"), re.compile("b"), [""]),
        (bytearray(b"a"), bytearray(b"b"), [""]),
        (object, object, []),
    ],
)
def test_what_differs_is_told_by_its_path(a, b, found):
    assert paths(a, b) == found


def test_values_that_hold_themselves_are_compared_to_their_ends():
    a, b = [1], [1]
    a.append(a)
    b.append(b)
    assert paths(a, b) == []
    b.append(2)
    assert paths(a, b) == ["[2]"]


def test_there_is_an_end_to_differences():
    assert len(paths([0] * 1000, [1] * 1000)) == 100


def test_keys_that_are_placeholders_are_what_the_record_has():
    world = World(1)
    recorded, new = [world.resolve("ref", number) for number in (7, 8)], [world.ref(), world.ref()]
    assert different({recorded[0]: "a", recorded[1]: "b"}, {new[0]: "a", new[1]: "b"}, world.same) == []
    assert different([recorded[1]], [new[0]], world.same) == ["[0]"]
    assert different({recorded[0]}, {new[0]}, world.same) == []


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=2), inner, max_size=3)
        | st.tuples(inner)
    ),
    max_leaves=10,
)


@settings(deadline=None, database=None, derandomize=True, max_examples=200)
@given(VALUES, VALUES)
def test_only_what_looks_the_same_is_the_same(a, b):
    world = World(1)
    assert paths(a, world_copy(a, world)) == []
    assert (paths(a, b) == []) == (repr(a) == repr(b) or _sorted(a) == _sorted(b))


def world_copy(value, world):
    from runtime.replay.packing import copied

    return copied(value, world)


def _sorted(value):
    """A text of it in which the order of keys does not count."""
    if isinstance(value, dict):
        return f"{{{sorted((key, _sorted(item)) for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}{[_sorted(item) for item in value]}"
    return "0.0" if value == 0 and type(value) is float else repr(value)
