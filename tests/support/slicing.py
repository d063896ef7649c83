"""Time-slicing under test: steps that do what the test says, and waiting for ticks and parks instead of for time.

    node = sliced(job=function)      process = await serve(node, Does)      process.cast("job")

The functions run in handlers, with the process's handle as their argument; they are resources of the node, because
functions of a test cannot be sent. A step that is to overrun spins until the slicer has done what the test is about; the deadlines
here are nets, and end a test that would hang for ever.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from runtime import Node, Reply, Server
from runtime.preemption.ticker import ticker
from tests.support.eventually import eventually
from tests.support.processes import serve

__all__ = [
    "KINDS",
    "SEVERAL",
    "Does",
    "DoesAsync",
    "Ticks",
    "counted",
    "job_of",
    "overrun",
    "parked",
    "parks_inside",
    "script",
    "sliced",
    "slicer",
    "spin",
    "stubborn",
]

ROOT = Path(__file__).resolve().parents[2]


SEVERAL = 5
"""Ticks to which a step is exposed where it must not be switched: without a guard the second parks it."""


def sliced(**jobs: Any) -> Node:
    """A node whose processes do these jobs."""
    return Node("sliced", introspection=False, resources=jobs)


class Does(Server):
    """Does jobs in plain handlers. A call is answered with what the job returns."""

    def init(self):
        return ()

    def handle_call(self, job, caller, state):
        return Reply(self.resource(job)(self), state)

    def handle_cast(self, job, state):
        self.resource(job)(self)
        return state


class DoesAsync(Server):
    """Does jobs in async handlers."""

    def init(self):
        return ()

    async def handle_call(self, job, caller, state):
        return Reply(await self.resource(job)(self), state)

    async def handle_cast(self, job, state):
        await self.resource(job)(self)
        return state


KINDS = pytest.mark.parametrize("kind", [Does, DoesAsync], ids=["plain", "async"])
"""For tests of what holds in plain and in async handlers."""


def job_of(kind: type[Server[Any]], function: Callable[[Any], Any]) -> Any:
    """A job for plain or for async handlers."""
    if kind is Does:
        return function

    async def job(process: Any) -> Any:
        return function(process)

    return job


def slicer(of: Any) -> Any:
    """The slicer of a node, or of the node of a process's handle."""
    scheduler = of.scheduler if isinstance(of, Node) else of._process.sched
    return scheduler.mode.slicer


def spin(until: Callable[[], object], within: float = 20.0) -> None:
    """Hold the thread until something is so, as an agent does that never awaits."""
    deadline = time.monotonic() + within
    while not until():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {until}")


def stubborn(_process: Any) -> None:
    """A step that survives whatever is raised in it, also between two instructions of its loop."""

    def inside() -> None:
        while True:
            try:
                spin(lambda: False)
            except BaseException:
                continue

    while True:
        try:
            inside()
        except BaseException:
            continue


def overrun(of: Any, times: int = 1) -> None:
    """Spin until steps of this node have been parked `times` times more."""
    of = slicer(of)
    target = of.parks + times
    spin(lambda: of.parks >= target)


async def parked(node: Node, pid: Any) -> Any:
    """Wait until the own step of a process stands still; its worker."""
    return await eventually(pid._process.parked)


class Ticks:
    """Counts the ticks, and keeps them coming."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, _frame: object) -> bool:
        self.count += 1
        return True

    def pass_by(self, ticks: int = 5) -> None:
        """Spin until so many ticks have come."""
        target = self.count + ticks
        spin(lambda: self.count >= target)


@contextmanager
def counted() -> Iterator[Ticks]:
    """Ticks, counted before anybody else is told of them. Inside a node that slices."""
    ticks = Ticks()
    ticker._on_tick.insert(0, ticks)
    try:
        yield ticks
    finally:
        ticker._on_tick.remove(ticks)


async def parks_inside(place: Callable[[Callable[..., None]], object]) -> int:
    """How many times a step is parked while it stays, for several ticks, in `place(stay)`."""
    parks = []

    def job(process):
        def stay(*_args):
            of = slicer(process)
            before = of.parks
            ticks.pass_by(SEVERAL)
            parks.append(of.parks - before)

        place(stay)

    async with sliced(job=job) as node:
        with counted() as ticks:
            pid = await serve(node, Does)
            await pid.call("job", timeout=20)
    assert len(parks) == 1, "the step has not been there, once"
    return parks[0]


def script(text: str, *, within: float = 30.0, arguments: tuple[str, ...] = (), **options: Any) -> Any:
    """Run a script in an interpreter of its own: `returncode`, `stdout`, `stderr`. It fails if it does not end."""
    return subprocess.run(
        [sys.executable, *arguments, "-c", textwrap.dedent(text)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=within,
        **options,
    )
