"""What an OS process tells of what lives in it, at a glance: plain values, so that looking costs it no more than a few microseconds.

Whoever wants more than this asks the introspection over there (`insight`), which has to be imported first.
"""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from ..mailbox import CONTINUE
from ..status import ENDED, RUNNING, STATUSES

if TYPE_CHECKING:
    from ..mailbox import Entry
    from ..node import Node
    from ..process import Process

__all__ = ["LISTED", "Glance", "Inmate", "glance", "oldest"]

LISTED = 100
"""Processes that are told one by one."""


class Inmate(NamedTuple):
    """A process that lives in an isolated OS process."""

    number: int
    label: str | None
    behaviour: str
    status: str
    letters: int
    """Messages that wait for it."""


class Glance(NamedTuple):
    """An isolated process, and what lives with it."""

    guest: Inmate
    oldest_s: float | None
    """Age of the oldest message that waits for the guest over there."""
    tasks: list[tuple[int, str, float]]
    """Its tasks: number, name, seconds since they began."""
    timers: int
    cpu_s: float
    inmates: list[Inmate]
    more: int
    """How many are not listed."""


def glance(node: Node, guest: Process) -> Glance:
    """Look at the isolated process and the processes that were spawned there. From any thread."""
    others = [process for page in node.table.slices() for process in page if _counts(node, guest, process)]
    extra, clock = guest.extra, node.scheduler.clock()
    tasks = list(extra.tasks or ()) if extra is not None else []
    waiting = oldest(guest)
    return Glance(
        guest=_inmate(guest),
        oldest_s=max(0.0, clock - waiting[3]) if waiting is not None else None,
        tasks=[(task.number, task.name, max(0.0, clock - task.started)) for task in islice(tasks, LISTED)],
        timers=len(extra.timers or ()) if extra is not None else 0,
        cpu_s=time.process_time(),
        inmates=[_inmate(process) for process in others[:LISTED]],
        more=max(0, len(others) - LISTED),
    )


def oldest(guest: Process) -> Entry | None:
    """The oldest message that waits for it. From any thread."""
    return next((entry for entry in list(islice(guest.mailbox or (), 2)) if entry[0] != CONTINUE), None)


def _counts(node: Node, guest: Process, process: Process) -> bool:
    return process is not guest and process is not node.root and process.status != ENDED


def _inmate(process: Process) -> Inmate:
    status = RUNNING if process.sched.running is process else process.status
    label = process.extra.label if process.extra is not None else None
    return Inmate(process.number, label, process.behaviour, STATUSES[status], process.letters)
