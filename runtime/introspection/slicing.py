"""Time-slicing as the person on call asks about it: how it works here, who uses it up, what did not end.

    Mode, Slicer, Watchdog ──> Slicing     mode and why; slices, interruptions, rescues so far
    steps in slices        ──> Running     the one that has used most of them: the spinner
    zombies                ──> Zombie      whose code it was, how it ended, where it stands

Read from another thread: what changes meanwhile is copied first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runtime.errors import kind_of
from runtime.port.contract import Running, Slicing, Zombie
from runtime.status import ENDED

from .lookup import behaviour_text, handler_of, number_in, pid_text, title, when
from .stacks import frames_of_worker, loop_frames
from .text import clean

if TYPE_CHECKING:
    from runtime.node import Node
    from runtime.preemption.worker import Zombie as Remains
    from runtime.process import Process

__all__ = ["slices_of", "slicing_of", "spinning", "zombie_called", "zombie_info", "zombies"]

LISTED: Final = 20


def slicing_of(node: Node) -> Slicing:
    """The mode, and what it came to."""
    sched = node.scheduler
    mode, slicer, watchdog = sched.mode, sched.mode.slicer, sched.mode.watchdog
    interrupts = (slicer.interrupts if slicer is not None else 0) + (
        watchdog.interrupts if watchdog is not None else 0
    )
    return Slicing(
        mode=mode.name,
        why=clean(mode.why, 300),
        parks=slicer.parks if slicer is not None else 0,
        interrupts=interrupts,
        rescues=slicer.rescues if slicer is not None else 0,
        parked=len(sched.workers.parked),
        zombies=len(sched.workers.zombies),
    )


def spinning(node: Node, *, stack: bool) -> Running | None:
    """Of the steps that go on in slices the one that has used most; also while it has one of them."""
    sched = node.scheduler
    found = [
        (worker, process) for worker in sched.workers.parked.copy() if (process := worker.process) is not None
    ]
    going_on = sched.workers.going_on
    if going_on is not None:
        found.append(going_on)
    found = [(worker, process) for worker, process in found if worker.began and process.status != ENDED]
    if not found:
        return None
    worker, process = max(found, key=lambda pair: pair[0].slices)
    return Running(
        pid=pid_text(process.number),
        for_s=max(0.0, sched.clock() - worker.began),
        stack=(frames_of_worker(worker) or loop_frames(sched)) if stack else [],
        name=title(process),
        handler=handler_of(process)[0] if worker.owns else "task",
        slices=worker.slices,
    )


def slices_of(process: Process) -> int:
    """How many slices its step has used up that goes on in slices; 0 where none does."""
    going_on = process.sched.workers.going_on
    worker = going_on[0] if going_on is not None and going_on[1] is process else process.parked()
    return worker.slices if worker is not None and worker.owns and worker.began else 0


# --- what does not end --------------------------------------------------------------------------------


def zombies(node: Node, *, stack: bool) -> list[Zombie]:
    """The newest, newest first."""
    return [zombie_info(node, it, stack=stack) for it in reversed(node.scheduler.workers.zombies[-LISTED:])]


def zombie_called(node: Node, text: str) -> Remains | None:
    """What is left of the process that had this pid."""
    number = number_in(text)
    found = (it for it in node.scheduler.workers.zombies.copy() if it.process.number == number)
    return next((it for it in found if it.process.status == ENDED), None)


def zombie_info(node: Node, zombie: Remains, *, stack: bool) -> Zombie:
    """Whose it is, and where it stands."""
    process = zombie.process
    name = title(process)
    pid = pid_text(process.number)
    return Zombie(
        pid=pid,
        name=None if name == pid else name,
        behaviour=behaviour_text(process.behaviour),
        since=when(node.wall(zombie.since)),
        throws=zombie.worker.throws,
        ended_by=_ended_by(node, process),
        stack=frames_of_worker(zombie.worker) if stack else [],
    )


def _ended_by(node: Node, process: Process) -> str:
    if process.status != ENDED:
        return ""
    for end in reversed(node.ledger.history.copy()):
        if end.old == process.number:
            return clean(f"{end.kind}, by {end.by}" if end.by else end.kind, 200)
    return clean(kind_of(process.reason), 200)
