"""What the console knows: samples, freshness, alerts, rights."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runtime.port.contract import Code, Failure, Kill, Link, Role, State, Trouble
from tests.support.console import Clock
from tests.support.crew import info
from tests.support.fake_node import NOON
from tests.support.other_nodes import GHOST
from tui.session import Session
from tui.spans import plain


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def session(clock):
    return Session(clock)


def hear(session, clock, seconds=1.0, **fields):
    clock.pass_(seconds)
    passed = clock.now - 1_000
    return session.hear(info(at=NOON + timedelta(seconds=passed), **fields))


def test_rates_come_from_the_nodes_counters_and_clock(session, clock):
    hear(session, clock, messages_handled=100, crashes=0)
    hear(session, clock, messages_handled=350, crashes=2)
    assert list(session.series["messages"]) == [None, 250.0]
    assert list(session.series["crashes"]) == [None, 2.0]


def test_a_missed_poll_leaves_a_blank(session, clock):
    hear(session, clock, messages_handled=100)
    hear(session, clock, messages_handled=200)
    hear(session, clock, 3.0, messages_handled=500)
    assert list(session.series["messages"]) == [None, 100.0, None, None, 100.0]


def test_polls_out_of_turn_make_no_samples(session, clock):
    hear(session, clock)
    for _ in range(5):
        hear(session, clock, 0.01)
    assert len(session.series["lag"]) == 1


def test_another_incarnation_is_noted_and_breaks_the_rates(session, clock):
    hear(session, clock, messages_handled=1_000)
    assert hear(session, clock, messages_handled=5, incarnation="other")
    assert session.incarnations == 2
    assert session.newly_born
    assert session.series["messages"][-1] is None
    clock.pass_(60)
    assert not session.newly_born


def test_a_node_that_answers_is_not_stale(session, clock):
    hear(session, clock)
    clock.pass_(2)
    assert session.stale_s is None


def test_a_silent_node_is_stale_after_a_while(session, clock):
    hear(session, clock)
    clock.pass_(4)
    assert session.stale_s == 4
    assert plain(session.banner()) == " stale 4.0 s · no answer · node last said: running <0.18.0> "


def test_a_slow_interval_is_not_silence(session, clock):
    session.interval = 10
    hear(session, clock)
    clock.pass_(15)
    assert session.stale_s is None


def test_a_broken_connection_is_stale_at_once(session, clock):
    hear(session, clock, spinning=None)
    session.lose(Failure(Code.CANNOT_CONNECT, "refused"), 3)
    clock.pass_(12)
    assert plain(session.banner()) == " stale 12 s · reconnecting (3) · node last said: idle "


def test_a_refused_key_is_said(session, clock):
    hear(session, clock)
    session.lose(Failure(Code.DENIED, "the key 'ops' was revoked"), 2)
    assert "the key 'ops' was revoked" in plain(session.banner())


def test_what_holds_the_loop_is_the_first_alert(session, clock):
    assert session.alert() is None
    hear(session, clock)
    assert session.alert().pid == "<0.26.0>"
    assert session.alert().text == "▲ reviewer-3 <0.26.0> · reviewers: 4 restarts in 5 s, 96 left"
    running = info().spinning.model_copy(update={"for_s": 12.3})
    hear(session, clock, running=running)
    alert = session.alert()
    assert (alert.pid, alert.tone) == ("<0.18.0>", "bad")
    assert "12 s" in alert.text


def test_a_tree_that_gave_up_is_the_loudest_alert_for_as_long_as_it_is_so(session, clock):
    gone = Trouble(pid="<0.12.0>", name="crew", value=1, text="child scanner: more than 3 restarts in 5 s")
    running = info().spinning.model_copy(update={"for_s": 12.3})
    for ago in (1.0, 86_400.0):
        hear(session, clock, running=running, gave_up=gone.model_copy(update={"value": ago}))
        alert = session.alert()
        assert alert.text == "▲ crew gave up: child scanner, more than 3 restarts in 5 s"
        assert (alert.tone, alert.pid, alert.name) == ("bad", "<0.12.0>", "crew")
    hear(session, clock, running=running)
    assert "gave up" not in session.alert().text


def test_where_it_began_that_a_tree_gave_up_is_named_and_opened(session, clock):
    gone = Trouble(pid="<0.2.0>", name="works", value=1, text="child plant: more than 3 restarts in 5 s")
    cause = Trouble(pid="<0.63.0>", name="printer", value=1, text="KeyError('cyan')")
    hear(session, clock, gave_up=gone, root_cause=cause)
    alert = session.alert()
    assert alert.text == "▲ works gave up: printer <0.63.0> KeyError('cyan')"
    assert (alert.tone, alert.pid, alert.name) == ("bad", "<0.63.0>", "printer")


def test_a_circle_is_an_alert_once_nobody_has_opened_it_for_a_second(session, clock):
    circle = [Link(pid="<0.4.0>", name="bank"), Link(pid="<0.5.0>", name="web")]
    hear(session, clock, circle=circle, circle_s=0.9)
    assert "circle" not in session.alert().text
    hear(session, clock, circle=circle, circle_s=12.0)
    alert = session.alert()
    assert alert.text == ("▲ circle for 12 s: bank <0.4.0> waits for web <0.5.0> waits for bank <0.4.0>")
    assert (alert.tone, alert.pid, alert.name) == ("bad", "<0.4.0>", "bank")


def test_a_step_that_goes_on_in_slices_is_an_alert_once_a_call_would_have_given_up(session, clock):
    spinning = info().spinning
    hear(
        session, clock, restarting=None, last_crash=None, spinning=spinning.model_copy(update={"for_s": 4.9})
    )
    assert session.alert() is None
    hear(session, clock, spinning=spinning.model_copy(update={"for_s": 12.3}))
    alert = session.alert()
    assert alert.text == "◇ reviewer-1 <0.18.0> spins for 12 s in handle_info(Review)"
    assert (alert.tone, alert.pid) == ("bad", "<0.18.0>")


def test_who_holds_the_loop_is_worse_than_who_spins(session, clock):
    spinning = info().spinning.model_copy(update={"for_s": 12.3})
    running = spinning.model_copy(update={"pid": "<0.21.0>", "name": "reviewer-4", "for_s": 1.5})
    hear(session, clock, running=running, spinning=spinning)
    assert session.alert().text == "▶ reviewer-4 <0.21.0> holds the loop 1.5 s"


def test_a_zombie_is_an_alert_first_while_it_is_news_and_later_only_where_nothing_else_is(session, clock):
    def after(seconds, **fields):
        hear(session, clock, seconds, zombies=[GHOST], **fields)
        return session.alert()

    alert = after(1)
    assert alert.text == (
        "† reviewer-4 <0.17.0> is a zombie: killed, by key owner, and its code does not end"
    )
    assert (alert.tone, alert.pid, alert.name) == ("warn", "<0.17.0>", "reviewer-4")
    assert after(60).pid == "<0.26.0>"
    assert after(1, restarting=None, last_crash=None).pid == "<0.17.0>"


def test_a_crash_is_an_alert_for_a_while(session, clock):
    recent = Trouble(pid="<0.9.0>", name="a", value=3, text="Boom()")
    hear(session, clock, restarting=None, last_crash=recent)
    assert "Boom()" in session.alert().text
    hear(session, clock, restarting=None, last_crash=recent.model_copy(update={"value": 30.0}))
    assert session.alert() is None


def test_a_viewer_may_not_read_states_nor_kill(session, clock):
    hear(session, clock, role=Role.VIEWER)
    assert not session.may(State)
    assert not session.may(Kill)


def test_read_only_forbids_only_changes(clock):
    session = Session(clock, read_only=True)
    hear(session, clock)
    assert session.may(State)
    assert not session.may(Kill)


def test_what_the_node_does_not_offer_is_not_asked(session, clock):
    hear(session, clock, capabilities=["node", "ps"])
    assert not session.may(State)


def test_intervals_go_in_steps(session):
    session.slower()
    assert session.interval == 2.0
    session.faster()
    session.faster()
    assert session.interval == 0.5


def test_counters_are_chosen_in_turn(session, clock):
    assert session.shown_counter() == ""
    hear(session, clock)
    assert session.shown_counter() == "files"
    assert session.next_counter() == "findings"
    assert session.next_counter() == "files"
