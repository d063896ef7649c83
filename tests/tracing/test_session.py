"""Sessions: they take what fits, stop at each of their limits, and say why."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.events import Subject, event
from tracing.limits import Limits
from tracing.pattern import Matcher, parse
from tracing.session import Session


def session(
    pattern="all receive", began=0.0, show=lambda _label, value, _redact: value, frames=None, **limits
):
    return Session(1, Matcher(parse(pattern)), Limits(**limits), "me", began, show, frames)


def offer(one, *times, **options):
    for at in times:
        one.offer(Subject(), event("receive", "m", mono=at, **options))


def test_what_fits_is_taken_and_numbered_and_what_does_not_is_only_seen():
    one = session("all receive when message > 1")
    for value in (1, 2, 3):
        one.offer(Subject(), event("receive", value, mono=0.0))
    records, stopped = one.drain(epoch=100.0)
    assert [(record.seq, record.values, record.at) for record in records] == [
        (1, {"message": 2}, 100.0),
        (2, {"message": 3}, 100.0),
    ]
    assert (one.taken, one.seen, one.waiting, stopped) == (2, 3, 0, None)


def test_it_stops_at_its_count():
    one = session(count=3)
    offer(one, 0, 0, 0, 0, 0)
    records, stopped = one.drain()
    assert len(records) == 3
    assert (stopped.cause, stopped.text) == ("count", "3 records were asked for")


def test_it_stops_when_its_time_is_over_though_nothing_happens():
    one = session(seconds=2)
    one.expire(1.9)
    assert one.stopped is None
    one.expire(2.0)
    assert (one.stopped.cause, one.stopped.text, one.stopped.at) == ("time", "2 s are over", 2.0)


@pytest.mark.parametrize("at", [2.0, 2.05, 50.0])
def test_nothing_is_taken_after_its_time(at):
    one = session(seconds=2)
    offer(one, 1.95, at)
    assert one.taken == 1
    assert one.stopped.cause == "time"


def test_it_stops_when_too_much_fits():
    one = session(rate=100, count=1000)
    offer(one, *[0.0] * 50)
    assert (one.stopped.cause, one.taken) == ("rate", 10)


def test_it_goes_on_while_no_more_fits_than_it_may():
    one = session(rate=100, count=1000)
    for tenth in range(20):
        offer(one, *[tenth * 0.11] * 9)
    assert (one.stopped, one.taken) == (None, 180)


def test_it_stops_when_too_much_has_to_be_looked_at_though_nothing_fits():
    one = session("bob receive", work=1000)
    offer(one, *[0.0] * 150)
    assert (one.stopped.cause, one.seen, one.taken) == ("work", 101, 0)


@pytest.mark.parametrize("pattern", ["all receive", "bob receive"])
def test_a_million_events_a_second_trip_the_fuse_within_100_milliseconds(pattern):
    one, offered = session(pattern, count=1_000_000), 0
    while one.stopped is None:
        offer(one, offered * 1e-6)
        offered += 1
    assert one.stopped.at < 0.1


def test_it_stops_when_nobody_reads():
    one = session(queue=5)
    offer(one, *range(5))
    one.drain(most=1)
    offer(one, 6, 7)
    assert (one.stopped.cause, one.taken) == ("queue", 6)
    assert one.stopped.text == "5 records were waiting to be read"


def test_what_is_being_read_does_not_wait():
    made = []

    def event_of(item):
        if not made:
            offer(one, 0.01, 0.02)
        made.append(item)
        return item

    one = Session(1, Matcher(parse("all receive")), Limits(queue=2), "me", 0.0, event_of=event_of)
    offer(one, 0.0, 0.0)
    assert [taken[0] for taken in one.take(2)[0]] == [1, 2]
    assert (one.taken, one.waiting, one.stopped) == (4, 2, None)


def test_no_fewer_than_none_wait_while_somebody_else_reads():
    class Read(Session):
        """Others offer and read in it, just after somebody has asked how many there are."""

        @property
        def taken(self):
            told = super().taken
            offer(self, 0.0)
            self.take(10)
            return told

    assert Read(1, Matcher(parse("all receive")), Limits(), "me", 0.0).waiting == 0


def test_what_waits_can_be_read_after_the_end_and_only_then_the_reason_is_told():
    one = session(count=3)
    offer(one, 0, 1, 2)
    first, why = one.drain(most=2)
    assert (len(first), why) == (2, None)
    second, why = one.drain(most=2)
    assert (len(second), why.cause) == (1, "count")
    assert one.drain()[1] is why


def test_the_first_reason_counts():
    one = session()
    one.stop("owner", "its owner has disconnected", 1.0)
    one.stop("asked", "stopped as asked", 2.0)
    one.expire(99.0)
    offer(one, 1.0)
    assert (one.stopped.cause, one.taken) == ("owner", 0)


def test_values_that_are_too_long_are_cut_and_marked():
    one = session("all handled -> return", size=100)
    one.offer(Subject(), event("handled", "m", None, None, "x" * 200))
    (record,), _ = one.drain()
    assert record.cut
    assert record.values == {"message": "m", "reply": {"$text": "left out: 202 characters"}}


def test_a_value_that_cannot_be_shown_costs_no_other():
    def show(label, value, _redact):
        if value == "bad":
            raise RuntimeError
        return object() if value == "worse" else value

    one = session("all handled -> return, state", show=show)
    one.offer(Subject(), event("handled", "bad", "worse", "good", "fine"))
    (record,), stopped = one.drain()
    assert stopped is None
    assert record.values["message"] == {"$text": "could not be shown: RuntimeError"}
    assert record.values["before"] == {"$text": "could not be shown: TypeError"}
    assert (record.values["state"], record.values["reply"]) == ("good", "fine")


def test_only_what_a_pattern_asks_for_is_shown():
    asked = []
    one = session("all handled -> nothing", show=lambda label, value, _redact: asked.append(label))
    one.offer(Subject(), event("handled", "secret", 1, 2, 3))
    assert one.drain()[0][0].values == {}
    assert asked == []


def test_frames_are_taken_where_the_pattern_asks_for_them():
    plain, deep = (
        session(frames=lambda event: (event[1],)),
        session("all receive -> stack", frames=lambda event: (event[1],)),
    )
    offer(plain, 0)
    offer(deep, 0)
    assert [one.drain()[0][0].stack for one in (plain, deep)] == [(), ("receive",)]


def test_one_that_fails_is_taken_out_and_the_step_goes_on():
    one = session("alice receive")
    one.offer(None, event())
    assert (one.stopped.cause, one.stopped.text) == ("defect", "it failed: AttributeError")


def test_a_reader_on_another_thread_loses_nothing():
    one, got = session(count=20_000, rate=1_000_000, work=10_000_000, queue=100_000), []

    def read():
        while True:
            records, stopped = one.drain(most=100)
            got.extend(record.seq for record in records)
            if stopped is not None:
                return

    reader = threading.Thread(target=read)
    reader.start()
    offer(one, *[0.0] * 20_000)
    reader.join(30)
    assert got == list(range(1, 20_001))


@settings(deadline=None, database=None, derandomize=True)
@given(
    st.lists(st.tuples(st.floats(0, 0.2), st.booleans(), st.integers(0, 3)), max_size=60),
    st.integers(1, 20), st.floats(0.1, 3), st.integers(1, 200), st.integers(1, 8),
)  # fmt: skip
def test_whatever_happens_no_limit_is_passed(steps, count, seconds, rate, queue):
    one, now, read = session("alice receive", count=count, seconds=seconds, rate=rate, queue=queue), 0.0, 0
    for pause, mine, most in steps:
        now += pause
        one.offer(Subject(name="alice" if mine else "bob"), event(mono=now))
        assert one.waiting <= queue
        records, _ = one.drain(most=most)
        assert all(record.mono < seconds for record in records)
        read += len(records)
    assert one.taken <= count
    assert read + one.waiting == one.taken
    one.expire(now + seconds)
    assert one.stopped is not None


def test_events_are_made_of_what_is_offered_by_who_reads_it():
    made = []

    def event_of(item):
        made.append(item)
        return event("receive", item[2], mono=item[0])

    one = Session(1, Matcher(parse("all receive")), Limits(), "me", 0.0, event_of=event_of)
    for number in range(3):
        one.offer(Subject(), (float(number), "receive", number))
    assert made == []
    assert [taken[1][7] for taken in one.take()[0]] == [(0,), (1,), (2,)]


def test_a_condition_looks_at_the_event_that_is_made_of_what_is_offered():
    def event_of(item):
        return event("receive", item[2], mono=item[0])

    one = Session(1, Matcher(parse("all receive when message > 1")), Limits(), "me", 0.0, event_of=event_of)
    for number in range(3):
        one.offer(Subject(), (0.0, "receive", number))
    assert [taken[1][7] for taken in one.take()[0]] == [(2,)]


def test_nothing_is_taken_after_it_has_been_stopped():
    one = session(count=100)
    offer(one, 0.0, 0.01, 0.02)
    one.stop("asked", "stopped as asked", 0.03)
    offer(one, 0.03, 0.04, 5.0)
    assert (one.taken, one.seen, one.waiting) == (3, 3, 3)


# --- messages, which are put aside ----------------------------------------------------------------


def message(at, kind="receive", subject=None):
    """What a site tells of a message."""
    return (at, kind, subject or Subject(), None, None)


def tell(one, *times):
    for at in times:
        told = one.hears("receive")
        told += message(at)


def times_of(one):
    """When that happened which can be read."""
    return [taken[1][0] for taken in one.take(1000)[0]]


@settings(deadline=None, database=None, derandomize=True)
@given(
    st.lists(st.tuples(st.floats(0, 0.2), st.booleans(), st.integers(0, 3)), max_size=60),
    st.integers(1, 20), st.floats(0.1, 3), st.integers(1, 200), st.integers(1, 8), st.integers(10, 400),
)  # fmt: skip
def test_what_is_put_aside_is_taken_as_if_it_had_been_offered(steps, count, seconds, rate, queue, work):
    limits = {"count": count, "seconds": seconds, "rate": rate, "queue": queue, "work": work}
    offered, told, now = session(**limits), session(**limits), 0.0
    seen = [], []
    for pause, settled, most in steps:
        now += pause
        offered.offer(Subject(), message(now))
        tell(told, now)
        if settled:
            told.settle()
            for one, got in zip((offered, told), seen, strict=True):
                got += [taken[1][0] for taken in one.take(most)[0]]
    assert told.stopped == offered.stopped
    assert (told.taken, told.seen, told.waiting) == (offered.taken, offered.seen, offered.waiting)
    assert seen[0] + times_of(offered) == seen[1] + times_of(told)


def test_what_was_told_before_an_event_is_offered_comes_before_it():
    one = session("all receive, spawn")
    tell(one, 0.0, 0.01)
    one.offer(Subject(), event("spawn", mono=0.02))
    tell(one, 0.03)
    assert times_of(one) == [0.0, 0.01, 0.02, 0.03]


def test_where_a_message_has_to_fit_each_is_looked_at_when_it_is_told():
    one = session("bob receive")
    told = one.hears("receive")
    told += message(0.0)
    told += message(0.0, subject=Subject(name="bob"))
    assert (one._seen, one._taken) == (2, 1)


def test_on_another_thread_nothing_is_settled():
    one = Session(1, Matcher(parse("all receive")), Limits(), "me", 0.0, thread=threading.get_ident())
    tell(one, 0.0)
    seen = []
    elsewhere = threading.Thread(target=lambda: seen.extend((one.waiting, one.taken, one.take()[0])))
    elsewhere.start()
    elsewhere.join(10)
    assert seen == [0, 0, []]
    assert (one.waiting, one.taken) == (1, 1)


def test_what_a_finalizer_tells_while_others_are_settled_doubles_none_of_them():
    one, told = session("all receive, spawn"), [event("spawn", mono=0.02)]

    class Interrupted(list):
        def copy(self):
            copy = super().copy()
            if told:
                one.offer(Subject(), told.pop())
            return copy

    one._aside = Interrupted()
    tell(one, 0.0, 0.01)
    assert sorted(times_of(one)) == [0.0, 0.01, 0.02]
    tell(one, 0.03)
    assert times_of(one) == [0.03]


def test_what_was_told_before_it_is_stopped_can_be_read():
    one = session()
    tell(one, 0.0, 0.01)
    one.stop("asked", "stopped as asked", 0.02)
    tell(one, 0.03)
    assert times_of(one) == [0.0, 0.01]


def test_a_session_that_has_just_been_opened_takes_what_fits_without_a_look_at_each():
    one = session()
    told = one.hears("receive")
    for at in range(20):
        told += message(at / 1000)
    one._look = None  # type: ignore[assignment]
    one.settle()
    assert one.taken == 20
