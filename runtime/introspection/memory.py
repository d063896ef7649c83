"""About how much memory a process holds: its state, its mailbox, its last messages, and the local variables of a coroutine.

    roots ──> size of each object by its built-in class's own `__sizeof__`
      └─────> its parts: all of a small container, a sample of a large one, whose sizes count for the rest
              …in breadth, until 1,000 objects have been looked at; then it is "at least" so much

BEAM has a heap for each process and so knows this exactly. Here objects have no owner: what two processes share counts for
both, and what stands outside of the state (globals, closures, connections) for none. It tells a leak from what is well; it is no
bill. An isolated process has an OS process of its own, whose memory the system knows. No code of the user's runs: sizes come from methods written in C, parts from built-in containers and from
what the garbage collector itself walks, which makes no `__dict__` where there was none.
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (it reads values of any type)

from __future__ import annotations

import asyncio
import gc
import types
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from runtime.handle import Handle

from .atoms import TEXTS
from .figures import resident
from .pace import breathe
from .shapes import class_attribute

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runtime.process import Process

__all__ = ["OBJECTS", "Scale", "Weight"]

OBJECTS: Final = 1_000
"""Objects that are looked at for one process: half a millisecond."""
SAMPLE: Final = 32
"""Parts of a container that stand for all of them."""
_BREATH: Final = 256
_MRO: Final = vars(type)["__mro__"]
_NAMESPACE: Final = vars(type)["__dict__"]
_FLAGS: Final = vars(type)["__flags__"]
_HEAP: Final = 1 << 9
"""The flag of a class that was not built into the interpreter (`Py_TPFLAGS_HEAPTYPE`)."""
_CONTAINERS: Final = (list, tuple, dict, deque, set, frozenset)
_SHARED: Final = (type, types.ModuleType, types.FunctionType, types.CodeType, types.NoneType)
"""What is there once for all, and weighs nothing here."""
_OUTSIDE: Final = (
    *_SHARED, Handle, asyncio.AbstractEventLoop, asyncio.Future, *(kind for kind, _ in TEXTS),
)  # fmt: skip
"""What has no parts that belong to whoever refers to it."""
_MACHINERY: Final = frozenset({"runtime", "asyncio", "concurrent", "threading", "logging"})
"""Packages of whose classes the same is true, but for messages of the runtime."""
_WALKED: Final = (types.CoroutineType, types.MappingProxyType, BaseException)
"""What is built in and yet is looked into: what a coroutine stands on holds its local variables."""
Parts = tuple[Sequence[Any], float]


class Weight(NamedTuple):
    """About how many bytes; `cut` where there was more than could be looked at."""

    size: int
    cut: bool = False


class _Kind:
    """How the instances of one class are weighed.

    Attributes:
        size: the first `__sizeof__` in C among its bases; None for what weighs nothing here.
        parts: what gives its parts, and for how many each of them stands; None where it has none.
    """

    __slots__ = ("kind", "parts", "size")

    def __init__(self, kind: type) -> None:
        mro: tuple[type, ...] = _MRO.__get__(kind)
        self.kind = kind  # kept, so that its id stays its own
        self.size = _sizeof(mro)
        self.parts = _parts_of(kind, mro)


def _sizeof(mro: tuple[type, ...]) -> Callable[[Any], int] | None:
    if any(base is shared for base in mro for shared in _SHARED):
        return None
    for base in mro:
        for name, found in list(_NAMESPACE.__get__(base).items()):
            if type(name) is str and name == "__sizeof__" and type(found) is types.MethodDescriptorType:
                return found
    return object.__sizeof__


def _parts_of(kind: type, mro: tuple[type, ...]) -> Callable[[Any], Parts] | None:
    if any(base is outside for base in mro for outside in _OUTSIDE):
        return None
    for base in _CONTAINERS:
        if any(item is base for item in mro):
            return _CONTENTS[base]
    module = class_attribute(kind, "__module__")
    package = module.partition(".")[0] if type(module) is str else ""
    if package in _MACHINERY and module != "runtime.signals":
        return None
    walked = _FLAGS.__get__(kind) & _HEAP or any(base is item for base in mro for item in _WALKED)
    return _referents if walked else None


# --- parts --------------------------------------------------------------------------------------------


def _of_list(value: Any) -> Parts:
    size = list.__len__(value)
    return _spread(list.__getitem__(value, slice(0, None, _step(size))), size)


def _of_tuple(value: Any) -> Parts:
    size = tuple.__len__(value)
    return _spread(tuple.__getitem__(value, slice(0, None, _step(size))), size)


def _step(size: int) -> int:
    return -(-size // SAMPLE) or 1


def _spread(items: Sequence[Any], size: int) -> Parts:
    return items, size / (len(items) or 1)


def _of_dict(value: Any) -> Parts:
    """Keys and values: the first of them and, where there are many, the last."""
    pairs, size = dict.items(value), dict.__len__(value)
    if size <= SAMPLE:
        chosen = list(pairs)
    else:
        chosen = [*islice(pairs, SAMPLE // 2), *islice(reversed(pairs), SAMPLE // 2)]
    return [part for pair in chosen for part in pair], size / (len(chosen) or 1)


def _of_deque(value: Any) -> Parts:
    size = deque.__len__(value)
    if size <= SAMPLE:
        return list(deque.__iter__(value)), 1.0
    half = SAMPLE // 2
    chosen = [*islice(deque.__iter__(value), half), *islice(deque.__reversed__(value), half)]
    return _spread(chosen, size)


def _of_set(value: Any) -> Parts:
    base: Any = set if issubclass(type(value), set) else frozenset
    return _spread(list(islice(base.__iter__(value), SAMPLE)), base.__len__(value))


def _referents(value: Any) -> Parts:
    return gc.get_referents(value), 1.0


_CONTENTS: Final[dict[type, Callable[[Any], Parts]]] = {
    list: _of_list, tuple: _of_tuple, dict: _of_dict, deque: _of_deque, set: _of_set, frozenset: _of_set,
}  # fmt: skip


# --- the walk -----------------------------------------------------------------------------------------


class Scale:
    """Weighs processes; knows their classes from one to the next. For one page of the table, or one request."""

    def __init__(self) -> None:
        self._kinds: dict[int, _Kind] = {}
        """By the id of a class, since hashing one may run its metaclass."""

    def weigh(self, process: Process) -> Weight:
        """What a process holds. Never raises. Cost: some microseconds; less than a millisecond whatever it holds.

        Of an isolated process: the memory in which its OS process resides.
        """
        if process.place == "isolated" and (cell := getattr(process, "cell", None)) is not None:
            size = resident(cell.pid)
            return Weight(size) if size is not None else Weight(0, cut=True)
        agenda = getattr(process, "agenda", None)  # of a state machine: what it has put off
        put_off = agenda.postponed if agenda is not None else None
        roots = (process.state, process.mailbox, put_off, process.events, process.coroutine)
        return self.of([root for root in roots if root is not None])

    def sizes(self, processes: Iterable[Process]) -> list[int]:
        """What each of them holds, in bytes."""
        found: list[int] = []
        for process in processes:
            found.append(self.weigh(process).size)
            breathe()
        return found

    def of(self, roots: Iterable[Any]) -> Weight:
        """What these objects and their parts weigh together."""
        kinds, seen, total, looked = self._kinds, set[int](), 0.0, 0
        todo, cut = deque((root, 1.0) for root in roots), False
        while todo:
            value, times = todo.popleft()
            if id(value) in seen:
                continue
            seen.add(id(value))
            looked += 1
            if looked % _BREATH == 0:
                breathe()
            kind = kinds.get(id(type(value)))
            if kind is None:
                kind = kinds[id(type(value))] = _Kind(type(value))
            try:
                if kind.size is not None:
                    total += times * kind.size(value)
                if kind.parts is not None and not cut:
                    parts, each = kind.parts(value)
                    room = OBJECTS - looked - len(todo)
                    cut = len(parts) > room
                    todo.extend([(part, times * each) for part in parts[:room]])
            except Exception:  # noqa: S112 - it changes just now, or breaks a rule of its built-in class
                continue
        return Weight(int(total), cut)
