"""`ps`: sorted, filtered and cut on the node."""

from __future__ import annotations

import itertools
import random
import types

import pytest

from runtime import ChildSpec, Supervisor
from runtime.introspection.ranking import LONG_RUN, RUN, order
from runtime.port.contract import SORTS, Failure, Ps
from tests.runtime.introspection.behaviours import Deposit, Worker, bank
from tests.support.eventually import eventually_sync


def names(page):
    return [row.name or row.label for row in page.rows]


@pytest.fixture
def crew(live):
    """Five workers whose figures differ, and whose order by them is known."""
    live_node = live(Supervisor([ChildSpec(f"w{n}", Worker) for n in range(5)], max_restarts=50, name="crew"))
    node = live_node.node
    for number, casts in enumerate((0, 3, 1, 3, 2)):
        for _ in range(casts):
            live_node.do(node.named(f"w{number}").cast, ("doing", f"step {9 - number}"))
    eventually_sync(lambda: sum(row.reductions for row in live_node.ask(Ps(filter="w")).rows) >= 14)
    return live_node


@pytest.mark.parametrize("sort", SORTS)
def test_every_column_sorts_both_ways_and_equals_stand_by_age(crew, sort):
    up, down = (crew.ask(Ps(sort=sort, desc=desc, filter="worker")).rows for desc in (False, True))
    assert len(up) == len(down) == 5

    def value(row):
        shown = getattr(row, {"oldest": "oldest_s"}.get(sort, sort))
        return int(shown[3:-3]) if sort == "pid" else shown or 0 if sort != "doing" else shown or "~"

    assert [value(row) for row in up] == sorted(value(row) for row in up)
    for rows in (up, down):
        for one, other in itertools.pairwise(rows):
            if value(one) == value(other):
                assert int(one.pid[3:-3]) < int(other.pid[3:-3])
    if sort not in {"pid", "doing"}:
        assert [value(row) for row in down] == sorted((value(row) for row in up), reverse=True)


def test_the_busiest_and_the_deepest_come_first(crew):
    assert names(crew.ask(Ps(sort="reductions", desc=True, filter="worker", limit=2))) == ["w1", "w3"]
    node = crew.node
    crew.do(lambda: [node.whereis(name)._process.pause() for name in ("w2", "w4")])
    crew.do(lambda: [node.named("w4").send(n) for n in range(7)] + [node.named("w2").send(1)])
    page = crew.ask(Ps(sort="mailbox", desc=True, limit=2))
    assert names(page) == ["w4", "w2"]
    assert [row.mailbox for row in page.rows] == [7, 1]
    assert page.rows[0].status == "suspended"
    assert names(crew.ask(Ps(sort="oldest", desc=True, limit=2))) == ["w4", "w2"]
    assert page.rows[0].oldest_s >= 0


def test_who_has_no_name_and_who_does_nothing_stands_last_in_both_directions(crew):
    async def nameless(process):
        await process.receive()

    crew.do(crew.node.spawn, nameless)
    for desc in (False, True):
        assert crew.ask(Ps(sort="name", desc=desc)).rows[-1].name is None
        assert crew.ask(Ps(sort="doing", desc=desc)).rows[-1].doing is None


def test_a_window_has_an_offset_and_a_limit(crew):
    page = crew.ask(Ps(sort="name", filter="worker", offset=1, limit=2))
    assert names(page) == ["w1", "w2"]
    assert (page.matched, page.total) == (5, 7)
    assert crew.ask(Ps(offset=100)).rows == []
    none = crew.ask(Ps(limit=0))
    assert (none.rows, none.total) == ([], 7)


def test_rows_that_are_held_on_to_come_along_and_the_ended_are_named(crew):
    pids = {row.name: row.pid for row in crew.ask(Ps()).rows}
    crew.do(crew.node.named("w1").cast, "crash")
    eventually_sync(
        lambda: crew.node.whereis("w1") is not None and str(crew.node.whereis("w1")) != pids["w1"]
    )
    page = crew.ask(Ps(filter="w0", keep=[pids["w0"], pids["w1"], pids["w2"], "<0.99999.0>", "nonsense"]))
    assert names(page) == ["w0"]
    assert [row.pid for row in page.kept] == [pids["w2"]]
    assert page.ended == [pids["w1"], "<0.99999.0>", "nonsense"]


WORKERS = {"w0", "w1", "w2", "w3", "w4"}
SUPERVISORS = {"crew", "bank (root)"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("w3", {"w3"}), ("W3", {"w3"}), (" w3 ", {"w3"}), ("step 5", {"w4"}), ("supervisor", SUPERVISORS), ("nobody", set()),
        ("behaviours:worker", WORKERS), ("!worker", SUPERVISORS), ("! worker", SUPERVISORS), ("", WORKERS | SUPERVISORS),
        ("!", WORKERS | SUPERVISORS),
    ],
)  # fmt: skip
def test_a_filter_is_a_substring_of_what_a_row_shows_and_a_mark_inverts_it(crew, text, found):
    page = crew.ask(Ps(filter=text))
    assert set(names(page)) == found
    assert (page.matched, page.total) == (len(found), 7)


def test_a_filter_finds_a_pid_a_label_and_a_status(crew):
    row = crew.ask(Ps(filter="w2")).rows[0]
    assert names(crew.ask(Ps(filter=row.pid))) == ["w2"]
    crew.do(crew.node.named("w2").cast, ("label", "The Quick Fox"))
    eventually_sync(lambda: names(crew.ask(Ps(filter="quick fox"))) == ["w2"])
    crew.do(crew.node.whereis("w0")._process.pause)
    assert names(crew.ask(Ps(filter="suspended"))) == ["w0"]


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Ps(sort="colour"), "no column 'colour'; there are: pid, name"),
        (Ps(sort="name", delta=True), "no change per second of name; there is of: mailbox"),
    ],
)
def test_an_unknown_column_is_an_error_that_names_the_columns(live, request_, words):
    with pytest.raises(Failure, match=words):
        live().ask(request_)


def test_counters_are_columns_on_demand(live):
    node = live(bank())
    for name, amounts in (("alice", (5,)), ("bob", (20, 30))):
        for amount in amounts:
            node.run(node.node.named(name).call(Deposit(amount)))
    page = node.ask(Ps(sort="counter:tokens", desc=True))
    assert page.counters == ["deposits", "tokens"]
    assert names(page)[:2] == ["bob", "alice"]
    assert page.rows[0].counters == {"deposits": 2, "tokens": 50}
    assert names(node.ask(Ps(sort="counter:nothing")))[0] == "bank (root)"


def test_change_per_second_is_measured_between_two_samples_of_one_observer(crew, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(
        "runtime.introspection.deltas.time", types.SimpleNamespace(monotonic=lambda: clock[0])
    )
    ask = lambda **options: crew.ask(Ps(filter="worker", delta=True, desc=True, **options), peer="ann")  # noqa: E731
    assert {row.mailbox_delta for row in ask(sort="mailbox").rows} == {None}
    node = crew.node
    crew.do(node.whereis("w2")._process.pause)
    crew.do(lambda: [node.named("w2").send(n) for n in range(10)])
    for _ in range(4):
        crew.do(node.named("w4").cast, "x")
    eventually_sync(lambda: crew.row("w4").reductions == crew.row("w0").reductions + 6)
    clock[0] += 2
    page = ask(sort="mailbox")
    assert names(page)[0] == "w2"
    assert page.rows[0].mailbox_delta == 5.0
    assert names(ask(sort="reductions"))[0] == "w4"
    assert ask(sort="reductions").rows[0].reductions_delta == 2.0
    assert {row.mailbox_delta for row in crew.ask(Ps(), peer="bob").rows} == {None}


def test_restarts_and_counters_have_a_change_per_second_too(live, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(
        "runtime.introspection.deltas.time", types.SimpleNamespace(monotonic=lambda: clock[0])
    )
    node = live(bank())
    node.run(node.node.named("alice").call(Deposit(100)))
    node.run(node.node.named("bob").call(Deposit(1)))
    node.ask(Ps(sort="counter:tokens", delta=True))
    node.run(node.node.named("bob").call(Deposit(10)))
    node.do(node.node.named("desk-1").cast, "crash")
    eventually_sync(lambda: node.row("desk-1").restarts == 1)
    clock[0] += 1
    assert names(node.ask(Ps(sort="counter:tokens", delta=True, desc=True)))[0] == "bob"


def test_names_labels_and_progress_come_clean(live):
    node = live(Supervisor([ChildSpec("w\x1b[2J", Worker)]))
    node.do(node.node.named("w\x1b[2J").cast, ("label", "l\x00\u202e"))
    node.do(node.node.named("w\x1b[2J").cast, ("doing", "d\x9b" * 300))
    eventually_sync(lambda: node.ask(Ps(filter="worker")).rows[0].doing)
    row = node.ask(Ps(filter="worker")).rows[0]
    assert (row.name, row.label) == ("w\ufffd[2J", "l\ufffd\ufffd")
    assert row.doing.startswith("d\ufffd")
    assert len(row.doing) < 230


# --- ranking ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("desc", [False, True])
@pytest.mark.parametrize(
    ("offset", "limit"),
    [(0, 10), (0, 1), (0, 0), (50, 100), (0, RUN + 1), (4000, 500), (24400, 100), (20000, 9000), (30000, 10)],
)
@pytest.mark.parametrize("spread", [1, 5, 10**9])
def test_the_ranking_is_a_stable_sort(desc, offset, limit, spread):
    chance = random.Random(7)
    crowd = [types.SimpleNamespace(number=n, key=chance.randrange(spread)) for n in range(6 * LONG_RUN - 100)]
    for keys in (lambda page: [one.key for one in page], lambda page: [f"{one.key:09}" for one in page]):
        ranking = order(keys, offset + limit, lambda number: crowd[number], desc=desc)
        for start in range(0, len(crowd), 256):
            ranking.offer(crowd[start : start + 256])
        expected = sorted(crowd, key=lambda one: one.key, reverse=desc)[offset : offset + limit]
        assert ranking.window(offset) == expected
