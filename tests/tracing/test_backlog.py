"""What a session has taken and nobody has read: events and messages, in order."""

from tracing.backlog import Backlog
from tracing.heard import FIELDS


def message(at):
    return (at, "receive", None, None, None)


def fields(*times):
    return [field for at in times for field in message(at)]


def filled():
    backlog = Backlog()
    backlog.append((1.0, "spawn"))
    backlog.extend(fields(2.0, 3.0, 4.0))
    backlog.append((5.0, "ended"))
    return backlog


def test_a_message_is_as_long_as_its_site_tells_it():
    assert len(message(0.0)) == FIELDS


def test_it_is_read_in_the_order_in_which_it_came():
    assert filled().pop(9) == [(1.0, "spawn"), message(2.0), message(3.0), message(4.0), (5.0, "ended")]


def test_no_more_is_read_than_is_wanted_and_the_rest_stays():
    backlog = filled()
    assert [backlog.pop(2), backlog.pop(2)] == [[(1.0, "spawn"), message(2.0)], [message(3.0), message(4.0)]]
    assert backlog
    assert backlog.pop(2) == [(5.0, "ended")]
    assert not backlog
    assert backlog.pop(2) == []


def test_a_look_takes_nothing_away_also_from_messages_that_are_half_read():
    backlog = filled()
    assert [event[0] for event in backlog.look()] == [1.0, 2.0, 3.0, 4.0, 5.0]
    backlog.pop(2)
    assert [event[0] for event in backlog.look()] == [3.0, 4.0, 5.0]
    assert len(backlog.pop(9)) == 3
