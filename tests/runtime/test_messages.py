"""The share-nothing rule: what passes, what is copied, what is refused."""

import asyncio
import collections
import contextvars
import datetime
import decimal
import enum
import fractions
import functools
import pathlib
import queue
import re
import socket
import sys
import threading
import types
import uuid
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from runtime import NotSendable, Reply, Server
from runtime.messages import is_constant, share
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import serve


@dataclass(frozen=True)
class Point:
    x: Any
    y: Any = 0


@dataclass(frozen=True, slots=True)
class Slotted:
    x: Any


@dataclass
class Mutable:
    x: Any


class Plain:
    def __init__(self, x):
        self.x = x


class Slots:
    __slots__ = ("x",)

    def __init__(self, x):
        self.x = x


class Pair(NamedTuple):
    left: Any
    right: Any


class Colour(enum.Enum):
    RED = 1
    BOX = ["mutable"]  # noqa: RUF012 - a member whose value can change is what is tested


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)
    items: Any


class Thawed(BaseModel):
    items: Any


class Flag(int):
    """A subclass of int, which may hold anything."""


def at_module_level():
    """A function that another place can name."""


CONSTANTS = [
    None, True, 1, 1.5, 1j, "text", b"bytes", range(3), ..., datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC), datetime.timedelta(1),
    decimal.Decimal(1), fractions.Fraction(1, 3), uuid.UUID(int=1), Colour.RED, pathlib.PurePath("a"), ValueError("x"),
    (), (1, ("a", b"b")), frozenset({1, 2}), Point(1, (2, 3)), Slotted("x"), Pair(1, 2), Frozen(items=(1, 2)), Point(Point(1)),
]  # fmt: skip


@pytest.mark.parametrize("value", CONSTANTS, ids=repr)
def test_what_nobody_can_change_passes_as_it_is(value):
    assert share(value) is value


MUTABLES = [
    [1, [2]], {"a": {"b": 1}}, {1, 2}, bytearray(b"x"), collections.deque([1], maxlen=3), collections.Counter("aab"),
    collections.defaultdict(list, a=[1]), collections.OrderedDict(a=1), (1, [2]), frozenset({(1, 2)}) and Pair(1, [2]),
    Point([1]), Slotted({"a": 1}), Mutable([1]), Frozen(items=[1]), Thawed(items=(1,)), types.SimpleNamespace(x=[1]),
]  # fmt: skip


@pytest.mark.parametrize("value", MUTABLES, ids=repr)
def test_what_can_change_is_copied_with_all_that_it_holds(value):
    copy = share(value)
    assert copy == value
    assert type(copy) is type(value)
    assert copy is not value


@pytest.mark.parametrize("make", [Plain, Slots, Mutable, Point, Slotted])
def test_the_copy_shares_no_mutable_part_with_the_original(make):
    original = make([1])
    copy = share(original)
    original.x.append(2)
    assert copy.x == [1]


def test_the_verdict_is_about_the_value_never_about_the_type_alone():
    assert share(Point(1)).x == 1
    held = [1]
    assert share(Point(held)).x is not held
    number = Flag(7)
    number.baggage = held
    assert share(number).baggage is not held


def test_a_frozen_dataclass_with_a_mutable_default_is_copied():
    @dataclass(frozen=True)
    class Basket:
        items: list = field(default_factory=list)

    basket = Basket()
    assert share(basket).items is not basket.items


def test_an_enum_member_stays_itself_even_if_its_value_can_change():
    assert share(Colour.BOX) is Colour.BOX


def test_shared_and_circular_parts_keep_their_form():
    part = [1]
    both = share([part, part])
    assert both[0] is both[1]
    ring = [1]
    ring.append(ring)
    copy = share(ring)
    assert copy[1] is copy


def test_parts_that_are_made_for_the_copy_are_never_taken_for_one_another():
    class Unfolds:
        """Is rebuilt from a list that lives no longer than the copying."""

        def __init__(self, parts):
            self.parts = parts

        def __reduce_ex__(self, protocol):
            return Unfolds, ([*self.parts],)

    copies = share([Unfolds([n]) for n in range(100)])
    assert [copy.parts for copy in copies] == [[n] for n in range(100)]


def test_classes_and_functions_at_module_level_pass():
    for value in (Plain, at_module_level, len, dict.fromkeys):
        assert share(value) is value


def generator():
    yield 1


async def coroutine():
    """Never run."""


def refused():
    """One of everything that is alive."""
    loop = asyncio.new_event_loop()
    running = coroutine()
    read, write = socket.socketpair()
    values = [
        threading.Lock(), threading.RLock(), threading.Event(), threading.Condition(), threading.Semaphore(),
        threading.local(), threading.current_thread(), sys.stdout if hasattr(sys.stdout, "fileno") else sys.__stdout__,
        read, loop, loop.create_future(), asyncio.Queue(), asyncio.Lock(), asyncio.Event(), asyncio.Condition(),
        asyncio.Semaphore(), generator(), running, asyncio, sys._getframe(), contextvars.copy_context(),
        contextvars.ContextVar("v"), memoryview(b"x"), lambda: 1, functools.partial(lambda: 1), Plain(1).__init__, [].append,
        queue.Queue(), iter(generator()), types.MappingProxyType({}),
    ]  # fmt: skip
    return values, (loop.close, running.close, read.close, write.close)


def test_what_is_alive_is_refused_by_name_wherever_it_stands():
    values, closers = refused()
    try:
        for value in values:
            for message in (value, [value], {"k": (value,)}, Point(value), Plain(value), Mutable([value])):
                with pytest.raises(NotSendable, match="processes share nothing"):
                    share(message)
    finally:
        for close in closers:
            close()


def test_the_refusal_says_what_it_was_and_where_it_stood():
    with pytest.raises(NotSendable) as refusal:
        share({"jobs": [1, Plain(threading.Lock())]})
    assert str(refusal.value) == (
        "a _thread.lock cannot be sent (at ['jobs'][1]['x']): processes share nothing. "
        "Send plain data; keep live objects in Node(resources={…})"
    )


def test_a_lambda_is_refused_with_the_reason():
    with pytest.raises(NotSendable, match="functions pass only when they stand at module level"):
        share([lambda: 1])


def test_a_refusal_is_a_type_error():
    with pytest.raises(TypeError):
        share(threading.Lock())


def test_an_object_that_cannot_be_rebuilt_is_refused_with_its_own_words():
    class Stubborn:
        def __reduce_ex__(self, protocol):
            raise TypeError("made by hand only")

    with pytest.raises(NotSendable, match="Stubborn \\(made by hand only\\) cannot be sent"):
        share(Stubborn())


def test_a_copy_method_that_fails_is_a_refusal():
    class Fails:
        def __deepcopy__(self, memo):
            raise ValueError("no copies")

    with pytest.raises(NotSendable, match="no copies"):
        share([Fails()])


def test_a_class_can_say_how_it_is_copied():
    class Own:
        def __deepcopy__(self, memo):
            return "a copy"

    assert share([Own()]) == ["a copy"]


def test_a_value_that_is_nested_too_deeply_is_refused_and_not_a_recursion_error():
    nested = []
    for _ in range(5000):
        nested = [nested]
    with pytest.raises(NotSendable, match="nested this deeply"):
        share(nested)
    tower = ()
    for _ in range(5000):
        tower = (tower,)
    with pytest.raises(NotSendable, match="nested this deeply"):
        share(tower)


def test_a_compiled_pattern_and_other_rebuildable_objects_are_sent():
    assert share(re.compile("a+")).pattern == "a+"
    assert share(functools.partial(at_module_level)).func is at_module_level


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.binary(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=2), inner, max_size=3)
        | st.builds(Point, inner, inner)
        | st.builds(Slotted, inner)
        | st.builds(Mutable, inner)
    ),
    max_leaves=12,
)


@settings(deadline=None, database=None, derandomize=True)
@given(values)
def test_any_plain_value_arrives_equal_and_is_shared_only_if_it_is_constant(value):
    copy = share(value)
    assert copy == value
    assert (copy is value) or not is_constant(value)


class Keeper(Server):
    def init(self, first):
        return first

    def handle_call(self, message, caller, kept):
        if message == "show":
            return Reply(kept, kept)
        kept.append(message)
        return Reply("kept", kept)

    def handle_cast(self, message, kept):
        return [*kept, message]


@virtual_time
async def test_a_message_that_its_sender_changes_afterwards_has_not_changed_for_its_receiver():
    async with virtual_node() as node:
        pid = await serve(node, Keeper, [])
        mine = ["mine"]
        pid.cast(mine)
        mine.append("changed")
        assert await pid.call("show") == [["mine"]]


@virtual_time
async def test_an_answer_that_its_receiver_changes_has_not_changed_for_the_server():
    async with virtual_node() as node:
        pid = await serve(node, Keeper, ["first"])
        for _ in range(3):  # queued, and answered at once
            answer = await pid.call("show")
            answer.append("spoilt")
            assert await pid.call("show") == ["first"]


@virtual_time
async def test_what_cannot_be_sent_is_refused_at_the_sender_and_nothing_arrives():
    async with virtual_node() as node:
        pid = await serve(node, Keeper, [])
        for send in (pid.cast, pid.send):
            with pytest.raises(NotSendable):
                send(threading.Lock())
        with pytest.raises(NotSendable):
            await pid.call(threading.Lock())
        assert await pid.call("show") == []
        assert pid.alive


@virtual_time
async def test_arguments_of_processes_are_messages_too():
    async def worker(process, box):
        box.append("changed")

    async with virtual_node() as node:
        box = []
        node.spawn(worker, box)
        await asyncio.sleep(1)
        assert box == []
        with pytest.raises(NotSendable):
            node.spawn(worker, threading.Lock())
