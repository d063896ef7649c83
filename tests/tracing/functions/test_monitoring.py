"""`sys.monitoring`, on the interpreters that have it: only where it is wanted, and given back."""

import sys

import pytest

from tests.support.traced import heard
from tracing.functions.instrument import sites
from tracing.tap import Refused

pytestmark = pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring came with 3.12")


def tool():
    names = {number: sys.monitoring.get_tool(number) for number in range(6)}
    return next((number for number, name in names.items() if name == "observer: functions"), None)


def test_a_tool_is_taken_with_the_first_function_and_given_back_with_the_last(traced, bank):
    assert tool() is None
    first, second = traced.open("all bank:pay"), traced.open("all bank:fact")
    assert tool() == 3
    traced.tap.stop(first)
    assert tool() == 3
    traced.tap.stop(second)
    assert tool() is None


def test_only_the_code_concerned_has_events(traced, bank):
    traced.open("all bank:pay")
    events = sys.monitoring.events
    assert sys.monitoring.get_local_events(3, bank.pay.__code__) == events.PY_START
    assert sys.monitoring.get_local_events(3, bank.fact.__code__) == 0
    assert sys.monitoring.get_events(3) == 0, "nothing that is about all code"


def test_exceptions_of_all_code_are_looked_at_only_while_ends_are_wanted(traced, bank):
    events = sys.monitoring.events
    calls, ends = traced.open("all bank:pay"), traced.open("all bank:pay -> return")
    assert sys.monitoring.get_events(3) == events.PY_UNWIND
    assert sys.monitoring.get_local_events(3, bank.pay.__code__) == events.PY_START | events.PY_RETURN
    traced.tap.stop(ends)
    assert sys.monitoring.get_events(3) == 0
    assert sys.monitoring.get_local_events(3, bank.pay.__code__) == events.PY_START
    traced.tap.stop(calls)
    assert tool() is None


def test_an_id_that_somebody_has_is_left_to_it(traced, bank):
    sys.monitoring.use_tool_id(3, "somebody")
    try:
        session = traced.open("all bank:pay")
        assert tool() == 4
        bank.pay(1)
        assert len(heard(session)) == 1
        traced.tap.stop(session)
    finally:
        sys.monitoring.free_tool_id(3)


def test_where_all_ids_are_in_use_the_session_is_refused_and_they_are_named(traced, bank):
    for number in (2, 3, 4, 5):
        sys.monitoring.use_tool_id(number, f"tool {number}")
    try:
        with pytest.raises(Refused, match=r"no tool id left .* in use by tool 2, tool 3, tool 4, tool 5"):
            traced.open("all bank:pay")
        assert traced.tap.sessions == ()
        assert not sites.functions
    finally:
        for number in (2, 3, 4, 5):
            sys.monitoring.free_tool_id(number)


def test_calls_whose_end_is_never_told_are_not_kept_for_ever(traced, bank, monkeypatch):
    monkeypatch.setattr("tracing.functions.monitoring._MOST", 10)
    session = traced.open("all bank:items -> return")
    waiting = [bank.items(count) for count in range(1, 101)]
    for steps in waiting:
        next(steps)
    assert len(sites._instrument._under_way) == 10
    heard(session)
    for steps in waiting:
        list(steps)
    assert [arguments["count"] for _, arguments, _ in heard(session)] == list(range(91, 101))


def test_functions_of_one_code_are_all_traced(traced, bank):
    other = bank.closed(20)
    session = traced.open("all bank:add")
    assert (bank.add(1), other(1)) == (11, 21)
    assert [arguments["amount"] for _, arguments in heard(session)] == [1, 1]


def test_a_session_that_ends_forgets_the_calls_that_are_under_way(traced, bank):
    other, session = traced.open("all bank:pay"), traced.open("all bank:items -> return")
    steps = bank.items(2)
    next(steps)
    traced.tap.stop(session)
    assert not sites._instrument._under_way
    assert next(steps) == 1
    assert other.stopped is None
