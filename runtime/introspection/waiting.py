"""Calls in flight, for observers: who waits for whom, since when, and where the message stands.

    Waits.calls ──> the longest waits ──> where their messages stand: each mailbox is looked through once
    Waits.blocked ──> circles ──> the one that has been closed longest

Read from another thread: what changes meanwhile is copied first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from runtime.port.contract import Link, Trouble, Wait, Waits, WaitsQuery

from .lookup import find, link_to, now, pid_text, title
from .pace import breathe, rested, settled
from .text import class_name, clean

if TYPE_CHECKING:
    from runtime.caller import Caller
    from runtime.node import Node
    from runtime.process import Process
    from runtime.waits import Wait as Begun
    from runtime.waits import Waits as Calls

__all__ = ["circles", "lasting", "longest", "wait_of", "waits_for", "waits_of"]

CIRCLES: Final = 20
"""How many an answer lists."""

_Call = tuple["Caller[Any]", "Begun"]


def waits_of(node: Node, request: WaitsQuery) -> Waits:
    """The answer to `waits`. Cost: one pass over the calls in flight, and one over each mailbox that is shown."""
    process = find(node, request.process) if request.process is not None else None
    found = _calls(node, process)
    found.sort(key=lambda call: call[1].since)
    places: dict[Process, dict[int, tuple[int, Any]]] = {}
    return Waits(
        at=now(),
        total=len(found),
        waits=[_wait(call, places) for call in found[: request.limit]],
        cycles=[[link_to(process) for process in circle] for circle in circles(node)[:CIRCLES]],
    )


def circles(node: Node) -> list[list[Process]]:
    """Processes whose own steps wait for each other, each circle once, from its oldest process on.

    Cost: about half a microsecond for each process whose step waits for an answer, in slices.
    """
    blocked = node.scheduler.waits.blocked.copy()
    found: list[list[Process]] = []
    seen: set[Process] = set()
    for start in rested(blocked):
        chain: list[Process] = []
        process = start
        while process not in seen and process in blocked:
            seen.add(process)
            chain.append(process)
            process = blocked[process].callee
        if process in chain:
            circle = chain[chain.index(process) :]
            oldest = circle.index(min(circle, key=lambda process: process.number))
            found.append(circle[oldest:] + circle[:oldest])
    return found


def lasting(node: Node, found: list[list[Process]]) -> tuple[list[Process], float]:
    """Of these circles the one that was closed first, if any still is; and seconds since."""
    waits = node.scheduler.waits
    closed = [(since, circle) for circle in rested(found) if (since := _closed_at(waits, circle)) is not None]
    if not closed:
        return [], 0.0
    since, circle = min(closed, key=lambda item: item[0])
    return circle, max(0.0, node.scheduler.clock() - since)


def _closed_at(waits: Calls, circle: list[Process]) -> float | None:
    """When the last of its calls began; None where one of them is over."""
    since = 0.0
    for process, following in zip(circle, [*circle[1:], circle[0]], strict=True):
        caller = waits.blocked.get(process)
        begun = waits.calls.get(caller) if caller is not None else None
        if caller is None or begun is None or caller.callee is not following:
            return None
        since = max(since, begun.since)
    return since


def _calls(node: Node, process: Process | None) -> list[_Call]:
    """All, or those from and to one process."""
    calls = list(node.scheduler.waits.calls.items())
    if process is None:
        return calls
    return [call for call in calls if call[1].asker is process or call[0].callee is process]


def wait_of(process: Process) -> Wait | None:
    """The call whose answer its own step waits for."""
    waits = process.sched.waits
    caller = waits.blocked.get(process)
    begun = waits.calls.get(caller) if caller is not None else None
    return _wait((caller, begun), {}) if caller is not None and begun is not None else None


def waits_for(process: Process, limit: int) -> list[Wait]:
    """The calls that wait for its answer, those that have waited longest first."""
    callers = process.sched.owed.get(process)
    waits = process.sched.waits.calls
    calls = [
        (it, begun) for it in settled(lambda: list(callers or ())) if (begun := waits.get(it)) is not None
    ]
    places: dict[Process, dict[int, tuple[int, Any]]] = {}
    return [_wait(call, places) for call in sorted(calls, key=lambda call: call[1].since)[:limit]]


def longest(node: Node) -> Trouble | None:
    """For whom the call waits, in the end, that has waited longest."""
    waits = node.scheduler.waits
    oldest = settled(
        lambda: next(iter(waits.calls.items()), None)
    )  # they stand in the order in which they began
    if oldest is None:
        return None
    caller, begun = oldest
    chain = [caller.callee]
    while (behind := waits.blocked.get(chain[-1])) is not None and behind.callee not in chain:
        chain.append(behind.callee)
    last = chain[-1]
    who = "the host" if begun.asker is None else title(begun.asker)
    through = "".join(f" for {title(process)}, which waits" for process in chain[:-1])
    return Trouble(
        pid=pid_text(last.number),
        name=title(last),
        value=max(0.0, node.scheduler.clock() - begun.since),
        text=clean(f"{who} waits{through}", 300),
    )


def _wait(call: _Call, places: dict[Process, dict[int, tuple[int, Any]]]) -> Wait:
    breathe()
    caller, begun = call
    callee, clock = caller.callee, caller.callee.sched.clock()
    if callee not in places:
        mailbox = callee.mailbox
        waiting: list[Any] = settled(lambda: list(mailbox or ()))
        places[callee] = {
            id(entry[2]): (ahead, entry) for ahead, entry in enumerate(waiting) if entry[2] is not None
        }
    ahead, entry = places[callee].get(id(caller), (0, None))
    handled = entry is None and callee.handles(caller)
    shown = entry or (callee.current if handled else None)
    return Wait(
        caller=_link(begun.asker),
        callee=link_to(callee),
        message=clean(class_name(type(shown[1])), 200) if shown is not None else None,
        for_s=max(0.0, clock - begun.since),
        left_s=max(0.0, caller.deadline - clock) if caller.deadline is not None else None,
        stage="mailbox" if entry is not None else "handling" if handled else "later",
        ahead=ahead,
        own=begun.own,
    )


def _link(process: Process | None) -> Link | None:
    return link_to(process) if process is not None else None
