"""What is left of a trace of functions: nothing, however it ends."""

import gc
import inspect
import pickle
import sys
import threading
import weakref

import pytest

from tests.support.events import Subject
from tests.support.traced import Traced, heard
from tracing.functions.instrument import sites
from tracing.functions.rewriting import untold
from tracing.pattern import PatternError
from tracing.tap import Refused

BY_MONITORING = sys.version_info >= (3, 12)


def looks(function):
    """All that can be seen of a function."""
    return (
        id(function), function.__code__, function.__defaults__, function.__kwdefaults__, function.__closure__, function.__dict__.copy(),
        function.__name__, function.__qualname__, function.__doc__, function.__module__, str(inspect.signature(function)),
        inspect.iscoroutinefunction(function), inspect.isgeneratorfunction(function), inspect.isasyncgenfunction(function),
        inspect.getclosurevars(function), pickle.dumps(function) if "<locals>" not in function.__qualname__ else None,
    )  # fmt: skip


def events_of(code):
    return sys.monitoring.get_local_events(3, code) if sys.monitoring.get_tool(3) else 0


NAMES = ("pay", "add", "later", "items", "stream")


def test_a_function_is_afterwards_exactly_what_it_was_and_meanwhile_as_good_as(traced, bank):
    before = [looks(getattr(bank, name)) for name in NAMES]
    session = traced.open(", ".join(["all bank:pay", *(f"bank:{name}" for name in NAMES[1:])]) + " -> return")
    meanwhile = [looks(getattr(bank, name)) for name in NAMES]
    for old, now in zip(before, meanwhile, strict=True):
        assert (old[0], *old[2:]) == (now[0], *now[2:])
        assert untold(now[1]) is old[1]
    traced.tap.stop(session)
    after = [looks(getattr(bank, name)) for name in NAMES]
    assert all(old[1] is now[1] for old, now in zip(before, after, strict=True))
    assert before == after
    assert not sites.functions


def test_the_end_of_one_session_leaves_others_on_the_same_function(traced, bank):
    first, second = traced.open("all bank:pay"), traced.open("all bank:pay -> return")
    bank.pay(1)
    assert [kind for kind, *_ in heard(first)] == ["call"]
    assert [kind for kind, *_ in heard(second)] == ["call", "return"]
    traced.tap.stop(second)
    bank.pay(1)
    assert [kind for kind, *_ in heard(first)] == ["call"]
    assert heard(second) == []
    traced.tap.stop(first)
    bank.pay(2)
    assert heard(first) == []
    assert not sites.functions


def test_two_nodes_that_trace_one_function_do_not_know_of_each_other(traced, bank):
    one = traced.open("all bank:pay -> return")
    other = Traced("")
    sys.modules["bank"] = bank
    two = other.open("all bank:pay")
    code = bank.pay.__code__
    bank.pay(1)
    traced.tap.stop(one)
    bank.pay(2)
    assert [kind for kind, *_ in heard(one)] == ["call", "return"]
    assert [arguments["amount"] for _, arguments in heard(two)] == [1, 2]
    assert untold(bank.pay.__code__) is untold(code)
    other.close()
    assert not sites.functions
    sys.modules["bank"] = bank


@pytest.mark.parametrize("limits", [{"count": 5}, {"rate": 1}, {"work": 1}, {"queue": 1}])
def test_a_limit_that_trips_in_the_hot_path_takes_the_probe_out_at_once(traced, bank, limits):
    session = traced.open("all bank:pay", **limits)
    for number in range(10):
        assert bank.pay(number) == number * 2
    assert session.stopped.cause == next(iter(limits))
    assert not sites.functions, "without waiting for the clock"
    traced.tap.tick()
    assert traced.tap.sessions == ()


def test_it_ends_with_its_owner(traced, bank):
    traced.tap.open("all bank:pay", owner="console")
    traced.tap.leave("console")
    assert not sites.functions


@pytest.mark.parametrize("end", ["stop", "limit"])
def test_who_is_inside_when_it_ends_goes_on(traced, bank, end):
    session = traced.open("all bank:items -> return", **({"count": 1} if end == "limit" else {}))
    steps = bank.items(2)
    next(steps)
    if end == "stop":
        traced.tap.stop(session)
    assert next(steps) == 1
    assert list(steps) == []
    traced.tap.tick()
    assert [kind for kind, *_ in heard(session)] == ["call"]


def test_what_the_instrument_raises_takes_it_out_and_not_the_program(traced, bank):
    sound = traced.open("all bank:fact")
    session = traced.open("all bank:pay -> return")
    traced.here = lambda: 1 / 0
    assert bank.pay(1) == 2
    assert bank.pay(2) == 4
    traced.tap.tick()
    assert (session.stopped.cause, session.stopped.text) == ("defect", "it failed: ZeroDivisionError")
    assert sites.functions == ["bank:fact"]
    assert sound.stopped is None


def test_what_it_raises_at_the_end_of_a_call_neither(traced, bank):
    session = traced.open("all bank:pay -> return")
    clock, traced.probes.clock = traced.probes.clock, iter([1.0]).__next__
    with pytest.raises(ValueError, match="-1"):
        bank.pay(-1)
    traced.probes.clock = clock
    traced.tap.tick()
    assert session.stopped.text == "it failed: StopIteration"
    assert not sites.functions


def test_a_function_that_the_probe_itself_calls_is_not_told_of_itself(traced, bank):
    def asks():
        bank.fact(2)
        return Subject(), None, None

    traced.here = asks
    session = traced.open("all bank:fact, bank:pay")
    bank.pay(1)
    assert [arguments for _, arguments in heard(session)] == [
        {"amount": 1, "note": "", "rest": (), "more": {}}
    ]


def test_a_function_that_is_replaced_meanwhile_is_clean_and_so_is_the_old_one(traced, bank):
    old, session = bank.pay, traced.open("all bank:pay")
    code = untold(old.__code__)
    exec("def pay(amount): return 'new'", vars(bank))
    bank.pay.__module__ = "bank"
    assert bank.pay(1) == "new"
    assert heard(session) == []
    traced.tap.code_changed()
    bank.pay(2)
    old(3)
    assert heard(session) == [("call", {"amount": 2})]
    assert old.__code__ is code
    traced.tap.stop(session)
    bank.pay(4)
    assert not sites.functions
    assert bank.pay.__code__ is untold(bank.pay.__code__)


def test_a_function_that_a_change_of_code_has_removed_is_let_go(traced, bank):
    session, code = traced.open("all bank:pay, bank:fact"), untold(bank.pay.__code__)
    old = bank.pay
    del bank.pay
    traced.tap.code_changed()
    assert old.__code__ is code
    assert sites.functions == ["bank:fact"]
    assert session.stopped is None


def test_code_that_somebody_else_puts_there_meanwhile_stays(traced, bank):
    session = traced.open("all bank:pay")
    bank.pay.__code__ = other = (lambda amount: "patched").__code__
    traced.tap.stop(session)
    assert bank.pay.__code__ is other
    assert bank.pay(1) == "patched"
    assert not sites.functions


def test_neither_functions_nor_arguments_are_kept_alive(traced, bank):
    class Sum(float):
        pass

    amount, session = Sum(3), traced.open("all bank:pay -> return")
    bank.pay(amount)
    session.drain()
    gone = weakref.ref(amount)
    function = weakref.ref(bank.pay)
    traced.tap.stop(session)
    del amount, bank.pay
    gc.collect()
    assert gone() is None
    assert function() is None


def test_an_argument_that_the_function_deletes_is_gone_at_once(traced, bank):
    class Sum(float):
        pass

    def made():
        amount = Sum(3)
        known.append(weakref.ref(amount))
        return amount

    known = []
    untraced = bank.let_go(made(), known)  # no assert around it: that keeps what it has asked
    traced.open("all bank:let_go(5, _)")
    under_trace = bank.let_go(made(), known)
    assert (untraced, under_trace) == (True, True)


def test_sessions_come_and_go_while_others_call(traced, bank):
    stop, wrong = [], []

    def calls():
        while not stop:
            if bank.pay(2) != 4 or list(bank.items(2)) != [0, 1]:
                wrong.append(1)

    threads = [threading.Thread(target=calls) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(200):
            session = traced.open("all bank:pay, bank:items -> return", count=3)
            traced.tap.stop(session)
    finally:
        stop.append(True)
        for thread in threads:
            thread.join()
    assert not wrong
    assert not sites.functions


# --- refused ------------------------------------------------------------------------------------------


def test_without_probes_a_pattern_with_functions_is_refused():
    from tracing.tap import Tap

    with pytest.raises(Refused, match="functions cannot be traced here"):
        Tap(lambda: 0.0).open("alice bank:pay")


def test_a_trigger_waits_for_no_function():
    from tracing.flight import Flight
    from tracing.tap import Tap

    with pytest.raises(Refused, match="for no function; open a session"):
        Tap(lambda: 0.0, flight=Flight()).keep("keep 5s before bank:pay")


def test_an_import_of_a_hot_room_is_dangerous_under_any_name(traced, bank):
    from json import dumps

    bank.harmless = dumps
    with pytest.raises(Refused, match=r"bank:harmless is json:dumps, which is called all the time.*--force"):
        traced.open("alice bank:harmless")
    session = traced.open("alice bank:harmless", force=True)
    bank.harmless({})
    assert len(heard(session)) == 1


def test_what_the_runtime_tells_steps_by_is_never_traced(traced, bank):
    spared = bank.pay.__code__
    careful = Traced("", spared=lambda code: code is spared)
    sys.modules["bank"] = bank
    with pytest.raises(PatternError, match="bank:pay is what steps are told by"):
        careful.open("alice bank:pay", force=True)
    careful.tap.close()


def test_a_pattern_that_is_refused_has_touched_nothing(traced, bank):
    with pytest.raises(PatternError):
        traced.open("alice bank:pay, bank:nobody")
    with pytest.raises(Refused):
        traced.open("all bank:*")
    assert not sites.functions
