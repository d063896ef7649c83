"""The matcher: what a pattern accepts, what it refuses, and that nobody's code runs for it."""

import collections
import dataclasses
import enum
from decimal import Decimal
from typing import NamedTuple

import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.events import Subject, event
from tracing.context import born
from tracing.pattern import Matcher, PatternError, parse
from tracing.pattern.tree import PidOf


@dataclasses.dataclass(frozen=True)
class Deposit:
    amount: int
    to: object = None


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted(Deposit):
    note: str = "n"


class Model(pydantic.BaseModel):
    amount: int


class Pair(NamedTuple):
    amount: int
    other: str = ""


class Side(enum.Enum):
    BUY = 1


def accepts(pattern, event, subject=None, **options):
    return Matcher(parse(pattern), **options).accepts(subject or Subject(), event)


def holds(condition, message, **options):
    return accepts(f"all receive when {condition}", event("receive", message), **options)


# --- whom ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("whom", "fits"),
    [
        ("all", True),
        ("alice", True),
        ("bob", False),
        ("bob, alice", True),
        ("<0.5.0>", True),
        ("<0.6.0>", False),
        ("behaviour Account", True),
        ("behaviour bank.accounts:Account", True),
        ("behaviour accounts", False),
        ("under <0.2.0>", True),
        ("under <0.5.0>", True),
        ("under <0.9.0>", False),
        ("under bank", True),
        ("under nobody", False),
        ("new", False),
    ],
)
def test_processes_are_chosen(whom, fits):
    names = {"bank": 3, "other": 9}
    assert accepts(f"{whom} receive", event(), resolve=names.get, since=15.0) is fits


def test_who_is_made_after_the_beginning_is_new_and_the_node_itself_never_is():
    assert accepts("new receive", event(), since=5.0)
    assert not accepts("new receive", event(), Subject(number=0), since=5.0)


def test_a_name_is_whoever_has_it_now():
    names = {"bank": 3}
    matcher = Matcher(parse("under bank receive"), names.get)
    assert matcher.accepts(Subject(ancestors=(3,)), event())
    names["bank"] = 8
    assert not matcher.accepts(Subject(ancestors=(3,)), event())


def test_only_kinds_that_are_asked_for_are_accepted():
    assert accepts("all send, receive", event("send"))
    assert not accepts("all send, receive", event("call"))


# --- conditions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "message", "fits"),
    [
        ("message.amount > 100", Deposit(101), True),
        ("message.amount > 100", Deposit(100), False),
        ("message.amount > 100", Slotted(101), True),
        ("message.note == 'n'", Slotted(101), True),
        ("message.amount > 100", Model(amount=101), True),
        ("message.amount > 100", Pair(101), True),
        ("message[0] > 100", Pair(101), True),
        ("message.amount > 100", {"amount": 101}, True),
        ('message["amount"] > 100', {"amount": 101}, True),
        ("message.amount > 100", collections.OrderedDict(amount=101), True),
        ("message[0].amount > 100", [Deposit(101)], True),
        ("message[-1] > 100", (1, 101), True),
        ("message[2] > 100", (1, 101), False),
        ("message[0] > 100", {0: 101}, False),
        ("message.amount > 100", "text", False),
        ("message.to.amount == 5", Deposit(1, Deposit(5)), True),
        ("message.to.amount == 5", Deposit(1), False),
        ("message.to == none", Deposit(1), True),
        ("message.to != none", Deposit(1), False),
        ("message.colour == none", Deposit(1), False),
        ("message.colour != none", Deposit(1), False),
        ("not (message.colour == none)", Deposit(1), True),
        ("message is Deposit", Deposit(1), True),
        ("message is Deposit", Slotted(1), True),
        ("message is not Deposit", 5, True),
        (f"message is {__name__}:Deposit", Deposit(1), True),
        (f"message is {__name__}:Deposit", Slotted(1), True),
        ("message is bank:Deposit", Deposit(1), False),
        (f"message is {__name__}:Deposi", Deposit(1), False),
        ("message is builtins:int", True, True),
        ("message == 'x'", "x", True),
        ("message != 'x'", "y", True),
        ("message == 1", True, False),
        ("message == true", True, True),
        ("message > 0.5", Decimal(1), True),
        ("message > 0.5", Decimal("sNaN"), False),
        ("message == 0.5", Decimal("sNaN"), False),
        ("message != 0.5", Decimal("sNaN"), True),
        ("0.5 in message", [Decimal("sNaN"), 0.5], True),
        ("message > 'a'", 5, False),
        ("message == 'BUY'", Side.BUY, True),
        ("'a' in message", ("b", "a"), True),
        ("'a' in message", {"a": 1}, True),
        ("'a' in message", "cat", True),
        ("'a' not in message", frozenset({"b"}), True),
        ("message in message", 5, False),
        ("len(message) >= 3", (1, 2, 3), True),
        ("len(message) == 3", "cat", True),
        ("len(message) == 3", 5, False),
        ("message", 0, False),
        ("message", "", False),
        ("message", "x", True),
        ("message", Deposit(0), True),
        ("message.amount > 1 and message.amount < 3", Deposit(2), True),
        ("message.amount < 1 or message.amount > 3", Deposit(2), False),
    ],
)
def test_conditions_hold_or_do_not(condition, message, fits):
    assert holds(condition, message) is fits


def test_conditions_know_what_every_event_has():
    one = event(
        "receive", "m", peer=9, text="handle_info", context=(5, 6, 7, "owner"), waited=0.5, took=0.002
    )
    for condition in (
        "pid == <0.5.0>", "peer == <0.9.0>", "name == 'alice'", "kind == 'receive'", "text == 'handle_info'", "waited > 100ms",
        "took < 5ms", "principal == 'owner'", f"trace == '{5:032x}'", "peer != pid",
    ):  # fmt: skip
        assert accepts(f"all receive when {condition}", one), condition
    assert accepts("all receive when principal is none and trace is none", event())


def test_a_value_that_some_of_the_kinds_lack_is_missing_there():
    matcher = Matcher(parse("all receive, reply when reply == 5"))
    assert matcher.accepts(Subject(), event("reply", 5))
    assert not matcher.accepts(Subject(), event("receive", 5))


def test_values_of_the_runtimes_classes_are_compared_as_it_says():
    class Pid:
        number = 42

    atoms = {Pid: lambda pid: PidOf(pid.number)}
    assert holds("message.to == <0.42.0>", Deposit(1, Pid()), atoms=atoms)
    assert not holds("message.to == <0.42.0>", Deposit(1, Pid()))


# --- functions ----------------------------------------------------------------------------------------


def call(kind="function_call", text="bank:pay", *more, **arguments):
    return event(kind, arguments, *more, text=text)


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("bank:pay", True),
        ("bank:*", True),
        ("other:*", False),
        ("bank:pay2", False),
        ("bank:pay/2", True),
        ("bank:pay/3", False),
        ("bank:pay(_, 150)", True),
        ("bank:pay(_, 151)", False),
        ("bank:pay(_)", False),
        ("bank:pay(who, sum) when sum > 100 and who == 'bob'", True),
        ("bank:pay(who, sum) when sum > 200", False),
        ("bank:other, bank:pay when arguments.amount == 150", True),
    ],
)
def test_calls_of_functions_are_chosen_by_name_and_arguments(pattern, fits):
    assert accepts(f"all {pattern}", call(to="bob", amount=150)) is fits


def test_a_result_and_what_was_raised_can_be_asked_for():
    assert accepts("all bank:pay when result == 5", call("function_return", "bank:pay", 5, to="bob"))
    assert accepts(
        "all bank:pay when reason is ValueError", call("function_raise", "bank:pay", ValueError(), to="bob")
    )
    assert not accepts("all bank:pay when result == 5", call(to="bob"))


def test_a_name_of_an_argument_has_its_own_place_in_each_function():
    pattern = "all bank:pay(_, x), bank:ask(x) when x == 1"
    assert accepts(pattern, call("function_call", "bank:pay", a=0, b=1))
    assert accepts(pattern, call("function_call", "bank:ask", a=1))
    assert not accepts(pattern, call("function_call", "bank:pay", a=1, b=0))


# --- what is shown ------------------------------------------------------------------------------------


def test_states_and_results_are_shown_where_somebody_asks_for_them_or_where_they_are_the_event():
    plain, full, none = (Matcher(parse(f"all handled, state, reply{show}")) for show in ("", " -> state, return", " -> nothing"))  # fmt: skip
    labels = ("message", "before", "state", "reply")
    assert [plain.shows("handled", label) for label in labels] == [True, False, False, False]
    assert [full.shows("handled", label) for label in labels] == [True, True, True, True]
    assert plain.shows("state", "before")
    assert plain.shows("reply", "reply")
    assert not any(
        none.shows(kind, label) for kind in ("handled", "state", "reply") for label in (*labels, "reply")
    )


# --- nobody's code runs -------------------------------------------------------------------------------


def boom(*_args, **_options):
    raise AssertionError("code of the value's class has run")


class Meta(type):
    __hash__ = __eq__ = __getattribute__ = __instancecheck__ = boom


HOSTILE = dict.fromkeys(("__getattribute__", "__getattr__", "__eq__", "__lt__", "__gt__", "__le__", "__ge__", "__ne__", "__hash__", "__len__", "__bool__", "__iter__", "__getitem__", "__contains__", "__repr__", "__str__", "__format__", "get", "items", "keys", "values", "__class__"), boom) | {"__class__": property(boom), "amount": property(boom)}  # fmt: skip


def hostile(base, *arguments, meta=type):
    return base.__new__(meta.__new__(meta, "Hostile", (base,), dict(HOSTILE)), *arguments)


VALUES = [
    hostile(object), hostile(object, meta=Meta), hostile(int, 5), hostile(str, "x"), hostile(tuple, (1, 2)), hostile(dict), hostile(list),
    hostile(Exception), hostile(Deposit), hostile(float, 1.0), hostile(Decimal, "1"), hostile(frozenset, ("a",)),
]  # fmt: skip
CONDITIONS = [
    "message.amount > 1", "message == 5", "5 < message", "message != message", "message", "not message", "len(message) > 1",
    "5 in message", "message in message", "message is Deposit", "message[0] == 1", "message['amount'].x == 1", "message.amount[0] is none",
]  # fmt: skip


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("place", range(len(VALUES)))
def test_no_code_of_a_values_class_runs(place, condition):
    value = VALUES[place]
    for message in (value, (value,), {"amount": value}, Deposit(value)):
        assert holds(condition, message) in {True, False}


def test_keys_that_only_look_like_texts_are_not_asked():
    class Key:
        def __hash__(self):
            return hash("amount")

        __eq__ = boom

    assert not holds("message.amount == 5", {Key(): 5})


def test_a_property_is_no_field():
    class Account:
        @property
        def amount(self):
            raise AssertionError("a property has run")

        def __getattr__(self, name):
            raise AssertionError("__getattr__ has run")

    assert not holds("message.amount > 1", Account())


def test_a_field_that_a_property_covers_is_read_from_where_it_stands():
    @dataclasses.dataclass
    class Lazy:
        amount: int

    one = Lazy(5)
    Lazy.amount = property(boom)
    assert holds("message.amount == 5", one)


DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
PARTS = st.sampled_from(
    ["message", "state", "message.amount", "message[0]", "len(message)", "5", "'a'", "took", "peer", "true"]
)
SIGNS = st.sampled_from(["==", "!=", "<", ">=", "in", "not in", "and", "or", "is Deposit and"])


@settings(deadline=None, database=None, derandomize=True, max_examples=600)
@given(DATA, DATA, st.lists(st.tuples(PARTS, SIGNS), min_size=1, max_size=4), PARTS)
def test_no_condition_that_can_be_read_raises_on_any_value(message, state, pairs, last):
    text = " ".join(f"{part} {sign}" for part, sign in pairs)
    try:
        matcher = Matcher(parse(f"all handle when {text} {last}"))
    except PatternError:
        return
    one = event("handle", message, state, context=born())
    assert matcher.accepts(Subject(), one) in {True, False}
    assert matcher.accepts(Subject(), event("handle")) in {True, False}
