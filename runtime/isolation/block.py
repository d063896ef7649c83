"""All cells of one node, and the warden: an OS process of 8 MB that sweeps up when the node ends without having done so.

The kernel ends an isolated OS process with its node, but not what that has started in its turn. The warden is started with the first cell.
A patrol counts the OS processes of those cells that may have some.
"""

from __future__ import annotations

import subprocess
import threading
from typing import TYPE_CHECKING, Final

from ..preemption.guards import to_its_end
from . import launch, sweep

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from .cell import Cell

__all__ = ["Block", "block_of"]

PATROL_S: Final = 0.25
"""Seconds between two counts."""


class Block:
    """The cells of one node.

    Attributes:
        mark: how the marks of all its cells begin.
        cells: those whose OS process is not yet reaped, by the number of their process.
        counts: how many OS processes each session has, as the patrol last saw.
    """

    def __init__(self, sched: Scheduler) -> None:
        self._sched: Final = sched
        self.mark: Final = f"{sched.node.incarnation}."
        self.cells: Final[dict[int, Cell]] = {}
        self.counts: dict[int, int] = {}
        self._warden: subprocess.Popen[bytes] | None = launch.start_warden(self.mark)
        self._over: Final = threading.Event()
        self._patrol = threading.Thread()

    def add(self, cell: Cell) -> None:
        """A cell is started."""
        self.cells[cell.owner.number] = cell
        if not self._patrol.is_alive():
            self._patrol = threading.Thread(target=self._count, name="observer patrol", daemon=True)
            self._patrol.start()

    def _count(self) -> None:
        """On a thread: count the OS processes of the cells, and end those that have too many. C code forks without asking."""
        while not self._over.wait(PATROL_S) and self.cells:
            counts = self.counts = sweep.sessions()
            for cell in list(self.cells.values()):
                count = counts.get(cell.pid, 1) - 1
                if count > cell.limits.processes:
                    cell.doom(f"it has started {count} OS processes, limit {cell.limits.processes}")

    def gone(self, cell: Cell) -> None:
        """A cell is reaped."""
        self.cells.pop(cell.owner.number, None)

    @property
    def patrolled(self) -> bool:
        """Whether somebody still counts."""
        return self._patrol.is_alive()

    def close(self) -> None:
        """The node has stopped: dismiss the warden, and whoever counts."""
        self._over.set()
        warden, self._warden = self._warden, None
        if warden is not None:
            warden.communicate()


@to_its_end
def block_of(sched: Scheduler) -> Block:
    """The cells of a node; made for the first."""
    if sched.block is None:
        sched.block = Block(sched)
    return sched.block
