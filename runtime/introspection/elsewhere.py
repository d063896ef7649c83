"""What a thread, or an OS process, of its own adds to what is told of a process.

thread      which one it is
OS process  /proc: memory, processor time, files  (`figures`)      the thread over there, at a glance: status, tasks, who else
            the patrol of its cell: OS processes                    lives there; nothing in time is said plainly
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from runtime.isolation.glance import Glance
from runtime.pid import pid_text
from runtime.port.contract import Inside, OSLimits, OSProcess, OwnThread, ProcessInfo, ProcessRow, TaskInfo
from runtime.threads.process import ThreadProcess

from .figures import MISSING, Figures, figures_of
from .lookup import behaviour_text, number_in
from .text import clean

if TYPE_CHECKING:
    from runtime.isolation.cell import Cell
    from runtime.node import Node

__all__ = ["Elsewhere", "cell_of"]

GLANCE_S: Final = 0.5
"""Seconds that an OS process has to answer."""
SHARE_S: Final = 1.0
"""Seconds over which its share of a processor is told, at least."""
KEPT: Final = 1_000
"""OS processes whose shares are kept."""


def cell_of(node: Node, number: int) -> Cell | None:
    """The OS process of an isolated process, while there is one."""
    block = node.scheduler.block
    return block.cells.get(number) if block is not None else None


class Elsewhere:
    """Completes what is told of processes that run elsewhere. Threads may share it."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._shares: dict[int, tuple[float, float, float | None]] = {}
        """By OS pid: when it was looked at, processor seconds then, and the share before that."""

    def complete(self, info: ProcessInfo) -> ProcessInfo:
        """The same with what is known only there."""
        process = self._node.table.get(number_in(info.row.pid) or 0)
        if process is None or not process.place:
            return info
        if isinstance(process, ThreadProcess):
            thread = process.lane.thread
            if thread is None or thread.ident is None or thread.native_id is None:
                return info
            own = OwnThread(name=clean(thread.name, 200), ident=thread.ident, native_id=thread.native_id)
            return info.model_copy(update={"thread": own})
        cell = cell_of(self._node, process.number)
        return self._isolated(info, cell, starting=process.initialising) if cell is not None else info

    def _isolated(self, info: ProcessInfo, cell: Cell, *, starting: bool) -> ProcessInfo:
        told, note = _glance(cell)
        if starting and told is None:
            note = "it is being started"
        figures = figures_of(cell.pid)
        if figures.memory is None and not cell.reaped:
            note = note or MISSING
        if figures.cpu_s is None and told is not None:
            figures = figures._replace(cpu_s=told.cpu_s)
        changes: dict[str, Any] = {"os_process": self._os_process(cell, figures, told, note)}
        if told is not None:
            changes["row"] = _row(info.row, cell, told)
            changes["timers"] = info.timers + told.timers
            changes["tasks"] = [
                *info.tasks,
                *(
                    TaskInfo(ref=f"{ref}", name=clean(name, 200), for_s=for_s)
                    for ref, name, for_s in told.tasks
                ),
            ]
        return info.model_copy(update=changes)

    def _os_process(self, cell: Cell, figures: Figures, told: Glance | None, note: str) -> OSProcess:
        limits, counts = cell.limits, cell.block.counts
        return OSProcess(
            pid=cell.pid,
            **figures._asdict(),
            busy=self._share(cell.pid, figures.cpu_s),
            processes=max(0, counts[cell.pid] - 1) if cell.pid in counts else None,
            limits=OSLimits(
                memory=limits.memory, cpu=limits.cpu, files=limits.files, processes=limits.processes
            ),
            inside=[
                Inside(
                    pid=pid_text(inmate.number),
                    label=clean(inmate.label, 200) if inmate.label is not None else None,
                    behaviour=behaviour_text(inmate.behaviour),
                    status=inmate.status,  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # one of them
                    mailbox=inmate.letters,
                )
                for inmate in (told.inmates if told is not None else ())
            ],
            more_inside=told.more if told is not None else 0,
            note=note,
        )

    def _share(self, pid: int, cpu_s: float | None) -> float | None:
        """Its share of a processor since it was looked at before."""
        if cpu_s is None:
            return None
        now = time.monotonic()
        at, before, share = self._shares.get(pid, (now, cpu_s, None))
        if now - at >= SHARE_S:
            share = max(0.0, (cpu_s - before) / (now - at))
        elif pid in self._shares:
            return share
        if len(self._shares) > KEPT:
            self._shares.clear()  # most of them have ended
        self._shares[pid] = now, cpu_s, share
        return share


def _glance(cell: Cell) -> tuple[Glance | None, str]:
    """What it tells; else why it tells nothing."""
    try:
        answered, told = cell.eyes.ask(None, GLANCE_S)
    except (OSError, TimeoutError):
        return None, f"it does not answer within {GLANCE_S:g} s: what lives in it is unknown"
    return (told, "") if answered else (None, clean(f"it cannot answer: {told}", 200))


def _row(row: ProcessRow, cell: Cell, told: Glance) -> ProcessRow:
    """A row with what waits and runs over there."""
    guest, here = told.guest, max(0, row.mailbox - cell.left)
    busy = row.status in {"waiting", "awaiting"} and guest.status != "waiting"
    return row.model_copy(
        update={
            "status": guest.status if busy else row.status,
            "mailbox": here + guest.letters,
            "oldest_s": told.oldest_s if guest.letters else row.oldest_s if here else None,
        }
    )
