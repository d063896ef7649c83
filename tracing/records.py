"""One shape for every event: what happened, when, to which process, and because of what.

    Event   what a site of the runtime hands over: a plain tuple, since one is made for each message
    Record  what a reader gets: numbered, with the wall's time, its values shown as JSON

    (mono, kind, pid, name, text, peer, context, values, waited, took, redact)  --record_of-->  Record

Values are shown by whoever reads, with a `Show` that bounds and redacts them. Without one, only plain numbers and the names of
classes are told: this floor does not know what is secret.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, TypeAlias

from .context import Context
from .kinds import KINDS

__all__ = [
    "ABSENT",
    "Event",
    "Json",
    "Record",
    "Redact",
    "Show",
    "from_json",
    "pid_text",
    "record_of",
    "reticent",
    "to_json",
]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Event: TypeAlias = tuple[
    float,
    str,
    int,
    str | None,
    str,
    int,
    Context | None,
    tuple[Any, ...],
    float | None,
    float | None,
    "Redact | None",
]
"""(monotonic seconds, kind, pid, name, text, peer, context, values, seconds waited, seconds of work, what its values are shown through)."""
Redact: TypeAlias = Callable[[Any], Any]
"""What a behaviour leaves of a value for others to see."""
Show: TypeAlias = Callable[[str, Any, "Redact | None"], Json]
"""Shows a value under its label: bounded, redacted, and but for that function running no code of the value's class."""
ABSENT: Final[Any] = object()
"""In the place of a value that an event does not have."""
NODE: Final = 10**12
"""Numbers of one node; see `runtime.pid`."""


def pid_text(number: int) -> str:
    """The number of a process as a pid: `<0.42.0>`."""
    node, local = divmod(number, NODE)
    return f"<{node}.{local}.0>"


@dataclass(frozen=True, slots=True)
class Record:
    """An event, as it is read.

    Attributes:
        seq: rises by one with every record of a recorder or session; a gap is a loss.
        at: seconds since the epoch.
        kind: one of `kinds.KINDS`.
        pid: number of the process concerned, or 0 for the node itself.
        name: its registered name or label, or None.
        text: one line for people, without values that a process holds.
        mono: seconds of `time.monotonic()`; only these tell how long something took.
        peer: number of the other process (`Kind.peer` says who that is), or 0.
        trace: id of the story that it belongs to, 32 hex digits; empty where it is in none.
        span: id of the message whose sending or handling this is, 16 hex digits; empty where it is in none.
        cause: id of the span in which that message was sent; empty where it came from outside.
        principal: on whose behalf, or None.
        waited: seconds in the mailbox, where it is a message that is handled.
        took: seconds of work, where something is over.
        values: what it is about, by label, as JSON.
        stack: frames, innermost last, where the pattern asks for them.
        cut: whether a limit has cut a value.
    """

    seq: int
    at: float
    kind: str
    pid: int
    name: str | None
    text: str
    mono: float = 0.0
    peer: int = 0
    trace: str = ""
    span: str = ""
    cause: str = ""
    principal: str | None = None
    waited: float | None = None
    took: float | None = None
    values: Mapping[str, Json] = field(default_factory=dict[str, Json])
    stack: tuple[str, ...] = ()
    cut: bool = False


def reticent(_label: str, value: Any, _redact: Redact | None = None) -> Json:
    """Show a value without telling anything that could be a secret: numbers, and otherwise the name of its class."""
    kind: type[Any] = type(value)  # pyright: ignore[reportUnknownVariableType]  # of any value
    if kind is bool or value is None or (kind is float and math.isfinite(value)):
        return value  # type: ignore[no-any-return]
    if kind is int and value.bit_length() <= 64:
        return int(value)
    return {"$type": str(vars(type)["__name__"].__get__(kind))}


def record_of(seq: int, event: Event, epoch: float, show: Show = reticent) -> Record:
    """The record of an event.

    Args:
        seq: its number.
        event: what a site has handed over.
        epoch: seconds since the epoch at which the monotonic clock stood at 0.
        show: shows values. Optional. Defaults to telling next to nothing.
    """
    mono, kind, pid, name, text, peer, context, values, waited, took, redact = event
    labels = KINDS[kind].values if kind in KINDS else ()
    shown = {
        label: show(label, value, redact)
        for label, value in zip(labels, values, strict=False)
        if value is not ABSENT
    }
    if context is None:
        return Record(
            seq, epoch + mono, kind, pid, name, text, mono, peer, waited=waited, took=took, values=shown
        )
    trace, span, cause, principal = context
    return Record(
        seq, epoch + mono, kind, pid, name, text, mono, peer,
        f"{trace:032x}", f"{span:016x}", f"{cause:016x}" if cause else "", principal, waited, took, shown,
    )  # fmt: skip


def to_json(record: Record) -> dict[str, Json]:
    """A record as a JSON object; what is empty is left out."""
    shown: dict[str, Json] = {}
    for name in _FIELDS:
        value: Any = getattr(record, name)
        if value or name in _ALWAYS or (name in _TIMES and value is not None):
            shown[name] = list(value) if name == "stack" else dict(value) if name == "values" else value
    return shown


def from_json(shown: Mapping[str, Any]) -> Record:
    """The record of such an object.

    Raises:
        ValueError: it is not one; the message says what is wrong with it.
    """
    unknown = sorted(set(shown) - set(_FIELDS))
    missing = sorted(_ALWAYS - set(shown))
    if unknown or missing:
        raise ValueError(
            f"not a record: unknown fields {unknown}, missing fields {missing}; known: {', '.join(_FIELDS)}"
        )
    given = dict(shown)
    if "stack" in given:
        given["stack"] = tuple(given["stack"])
    return Record(**given)


_FIELDS: Final = tuple(item.name for item in fields(Record))
_ALWAYS: Final = frozenset({"seq", "at", "kind", "pid", "name", "text"})
_TIMES: Final = frozenset({"mono", "waited", "took"})
