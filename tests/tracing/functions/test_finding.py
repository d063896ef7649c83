"""From a pattern's words to the live function: without importing anything, and without running a line of the module's code."""

import functools
import sys
from types import FunctionType, ModuleType

import pytest

from tracing.functions.finding import found
from tracing.pattern import PatternError, parse

SOURCE = """
import functools, time
from dataclasses import dataclass
from asyncio import sleep

def pay(amount): return amount
again = pay
async def later(): ...
def items(): yield 1
def outer():
    def inner(): ...
    return inner

def logged(function):
    @functools.wraps(function)
    def wrapper(*args): return function(*args)
    return wrapper

@logged
@logged
def decorated(amount): return amount
@functools.cache
def cached(amount): return amount
partial = functools.partial(pay, 1)
by_c = functools.wraps(len)(lambda value: 1)

class Base:
    def inherited(self): ...
    def __getattr__(self, name): raise AssertionError("asked")

@dataclass
class Account(Base):
    number: int = 0
    def pay(self, amount): ...
    @property
    def balance(self): raise AssertionError("run")
    @functools.cached_property
    def rate(self): raise AssertionError("run")
    @staticmethod
    def fresh(): ...
    @classmethod
    def open(cls): ...
    def __eq__(self, other): return True
    def __call__(self): ...
    class Line:
        def text(self): ...

def __getattr__(name): raise AssertionError("asked")
bound = Account().pay
account = Account()
clock = time.monotonic
answer = 42
"""


@pytest.fixture
def bank(monkeypatch):
    module = ModuleType("bank_found")
    monkeypatch.setitem(sys.modules, "bank_found", module)
    exec(compile(SOURCE, "bank_found.py", "exec"), vars(module))
    return module


def functions(text):
    pattern = parse(f"alice {text}")
    return [target for wanted in pattern.functions for target in found(pattern, wanted)]


def refusal(text):
    with pytest.raises(PatternError) as raised:
        functions(text)
    assert raised.value.column == 7
    return raised.value


@pytest.mark.parametrize(
    ("name", "qualname"),
    [
        ("pay", "pay"), ("again", "pay"), ("later", "later"), ("items", "items"), ("decorated", "decorated"), ("cached", "cached"),
        ("partial", "pay"), ("bound", "Account.pay"), ("Account.pay", "Account.pay"), ("Account.inherited", "Base.inherited"),
        ("Account.balance", "Account.balance"), ("Account.rate", "Account.rate"), ("Account.fresh", "Account.fresh"),
        ("Account.open", "Account.open"), ("Account.Line.text", "Account.Line.text"), ("Account.__init__", "Account.__init__"),
    ],
)  # fmt: skip
def test_a_name_leads_to_the_function_itself(bank, name, qualname):
    (target,) = functions(f"bank_found:{name}")
    assert type(target.function) is FunctionType
    assert target.text == f"bank_found:{name}"
    assert target.function.__qualname__.removeprefix("__create_fn__.<locals>.") == qualname
    assert not hasattr(target.function, "__wrapped__"), "what was decorated, and no decorator"


def test_a_star_is_all_that_the_module_defines_itself(bank):
    assert sorted(target.text.removeprefix("bank_found:") for target in functions("bank_found:*")) == [
        "Account.Line.text", "Account.__call__", "Account.balance", "Account.fresh", "Account.open", "Account.pay", "Account.rate",
        "Base.inherited", "cached", "decorated", "items", "later", "logged", "outer", "pay",
    ]  # fmt: skip


def test_what_was_decorated_by_something_of_c_is_the_decorator(bank):
    (target,) = functions("bank_found:by_c")
    assert target.function is bank.by_c


@pytest.mark.parametrize(
    ("text", "problem", "legal"),
    [
        ("bank_foun:pay", "no module 'bank_foun' is loaded here", "bank_found:pay"),
        ("bank_foun:zzz", "no module 'bank_foun' is loaded here", "bank_found:*"),
        ("bank_found:pya", "bank_found has no 'pya'", "bank_found:pay"),
        ("bank_found:Account.fersh", "bank_found:Account has no 'fersh'", "bank_found:Account.fresh"),
        ("bank_found:Acount.pay", "bank_found has no 'Acount'", "bank_found:Account.pay"),
        ("bank_found:inheritd", "bank_found has no 'inheritd'", "bank_found:Base.inherited"),
        ("bank_found:zzz", "bank_found has no 'zzz'", "bank_found:Base.inherited"),
        ("bank_found:zzz", "bank_found has no 'zzz'", "bank_found:pay"),
        ("bank_found:outer.inner", "'inner' is made anew in each call of bank_found:outer", "bank_found:outer"),
        ("bank_found:answer.real", "bank_found:answer has no 'real', which is no module", "bank_found:*"),
        ("bank_found:clock", "bank_found:clock is written in C", "the function that calls it"),
        ("bank_found:Account", "bank_found:Account is a class", "bank_found:Account.__init__"),
        ("bank_found:account", "is an object of the class Account", "bank_found:Account.__call__"),
        ("bank_found:functools", "bank_found:functools is a module", "functools:FUNCTION"),
        ("bank_found:answer", "bank_found:answer is no function (int)", "bank_found:FUNCTION"),
        ("errno:*", "errno defines no function", "MODULE:FUNCTION"),
        ("tracing.session:Session.offer", "tracing.session:Session.offer is what traces", "a function of your own"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_refused_where_it_stands_with_what_may_stand_there(bank, text, problem, legal):
    error = refusal(text)
    assert problem in error.problem
    assert legal in error.legal


def test_the_floor_that_traces_is_found_under_any_name(bank):
    from tracing.pattern.parser import parse as own

    bank.harmless = own
    assert "tracing.pattern.parser:parse is what traces" in refusal("bank_found:harmless").problem


def test_nothing_is_imported():
    assert "antigravity" not in sys.modules
    refusal("antigravity:fly")
    assert "antigravity" not in sys.modules


def test_a_circle_of_decorators_ends(bank):
    @functools.wraps(bank.pay)
    def circle(): ...

    circle.__wrapped__ = circle
    bank.circle = circle
    (target,) = functions("bank_found:circle")
    assert target.function is circle


def test_the_second_function_of_a_pattern_is_pointed_at(bank):
    pattern = parse("alice bank_found:pay, bank_found:nobody(amount) when amount > 5")
    with pytest.raises(PatternError) as raised:
        found(pattern, pattern.functions[1])
    assert raised.value.column == 23
