"""The feed of a trace session: a connection of its own, read no faster than the console takes, ended with the session."""

from __future__ import annotations

import queue

import pytest

from runtime.port.contract import Code, Failure, Trace, TraceRead
from tests.support.crew import crew
from tests.support.eventually import eventually_sync
from tests.support.trace_nodes import record, traced
from tui.feed import Feed


@pytest.fixture
def node():
    return traced(crew())


@pytest.fixture
def feed(node):
    """A feed, and what it has delivered."""
    delivered = queue.Queue()
    feed = Feed(node.client, Trace(pattern="all messages"), delivered.put)
    feed.delivered = delivered
    yield feed
    feed.end()
    eventually_sync(lambda: not feed._thread.is_alive())


def receives(count):
    return [record(number, number, "receive", "<0.5.0>") for number in range(count)]


def test_it_opens_the_session_and_reads_when_what_came_was_taken(node, feed):
    feed.start()
    opened = feed.delivered.get(timeout=5)
    assert opened.session.pattern == "all messages"
    assert node.count(TraceRead) == 0
    node.tracing.take(receives(3))
    feed.taken()
    assert [row.number for row in feed.delivered.get(timeout=5).rows] == [0, 1, 2]
    assert node.count(TraceRead) == 1


def test_many_records_come_in_parts_that_are_numbered_on(node, feed):
    feed.start()
    feed.delivered.get(timeout=5)
    node.tracing.take(receives(600))
    numbers = []
    while len(numbers) < 600:
        feed.taken()
        part = feed.delivered.get(timeout=5)
        assert len(part.rows) <= Feed.batch
        numbers += [row.number for row in part.rows]
    assert numbers == list(range(600))


def test_it_rests_when_little_is_left_so_that_records_come_some_at_a_time(node, feed, monkeypatch):
    monkeypatch.setattr(Feed, "rest_s", 60.0)
    feed.start()
    feed.delivered.get(timeout=5)
    node.tracing.take(receives(Feed.batch + 3))
    feed.taken()
    assert len(feed.delivered.get(timeout=5).rows) == Feed.batch
    node.tracing.take(receives(2 * Feed.batch))
    feed.taken()
    with pytest.raises(queue.Empty):
        feed.delivered.get(timeout=0.2)
    assert node.count(TraceRead) == 1


def test_it_does_not_rest_while_much_is_left(node, feed, monkeypatch):
    monkeypatch.setattr(Feed, "rest_s", 60.0)
    feed.start()
    feed.delivered.get(timeout=5)
    node.tracing.take(receives(4 * Feed.batch))
    for _ in range(3):
        feed.taken()
        assert len(feed.delivered.get(timeout=5).rows) == Feed.batch


def test_its_end_does_not_wait_for_its_rest(node, feed, monkeypatch):
    monkeypatch.setattr(Feed, "rest_s", 60.0)
    feed.start()
    feed.delivered.get(timeout=5)
    node.tracing.take(receives(1))
    feed.taken()
    feed.delivered.get(timeout=5)
    feed.end()
    eventually_sync(lambda: not feed._thread.is_alive())


def test_it_ends_when_all_has_been_read(node, feed):
    feed.start()
    feed.delivered.get(timeout=5)
    node.tracing.take(receives(1))
    node.tracing.end("time", "its 30 s are over")
    feed.taken()
    last = feed.delivered.get(timeout=5)
    assert last.over
    assert last.session.end.text == "its 30 s are over"
    feed.taken()
    eventually_sync(lambda: not feed._thread.is_alive())


def test_a_refusal_is_delivered(node, feed):
    node.fault = Failure(Code.REFUSED, "dangerous")
    feed.start()
    told = feed.delivered.get(timeout=5)
    assert told.over
    assert told.failure.message == "dangerous"


def test_nothing_is_delivered_after_its_end(node, feed):
    feed.start()
    feed.delivered.get(timeout=5)
    feed.end()
    eventually_sync(lambda: not feed._thread.is_alive())
    assert feed.delivered.empty()
