"""Questions to an isolated OS process: one at a time, and late answers are not taken for others."""

from __future__ import annotations

import pickle
import socket
import threading

import pytest

from runtime.isolation.sight import Sight
from runtime.isolation.wire import Pipe


@pytest.fixture
def both():
    ours, theirs = socket.socketpair()
    sight, there = Sight(ours), Pipe(theirs)
    yield sight, there
    sight.close()
    there.close()


def answer(there, text):
    number, question = pickle.loads(there.receive(5))
    there.send(pickle.dumps((number, True, f"{text} to {question}")))


def test_an_answer_that_came_too_late_is_passed_over(both):
    sight, there = both
    with pytest.raises(TimeoutError):
        sight.ask("one", 0.01)
    answer(there, "late")
    thread = threading.Thread(target=answer, args=(there, "good"))
    thread.start()
    assert sight.ask("two", 5) == (True, "good to two")
    thread.join()


def test_nothing_is_sent_while_an_answer_is_owed(both):
    sight, there = both
    for question in ("one", "two", "three"):
        with pytest.raises(TimeoutError):
            sight.ask(question, 0.01)
    assert pickle.loads(there.receive(5)) == (1, "one")
    with pytest.raises(TimeoutError):
        there.receive(0.01)


def test_whoever_asks_beside_another_waits_no_longer_than_it_wants(both):
    sight, _ = both
    with sight._pipe.lock, pytest.raises(TimeoutError):
        sight.ask("one", 0.01)


def test_the_end_of_the_other_side_is_told(both):
    sight, there = both
    there.close()
    with pytest.raises(BrokenPipeError):
        sight.ask("one", 5)
