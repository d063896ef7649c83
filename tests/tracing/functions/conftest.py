"""A module of functions that are traced; afterwards none of them is."""

import sys

import pytest

from tests.support.traced import Traced
from tracing.functions.instrument import sites

SOURCE = '''
import asyncio
import greenlet

def pay(amount, *rest, note="", **more):
    if amount < 0:
        raise ValueError(amount)
    return amount * 2

def fact(n):
    return 1 if n == 0 else n * fact(n - 1)

def kept(amount):
    del amount
    return sorted(locals())

def let_go(amount, gone):
    del amount
    return gone[-1]() is None

def closed(step):
    def inner(amount):
        """Adds."""
        return amount + step
    return inner

add = closed(10)

class Account:
    def __init__(self, total=0):
        self.total = total
    def pay(self, amount):
        self.total += amount
        return self.total
    def both(self):
        return super().__repr__().split()[0], __class__.__name__

async def later(amount):
    await asyncio.sleep(0)
    if amount < 0:
        raise ValueError(amount)
    return amount

def items(count):
    got = []
    for number in range(count):
        try:
            got.append((yield number))
        except KeyError:
            got.append("thrown")
    return got

async def stream(count):
    try:
        for number in range(count):
            await asyncio.sleep(0)
            yield number
    finally:
        await asyncio.sleep(0)

def switch(name, other):
    other.switch(name)
    return name

def caught(values):
    found = []
    for value in values:
        try:
            with open(value) as file:
                return file
        except OSError as error:
            try:
                raise KeyError(value) from error
            except KeyError as inner:
                found.append(inner.args[0])
            finally:
                found.append("finally")
        else:
            found.append("else")
    return found
'''


@pytest.fixture
def traced():
    made = Traced(SOURCE)
    yield made
    made.close()
    assert not sites.functions
    if sys.version_info >= (3, 12):
        assert all(sys.monitoring.get_tool(tool) is None for tool in (2, 3, 4, 5))


@pytest.fixture
def bank(traced):
    return traced.bank
