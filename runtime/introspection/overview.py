"""The node at a glance, and what is in trouble."""

from __future__ import annotations

import os
import platform
import resource
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from runtime.form import COMPILED
from runtime.port.contract import REQUESTS, NodeInfo, Role, Running, Trouble

from .lookup import doing, handler_of, id_text, link_to, now, oldest_s, pid_text, same_path, title
from .pace import rested, settled
from .slicing import slicing_of, spinning, zombies
from .stacks import loop_frames
from .text import clean
from .waiting import lasting, longest

if TYPE_CHECKING:
    from runtime.node import Node
    from runtime.port.service import Principal
    from runtime.process import Process
    from runtime.supervision.child import Child, End

    from .census import Census, Censuses
    from .sampler import Sampler

__all__ = ["node_info"]

LATELY_S: Final = 60.0
"""Restarts further back are no trouble any more."""
STUCK_S: Final = 0.1
"""A loop that is later than this without a process running is held by the host's own code."""


def node_info(
    node: Node,
    sampler: Sampler,
    censuses: Censuses,
    principal: Principal,
    cost_ms_per_s: float,
    *,
    stack: bool,
) -> NodeInfo:
    """The answer to `node`. Cost: about 0.2 µs for each process, in slices, where a census is due."""
    sched = node.scheduler
    sampler.settle(STUCK_S * 1.5)
    census, age = censuses.last()
    circle, circle_s = lasting(node, census.circles)
    gave_up, root_cause = _gave_up(node, principal)
    stack = stack and principal.role.includes(Role.OPERATOR)
    host, port = node.address or (None, None)
    return NodeInfo(
        name=node.name,
        incarnation=node.incarnation,
        version=_version(),
        python=platform.python_version(),
        host=host,
        port=port,
        pid=os.getpid(),
        uptime_s=time.time() - node.started_at,
        processes=len(node.table),
        mailbox_total=census.mailbox_total,
        lag_ms=round(sampler.lag_s * 1000, 3),
        rss_bytes=_rss_bytes(),
        preemption=node.preemption,
        slicing=slicing_of(node),
        running=_running(node, sampler, stack=stack),
        spinning=spinning(node, stack=stack),
        zombies=zombies(node, stack=stack),
        observer_ms_per_s=round(cost_ms_per_s, 3),
        at=now(),
        capabilities=sorted(REQUESTS),
        key=principal.key,
        role=principal.role,
        messages_handled=sched.handled,
        crashes=node.ledger.crashed,
        restarts=node.ledger.restarts,
        late_replies=sched.late_replies,
        dead_letters=sched.dead_letters + node.registry.dead_letters,
        statuses=census.statuses,
        census_age_s=age,
        counters=_counters(node),
        deepest=_deepest(census),
        oldest=_oldest(census, sched.clock()),
        calls=len(sched.waits.calls),
        waited_for=longest(node),
        circle=[link_to(process) for process in circle],
        circle_s=circle_s,
        busiest=_busiest(node, sampler.busy()),
        last_crash=_last_crash(node, principal),
        restarting=_restarting(node, principal),
        gave_up=gave_up,
        root_cause=root_cause,
    )


def _deepest(census: Census) -> Trouble | None:
    depth = census.deepest.letters if census.deepest is not None else 0
    return _trouble(census.deepest, depth) if depth else None


def _oldest(census: Census, clock: float) -> Trouble | None:
    age = oldest_s(census.oldest, clock) if census.oldest is not None else None
    return _trouble(census.oldest, age) if age else None


def _busiest(node: Node, busy: dict[int, float]) -> Trouble | None:
    number = max(busy, key=lambda item: busy[item], default=0)
    return _trouble(node.table.get(number), busy.get(number, 0.0))


def _trouble(process: Process | None, value: float) -> Trouble | None:
    if process is None:
        return None
    return Trouble(pid=pid_text(process.number), name=title(process), value=value, text=doing(process) or "")


def _running(node: Node, sampler: Sampler, *, stack: bool) -> Running | None:
    """What has the thread at this moment; the host's own code, if it holds the loop for long."""
    sched = node.scheduler
    process, since = sched.running, sched.since
    if process is not None:
        handler, _ = handler_of(process)
        return Running(
            pid=pid_text(process.number),
            for_s=max(0.0, sched.clock() - since),
            stack=loop_frames(sched) if stack else [],
            name=title(process),
            handler=handler,
        )
    if sampler.lag_s > STUCK_S:
        return Running(
            pid="", for_s=sampler.lag_s, stack=loop_frames(sched) if stack else [], name="code of the host"
        )
    return None


def _last_crash(node: Node, principal: Principal) -> Trouble | None:
    crash = next((item for item in reversed(node.ledger.crashes.copy()) if item.kind != "killed"), None)
    if crash is None:
        return None
    text = crash.text if principal.role.includes(Role.OPERATOR) else crash.kind
    pid = pid_text(crash.number)
    name = clean(crash.name or crash.label or pid, 200)
    return Trouble(pid=pid, name=name, value=max(0.0, time.time() - crash.at), text=clean(text, 300))


def _restarting(node: Node, principal: Principal) -> Trouble | None:
    """The child that ends most often of itself, under the supervisor that has restarted most in its window.

    `value` and `text` tell of the supervisor's budget, which is what is used up. Where a supervisor gives up and is restarted
    again and again, the one at the top of that tells it, and of whom at the bottom.
    """
    clock, epoch = node.scheduler.clock(), time.time()
    ends: dict[Child, int] = {}
    for end in reversed(node.ledger.history.copy()):
        if epoch - end.at > LATELY_S or len(ends) > 50:
            break
        process = node.table.get(end.new) if end.new is not None else None
        child = process.child if process is not None else None
        if child is not None and child.family.intensity.used(clock):
            ends[child] = _ended_lately(child, epoch)

    def blame(child: Child) -> tuple[bool, int, int, int]:
        escalated = _cause(child) is not None
        depth = len(child.family.path) if escalated else 0
        return escalated, -depth, child.family.intensity.used(clock), ends[child]

    culprit = max(ends, key=blame, default=None)
    if culprit is None or culprit.process is None:
        return None
    cause = _cause(culprit)
    if cause is not None:
        return _bottom(node, principal, culprit, cause)
    return Trouble(
        pid=pid_text(culprit.process.number),
        name=title(culprit.process),
        value=culprit.family.intensity.used(clock),
        text=_budget(culprit, clock),
    )


def _budget(child: Child, clock: float) -> str:
    """What its supervisor has used and has left."""
    intensity = child.family.intensity
    used = intensity.used(clock)
    times = f"{used} restart" if used == 1 else f"{used} restarts"
    text = f"{title(child.family.process)}: {times} in {intensity.max_seconds:g} s, {intensity.remaining(clock)} left"
    return clean(text, 300)


def _cause(child: Child) -> End | None:
    """Because of whose end, further down, it gave up and had to be restarted, if that is why."""
    ends = child.ends
    return ends[-1].cause if ends else None


def _bottom(node: Node, principal: Principal, top: Child, cause: End) -> Trouble:
    """Whose ends make the supervisors between it and `top` give up."""
    window = top.family.intensity.max_seconds
    epoch = time.time()
    times = 0
    for end in reversed(node.ledger.history.copy()):
        if epoch - end.at > window:
            break
        times += same_path(end.path, cause.path) and end.by is None
    now_there = _runs_at(node, cause.path)
    gone = [id_text(item) for item in reversed(cause.path[len(top.path) - 1 : -1])]
    text = f"{_reason(cause, principal)}; {', '.join(gone)} gave up; {_budget(top, node.scheduler.clock())}"
    return Trouble(
        pid=pid_text(now_there.number if now_there is not None else cause.old),
        name=id_text(cause.path[-1]),
        value=max(1, times),
        text=clean(text, 300),
    )


def _runs_at(node: Node, path: tuple[Any, ...]) -> Process | None:
    """The process of the child at this place, if it is registered under its id."""
    process = node.registry.find(path[-1]) if type(path[-1]) is str else None
    child = process.child if process is not None else None
    return process if child is not None and same_path(child.path, path) else None


def _reason(end: End, principal: Principal) -> str:
    return clean(end.text if principal.role.includes(Role.OPERATOR) else end.kind, 150)


def _ended_lately(child: Child, epoch: float) -> int:
    """How often a child has ended within its supervisor's window; going along with a sibling is not to its blame."""
    window = child.family.intensity.max_seconds
    ends = child.ends or ()
    return sum(
        1 for end in list(ends) if epoch - end.at <= window and not (end.by or "").startswith("sibling")
    )


def _gave_up(node: Node, principal: Principal) -> tuple[Trouble | None, Trouble | None]:
    """The supervisor that gave up last, since whoever gave up below it, gave up before it; and the child at the bottom."""
    gone = max(settled(lambda: list(node.ledger.given_up.values())), key=lambda item: item.at, default=None)
    if gone is None:
        return None, None
    epoch, cause = time.time(), gone.cause
    name = gone.name if gone.name is not None else id_text(gone.path[-1] if gone.path else node.name)
    top = Trouble(
        pid=pid_text(gone.number),
        name=clean(name, 200),
        value=max(0.0, epoch - gone.at),
        text=clean(gone.text, 300),
    )
    if cause is None:
        return top, None
    return top, Trouble(
        pid=pid_text(cause.old),
        name=id_text(cause.path[-1]),
        value=max(0.0, epoch - cause.at),
        text=_reason(cause, principal),
    )


def _counters(node: Node) -> dict[str, float]:
    totals: dict[str, float] = {}
    for counters in rested(settled(lambda: list(node.ledger.counters.values()))):
        for name, amount in counters.copy().items():
            totals[name] = totals.get(name, 0) + amount
    return totals


def _rss_bytes() -> int:
    """Resident memory. On Linux as of now; elsewhere the highest so far, which is all that the system tells."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def _version() -> str:
    try:
        number = version("otp-observer")
    except PackageNotFoundError:
        number = "0"
    return f"{number} (compiled)" if COMPILED else number
