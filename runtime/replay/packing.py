"""Events as bytes, with the raw values that they hold: what a replay is made from, and what outlives the node.

    events --pack--> Packed events --encode--> a frame: mark, length, checksum, body (the wire format of `isolation`)
                     values: each pickled alone, identities of the runtime by number and name

Whoever reads the frame gets plain data and bytes. Only a replay makes values of these, which imports classes and may run their code:
a record is as trustworthy as a program.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterable, Mapping
from types import FunctionType
from typing import Any, Final, NamedTuple

from tracing.context import Context
from tracing.records import ABSENT, Event

from ..isolation import codec
from ..isolation.wire import BadFrame, frame_of, frames_of
from ..messages import is_constant
from ..pid import Ref
from ..results import NOTHING
from ..tasks import TaskRef
from .identities import Names, World

__all__ = [
    "About",
    "Broken",
    "Packed",
    "Record",
    "Unpackable",
    "copied",
    "decode",
    "encode",
    "pack",
    "packed",
    "unpacked",
]

_FORMAT: Final = 1


class Broken(ValueError):  # noqa: N818 - the record, not what went wrong here
    """Raised for bytes that are no record; the message says why."""


class Unpackable(ValueError):  # noqa: N818 - the value
    """Raised for a value that cannot be kept; the message says why."""


class About(NamedTuple):
    """What is known of a process.

    Attributes:
        behaviour: `module:qualname`.
        name: registered name or label, or None.
        version: of the behaviour's module; empty where it is not known.
    """

    behaviour: str
    name: str | None = None
    version: str = ""


class Packed(NamedTuple):
    """An event whose values are bytes.

    Attributes:
        values: each as bytes, empty where the event has none; a text says why it could not be kept.
        sure: whether nothing can have changed the values between the event and the packing.
    """

    mono: float
    kind: str
    pid: int
    name: str | None
    text: str
    peer: int
    context: Context | None
    values: tuple[bytes | str, ...]
    waited: float | None
    took: float | None
    sure: bool


class _Pickler(codec.Pickler):
    """As for what crosses into another OS process; refs and tasks by number too, and code that is executed aside by name."""

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, Ref | TaskRef) or obj is NOTHING:
            return codec.resolved, self.borders.refer(obj)
        if (
            isinstance(obj, type | FunctionType)
            and isinstance(self.borders, World)
            and self.borders.aside(obj)
        ):
            return codec.resolved, ("code", obj.__module__, obj.__qualname__)
        return super().reducer_override(obj)


def packed(value: Any, borders: codec.Borders) -> bytes:
    """A value as bytes.

    Raises:
        Unpackable: something in it cannot be kept.
    """
    file = io.BytesIO()
    try:
        _Pickler(file, borders).dump(value)
    except Exception as error:
        raise Unpackable(f"a {type(value).__qualname__} cannot be kept: {error}") from None
    return file.getvalue()


def unpacked(data: bytes, borders: codec.Borders) -> Any:
    """The value again.

    Raises:
        Unpackable: its classes are not there any more, or cannot be made.
    """
    try:
        return codec.loads(data, borders)
    except Exception as error:
        raise Unpackable(f"a value of the record cannot be made again: {error}") from None


def copied(value: Any, borders: codec.Borders) -> Any:
    """A copy, its placeholders replaced by what they stand for. Raises Unpackable."""
    return unpacked(packed(value, borders), borders)


def pack(events: Iterable[Event], *, copied: bool = False, names: Names | None = None) -> list[Packed]:
    """Events with their values as bytes. A value that cannot be kept costs no other.

    Args:
        events: in their order.
        copied: whether what can change was copied when they happened. Optional. Defaults to False.
        names: of the record, where these are only some of its events. Optional.
    """
    known = names or Names()
    return [_event(event, known, copied) for event in events]


def _event(event: Event, names: Names, copied: bool) -> Packed:
    mono, kind, pid, name, text, peer, context, values, waited, took, _ = event
    kept: list[bytes | str] = []
    for value in values:
        try:
            kept.append(b"" if value is ABSENT else packed(value, names))
        except Unpackable as error:
            kept.append(str(error))
    sure = copied or all(value is ABSENT or value is NOTHING or is_constant(value) for value in values)
    return Packed(mono, kind, pid, name, text, peer, context, tuple(kept), waited, took, sure)


class Record(NamedTuple):
    """What stands in the bytes of a record.

    Attributes:
        events: in their order.
        about: the processes, by number.
        epoch: seconds since the epoch at which the monotonic clock stood at 0.
        kinds: of events that were listened for; none where that is not known.
    """

    events: list[Packed]
    about: Mapping[int, About]
    epoch: float
    kinds: frozenset[str] = frozenset()


def encode(record: Record) -> bytes:
    """A record as bytes."""
    events, about, epoch, kinds = record
    body = {
        "format": _FORMAT,
        "epoch": epoch,
        "kinds": sorted(kinds),
        "about": {number: tuple(one) for number, one in about.items()},
        "events": [tuple(event) for event in events],
    }
    return frame_of(pickle.dumps(body, protocol=5))


class _Plain(pickle.Unpickler):
    """Reads plain data alone."""

    def find_class(self, module: str, name: str) -> Any:
        raise Broken(f"it names {module}.{name} where only plain data stand")


def decode(data: bytes) -> Record:
    """The record again. Runs nothing of what it holds.

    Raises:
        Broken: these bytes are no record.
    """
    try:
        frames, rest = frames_of(data)
    except BadFrame as error:
        raise Broken(f"this is no record, or it is damaged: {error}") from None
    if len(frames) != 1 or rest:
        raise Broken("this is no record, or its end is missing")
    try:
        body: dict[str, Any] = _Plain(io.BytesIO(frames[0])).load()
        if body["format"] != _FORMAT:
            raise Broken(f"this record has the format {body['format']!r}; this Observer reads {_FORMAT}")
        events = [Packed(*event) for event in body["events"]]
        about = {number: About(*one) for number, one in body["about"].items()}
        return Record(events, about, float(body["epoch"]), frozenset(body["kinds"]))
    except Broken:
        raise
    except Exception as error:
        raise Broken(f"this is no record: {type(error).__name__}: {error}") from None
