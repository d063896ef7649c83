"""Chrome's trace format, which Perfetto opens: a track for each process, arrows from sending to handling.

    X  a handler, or a call of a function, as long as it took;    s, f  the arrow from a message's sending to its handling: both
       what is sent outside of any                                      have to be in such a slice
    b, e  a span of the user's                                    i     everything else, at its moment
    M  the names of tracks                                        C     counters

The format: "Trace Event Format", the JSON object form. Times are in microseconds of the monotonic clock. Tracks have small
numbers of their own, since readers keep them in 32 bits.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

from ..records import Json, Record, pid_text

__all__ = ["document"]

_DONE: Final = frozenset({"handled", "raised", "function_return", "function_raise"})
_HANDLED: Final = frozenset({"handled", "raised"})
_SENT: Final = frozenset({"send", "call", "timer", "spawn"})
_SILENT: Final = frozenset({"handle", "function_call"})
"""Beginnings: what they begin is drawn when it is over."""
_NODE: Final = 1
_MOMENT: Final = 0.001
"""Microseconds of a slice that has no length: readers count in nanoseconds."""


def document(records: Iterable[Record], node: str = "node") -> dict[str, Json]:
    """The trace of records as a JSON object.

    Args:
        records: in any order.
        node: the name of the node.
    """
    ordered = sorted(records, key=lambda record: (record.mono, record.seq))
    tracks = _tracks(ordered)
    sent = {record.span for record in ordered if record.kind in _SENT and record.span}
    handled = {record.span for record in ordered if record.kind in _HANDLED and record.took is not None}
    events: list[Json] = [_meta("process_name", 0, node)]
    events += [_meta("thread_name", track, title) for track, title in tracks.values()]
    slices = _slices(ordered)
    for record in ordered:
        alone = not _inside(slices.get(_owner(record), []), record.mono)
        events += _events(record, tracks[_owner(record)][0], sent & handled, alone=alone)
    return {"displayTimeUnit": "ms", "traceEvents": events}


def _slices(ordered: list[Record]) -> dict[int, list[tuple[float, float]]]:
    """When handlers ran, by process; in order of their ends, since a process handles one message at a time."""
    found: dict[int, list[tuple[float, float]]] = {}
    for record in ordered:
        if record.kind in _HANDLED and record.took is not None:
            found.setdefault(record.pid, []).append((record.mono, record.mono - record.took))
    return found


def _inside(slices: list[tuple[float, float]], mono: float) -> bool:
    place = bisect_left(slices, (mono,))
    return place < len(slices) and slices[place][1] <= mono


def _owner(record: Record) -> int:
    """On whose track it is: a spawn on that of the parent, which caused it."""
    return record.peer if record.kind == "spawn" else record.pid


def _tracks(ordered: list[Record]) -> dict[int, tuple[int, str]]:
    names = {record.pid: record.name for record in ordered if record.name is not None}
    tracks: dict[int, tuple[int, str]] = {}
    for record in ordered:
        number = _owner(record)
        if number not in tracks:
            title = f"{names.get(number, '')} {pid_text(number)}".strip() if number else "outside"
            tracks[number] = len(tracks) + 1, title
    return tracks


def _meta(name: str, track: int, title: str) -> Json:
    return {"ph": "M", "name": name, "pid": _NODE, "tid": track, "args": {"name": title}}


def _events(record: Record, track: int, arrows: set[str], *, alone: bool) -> list[Json]:
    at = record.mono * 1e6
    title = f"{record.kind} {record.text}".strip()
    base: dict[str, Json] = {"name": title, "cat": record.kind, "pid": _NODE, "tid": track, "ts": at}
    base["args"] = _arguments(record)
    if record.kind in _SILENT:
        return []
    if record.kind in _DONE and record.took is not None:
        begins = at - record.took * 1e6
        made: list[Json] = [
            {**base, "name": record.text or record.kind, "ph": "X", "ts": begins, "dur": record.took * 1e6}
        ]
        if record.span in arrows and record.kind in _HANDLED:
            made.append(_arrow("f", record, track, begins))
        return made
    if record.kind in {"span_start", "span_end"}:
        phase = "b" if record.kind == "span_start" else "e"
        return [{**base, "name": record.text or "span", "cat": "span", "ph": phase, "id": record.span or "0"}]
    if record.kind == "count":
        amount = record.values.get("amount", 0)
        return [{**base, "name": record.text or "count", "ph": "C", "args": {"amount": amount}}]
    if record.kind not in _SENT or record.span not in arrows:
        return [{**base, "ph": "i", "s": "t"}]
    shape: dict[str, Json] = {"ph": "X", "dur": _MOMENT} if alone else {"ph": "i", "s": "t"}
    return [{**base, **shape}, _arrow("s", record, track, at)]


def _arrow(phase: str, record: Record, track: int, at: float) -> Json:
    arrow: dict[str, Json] = {
        "ph": phase, "name": "message", "cat": "message", "id": f"{record.trace}:{record.span}", "pid": _NODE, "tid": track, "ts": at,
    }  # fmt: skip
    if phase == "f":
        arrow["bp"] = "e"
    return arrow


def _arguments(record: Record) -> dict[str, Json]:
    shown: dict[str, Json] = dict(record.values)
    for name in ("trace", "span", "cause", "principal", "waited"):
        value = getattr(record, name)
        if value:
            shown[name] = value
    return shown
