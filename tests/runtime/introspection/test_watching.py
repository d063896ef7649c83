"""Who goes on watching a node that is costly to read: the same pass again, with the figures of now."""

from __future__ import annotations

import pytest

from runtime import ChildSpec, Supervisor
from runtime.introspection import passes
from runtime.port.contract import Kill, NodeQuery, Ps, Suspend
from tests.runtime.introspection.behaviours import Worker
from tests.support.eventually import eventually_sync


@pytest.fixture
def costly(live, monkeypatch):
    """A node with five workers, of which any pass counts as costly."""
    monkeypatch.setattr(passes, "CHEAP_S", -1.0)
    monkeypatch.setattr(passes, "LASTS", 10**9)
    return live(Supervisor([ChildSpec(f"w{n}", Worker) for n in range(5)], max_restarts=50, name="crew"))


def names(page):
    return [row.name or row.label for row in page.rows]


def suspended(node, **letters):
    """Workers that stand still, with so many messages each."""
    for name in letters:
        node.ask(Suspend(process=name))
    node.do(lambda: [node.node.named(name).cast(n) for name, count in letters.items() for n in range(count)])


BY_MAIL = Ps(sort="mailbox", desc=True, limit=3, filter="worker")


def test_figures_and_order_are_those_of_now_between_two_passes(costly):
    suspended(costly, w1=2, w3=1)
    first = costly.ask(BY_MAIL)
    assert (names(first)[:2], first.order_age_s) == (["w1", "w3"], 0.0)
    costly.do(lambda: [costly.node.named("w3").cast(n) for n in range(5)])
    again = costly.ask(BY_MAIL)
    assert (names(again)[:2], [row.mailbox for row in again.rows[:2]]) == (["w3", "w1"], [6, 2])
    assert again.order_age_s > 0
    assert (again.matched, again.total) == (5, 7)


def test_the_ended_are_left_out_and_the_next_in_order_takes_their_place(costly):
    suspended(costly, w0=4, w1=3, w2=2, w3=1)
    assert names(costly.ask(BY_MAIL)) == ["w0", "w1", "w2"]
    pid = str(costly.node.whereis("w0"))
    costly.ask(Kill(process="w0"))
    eventually_sync(lambda: str(costly.node.whereis("w0")) not in {pid, "None"})
    assert names(costly.ask(BY_MAIL)) == ["w1", "w2", "w3"]


def test_another_question_is_a_pass_of_its_own_and_so_is_another_observer(costly):
    suspended(costly, w1=2)
    costly.ask(BY_MAIL, peer="ann")
    assert costly.ask(BY_MAIL, peer="ann").order_age_s > 0
    assert costly.ask(BY_MAIL, peer="bob").order_age_s == 0
    assert costly.ask(BY_MAIL.model_copy(update={"filter": "w"}), peer="ann").order_age_s == 0


def test_holding_on_to_another_row_is_the_same_question(costly):
    costly.ask(BY_MAIL)
    pid = str(costly.node.whereis("w4"))
    page = costly.ask(BY_MAIL.model_copy(update={"keep": [pid]}))
    assert page.order_age_s > 0
    assert [row.pid for row in page.kept] == [pid]


def test_by_pid_no_pass_is_needed_however_deep(costly):
    costly.ask(Ps(limit=2))
    page = costly.ask(Ps(limit=2, offset=5))
    assert (names(page), page.order_age_s, page.total) == (["w3", "w4"], 0.0, 7)
    assert names(costly.ask(Ps(limit=2, desc=True))) == ["w4", "w3"]


def test_change_is_told_from_the_second_pass_on(costly, monkeypatch):
    monkeypatch.setattr("runtime.introspection.deltas.SAMPLE_S", 0.0)
    grows = Ps(sort="mailbox", delta=True, desc=True, limit=1)
    suspended(costly, w2=1)
    costly.ask(grows)
    costly.do(lambda: [costly.node.named("w2").cast(n) for n in range(9)])
    second = costly.ask(grows)
    assert (names(second), second.order_age_s) == (["w2"], 0.0)
    assert second.rows[0].mailbox_delta > 0
    costly.do(lambda: [costly.node.named("w2").cast(n) for n in range(9)])
    costly.ask(grows)
    again = costly.ask(grows)
    assert names(again) == ["w2"]
    assert again.order_age_s > 0


def test_a_filter_does_not_keep_the_others_out_of_a_sample(costly, monkeypatch):
    monkeypatch.setattr("runtime.introspection.deltas.SAMPLE_S", 0.0)
    grows = Ps(sort="mailbox", delta=True, desc=True, limit=1)
    suspended(costly, w2=1)
    costly.ask(grows.model_copy(update={"filter": "w4"}))
    costly.do(lambda: [costly.node.named("w2").cast(n) for n in range(9)])
    assert names(costly.ask(grows)) == ["w2"]


def test_the_census_of_the_node_says_how_old_it_is_and_its_troubles_are_of_now(costly):
    suspended(costly, w1=3)
    first = costly.ask(NodeQuery())
    assert (first.census_age_s, first.mailbox_total, first.deepest.value) == (0.0, 3, 3)
    costly.do(costly.node.named("w1").cast, "more")
    again = costly.ask(NodeQuery())
    assert again.census_age_s > 0
    assert (again.mailbox_total, again.deepest.value) == (3, 4)
    assert again.statuses == first.statuses
