"""The records of isolated processes in the node: what supervisors, links, monitors, callers and the console deal with.

IsolatedServer      has at most one message under way, so its mailbox is the node's, as a local server's
IsolatedCoroutine   hands every message over at once, since `receive` over there chooses among them
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, ClassVar

from .. import exits
from ..coroutine import CoroutineProcess
from ..crash import report
from ..delegated import DelegatedProcess
from ..errors import ProcessExit
from ..mailbox import CALL, INIT, Entry
from ..preemption.errand import Errand
from ..preemption.guards import boundary
from ..process import Arguments, Process
from ..results import NOTHING
from ..status import AWAITING, ENDED, RECEIVING
from ..system.requests import Terminate
from ..trace.births import born_of
from ..trace.telling import tell
from ..trace.turns import received
from .cell import Cell

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..supervision.child import Child

__all__ = ["IsolatedCoroutine", "IsolatedServer"]


if TYPE_CHECKING:
    _Base = Process
else:
    _Base = object


class _Record(_Base):
    """What every record of an isolated process does otherwise than a local process."""

    place: ClassVar[str] = "isolated"
    if not TYPE_CHECKING:
        __slots__ = ()

    cell: Cell | None

    def let_go(self, reason: Any) -> None:
        """It has ended: so must its OS process."""
        if self.cell is not None:
            self.cell.let_go(reason)

    def pause(self) -> None:
        """Suspend it, here and there: its own timers wait too, and `receive` over there finds nothing."""
        super().pause()
        if self.cell is not None:
            self.cell.frame("suspend", True)

    def resume(self) -> None:
        """Go on, unless an upgrade holds it: there, that is another matter than here."""
        if self.cell is not None and self.extra is not None and self.extra.suspended:
            self.cell.frame("suspend", False)
        super().resume()

    def unpause(self) -> None:
        """Go on."""
        if self.cell is not None:
            self.cell.frame("suspend", False)
        super().unpause()


class IsolatedServer(_Record, DelegatedProcess):
    """The record of a `Server` in an OS process of its own."""

    __slots__ = ("cell",)

    def __init__(self, sched: Scheduler, number: int, started: float) -> None:
        super().__init__(sched, number, started)
        self.cell: Cell | None = None

    def start_elsewhere(self, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Start the OS process, and `init` in it."""
        self.cell = Cell(self)
        return self.cell.begin(type(self.handle), args, options)

    def elsewhere(self, entry: Entry) -> Any:
        """Hand a message over."""
        assert self.cell is not None
        return self.cell.handle(entry)

    def asked(self, entry: Entry) -> Any:
        """What `system` asks about the process over there is asked there."""
        return self._asked(entry) if entry[1].inside else super().asked(entry)

    async def _asked(self, entry: Entry) -> Any:
        assert self.cell is not None
        if isinstance(entry[1], Terminate):  # its end is the answer
            entry = (*entry[:2], None, *entry[3:])
        await self.cell.handle(entry)
        return NOTHING

    def terminate(self, reason: Any) -> Any:
        """There is nothing to clean up here."""


class IsolatedCoroutine(_Record, CoroutineProcess):
    """The record of a coroutine process in an OS process of its own."""

    __slots__ = ("cell",)

    def __init__(self, sched: Scheduler, number: int, started: float) -> None:
        super().__init__(sched, number, started)
        self.cell: Cell | None = None

    @property
    def initialising(self) -> bool:
        """Whether its OS process is being started."""
        return self.current is not None

    @property
    def letters(self) -> int:
        """Messages that wait: here while it is suspended or not yet up, and over there as it last said."""
        return super().letters + (self.cell.left if self.cell is not None else 0)

    def begin(
        self,
        function: Callable[..., Coroutine[Any, Any, Any]],
        args: Arguments,
        options: dict[str, Any],
    ) -> None:
        """Start the OS process, and the coroutine in it."""
        self.function = function
        self.current = (INIT, (), None, self.sched.now, 0, born_of(self, args))
        if isinstance(args, tuple):
            self._start(args, options)
        else:
            self.sched.enter(self, self.sched.now, None, Errand(self._compute), (args, options))

    @boundary
    def _compute(self, child: Child, options: dict[str, Any]) -> None:
        """Compute the arguments of a restart, then start."""
        try:
            args = child.compute()
        except BaseException as error:
            reason = error.reason if isinstance(error, ProcessExit) else error
            exits.end(self, reason, crash=report(self, reason, error))
        else:
            self._start(args, options)

    def _start(self, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        if self.status == ENDED:
            return
        function = self.function
        self.status = AWAITING
        story = self.current[5] if self.current is not None else None
        self.current = (INIT, args, None, self.sched.now, 0, story)
        self.cell = Cell(self)
        self.task = self.sched.loop.create_task(self.cell.begin(function, args, options))
        self.task.add_done_callback(self._begun)

    def _begun(self, task: asyncio.Task[Any]) -> None:
        if self.status == ENDED:
            return
        context = self.current[5] if self.current is not None else None
        self.task = self.current = None
        error = None if task.cancelled() else task.exception()
        if error is not None:
            exits.end(self, error, crash=report(self, error, error))
            return
        if self.sched.tap is not None:
            tell(self, "started", context=context, took=self.sched.clock() - self.started)
        self.sched.node.started(self)
        self.rest()

    def awaiting(self) -> int:
        """Ready for whatever comes."""
        return RECEIVING

    def wake(self) -> None:
        """Hand over what is in the mailbox."""
        if self.initialising or self.suspend or self.cell is None:
            return
        mailbox, self.mailbox = self.mailbox, None
        for entry in mailbox or ():
            self.reductions += 1
            self.sched.handled += 1
            if entry[0] == CALL and entry[2] is not None:
                entry[2]._wait()
            if self.sched.keep is None:
                self.log(entry[0], entry[1], entry[4])
            else:
                received(self, entry)
            self.cell.hand_over(entry)
