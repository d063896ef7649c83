"""What workloads are made of: how they are registered, how they check themselves, and something slow to do.

    @plain          def work(process, rng)            any step can run it
    @asynchronous   async def work(process, rng)      async handlers, coroutine processes, tasks, and `self.wait` in plain handlers
    @waiting        def work(process, rng)            plain handlers only: it waits with `self.wait` and `self.call`

A workload raises what is wrong. It takes a few milliseconds, so that it is switched several times.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from runtime.handle import Handle

__all__ = [
    "WORKLOADS",
    "Workload",
    "WrongError",
    "asynchronous",
    "plain",
    "same",
    "settle",
    "toil",
    "waiting",
]

Function = Callable[[Handle, Random], Any]


class WrongError(Exception):
    """A result is not what it would be if nobody had come between."""


@dataclass(frozen=True)
class Workload:
    """Something to do that knows whether it was done right.

    Attributes:
        name: the name of its function.
        kind: "plain", "async" or "waiting".
        function: takes the handle of its process and a source of random numbers.
    """

    name: str
    kind: str
    function: Function


WORKLOADS: dict[str, Workload] = {}


def _register(kind: str) -> Callable[[Function], Function]:
    def register(function: Function) -> Function:
        name = function.__name__
        assert name not in WORKLOADS, f"there are two workloads {name}"
        WORKLOADS[name] = Workload(name, kind, function)
        return function

    return register


plain = _register("plain")
asynchronous = _register("async")
waiting = _register("waiting")


def same(got: object, expected: object) -> None:
    """Raises WrongError unless both are equal."""
    if got != expected:
        raise WrongError(f"got {got!r:.200}, expected {expected!r:.200}")


def settle(future: asyncio.Future[Any], value: object) -> None:
    """Give a future its result, unless whoever waited for it has been killed."""
    if not future.done():
        future.set_result(value)


def toil(rounds: int = 300) -> int:
    """Be slow (about 20 µs for 300 rounds), in many bytecodes. Returns `rounds`."""
    total = 0
    for number in range(rounds):
        total += number ^ (number >> 3)
    expected = sum([number ^ (number >> 3) for number in range(rounds)])
    same(total, expected)
    return rounds
