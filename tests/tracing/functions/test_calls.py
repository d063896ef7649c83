"""What a session hears of the calls of live functions, whatever kind they are."""

import asyncio
import threading

import pytest
from greenlet import greenlet

from tests.support.events import Subject
from tests.support.traced import Traced, heard
from tracing.context import born


def test_a_call_is_told_with_its_arguments_by_the_names_of_parameters(traced, bank):
    session = traced.open("all bank:pay")
    assert bank.pay(3, 4, 5, note="rent", to="bert") == 6
    assert heard(session) == [("call", {"amount": 3, "note": "rent", "rest": (4, 5), "more": {"to": "bert"}})]


def test_its_end_is_told_where_the_pattern_asks_for_it(traced, bank):
    session = traced.open("all bank:pay -> return")
    bank.pay(3)
    with pytest.raises(ValueError, match="-1") as raised:
        bank.pay(-1)
    (_, given), (end, _, result), (_, _), (failed, refused, reason) = heard(session)
    assert (given["amount"], end, result) == (3, "return", 6)
    assert (refused["amount"], failed, reason) == (-1, "raise", raised.value)


def test_who_and_in_which_story_is_what_the_runtime_says(traced, bank):
    session, context = traced.open("alice bank:pay -> return"), born("owner")
    traced.here = lambda: (Subject(number=7, name="alice"), context, None)
    bank.pay(1)
    traced.here = lambda: (Subject(number=8, name="bert"), context, None)
    bank.pay(2)
    call, end = session.drain()[0]
    assert (call.pid, call.name, call.text, call.principal) == (7, "alice", "bank:pay", "owner")
    assert call.trace == end.trace == f"{context[0]:032x}"
    assert call.took is None
    assert 0 <= end.took < 1


def test_code_of_another_node_is_not_told(traced, bank):
    session = traced.open("all bank:pay -> return")
    traced.here = lambda: None
    assert bank.pay(1) == 2
    assert heard(session) == []
    assert session.stopped is None


def test_arguments_and_results_are_shown_through_what_the_behaviour_leaves_of_them(traced, bank):
    secrets = ("secret", 6)

    def redact(value):
        return "***" if value in secrets else value

    traced.here = lambda: (Subject(), None, redact)
    session = traced.open("all bank:pay -> return")
    bank.pay(3, "secret", 4, note="secret", key="secret")
    call, end = session.look()
    assert call[10](call[7][0]) == end[10](end[7][0]) == {
        "amount": 3, "note": "***", "rest": ("***", 4), "more": {"key": "***"},
    }  # fmt: skip
    assert end[10](end[7][1]) == "***"
    assert call[7][0]["note"] == "secret", "the function's own is as it was"


def test_arguments_decide_before_anything_is_kept(traced, bank):
    session = traced.open("all bank:Account.pay(account, 5)")
    account = bank.Account()
    for amount in (4, 5, 6):
        account.pay(amount)
    assert [arguments["amount"] for _, arguments in heard(session)] == [5]
    named = traced.open("all bank:pay(amount, note, rest, more) when amount > 100")
    for amount in (99, 100, 101):
        bank.pay(amount)
    assert [arguments["amount"] for _, arguments in heard(named)] == [101]


def test_slow_calls_can_be_asked_for(traced, bank):
    session = traced.open("all bank:pay when took > 5s or result == 8")
    bank.pay(3)
    bank.pay(4)
    assert [(kind, result) for kind, _, result in heard(session)] == [("return", 8)]


def test_methods_that_are_bound_already_and_functions_that_others_hold_are_told(traced, bank):
    pay, method = bank.pay, bank.Account(10).pay
    session = traced.open("all bank:pay, bank:Account.pay")
    pay(1)
    assert method(5) == 15
    assert [arguments["amount"] for _, arguments in heard(session)] == [1, 5]


def test_a_star_is_told_each_function_under_its_own_name(traced, bank):
    session = traced.open("alice bank:*")
    bank.Account(1).pay(2)
    bank.fact(0)
    records, _ = session.drain()
    assert [record.text for record in records] == ["bank:Account.__init__", "bank:Account.pay", "bank:fact"]


def test_closures_super_and_deleted_arguments_work_as_ever(traced, bank):
    session = traced.open("all bank:add, bank:Account.both, bank:kept, bank:closed -> return")
    assert bank.add(5) == 15
    assert bank.closed(1)(1) == 2
    assert bank.Account().both() == ("<bank.Account", "Account")
    assert bank.kept(3) == []
    assert heard(session)[:2] == [("call", {"amount": 5}), ("return", {"amount": 5}, 15)]


def test_exceptions_are_caught_where_they_always_were(traced, bank):
    session = traced.open("all bank:caught -> return")
    expected = ["/nowhere", "finally", "/none", "finally"]
    assert bank.caught(["/nowhere", "/none"]) == expected
    assert bank.caught([__file__]).closed
    assert [kind for kind, *_ in heard(session)] == ["call", "return"] * 2


def test_recursion_is_told_call_by_call(traced, bank):
    session = traced.open("all bank:fact -> return")
    assert bank.fact(4) == 24
    told = [(kind, arguments["n"], *result) for kind, arguments, *result in heard(session)]
    assert told[:5] == [("call", n) for n in (4, 3, 2, 1, 0)]
    assert told[5:] == [("return", n, result) for n, result in ((0, 1), (1, 1), (2, 2), (3, 6), (4, 24))]


def test_recursion_without_end_is_still_a_recursion_error(traced, bank):
    traced.open("all bank:fact -> return", rate=1_000_000, queue=100_000, count=1_000_000)
    with pytest.raises(RecursionError):
        bank.fact(-1)
    assert bank.fact(3) == 6


# --- what stands still in the middle ----------------------------------------------------------------


def test_a_coroutine_function_is_called_when_it_begins_and_returns_when_it_is_over(traced, bank):
    session = traced.open("all bank:later -> return")
    waiting = bank.later(7)
    assert heard(session) == []
    assert asyncio.run(waiting) == 7
    with pytest.raises(ValueError, match="-1"):
        asyncio.run(bank.later(-1))
    told = heard(session)
    assert [kind for kind, *_ in told] == ["call", "return", "call", "raise"]
    assert told[1][2] == 7


def test_coroutines_that_take_turns_are_not_mixed_up(traced, bank):
    session = traced.open("all bank:later -> return")

    async def both():
        return await asyncio.gather(bank.later(1), bank.later(2), bank.later(3))

    assert asyncio.run(both()) == [1, 2, 3]
    ends = [(arguments["amount"], *rest) for kind, arguments, *rest in heard(session) if kind == "return"]
    assert ends == [(1, 1), (2, 2), (3, 3)]


def test_a_generator_is_the_same_to_whoever_runs_it(traced, bank):
    session = traced.open("all bank:items -> return")
    steps = bank.items(3)
    assert next(steps) == 0
    assert steps.send("a") == 1
    assert steps.throw(KeyError) == 2
    with pytest.raises(StopIteration) as over:
        steps.send("c")
    assert over.value.value == ["a", "thrown", "c"]
    assert heard(session) == [("call", {"count": 3}), ("return", {"count": 3}, ["a", "thrown", "c"])]
    steps = bank.items(3)
    next(steps)
    steps.close()
    with pytest.raises(RuntimeError, match="x"):
        bank.items(1).throw(RuntimeError("x"))


def test_an_async_generator_is_the_same_to_whoever_runs_it(traced, bank):
    session = traced.open("all bank:stream -> return")

    async def read():
        stream = bank.stream(3)
        first = [number async for number in stream]
        early = bank.stream(3)
        await anext(early)
        await early.aclose()
        return first

    assert asyncio.run(read()) == [0, 1, 2]
    assert [kind for kind, *_ in heard(session)] == ["call", "return", "call", "raise"]


def test_greenlets_that_stand_still_inside_are_not_mixed_up(traced, bank):
    session = traced.open("all bank:switch -> return")
    main = greenlet.getcurrent()
    first, second = greenlet(bank.switch), greenlet(bank.switch)
    assert first.switch("a", main) == "a"  # it stands still inside
    assert second.switch("b", main) == "b"
    assert (first.switch(), second.switch()) == ("a", "b")
    ends = [arguments["name"] for kind, arguments, *_ in heard(session) if kind == "return"]
    assert ends == ["a", "b"]


def test_calls_on_other_threads_are_offered_on_the_loops(traced):
    posted, here = [], threading.get_ident()
    traced.close()
    elsewhere = Traced("def pay(amount): return amount", thread=lambda: here, post=posted.append)
    session = elsewhere.open("all bank:pay -> return")
    offered = []
    offer = elsewhere.probes.offer
    elsewhere.probes.offer = lambda subject, event: (
        offered.append(threading.get_ident()),
        offer(subject, event),
    )
    thread = threading.Thread(target=lambda: [elsewhere.bank.pay(number) for number in range(3)])
    thread.start()
    thread.join()
    assert offered == []
    assert len(posted) == 1, "one errand for all that waits"
    posted[0]()
    assert offered == [here] * 6
    assert [kind for kind, *_ in heard(session)] == ["call", "return"] * 3
    elsewhere.close()


def test_what_other_threads_leave_is_bounded(traced):
    posted = []
    traced.close()
    elsewhere = Traced("def pay(amount): return amount", thread=lambda: -1, post=posted.append)
    session = elsewhere.open("all bank:pay")
    for number in range(6000):
        elsewhere.bank.pay(number)
    assert len(posted) == 1
    assert (session.stopped.cause, session.stopped.text) == (
        "queue", "5,000 calls on other threads were waiting to be looked at",
    )  # fmt: skip
    elsewhere.close()
