"""About how much memory values and processes hold, and that finding out runs no code of theirs."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
import threading
from collections import deque

import pytest

from runtime import ChildSpec, KeepState, NextState, Postpone, Server, StateMachine
from runtime.introspection import memory, weights
from runtime.introspection.memory import OBJECTS, Scale
from runtime.introspection.weights import Weights
from runtime.port.contract import Failure, Info, Ps
from tests.runtime.introspection.behaviours import Worker
from tests.support.eventually import eventually_sync


@dataclasses.dataclass
class Chat:
    title: str
    messages: list


class Slotted:
    __slots__ = ("kept",)

    def __init__(self, kept):
        self.kept = kept


def size(value):
    return Scale().of([value]).size


def full(*values):
    return sum(map(sys.getsizeof, values))


PAGE = bytes(10_000)


def pages(count):
    return [bytes(10_000) for _ in range(count)]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(PAGE, id="bytes"),
        pytest.param([PAGE], id="list"),
        pytest.param((1, PAGE), id="tuple"),
        pytest.param({"page": PAGE}, id="dict"),
        pytest.param({PAGE}, id="set"),
        pytest.param(frozenset({PAGE}), id="frozenset"),
        pytest.param(deque([PAGE]), id="deque"),
        pytest.param(Chat("x", [PAGE]), id="dataclass"),
        pytest.param(Slotted(PAGE), id="slots"),
        pytest.param(ValueError(PAGE), id="exception"),
        pytest.param(bytearray(10_000), id="bytearray"),
    ],
)
def test_whatever_holds_a_page_weighs_as_much(value):
    assert 10_000 <= size(value) <= 11_000


def test_a_large_container_is_told_from_a_sample_of_it():
    for kept in (pages(3_000), deque(pages(3_000)), dict(enumerate(pages(3_000))), tuple(pages(3_000))):
        weight = Scale().of([kept])
        assert weight.size == pytest.approx(3_000 * 10_033, rel=0.05)
        assert not weight.cut


def test_a_sample_is_spread_so_that_what_is_newer_counts_too():
    kept = [b""] * 1_000 + pages(1_000)
    assert size(kept) == pytest.approx(1_000 * 10_033, rel=0.1)


def test_what_is_held_twice_counts_once_and_a_cycle_ends():
    page = bytes(10_000)
    assert size([page, page]) < 11_000
    circle: list = [page]
    circle.append(circle)
    assert size(circle) < 11_000


def test_beyond_the_limit_it_is_at_least_so_much():
    deep = [[[str(c + b * 100 + a * 10_000) for c in range(40)] for b in range(40)] for a in range(40)]
    weight = Scale().of([deep])
    assert weight.cut
    assert 0 < weight.size < 40**3 * 200
    flat = [str(n) for n in range(OBJECTS * 10)]
    assert not Scale().of([flat]).cut


def test_no_code_of_a_class_runs():
    class Trap(list):
        def __sizeof__(self):
            raise AssertionError("it ran")

        __len__ = __iter__ = __getitem__ = __getattribute__ = __eq__ = __hash__ = __sizeof__

    trap = Trap()
    list.append(trap, bytes(10_000))
    assert 10_000 < size([trap]) < 11_000


def test_looking_makes_no_dict_where_there_was_none():
    chats = [Chat("x", []) for _ in range(5)]
    before = sys.getsizeof(chats[0])
    size(chats)
    assert sys.getsizeof(chats[0]) == before


@pytest.mark.parametrize(
    "thing",
    [sys, Chat, size, asyncio.Lock(), threading.Lock(), threading.current_thread(), None],
    ids=["module", "class", "function", "asyncio", "lock", "thread", "none"],
)
def test_machinery_is_not_walked_into(thing):
    assert size([thing]) < 1_000


class Keeper(Server):
    def init(self):
        return []

    def handle_cast(self, count, kept):
        return kept + pages(count)


async def holding(process):
    page = bytes(50_000)
    await process.receive()
    return page


@pytest.fixture
def keepers(live):
    """Three of them, of which one holds twenty pages."""
    node = live(*(ChildSpec(f"k{n}", Keeper) for n in range(3)))
    node.do(node.node.named("k1").cast, 20)
    eventually_sync(lambda: node.row("k1").reductions == 2)
    return node


def by_memory(node, **fields):
    return node.ask(Ps(sort="memory", desc=True, limit=3, **fields)).rows


def test_state_mailbox_and_local_variables_of_a_coroutine_count(live):
    node = live(ChildSpec("worker", Worker))
    empty = node.row("worker").memory
    assert 0 < empty < 2_000
    node.do(node.node.whereis("worker")._process.pause)
    node.do(node.node.named("worker").cast, bytes(10_000))
    assert node.row("worker").memory > 10_000
    pid = node.do(node.node.spawn, holding)
    eventually_sync(lambda: 50_000 < node.ask(Info(process=str(pid))).row.memory < 52_000)


def test_processes_are_sorted_by_what_they_hold_and_say_so(keepers):
    first, *others = by_memory(keepers, filter="k")
    assert first.name == "k1"
    assert first.memory == pytest.approx(200_000, rel=0.1)
    assert all(row.memory < 5_000 for row in others)


def test_nobody_is_weighed_unless_asked_for(keepers, monkeypatch):
    def weigh(self, process):
        raise AssertionError("weighed")

    monkeypatch.setattr(memory.Scale, "weigh", weigh)
    assert {row.memory for row in keepers.ask(Ps(sort="mailbox")).rows} == {None}


def test_the_rows_that_are_shown_can_be_weighed_in_any_order(keepers):
    rows = {row.name: row for row in keepers.ask(Ps(sort="name", memory=True)).rows}
    assert rows["k1"].memory > 100_000 > rows["k0"].memory


def test_who_grows_stands_first_by_change_and_the_change_is_told(keepers):
    ask = Ps(sort="memory", delta=True, desc=True, limit=2)
    keepers.ask(ask)
    keepers.do(keepers.node.named("k2").cast, 40)
    found = []

    def grown():
        found[:] = keepers.ask(ask).rows
        return found[0].memory_delta and found[0].memory_delta > 10_000

    eventually_sync(grown)
    assert found[0].name == "k2"


def test_the_columns_that_have_a_change_are_named_in_the_refusal(keepers):
    with pytest.raises(Failure, match="mailbox, reductions, restarts, memory"):
        keepers.ask(Ps(sort="name", delta=True))


# --- what watching costs ------------------------------------------------------------------------------


def weighed(monkeypatch):
    """The processes that are weighed from now on."""
    seen: list = []
    real = memory.Scale.weigh
    monkeypatch.setattr(memory.Scale, "weigh", lambda self, it: seen.append(it.number) or real(self, it))
    return seen


def processes_of(node, *names):
    return [node.node.whereis(name)._process for name in names]


def test_who_has_done_nothing_is_not_weighed_again(keepers, monkeypatch):
    kept, seen = Weights(), weighed(monkeypatch)
    three = processes_of(keepers, "k0", "k1", "k2")
    before = kept.of(three)
    assert kept.of(three) == before
    assert len(seen) == 3
    keepers.do(keepers.node.named("k0").cast, 5)
    eventually_sync(lambda: keepers.row("k0").reductions == 2)
    seen.clear()
    assert kept.of(three)[0].size > 50_000
    assert seen == [three[0].number]


def test_without_time_left_those_that_are_known_keep_their_weight_and_new_ones_are_weighed(
    keepers, monkeypatch
):
    kept, three = Weights(), processes_of(keepers, "k0", "k1", "k2")
    before = kept.of(three[:2])
    monkeypatch.setattr(weights, "BUDGET_S", -1.0)
    keepers.do(keepers.node.named("k0").cast, 5)
    eventually_sync(lambda: keepers.row("k0").reductions == 2)
    assert kept.of(three)[:2] == before
    assert kept.of(three)[2].size > 0


def test_what_is_kept_is_bounded(keepers, monkeypatch):
    monkeypatch.setattr(weights, "KEPT", 2)
    kept, three = Weights(), processes_of(keepers, "k0", "k1", "k2")
    kept.of(three)
    kept.of(three[:1])
    assert len(kept._known) <= 3


# --- mailboxes with a limit, and state machines -------------------------------------------------------


class Narrow(Server):
    mailbox_limit = 10

    def init(self):
        return 0


class Door(StateMachine):
    def init(self):
        return NextState("shut", [bytes(20_000)])

    def shut(self, event, data):
        return KeepState(data, Postpone())


def test_a_mailbox_with_a_limit_and_what_a_state_machine_has_put_off_count(live):
    node = live(ChildSpec("narrow", Narrow), ChildSpec("door", Door))
    node.do(node.node.whereis("narrow")._process.pause)
    node.do(node.node.named("narrow").cast, bytes(10_000))
    assert node.row("narrow").memory > 10_000
    assert 20_000 < node.row("door").memory < 25_000
    node.do(node.node.named("door").cast, bytes(30_000))
    eventually_sync(lambda: node.row("door").memory > 50_000)
