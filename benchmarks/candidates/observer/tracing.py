"""What it costs that somebody listens.

    quiet | listening, listening | quiet, quiet | …      quiet: a node without a flight recorder, to which nobody listens
                                                         listening: a node with one, and with a session where that is said

Blocks are short and take turns, in one process, so that what disturbs one disturbs its neighbour; the figure is the median of
their ratios. What sessions have taken is read between the blocks: a reader's work is the reader's (`tracing_reader`).
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any, Final

from benchmarks.candidates.observer.memory import resident
from benchmarks.candidates.observer.nodes import Counter, Keeper, one, open_node, supervisor
from benchmarks.setting import Figures, Setting, Stopwatch
from runtime import Caller, ChildSpec, Node, Pid, Reply, Supervisor
from runtime.introspection.tracing.showing import Showing
from tracing.limits import Limits

__all__ = [
    "tracing_call", "tracing_cast", "tracing_fuse", "tracing_memory", "tracing_reader", "tracing_start", "tracing_work",
]  # fmt: skip

PIECE: Final = 200
"""Messages of one block: about half a millisecond."""
_STARTS: Final = 20
_WARM: Final = 5
"""Blocks that do not count."""
_LONGER: Final = 4
"""Times as long as a rate is measured."""
_WIDE: Final = Limits(1_000_000, 3_600.0, 1_000_000.0, 10_000_000.0, 100_000)
_FULL: Final = 10_000
_MANY: Final = 20 * _FULL

Work = Callable[[Any], Awaitable[float]]
"""One block, on what has been prepared on a node; the seconds that it took."""


def step(count: int) -> int:
    """What a handler calls, so that it can be traced."""
    return count + 1


def work(seconds: float) -> None:
    """Use the processor."""
    until = perf_counter() + seconds
    while perf_counter() < until:
        pass


class Stepper(Counter):
    """A counter that counts with a function."""

    def handle_call(self, message: Any, caller: Caller[Any], count: int, /) -> Reply[int]:
        """One more; the count."""
        return Reply(count, step(count))


class Worker(Counter):
    """A counter that works for it."""

    def handle_call(self, message: Any, caller: Caller[Any], count: int, /) -> Reply[int]:
        """One more; the count."""
        work(20e-6)
        return Reply(count, count + 1)


@dataclass
class _Side:
    """One of those that take turns: what is prepared on its node, and what is traced meanwhile."""

    node: Node
    prepared: Any
    pattern: str | None = None

    async def block(self, do: Work) -> float:
        """Seconds of one block."""
        session = _open(self.node, self.pattern) if self.pattern is not None else None
        await asyncio.sleep(0)  # calls run at once for a while after a turn
        took = await do(self.prepared)
        if session is not None:
            assert session.stopped is None
            _tap(self.node).stop(session)
            session.take(_WIDE.queue)
        return took


async def _beside(
    setting: Setting, prepare: Callable[[Node], Awaitable[Any]], do: Work, **patterns: str
) -> Figures:
    """How much slower it is with the recorder (per cent), and with each of these patterns traced (times)."""
    async with open_node(setting, flight=0) as quiet, open_node(setting) as listening:
        plain, kept = await prepare(quiet), await prepare(listening)
        base, recorder = _Side(quiet, plain), _Side(listening, kept)
        figures = {"recorder": 100 * (await _slower(setting, base, recorder, do) - 1)}
        for name, pattern in patterns.items():
            figures[name] = await _slower(setting, base, _Side(listening, kept, pattern), do)
        return figures


async def _slower(setting: Setting, base: _Side, other: _Side, do: Work) -> float:
    """How many times as long one side takes as the other."""
    ratios, watch, order = list[float](), Stopwatch(), [base, other]
    while len(ratios) <= _WARM or watch.seconds() < setting.seconds * _LONGER:
        took = {id(side): await side.block(do) for side in order}
        ratios.append(took[id(other)] / took[id(base)])
        order.reverse()
    return median(ratios[_WARM:])


async def _calls(server: Pid) -> float:
    watch = Stopwatch()
    for _ in range(PIECE):
        await server.call("inc")
    return watch.seconds()


async def _casts(server: Pid) -> float:
    watch = Stopwatch()
    for _ in range(PIECE):
        server.cast("inc")
    await server.call("inc")
    return watch.seconds()


async def tracing_call(setting: Setting) -> Figures:
    """Calls from host code of a handler that calls a function."""
    return await _beside(
        setting, lambda node: one(node, Stepper), _calls,
        messages="all messages", handlers="all messages, handlers", function=f"all {__name__}:step",
    )  # fmt: skip


async def tracing_cast(setting: Setting) -> Figures:
    """Casts from host code, in bursts, with their handling."""
    return await _beside(setting, lambda node: one(node, Counter), _casts, messages="all messages")


async def tracing_work(setting: Setting) -> Figures:
    """Calls of a handler that has something to do."""
    return await _beside(setting, lambda node: one(node, Worker), _calls, messages="all messages")


async def tracing_start(setting: Setting) -> Figures:
    """`Supervisor.start_child` of a server that is registered by name."""
    numbers = itertools.count()

    async def starts(crew: Pid) -> float:
        names = [f"worker_{number}" for number in itertools.islice(numbers, _STARTS)]
        watch = Stopwatch()
        for name in names:
            await Supervisor.start_child(crew, ChildSpec(name, Keeper, 0))
        return watch.seconds()

    return await _beside(setting, supervisor, starts, events="all events")


async def tracing_reader(setting: Setting) -> Figures:
    """How long a reader takes for a record: on its own thread, but the interpreter is everybody's."""
    async with open_node(setting) as node:
        server, samples, watch = await one(node, Counter), list[float](), Stopwatch()
        while not samples or watch.seconds() < setting.seconds:
            session = _open(node, "all messages")
            await _casts(server)
            taken, _ = session.take(_WIDE.queue)
            _tap(node).stop(session)
            reading = Stopwatch()
            records = Showing(node).taken(session, taken, values=True)
            samples.append(reading.seconds() / len(records))
        return {"us": median(samples) * 1e6}


async def tracing_fuse(setting: Setting) -> Figures:
    """From the first event of a flood to the end of a session with the usual limits."""
    async with open_node(setting) as node:
        server: Any = await one(node, Counter)
        process, tap, clock = server._process, _tap(node), node.scheduler.clock
        figures: Figures = {}
        for name, pattern in {"fits_ms": "all receive", "looked_ms": "nobody receive"}.items():
            session = tap.open(pattern, Limits(count=1_000_000))
            began = clock()
            number, stopped = 0, session.stopped
            while stopped is None:
                while (now := clock()) < began + number * 1e-6:  # a million a second, and no more
                    pass
                tap.offer(
                    process, (now, "receive", process.number, "one", "", 0, None, ("inc",), 0.0, None, None)
                )
                number, stopped = number + 1, session.stopped
            figures[name] = (stopped.at - began) * 1e3
        return figures


async def tracing_memory(setting: Setting) -> Figures:
    """What the recorder's ring takes when it is full: growth of a larger one, by its share."""
    many = min(_MANY, setting.many)
    async with open_node(setting, flight=many) as node:
        server = await one(node, Counter)
        await _casts(server)
        before = resident()
        for _ in range(0, many, PIECE):
            await _casts(server)
        return {"megabytes": (resident() - before) / many * _FULL / 1e6}


def _tap(node: Node) -> Any:
    return node.scheduler.listening.tap


def _open(node: Node, pattern: str) -> Any:
    return _tap(node).open(pattern, _WIDE, force=True)
