"""Workloads that call back from C (or Rust) of others, and from the collector."""

from __future__ import annotations

import ctypes
import gc
import sqlite3
import weakref
from random import Random
from typing import Any

from pydantic import BaseModel, ValidationError, field_serializer, field_validator, model_validator

from runtime.handle import Handle
from tests.stress.kit import WrongError, plain, same, toil

_libc: Any = ctypes.CDLL(None)
_Compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))


@plain
def qsort(process: Handle, rng: Random) -> None:
    """The C library sorts, and asks Python; what is raised there is lost."""
    numbers = rng.sample(range(1000), 60)

    def compare(one: Any, other: Any) -> int:
        toil(60)
        return one[0] - other[0]

    array = (ctypes.c_int * len(numbers))(*numbers)
    _libc.qsort(array, len(numbers), ctypes.sizeof(ctypes.c_int), _Compare(compare))
    same(list(array), sorted(numbers))


class Part(BaseModel):
    """Validated and serialised by Python code that pydantic calls."""

    size: int
    name: str = ""

    @field_validator("size", mode="before")
    @classmethod
    def _doubled(cls, value: int) -> int:
        toil(60)
        if value < 0:
            raise ValueError("negative")
        return value * 2

    @field_serializer("size")
    def _halved(self, value: int) -> int:
        toil(60)
        return value // 2


class Whole(BaseModel):
    """Models within a model."""

    parts: list[Part]

    @model_validator(mode="after")
    def _weighed(self) -> Whole:
        toil()
        return self


@plain
def validators(process: Handle, rng: Random) -> None:
    """Pydantic calls Python from Rust, and from it Rust again."""
    sizes = [rng.randrange(100) for _ in range(20)]
    whole = Whole.model_validate({"parts": [{"size": size} for size in sizes]})
    same([part.size for part in whole.parts], [2 * size for size in sizes])
    same(Whole.model_validate_json(whole.model_dump_json()), whole)
    try:
        Whole.model_validate({"parts": [{"size": -1}, {"size": 1}, {"size": -2}]})
    except ValidationError as error:
        same([item["loc"] for item in error.errors()], [("parts", 0, "size"), ("parts", 2, "size")])
    else:
        raise WrongError("nothing was refused")


@plain
def database(process: Handle, rng: Random) -> None:
    """Functions, aggregates, collations and row factories of a connection that belongs to this job."""

    class Total:
        def __init__(self) -> None:
            self.total = 0

        def step(self, value: int) -> None:
            toil(60)
            self.total += value

        def finalize(self) -> int:
            toil(60)
            return self.total

    def reverse(one: str, other: str) -> int:
        toil(60)
        return (one < other) - (one > other)

    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        connection.create_function("twice", 1, lambda value: value * 2 * (toil(60) // 60))
        connection.create_aggregate("total_of", 1, Total)
        connection.create_collation("backwards", reverse)
        connection.row_factory = lambda _cursor, row: (toil(60), *row)[1:]
        numbers = rng.sample(range(1000), 30)
        connection.execute("create table t (n integer, s text)")
        connection.executemany("insert into t values (?, ?)", ((n, f"{n:04}") for n in numbers if toil(60)))
        same(connection.execute("select twice(n) from t").fetchall(), [(2 * n,) for n in numbers])
        same(connection.execute("select total_of(n) from t").fetchone(), (sum(numbers),))
        rows = connection.execute("select s from t order by s collate backwards").fetchall()
        same(rows, [(f"{n:04}",) for n in sorted(numbers, reverse=True)])
    finally:
        connection.close()


class _Thing:
    """Can be referred to weakly."""


@plain
def weak_references(process: Handle, rng: Random) -> None:
    """Callbacks of weak references, weak dictionaries and `finalize`, from the middle of a release."""
    gone: list[int] = []
    things = {number: _Thing() for number in range(20)}

    def note(number: int) -> None:
        toil(60)
        gone.append(number)

    refs = [weakref.ref(thing, lambda _ref, n=number: note(n)) for number, thing in things.items()]
    values = weakref.WeakValueDictionary(things)
    keys = weakref.WeakKeyDictionary({thing: number for number, thing in things.items()})
    finalizer = weakref.finalize(things[0], note, -1)
    order = rng.sample(range(20), 20)
    for number in order:
        toil(60)
        del things[number]
    same(sorted(gone), [-1, *range(20)])
    same([number for number in gone if number >= 0], order)
    same((len(values), len(keys), finalizer.alive), (0, 0, False))
    same([ref() for ref in refs], [None] * 20)


@plain
def finalizers(process: Handle, rng: Random) -> None:
    """`__del__`, at the last reference, each once."""
    ended: list[int] = []

    class Ends:
        def __init__(self, number: int, held: Ends | None) -> None:
            self.number, self.held = number, held

        def __del__(self) -> None:
            toil(100)
            ended.append(vars(self).get("number"))  # a killed step may not have come so far

    for number in range(20):
        Ends(number, None)
        toil(60)
    same(ended, list(range(20)))
    chain = None
    for number in range(20, 40):
        chain = Ends(number, chain)
    del chain
    same(ended, [*range(20), *range(39, 19, -1)])


@plain
def cycles(process: Handle, rng: Random) -> None:
    """Garbage that only the collector finds, with finalizers that it runs."""
    ended: set[int] = set()

    class Knot:
        def __init__(self, number: int) -> None:
            self.number = number
            self.me = self
            self.weak = weakref.ref(self, lambda _ref: toil(30))

        def __del__(self) -> None:
            toil(60)
            ended.add(vars(self).get("number"))  # a killed step may not have come so far

    for number in range(12):
        Knot(number)
        toil(100)
    for _ in range(3):  # another step may be collecting
        gc.collect(1)
        if len(ended) == 12:
            break
        gc.collect()
        toil()
    same(ended, set(range(12)))
