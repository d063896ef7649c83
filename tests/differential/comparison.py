"""Compares two observations of one script, and says readably where they part.

Everything has to be equal, with one relaxation. When a supervisor has been killed, its children end by
themselves, at the same time as the supervisor above starts their successors: in such a step the starts keep
their order, and what the orphans did is compared as a set. So are the children of a dynamic supervisor, which have no order.

What workers hear is compared for each of them by itself, in order: exits and downs, and apart from these what groups tell, since
these come from another process on OTP. One that has ended meanwhile had time to hear of the ends before its own if it was asked to
stop, and of groups in no case.
"""

import json
from collections.abc import Callable
from itertools import groupby
from typing import Any

from tests.differential.differences import DIFFERENCES
from tests.differential.script import Script

__all__ = ["as_here", "difference"]

Entry = dict[str, Any]


def difference(script: Script, otp: list[Entry], ours: list[Entry]) -> str | None:
    """None if both sides observed the same; otherwise a text with the script and both observations."""
    supervisors = set(_supervisors(script["tree"]))
    for step in script["steps"]:
        if step[0] == "start_child":
            supervisors.update(_supervisors(step[2]))
    expected = [_normal(as_here(entry), supervisors) for entry in otp]
    observed = [_normal(entry, supervisors) for entry in ours]
    if expected == observed:
        return None
    return "\n".join(["OTP and this runtime differ.", "", *_told(script), "", *_parting(expected, observed)])


def _supervisors(child: dict[str, Any]) -> list[str]:
    if child["kind"] == "worker":
        return []
    return [child["id"], *(name for below in child["children"] for name in _supervisors(below))]


def as_here(entry: Entry) -> Entry:
    """What OTP did, as it would be here: with the deliberate differences applied."""
    for known in DIFFERENCES:
        entry = known.apply(entry)
    return entry


def _normal(entry: Entry, supervisors: set[str]) -> Entry:
    orphans = any(name in supervisors and reason == "killed" for name, reason in entry["ended"])
    entry = _without_luck(entry)
    entry = {**entry, "heard": _heard(entry, orphans)}
    if not orphans:
        return entry
    starts = [event for event in entry["trace"] if event[0] in {"start", "start_failed"}]
    return {**entry, "trace": [*starts, *sorted(event for event in entry["trace"] if event not in starts)]}


def _without_luck(entry: Entry) -> Entry:
    """The children of a dynamic supervisor have no order, and are stopped at the same time."""
    tree = {
        name: {**seen, "children": sorted(seen["children"])} if name.endswith("dyn") else seen
        for name, seen in entry["tree"].items()
    }
    trace: list[list[Any]] = []
    for crowd, events in groupby(entry["trace"], _crowd_stopped):
        stopped = list(events)
        trace += sorted(stopped) if crowd else stopped
    return {**entry, "tree": tree, "trace": trace}


def _heard(entry: Entry, orphans: bool) -> Entry:
    """What each worker has heard; with orphans, only which ends those heard of that live."""
    children = [child for seen in entry["tree"].values() for child in seen["children"]]
    living = {(name, number) for name, status, _, number in children if status == "alive"}
    stopped = {tuple(event[1:3]) for event in entry["trace"] if event[0] == "stop"}
    ends: dict[str, list[Any]] = {}
    groups: dict[str, list[Any]] = {}
    for name, number, *what in entry["heard"]:
        who, ended = (name, number), what[0] in {"exit", "down"}
        if who in living or (who in stopped and ended and not orphans):
            (ends if ended else groups).setdefault(f"{name} {number}", []).append(what)
    if orphans:
        return {"ends": {who: sorted(map(str, found)) for who, found in ends.items()}}
    return {
        "ends": {who: _runs_sorted(found, _who_ended) for who, found in ends.items()},
        "groups": {who: _runs_sorted(found, _who_left) for who, found in groups.items()},
    }


def _runs_sorted(events: list[Any], run_of: Callable[[list[Any]], str]) -> list[Any]:
    """The events, those of one run sorted; what is of no run keeps its place."""
    found: list[Any] = []
    for run, events_of_it in groupby(events, run_of):
        together = list(events_of_it)
        found += sorted(together) if run else together
    return found


def _who_ended(what: list[Any]) -> str:
    """A link and a monitor tell of the same end in no order."""
    return _whom(what[1])


def _who_left(what: list[Any]) -> str:
    """A process that ends leaves its groups in no order."""
    return _whom(what[2]) if what[0] == "left" else ""


def _whom(who: Any) -> str:
    """The children of a dynamic supervisor are all one: they end in no order."""
    return "dyn" if "dyn." in str(who) else str(who)


def _crowd_stopped(event: list[Any]) -> str:
    """The dynamic supervisor of which a child is stopped; empty for everything else."""
    crowd, found, _ = event[1].rpartition("dyn.")
    return crowd if found and event[0] == "stop" else ""


def _told(script: Script) -> list[str]:
    return [
        "The script:",
        f"  tree  {json.dumps(script['tree'])}",
        *(f"  step  {json.dumps(s)}" for s in script["steps"]),
    ]


def _parting(expected: list[Entry], observed: list[Entry]) -> list[str]:
    """The entries up to and with the first that differs; of that one, only what differs twice."""
    lines: list[str] = []
    for left, right in zip(expected, observed, strict=False):
        lines += [f"{json.dumps(left['step'])} → {left['result']}", f"    trace {json.dumps(left['trace'])}"]
        if left != right:
            for key in left:
                if left[key] != right.get(key):
                    lines += [
                        f"  ≠ {key}:",
                        f"      OTP   {json.dumps(left[key])}",
                        f"      here  {json.dumps(right.get(key))}",
                    ]
            return lines
    return [*lines, f"  ≠ OTP observed {len(expected)} entries, this runtime {len(observed)}"]
