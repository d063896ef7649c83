"""The flight recorder: the last events of a process and of its story, made of whatever is kept."""

from tests.support.events import event
from tracing.context import born
from tracing.flight import Flight


def filled(count, **options):
    flight = Flight(**options)
    for n in range(1, count + 1):
        flight.keep(event("send", pid=n, mono=float(n)))
    return flight


def pids(flight, seconds, now, **wanted):
    return [one[2] for one in flight.last(seconds, now=now, **wanted)]


def test_the_last_seconds_are_those_before_now_oldest_first():
    flight = filled(9)
    assert pids(flight, 3, 9.0) == [6, 7, 8, 9]
    assert pids(flight, 300, 9.0) == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert pids(flight, 1, 5.0) == [4, 5]
    assert pids(flight, 300, 9.0, most=2) == [8, 9]
    assert [one[2] for one in filled(9, clock=lambda: 8.0).last(1)] == [7, 8]


def test_it_is_bounded():
    assert pids(filled(9, size=3), 300, 9.0) == [7, 8, 9]


def test_the_last_events_of_a_process_are_its_own_and_those_of_its_story():
    flight, story, other = Flight(), born(), born()
    told = [(1, 0, story), (2, 1, other), (3, 0, story), (4, 0, None), (5, 0, other)]
    for at, (pid, peer, context) in enumerate(told):
        flight.keep(event("send", pid=pid, mono=float(at), peer=peer, context=context))
    assert pids(flight, 99, 9.0, pid=1) == [1, 2]
    assert pids(flight, 99, 9.0, trace=story[0]) == [1, 3]
    assert pids(flight, 99, 9.0, pid=1, trace=story[0]) == [1, 2, 3]


def test_what_is_kept_need_not_be_an_event():
    flight = Flight(
        event_of=lambda item: event("receive", item[1], mono=item[0]),
        glance=lambda item: (item[0], 0, 0, None),
    )
    flight.keep((1.0, "hello"))
    (record,) = flight.records(flight.last(9, now=2.0), lambda _label, value, _redact: value)
    assert (record.seq, record.kind, record.mono, record.values) == (1, "receive", 1.0, {"message": "hello"})


def test_only_events_that_somebody_wants_are_made():
    made, story = [], born()
    flight = Flight(
        event_of=lambda at: made.append(at) or event("send", mono=at),
        glance=lambda at: (at, int(at) % 2, 0, story if at == 996 else None),
    )
    for at in range(1000):
        flight.keep(float(at))
    assert [one[0] for one in flight.last(4, now=999.0, pid=1, trace=story[0])] == [995, 996, 997, 999]
    assert sorted(made) == [995, 996, 997, 999]
