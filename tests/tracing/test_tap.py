"""The tap: who listens, and that it is None where nobody does."""

import pytest

from tests.support.events import Subject, event
from tracing.flight import Flight
from tracing.heard import HEARD, MESSAGES, NOBODY
from tracing.limits import Limits
from tracing.pattern import PatternError
from tracing.tap import Refused, Tap


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Slot:
    """What the scheduler has: a tap, or None."""

    tap = "never set"

    def __call__(self, tap):
        self.tap = tap


def made(**options):
    clock, slot = Clock(), Slot()
    return Tap(clock, slot, **options), clock, slot


def test_where_nobody_listens_there_is_no_tap():
    tap, _, slot = made()
    assert slot.tap is None
    session = tap.open("all receive")
    assert slot.tap is tap
    tap.stop(session)
    assert slot.tap is None
    assert (session.stopped.cause, session.stopped.text) == ("asked", "stopped as asked")


def test_it_knows_which_kinds_somebody_wants():
    tap, _, _ = made()
    tap.open("all receive")
    second = tap.open("all send, call")
    assert tap.kinds == {"receive", "send", "call"}
    tap.stop(second, "anna")
    assert tap.kinds == {"receive"}
    assert second.stopped.text == "stopped by anna"


def test_sessions_know_nothing_of_each_other():
    tap, _, _ = made()
    mine, yours = tap.open("alice receive", Limits(count=1)), tap.open("all messages")
    for _ in range(3):
        tap.offer(Subject(), event())
    tap.tick()
    assert (mine.taken, yours.taken) == (1, 3)
    assert tap.sessions == (yours,)
    assert len(mine.drain()[0]) == 1


def tell(tap, kind, at, name="alice"):
    """As the site of a message does."""
    hear = getattr(tap.heard, kind)
    hear += (at, kind, Subject(name=name), None, None)


def test_messages_are_heard_by_all_who_listen():
    tap, _, _ = made()
    first = tap.open("all messages")
    assert {kind for kind in HEARD if getattr(tap.heard, kind) is not None} == MESSAGES
    tell(tap, "send", 0.0)
    second = tap.open("alice send")
    tell(tap, "send", 0.01)
    tell(tap, "send", 0.02, "bob")
    assert [taken[1][0] for taken in first.take()[0]] == [0.0, 0.01, 0.02]
    assert [taken[1][0] for taken in second.take()[0]] == [0.01]
    tap.stop(first)
    tap.stop(second)
    assert tap.heard == NOBODY


def test_what_is_told_of_messages_is_looked_at_when_a_turn_is_over():
    tap, clock, _ = made()
    session = tap.open("all messages", Limits(count=2))
    for _ in range(3):
        tell(tap, "receive", 0.0)
    assert (session._taken, session._stopped) == (0, None)
    tap.settle()
    assert (session._taken, session._stopped.cause) == (2, "count")
    clock.now = 1.0
    tap.tick()
    assert tap.sessions == ()


def test_sessions_end_with_their_owner():
    tap, _, slot = made()
    mine = [tap.open("all receive", owner="anna"), tap.open("all send", owner="anna")]
    yours = tap.open("all receive", owner="bert")
    assert tap.leave("anna") == 2
    assert [session.stopped.cause for session in mine] == ["owner", "owner"]
    assert yours.stopped is None
    assert tap.leave("bert") == 1
    assert tap.leave("bert") == 0
    assert slot.tap is None


def test_sessions_end_in_time_though_nothing_happens():
    tap, clock, slot = made()
    session = tap.open("all receive", Limits(seconds=5))
    clock.now = 4.9
    tap.tick()
    assert slot.tap is tap
    clock.now = 5.0
    tap.tick()
    assert slot.tap is None
    assert session.stopped.cause == "time"


def test_who_is_new_is_made_after_the_session_began():
    tap, clock, _ = made()
    clock.now = 15.0
    session = tap.open("new receive")
    tap.offer(Subject(started=14.0), event())
    tap.offer(Subject(started=16.0), event())
    assert session.taken == 1


def test_a_wrong_pattern_opens_nothing():
    tap, _, slot = made()
    with pytest.raises(PatternError):
        tap.open("all recieve")
    assert (tap.sessions, slot.tap) == ((), None)


def test_a_dangerous_pattern_is_refused_unless_it_is_forced():
    tap, _, _ = made()
    with pytest.raises(Refused, match=r"every event of every process.*--force"):
        tap.open("all events")
    assert tap.open("all events", force=True).stopped is None


def test_there_are_16_sessions_at_most_and_those_that_have_stopped_do_not_count():
    tap, clock, _ = made()
    for _ in range(16):
        tap.open("all receive", Limits(seconds=5))
    with pytest.raises(Refused, match="16 sessions are open; stop one"):
        tap.open("all receive")
    clock.now = 6.0
    assert tap.open("all receive").stopped is None


def test_the_end_of_the_node_ends_all():
    tap, _, slot = made(flight=Flight(), flight_kinds=frozenset({"crash"}))
    tap.keep("keep 1s before crash")
    session = tap.open("all receive")
    assert slot.tap is tap
    tap.close()
    assert (session.stopped.cause, slot.tap, tap.sessions) == ("node", None, ())
    with pytest.raises(Refused, match="the node has ended"):
        tap.open("all receive")


def test_the_flight_recorder_keeps_its_kinds_while_no_session_is_open():
    flight = Flight()
    tap, _, slot = made(flight=flight, flight_kinds=frozenset({"receive"}))
    assert slot.tap is tap
    tap.open("all send")
    tap.offer(Subject(), event("receive"))
    tap.offer(Subject(), event("send"))
    assert [one[1] for one in flight.last(9, now=21.0)] == ["receive"]


def test_a_trigger_makes_the_node_listen_for_what_it_waits_for():
    tap, _, slot = made(flight=Flight())
    assert slot.tap is None
    tap.keep("keep 5s before crash")
    assert (slot.tap, tap.kinds) == (tap, {"crash"})
    tap.offer(Subject(), event("crash"))
    assert [dump.event[1] for dump in tap.triggers.dumps] == ["crash"]
    assert tap.forget("keep 5s before crash")
    assert not tap.forget("keep 5s before crash")
    assert slot.tap is None


@pytest.mark.parametrize(
    "text",
    ["keep 5s before events", "keep 5s before receive", "keep 5s before crash, handled", "keep 5s before state of alice, all"],
)  # fmt: skip
def test_a_trigger_that_would_fire_all_the_time_is_refused_unless_it_is_forced(text):
    tap, _, _ = made(flight=Flight())
    with pytest.raises(Refused, match=r"every process.*--force"):
        tap.keep(text)
    assert (tap.triggers.all, tap.kinds) == ([], frozenset())
    tap.keep(text, force=True)
    assert [each.text for each in tap.triggers.all] == [text]


@pytest.mark.parametrize(
    "text", ["keep 5s before receive of alice", "keep 5s before handled when took > 1s", "keep 5s before raised, ended"]
)  # fmt: skip
def test_an_ordinary_trigger_is_set(text):
    tap, _, _ = made(flight=Flight())
    assert tap.keep(text).text == text


def test_without_a_flight_recorder_nothing_can_be_kept():
    with pytest.raises(Refused, match="no flight recorder"):
        made()[0].keep("keep 5s before crash")
