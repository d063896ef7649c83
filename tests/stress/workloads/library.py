"""Workloads of the standard library that call back, cache, lock, or keep something per context."""

from __future__ import annotations

import contextlib
import copy
import decimal
import functools
import heapq
import io
import json
import logging
import operator
import pickle
import re
import string
import threading
from contextvars import ContextVar, copy_context
from random import Random

from runtime.handle import Handle
from tests.stress.kit import plain, same, toil

_place: ContextVar[int] = ContextVar("stress_place", default=0)


@plain
def json_hooks(process: Handle, rng: Random) -> None:
    """`default`, `object_hook` and `parse_float`, in the C encoder and the C scanner."""

    class Point:
        def __init__(self, x: int, y: float) -> None:
            self.x, self.y = x, y

    def default(item: object) -> dict[str, object]:
        toil(60)
        return {"point": [item.x, item.y]}

    def hook(read: dict[str, object]) -> object:
        toil(60)
        return Point(*read["point"]) if "point" in read else read

    points = [Point(rng.randrange(100), rng.randrange(100) / 4) for _ in range(25)]
    text = json.dumps({"all": points, "first": points[0]}, default=default)
    read = json.loads(text, object_hook=hook, parse_float=lambda digits: float(digits) * (toil(60) == 60))
    same([(p.x, p.y) for p in read["all"]], [(p.x, p.y) for p in points])
    same(json.loads(json.dumps([1, {"a": default(points[0])}], indent=1)), [1, {"a": default(points[0])}])


@plain
def regex_callbacks(process: Handle, rng: Random) -> None:
    """`re.sub` with a function, iterators of matches, and patterns compiled on the way."""
    word = rng.choice(string.ascii_lowercase)
    text = " ".join(f"{word}{number}" for number in range(60))

    def double(match: re.Match[str]) -> str:
        toil(60)
        return f"{match[1]}{int(match[2]) * 2}"

    same(re.sub(r"([a-z])(\d+)", double, text), " ".join(f"{word}{2 * number}" for number in range(60)))
    same([toil(40) and int(m[1]) for m in re.finditer(rf"{word}(\d+)", text)], list(range(60)))
    same(re.compile(rf"{word}(?P<n>\d+)$").search(text)["n"], "59")


@plain
def caches(process: Handle, rng: Random) -> None:
    """`lru_cache`, `cached_property`, `singledispatch`; one cache is shared by all processes."""

    class Thing:
        @functools.cached_property
        def slow(self) -> int:
            return toil()

    @functools.lru_cache(maxsize=8)
    def square(number: int) -> int:
        toil(60)
        return number * number

    for number in (rng.randrange(12) for _ in range(40)):
        same(square(number), number * number)
        same(_cube(number), number**3)
    same(square.cache_info().hits + square.cache_info().misses, 40)
    thing = Thing()
    same((thing.slow, thing.slow), (300, 300))
    same(functools.reduce(lambda a, b: a + b + (toil(40) - 40), range(50)), sum(range(50)))
    same(sorted([3, 1, 2], key=functools.cmp_to_key(lambda a, b: (a - b) * (toil(40) // 40))), [1, 2, 3])


@functools.lru_cache(maxsize=6)
def _cube(number: int) -> int:
    toil(60)
    return number**3


@plain
def logs(process: Handle, rng: Random) -> None:
    """Several handlers and formatters, filters, and arguments whose `__str__` is slow."""

    class Slow:
        def __str__(self) -> str:
            return f"slow{toil(60)}"

    class Formatter(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            toil(60)
            return super().format(record)

    logger = logging.Logger("stress of one job")  # noqa: LOG001 - one for each job, known to nobody else
    streams = [io.StringIO(), io.StringIO()]
    for stream in streams:
        handler = logging.StreamHandler(stream)
        handler.setFormatter(Formatter("%(levelname)s %(message)s"))
        handler.addFilter(lambda _record: toil(60) == 60)
        logger.addHandler(handler)
    for number in range(10):
        toil()
        logger.info("%s %d", Slow(), number)
    try:
        raise ValueError("to be logged")
    except ValueError:
        logger.exception("with a traceback")
    lines = [f"INFO slow60 {number}" for number in range(10)] + ["ERROR with a traceback"]
    for stream in streams:
        written = stream.getvalue().splitlines()
        same(written[:11], lines)
        same(written[-1], "ValueError: to be logged")
    logging.getLogger("stress of all jobs").info("%s", Slow())


@plain
def contexts(process: Handle, rng: Random) -> None:
    """Context variables, `Context.run`, and context managers of every sort."""
    number = rng.randrange(1, 1000)

    @contextlib.contextmanager
    def at(place: int):
        token = _place.set(place)
        try:
            toil()
            yield place
        finally:
            toil()
            _place.reset(token)

    def inside(place: int) -> int:
        _place.set(place)
        toil()
        return _place.get()

    for step in range(8):
        with at(number + step) as place, contextlib.suppress(KeyError), contextlib.ExitStack() as stack:
            same(stack.enter_context(at(place + 1)), place + 1)
            same(_place.get(), place + 1)
            same(copy_context().run(inside, 5), 5)
            toil()
            same(_place.get(), place + 1)
            raise KeyError
        same(_place.get(), 0)


@plain
def decimals(process: Handle, rng: Random) -> None:
    """The precision is one of the context."""
    for _ in range(10):
        digits = rng.randrange(3, 30)
        with decimal.localcontext() as here:
            here.prec = digits
            toil()
            same(len((decimal.Decimal(1) / 3).as_tuple().digits), digits)
            here.rounding = decimal.ROUND_UP
            toil()
            same(str(decimal.Decimal(2) / 3)[-1], "7")
        same(len((decimal.Decimal(1) / 3).as_tuple().digits), 28)


@plain
def copies(process: Handle, rng: Random) -> None:
    """`deepcopy`, `pickle`, heaps and partitions, with hooks in Python."""

    class Node:
        def __init__(self, value: int, after: Node | None = None) -> None:
            self.value, self.after = value, after

        def __deepcopy__(self, memo: dict[int, object]) -> Node:
            toil(60)
            return Node(self.value, copy.deepcopy(self.after, memo))

        def __lt__(self, other: Node) -> bool:
            toil(30)
            return self.value < other.value

    chain = None
    values = rng.sample(range(100), 20)
    for value in values:
        chain = Node(value, chain)
    copied, seen = copy.deepcopy([chain, chain])[0], []
    while copied is not None:
        seen.append(copied.value)
        copied = copied.after
    same(seen, values[::-1])
    heap = [Node(value) for value in values]
    heapq.heapify(heap)
    same([heapq.heappop(heap).value for _ in values], sorted(values))
    same(pickle.loads(pickle.dumps([Slow(value) for value in values])), [Slow(value) for value in values])
    same(sorted(map(operator.itemgetter(0), ((value, toil(40)) for value in values))), sorted(values))


class Slow(int):
    """A number that is slow to pickle."""

    def __reduce__(self) -> tuple[type, tuple[int]]:
        toil(60)
        return (Slow, (int(self),))


@plain
def shared_lock(process: Handle, rng: Random) -> None:
    """A lock that steps hold for longer than a slice, and that the host wants too, on the loop's own stack."""
    lock: threading.Lock = process.resource("lock")
    box: dict[str, int] = process.resource("box")
    for _ in range(2):
        with lock:
            got = box["got"]
            toil(6000)
            box["got"] = got + 1
        box["lock-uses"] += 1
