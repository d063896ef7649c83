"""Workloads of the language itself: what the interpreter keeps on the stack while Python code of ours is called back."""

from __future__ import annotations

import itertools
import operator
import sys
from dataclasses import dataclass, field, replace
from random import Random

from runtime.handle import Handle
from tests.stress.kit import WrongError, plain, same, toil


@plain
def sort_keys(process: Handle, rng: Random) -> None:
    """A list is empty while it is sorted, and so is told from one that somebody else sorts."""
    values = [rng.randrange(1000) for _ in range(100)]

    def key(value: int) -> tuple[int, int]:
        toil(150)
        return (value % 7, value)

    expected = sorted((value % 7, value) for value in values)
    same([(value % 7, value) for value in sorted(values, key=key)], expected)
    values.sort(key=key, reverse=True)
    same([(value % 7, value) for value in values], expected[::-1])
    same(max(values, key=lambda value: toil() * value), max(values))


@plain
def comparisons(process: Handle, rng: Random) -> None:
    """`list.sort`, `min` and `in` call `__lt__` and `__eq__` from the middle of C."""

    @dataclass(frozen=True)
    class Slow:  # noqa: PLW1641 - nobody hashes it
        value: int

        def __lt__(self, other: Slow) -> bool:
            toil(30)
            return self.value < other.value

        def __eq__(self, other: object) -> bool:
            toil(30)
            return isinstance(other, Slow) and self.value == other.value

    numbers = rng.sample(range(1000), 40)
    slow = [Slow(number) for number in numbers]
    same([item.value for item in sorted(slow)], sorted(numbers))
    same(min(slow).value, min(numbers))
    same(slow.index(Slow(numbers[-1])), len(numbers) - 1)
    same(Slow(-1) in slow, False)


@plain
def generators(process: Handle, rng: Random) -> None:
    """Pipelines of generators, `send`, `throw` and `yield from`."""

    def squares(stop: int):
        for number in range(stop):
            toil(60)
            yield number * number

    def running():
        total = 0
        while True:
            try:
                got = yield total
                toil(60)
                total += got
            except ValueError as error:
                total = -error.args[0]

    def both(stop: int):
        yield from squares(stop)
        return (yield from squares(stop))

    stop = rng.randrange(10, 40)
    same(list(both(stop)), [number * number for number in range(stop)] * 2)
    adder = running()
    next(adder)
    same([adder.send(number) for number in range(stop)], list(itertools.accumulate(range(stop))))
    same(adder.throw(ValueError(5)), -5)
    same(adder.send(7), 2)
    same(sum(filter(lambda number: toil(40) and number % 2, map(abs, squares(stop)))),
         sum(n * n for n in range(stop) if n % 2))  # fmt: skip


@plain
def closing_generators(process: Handle, rng: Random) -> None:
    """`close` and the last reference run a generator's `finally`, once."""
    closed: list[int] = []

    def numbered(number: int):
        try:
            yield toil()
            yield toil()
        finally:
            toil()
            closed.append(number)

    for number in range(20):
        generator = numbered(number)
        next(generator)
        if number % 2:
            generator.close()
        del generator
    same(closed, list(range(20)))


@plain
def exceptions(process: Handle, rng: Random) -> None:
    """Causes, contexts and the exception being handled belong to a step."""

    def fail(depth: int) -> None:
        try:
            toil(60)
            if depth:
                fail(depth - 1)
            raise KeyError(depth)
        except KeyError as error:
            toil(60)
            same(sys.exc_info()[1] is error, True)
            if depth % 2:
                raise ValueError(depth) from error
            raise IndexError(depth)  # noqa: B904 - the context is what is looked at
        except ValueError as error:
            same(error.args, (depth - 1,))
            raise LookupError(depth) from error

    for _ in range(8):
        depth = rng.randrange(6)
        try:
            fail(depth)
        except (ValueError, LookupError) as error:
            seen, now = 0, error
            while now is not None:
                toil(30)
                now, seen = now.__cause__ or now.__context__, seen + 1
            same(seen >= 2, True)
            same(sys.exc_info()[1] is error, True)
        else:
            raise WrongError("nothing was raised")
        same(sys.exc_info(), (None, None, None))


@plain
def finally_blocks(process: Handle, rng: Random) -> None:
    """Returns, breaks and re-raised exceptions through `finally`, and exception groups."""
    order: list[str] = []

    def leave(way: str) -> str:
        for _ in range(2):
            try:
                toil()
                if way == "return":
                    return way
                if way == "break":
                    break
                if way == "raise":
                    raise OSError(way)
            finally:
                toil()
                order.append(way)
        return "end"

    for way in ("return", "break", "raise", "loop"):
        try:
            same(leave(way), {"return": "return", "break": "end", "loop": "end"}.get(way))
        except OSError as error:
            same(error.args, (way,))
    same(order, ["return", "break", "raise", "loop", "loop"])
    caught = []
    try:
        raise ExceptionGroup("several", [ValueError(toil()), TypeError(toil())])
    except* ValueError as group:
        toil()
        caught.append(type(group.exceptions[0]))
    except* TypeError as group:
        toil()
        caught.append(type(group.exceptions[0]))
    same(caught, [ValueError, TypeError])


@plain
def hashes(process: Handle, rng: Random) -> None:
    """Dicts and sets call `__hash__` and `__eq__`; here all of them collide."""

    class Key:
        def __init__(self, value: int) -> None:
            self.value = value

        def __hash__(self) -> int:
            toil(60)
            return self.value % 3

        def __eq__(self, other: object) -> bool:
            toil(60)
            return isinstance(other, Key) and self.value == other.value

    keys = [Key(value) for value in rng.sample(range(100), 14)]
    table = {key: key.value for key in keys}
    same([table[Key(key.value)] for key in keys], [key.value for key in keys])
    for key in keys[::2]:
        del table[Key(key.value)]
    same(sorted(table.values()), sorted(key.value for key in keys[1::2]))
    same(len({*keys} & {*keys[:5]}), 5)
    same(table.setdefault(keys[1], None), keys[1].value)


@plain
def deep_recursion(process: Handle, rng: Random) -> None:
    """Each step has a depth of its own, and can run into the limit."""

    def down(depth: int) -> int:
        if depth % 50 == 0:
            toil()
        return 0 if depth == 0 else 1 + down(depth - 1)

    def bottomless(depth: int) -> int:
        return 1 + bottomless(depth + 1)

    for _ in range(3):
        depth = rng.randrange(200, 600)
        same(down(depth), depth)
    try:
        bottomless(0)
    except RecursionError:
        toil()
    else:
        raise WrongError("no end of the recursion")
    same(down(300), 300)


@plain
def descriptors(process: Handle, rng: Random) -> None:
    """Properties, descriptors, `__getattr__`, `__missing__`, operators, class bodies."""

    class Field:
        def __set_name__(self, owner: type, name: str) -> None:
            toil()
            self.name = name

        def __get__(self, instance: object, owner: type) -> int:
            toil()
            return instance.__dict__[self.name] * 2

        def __set__(self, instance: object, value: int) -> None:
            toil()
            instance.__dict__[self.name] = value

    class Meta(type):
        def __new__(mcs, name, bases, namespace):
            toil()
            return super().__new__(mcs, name, bases, namespace)

    class Thing(metaclass=Meta):
        size = Field()

        @property
        def area(self) -> int:
            toil()
            return self.size**2

        def __getattr__(self, name: str) -> str:
            toil()
            return name.upper()

        def __add__(self, other: Thing) -> int:
            toil()
            return self.size + other.size

    class Default(dict):
        def __missing__(self, key: int) -> int:
            toil()
            self[key] = value = key * 3
            return value

    for _ in range(8):
        one, other = Thing(), Thing()
        one.size, other.size = rng.randrange(100), rng.randrange(100)
        same(one.area, (2 * one.__dict__["size"]) ** 2)
        same(one.nothing, "NOTHING")
        same(one + other, 2 * (one.__dict__["size"] + other.__dict__["size"]))
        same(operator.attrgetter("area")(other), (2 * other.__dict__["size"]) ** 2)
        default = Default()
        same([default[number] for number in (1, 2, 1)], [3, 6, 3])
        same(len(default), 2)


@plain
def dataclasses_made(process: Handle, rng: Random) -> None:
    """Classes that are made in the middle of a step, and their generated methods."""

    @dataclass(order=True)
    class Item:
        rank: int
        name: str = field(default_factory=lambda: f"n{toil(100)}")

        def __post_init__(self) -> None:
            toil(100)
            self.rank *= 2

    ranks = rng.sample(range(100), 10)
    items = [Item(rank) for rank in ranks]
    same([item.rank for item in sorted(items)], [2 * rank for rank in sorted(ranks)])
    same(replace(items[0], rank=7).rank, 14)
    same({item.name for item in items}, {"n100"})
