"""Workloads of plain handlers that wait in their middle: `self.wait` and `self.call`, wherever Python code can stand."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from random import Random

from runtime import CallTimeout, ProcessDied
from runtime.handle import Handle
from tests.stress.kit import WrongError, same, settle, toil, waiting


async def _later(value: int, seconds: float = 0.0) -> int:
    await asyncio.sleep(seconds)
    toil(200)
    return value


async def _failing(value: int) -> int:
    await asyncio.sleep(0)
    raise ValueError(value)


@waiting
def waits(process: Handle, rng: Random) -> None:
    """Coroutines, futures, tasks; what is done already; what raises; what times out."""
    loop = asyncio.get_running_loop()
    for number in range(5):
        toil(2000)
        same(process.wait(_later(number, rng.choice((0, 0.0005)))), number)
        future = loop.create_future()
        loop.call_soon(settle, future, number)
        same(process.wait(future), number)
        same(process.wait(future), number)
        try:
            process.wait(_failing(number))
        except ValueError as error:
            toil(1000)
            same((error.args, sys.exc_info()[1] is error), ((number,), True))
        else:
            raise WrongError("nothing was raised")
        same(sys.exc_info(), (None, None, None))
        try:
            process.wait(asyncio.wait_for(_later(1, 30), 0.0005))
        except TimeoutError:
            toil(500)
        else:
            raise WrongError("no time-out")
        same(process.wait(asyncio.gather(_later(1), _later(2))), [1, 2])


@waiting
def waits_in_sort_keys(process: Handle, rng: Random) -> None:
    """The step stands still in the middle of `list.sort`."""
    values = rng.sample(range(100), 12)
    same(sorted(values, key=lambda value: process.wait(_later(value)) + toil(300)), sorted(values))
    same({value: process.wait(_later(value)) for value in values}, {value: value for value in values})


@waiting
def waits_in_generators(process: Handle, rng: Random) -> None:
    """... of a generator, a context manager, an `except` and a `finally`."""

    def numbers(stop: int):
        try:
            for number in range(stop):
                yield process.wait(_later(number))
        finally:
            same(process.wait(_later(1)), 1)
            toil()

    @contextlib.contextmanager
    def room():
        process.wait(_later(0))
        try:
            yield toil()
        finally:
            process.wait(_later(0))

    same(list(numbers(6)), list(range(6)))
    for number in numbers(5):
        toil(500)
        if number == 2:
            break
    with room():
        toil(2000)
    try:
        raise KeyError(1)
    except KeyError as error:
        same(process.wait(_later(3)), 3)
        toil(2000)
        same(sys.exc_info()[1] is error, True)
    same(sys.exc_info(), (None, None, None))


@waiting
def calls(process: Handle, rng: Random) -> None:
    """Calls to servers of every sort, which call others before they answer."""
    for _ in range(4):
        number = rng.randrange(1000)
        toil(1500)
        same(
            process.call(rng.choice(("relay", "async-relay")), ("relay", number), timeout=60),
            ("relayed", number),
        )
        same(process.call("echo", number, timeout=None), number)


@waiting
def calls_that_fail(process: Handle, rng: Random) -> None:
    """Time-outs, and callees that end: each answer belongs to its own question."""
    for number in range(4):
        got = None
        with contextlib.suppress(CallTimeout):
            got = process.call("echo", ("slow", number), timeout=0.0005)
        same(got in {None, ("slow", number)}, True)
        same(process.call("echo", number, timeout=60), number)
    with contextlib.suppress(ProcessDied):
        raise WrongError(f"an answer from a crash: {process.call('fragile', 'crash', timeout=60)!r}")


@waiting
def sections(process: Handle, rng: Random) -> None:
    """`self.critical()`: nobody comes between, although it takes several slices."""
    box: dict[str, int] = process.resource("box")
    for _ in range(3):
        with process.critical():
            got = box["critical"]
            toil(4000)
            box["critical"] = got + 1
        box["critical-uses"] += 1
