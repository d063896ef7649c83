"""Values that have no parts to show: each as JSON or as text, by the code of its built-in class alone.

    ATOMS     exact classes                                by the id of the class: hashing one runs its metaclass
    TEXTS     these classes and whatever derives from them

A subclass may override every method, and its fields may hold anything; so the methods called here are those of the
built-in class, and what they give is checked to be exactly what it should be.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import os
import types
import uuid
from collections.abc import Callable
from pathlib import PurePath
from typing import Any, Final
from zoneinfo import ZoneInfo

from runtime.caller import Caller
from runtime.crash import CrashReport
from runtime.errors import describe
from runtime.handle import Handle
from runtime.node import Node
from runtime.pid import Alias, Name, Pid, Ref, pid_text
from runtime.process import Process
from runtime.run_queue import RunQueue
from runtime.supervision.child import Child, End
from runtime.supervision.child_spec import ChildSpec
from runtime.tasks import TaskRef

from .text import BITS, class_name, digits, plain

__all__ = ["ATOMS", "TEXTS", "entry", "mark"]

Text = Callable[[Any], str]
_BYTES: Final = 64
"""Bytes that are shown."""
_CLOCK: Final = ("hour", "minute", "second", "microsecond")


def mark(kind: str, text: str) -> dict[str, Any]:
    """What stands for a value that is no JSON."""
    return {"$type": kind, "$text": text}


def entry(namespace: Any, name: str) -> Any:
    """An entry of a namespace, or None. Looking it up would run `__eq__` of keys that are no plain strings."""
    for key, item in list(namespace.items()):
        if type(key) is str and key == name:
            return item
    return None


def _int(value: int) -> Any:
    return value if value.bit_length() <= BITS else mark("int", digits(value))


def _float(value: float) -> Any:
    finite = value - value == 0
    return value if finite else mark("float", float.__repr__(value))


def _itself(value: Any) -> Any:
    return value


_EXACT: Final[tuple[tuple[type, Callable[[Any], Any]], ...]] = (
    (str, _itself), (bool, _itself), (type(None), _itself), (int, _int), (float, _float),
)  # fmt: skip
ATOMS: Final = {id(kind): show for kind, show in _EXACT}
"""What is JSON by itself. Text is cleaned and cut by the walk."""


# --- text ---------------------------------------------------------------------------------------------


def _get(base: type, name: str, value: Any) -> Any:
    """An attribute through the descriptor of `base`, whatever the value's own class says."""
    return vars(base)[name].__get__(value)


def _bytes(value: Any) -> str:
    base: Any = bytes if issubclass(type(value), bytes) else bytearray
    size = base.__len__(value)
    more = f" (+{size - _BYTES} bytes)" if size > _BYTES else ""
    return repr(bytes(base.__getitem__(value, slice(0, _BYTES)))) + more


def _enum(value: Any) -> str:
    return f"{class_name(type(value))}.{plain(entry(_get(enum.Enum, '__dict__', value), '_name_'))}"


def _zone(value: Any, base: type) -> tuple[Any, str]:
    """A time's zone where its code is the standard library's, else none and a note."""
    zone = _get(base, "tzinfo", value)
    known = zone is None or type(zone) is dt.timezone or type(zone) is ZoneInfo
    return (zone, "") if known else (None, " in a time zone of its own")


def _datetime(value: Any) -> str:
    zone, note = _zone(value, dt.datetime)
    year, month, day = (_get(dt.date, name, value) for name in ("year", "month", "day"))
    hour, minute, second, micro, fold = (_get(dt.datetime, name, value) for name in (*_CLOCK, "fold"))
    exact = dt.datetime(year, month, day, hour, minute, second, micro, zone, fold=fold)
    return exact.isoformat() + note


def _time(value: Any) -> str:
    zone, note = _zone(value, dt.time)
    hour, minute, second, micro = (_get(dt.time, name, value) for name in _CLOCK)
    return dt.time(hour, minute, second, micro, zone).isoformat() + note


def _decimal(value: Any) -> str:
    size = decimal.Decimal.__sizeof__(value)
    return decimal.Decimal.__str__(value) if size < 1000 else f"a Decimal of {size} bytes"


def _uuid(value: Any) -> str:
    number = _get(uuid.UUID, "int", value)
    return str(uuid.UUID(int=number)) if type(number) is int and 0 <= number < 1 << 128 else "a broken UUID"


def _path(value: Any) -> str:
    """Its segments as they were given. `str(path)` would store the result in a path that is the loop's."""
    held = _get(PurePath, "_raw_paths" if "_raw_paths" in vars(PurePath) else "_parts", value)
    segments: Any = vars(list)["copy"](held)
    return os.path.join("", *map(plain, segments))  # noqa: PTH118 - a path is what is read


def _range(value: Any) -> str:
    return f"range({', '.join(plain(_get(range, name, value)) for name in ('start', 'stop', 'step'))})"


def _function(value: Any) -> str:
    return f"{plain(value.__module__)}.{plain(value.__qualname__)}"


def _class(value: Any) -> str:
    return f"class {plain(vars(type)['__qualname__'].__get__(value))}"


def _module(value: Any) -> str:
    return f"module {plain(entry(_get(types.ModuleType, '__dict__', value), '__name__'))}"


def _task(value: Any) -> str:
    state = " done" if value.done else ""
    return f"#Task<{value.process.number}.{value.number} {plain(value.name)}{state}>"


def _caller(value: Any) -> str:
    return f"caller of {pid_text(value._process.number)}{', gone' if value.gone else ''}"


def _handle(value: Any) -> str:
    """What a process knows as `self`: which it is, and nothing of what the runtime keeps of it."""
    return pid_text(_PROCESS.__get__(value).number)


def _process(value: Any) -> str:
    """Which it is. Its state is shown where that is asked for, through its own behaviour's `redact`."""
    return pid_text(value.number)


def _child(value: Any) -> str:
    """Which child: its arguments and what is kept of its past are for its own behaviour to show."""
    process = value.process
    return f"child {describe(value.id)}, {'not running' if process is None else pid_text(process.number)}"


def _spec(value: Any) -> str:
    behaviour = value.behaviour
    of = class_name(behaviour) if isinstance(behaviour, type) else class_name(type(behaviour))
    if type(behaviour) is types.FunctionType:
        of = plain(behaviour.__qualname__)
    return f"ChildSpec {describe(value.id)} of {of}"


_PROCESS: Final = vars(Handle)["_process"]
TEXTS: Final[tuple[tuple[type, Text], ...]] = (
    (Handle, _handle),
    (enum.Enum, _enum),
    (str, plain),
    (int, digits),
    (float, float.__repr__),
    (complex, complex.__repr__),
    (bytes, _bytes),
    (bytearray, _bytes),
    (dt.datetime, _datetime),
    (dt.date, dt.date.isoformat),
    (dt.time, _time),
    (dt.timedelta, dt.timedelta.__str__),
    (decimal.Decimal, _decimal),
    (uuid.UUID, _uuid),
    (PurePath, _path),
    (range, _range),
    (type, _class),
    (types.FunctionType, _function),
    (types.BuiltinFunctionType, _function),
    (types.ModuleType, _module),
    (Pid, lambda value: pid_text(value.number)),
    (Name, lambda value: plain(value.name)),
    (Alias, lambda value: f"#Alias<0.{value.number}>"),
    (Ref, lambda value: f"#Ref<0.{value.number}>"),
    (TaskRef, _task),
    (Process, _process),
    (Child, _child),
    (ChildSpec, _spec),
    (CrashReport, lambda value: f"crash report of {pid_text(value.number)}: {value.kind}"),
    (End, lambda value: f"end of {pid_text(value.old)}: {value.kind}"),
    (RunQueue, lambda _: "the run queue"),
    (Node, lambda value: f"node {value.name}"),
    (Caller, _caller),
)
"""The first that fits counts: an enum's member may be an int too, a datetime is a date."""
