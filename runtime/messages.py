"""Share nothing: what a process sends, no other process can change.

    share(value)
      exact atom (int, str, bytes, Pid, datetime, …)      passes          one look-up
      tuple, frozenset, frozen dataclass, frozen model    passes when all that it holds passes
      list, dict, other objects                           copied, in the sender's step
      lock, file, socket, task, generator, module, …      NotSendable

The verdict is about the *value*, never about the type alone: a frozen dataclass may hold a list, and a subclass of
int may hold anything. What is compiled once per class is only how to walk it.
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (it walks values of any type)

from __future__ import annotations

import asyncio
import contextvars
import dataclasses
import datetime
import decimal
import enum
import fractions
import io
import socket
import threading
import types
import uuid
from collections import deque
from collections.abc import Callable
from pathlib import PurePath
from typing import Any, Final, TypeVar

from .errors import NotSendable

__all__ = ["ATOMS", "REPLACED", "forget", "is_constant", "share"]

ATOMS: Final[set[type]] = {
    int, float, complex, bool, type(None), str, bytes, range, type(...), type(NotImplemented),
    datetime.datetime, datetime.date, datetime.time, datetime.timedelta, datetime.timezone,
    decimal.Decimal, fractions.Fraction, uuid.UUID,
}  # fmt: skip
"""Types whose instances nobody can change. Exact types: a subclass is walked as an object."""

_LIVE: Final[tuple[type, ...]] = (
    type(threading.Lock()), type(threading.RLock()), threading.Thread, threading.Condition, threading.Event,
    threading.Semaphore, threading.local, io.IOBase, socket.socket, asyncio.Future, asyncio.AbstractEventLoop,
    asyncio.Queue, asyncio.Lock, asyncio.Event, asyncio.Condition, asyncio.Semaphore, asyncio.TaskGroup,
    types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType, types.ModuleType, types.FrameType,
    types.TracebackType, contextvars.Context, contextvars.ContextVar, memoryview,
)  # fmt: skip
_DEPTH: Final = 200

REPLACED: Final = "__replaced__"
"""What a class has of which newer code has another version: its `__deepcopy__` says what is sent instead of an instance."""
T = TypeVar("T")
Visit = Callable[[Any, int], bool]
Where = tuple[Any, Any] | None
"""The way to a part of a value: the way to what holds it, and its index or key."""
_visitors: dict[type, Visit] = {}


def share(value: Any) -> Any:
    """`value` itself where nobody can change it, else a copy that nobody else holds.

    Raises:
        NotSendable: something in it cannot be shared at all; the message says what and where.
    """
    if type(value) in ATOMS:
        return value
    try:
        return value if is_constant(value) else _copy(value, {}, None)
    except RecursionError:
        raise NotSendable("a value that is nested this deeply", "") from None


def passes(kind: type[T], told: Callable[[T], None]) -> None:
    """Let instances of `kind` pass; `told` hears of each that is sent."""

    def visit(value: Any, _depth: int) -> bool:
        told(value)
        return True

    _visitors[kind] = visit


def forget(kind: type) -> None:
    """Forget how to walk instances of `kind`: it has changed, or is to be freed. It is found out again when there is one."""
    _visitors.pop(kind, None)


def is_constant(value: Any, depth: int = 0) -> bool:
    """Whether nothing reachable from `value` can change."""
    kind = type(value)
    if kind in ATOMS:
        return True
    visit = _visitors.get(kind)
    if visit is None:
        visit = _visitors[kind] = _visitor(kind)
    return depth < _DEPTH and visit(value, depth + 1)


def _visitor(kind: type) -> Visit:
    """How to walk an instance of `kind`; compiled once per class."""
    if REPLACED in vars(kind):
        return _never
    if kind in {tuple, frozenset}:
        return _all_constant
    if issubclass(kind, enum.Enum):
        return lambda value, depth: is_constant(value._value_, depth)
    if issubclass(kind, BaseException) or issubclass(kind, PurePath):
        return _always  # a reason is passed on as it is, its traceback cut off; a path has no setter
    if issubclass(kind, tuple) and hasattr(kind, "_fields") and not kind.__dictoffset__:
        return _all_constant
    names = _frozen_fields(kind)
    if names is None:
        return _never
    return lambda value, depth: all(is_constant(getattr(value, name, None), depth) for name in names)


def _all_constant(value: Any, depth: int) -> bool:
    for item in value:  # noqa: SIM110 - a generator would cost more than the whole walk
        if type(item) not in ATOMS and not is_constant(item, depth):
            return False
    return True


def _always(_value: Any, _depth: int) -> bool:
    return True


def _never(_value: Any, _depth: int) -> bool:
    return False


def _frozen_fields(kind: type) -> tuple[str, ...] | None:
    """Fields of a frozen dataclass or a frozen pydantic model; None for every other class."""
    if dataclasses.is_dataclass(kind) and kind.__dataclass_params__.frozen:  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
        return tuple(field.name for field in dataclasses.fields(kind))
    fields: dict[str, Any] | None = getattr(kind, "__pydantic_fields__", None)
    config: dict[str, Any] = getattr(kind, "model_config", {})
    if fields is not None and config.get("frozen") and config.get("extra") != "allow":
        return tuple(fields)
    return None


def _copy(value: Any, memo: dict[int, Any], where: Where) -> Any:
    """A deep copy; `memo` keeps shared and circular parts as they were."""
    kind = type(value)
    if kind in ATOMS:
        return value
    if id(value) in memo:
        return memo[id(value)]
    _refuse(value, where)
    if isinstance(value, type | types.FunctionType | types.BuiltinFunctionType) or is_constant(value):
        return value
    copy = _copy_container(value, kind, memo, where)
    memo[id(value)] = copy
    memo.setdefault(-1, []).append(value)  # keeps the ids of temporaries from being used again
    return copy


def _copy_container(value: Any, kind: type, memo: dict[int, Any], where: Where) -> Any:
    if kind is list or kind is deque:
        copy = memo[id(value)] = kind() if kind is list else deque(maxlen=value.maxlen)
        for index, item in enumerate(value):
            copy.append(_copy(item, memo, (where, index)))
        return copy
    if kind is dict:
        mapping: dict[Any, Any] = {}
        memo[id(value)] = mapping
        for key, item in value.items():
            mapping[_copy(key, memo, (where, "key"))] = _copy(item, memo, (where, key))
        return mapping
    if kind in {tuple, set, frozenset}:
        return kind(_copy(item, memo, (where, index)) for index, item in enumerate(value))
    if kind is bytearray:
        return bytearray(value)
    return _copy_object(value, memo, where)


def _copy_object(value: Any, memo: dict[int, Any], where: Where) -> Any:
    """Copies what pickle could rebuild, without pickling: `__deepcopy__`, else `__reduce_ex__`."""
    try:
        custom = getattr(value, "__deepcopy__", None)
        return custom(memo) if custom is not None else _rebuild(value, memo, where)
    except (NotSendable, RecursionError):
        raise
    except Exception as error:
        raise NotSendable(f"{type(value).__qualname__} ({error})", _place(where)) from error


def _rebuild(value: Any, memo: dict[int, Any], where: Where) -> Any:
    parts = value.__reduce_ex__(4)
    if isinstance(parts, str):
        return value
    rest: tuple[Any, ...] = (*parts, None, None, None)
    make, arguments, state, items, pairs = rest[:5]
    copy = make(*(_copy(item, memo, where) for item in arguments))
    memo[id(value)] = copy
    _restore(copy, _copy(state, memo, where))
    for item in items or ():
        copy.append(_copy(item, memo, where))
    for key, item in pairs or ():
        copy[_copy(key, memo, where)] = _copy(item, memo, where)
    return copy


def _restore(copy: Any, state: Any) -> None:
    if state is None:
        return
    if hasattr(copy, "__setstate__"):
        copy.__setstate__(state)
        return
    fields, slots = state if isinstance(state, tuple) else (state, None)
    if fields:
        copy.__dict__.update(fields)
    for name, item in (slots or {}).items():
        object.__setattr__(copy, name, item)


def _refuse(value: Any, where: Where) -> None:
    """Raises NotSendable for what is alive, and for functions that no other place could name."""
    if isinstance(value, _LIVE):
        raise NotSendable(f"a {type(value).__module__}.{type(value).__qualname__}", _place(where))
    if isinstance(value, types.FunctionType):
        name = value.__qualname__
        if "<locals>" in name or "<lambda>" in name:
            raise NotSendable(
                f"the function {name} (functions pass only when they stand at module level)", _place(where)
            )
    if isinstance(value, types.MethodType) or (
        isinstance(value, types.BuiltinFunctionType)
        and not isinstance(value.__self__, types.ModuleType | type | None)
    ):
        raise NotSendable(f"the bound method {value.__qualname__}", _place(where))


def _place(where: Where) -> str:
    """The way to a part, in words: `[2]['lock']`."""
    steps: list[str] = []
    while where is not None:
        where, step = where
        if type(step) is str:
            step = step[:40]
        steps.append(f"[{step!r}]" if type(step) in {int, str} else f"[<{type(step).__name__}>]")
    return "".join(reversed(steps))
