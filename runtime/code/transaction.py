"""One upgrade: everything, or nothing.

    doors up ─> prepare, in slices: each process at rest gets its move      (meanwhile the old code goes on, and moves follow it)
                who is in a step finishes it, and is then held               (until the deadline: refuse, or kill)
             ─> commit, in one moment: modules in place, doors turned        (cannot fail)
             ─> sweep, in slices: who has had no message yet is swapped      (whoever has one is swapped by it)
             ─> doors down

Before the commit nothing has been touched, so a failure only takes the doors down. After it nothing is left that could fail.
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (states are of any type)

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal

from .. import exits
from ..coroutine import CoroutineProcess
from ..delegated import DelegatedProcess
from ..errors import UpgradeRefused
from ..server_process import ServerProcess
from ..status import ENDED, SUSPENDED
from ..suspension import freeze, suspended, thaw
from . import coroutines
from .affected import at_rest, behaviour_of, concerned
from .boundaries import UNKNOWN, is_boundary, left
from .commit import commit
from .doors import Doors
from .migration import Migration, Move, NotMigrated
from .needed import needed
from .parts import Parts
from .swap import Swap
from .translation import Untranslatable

if TYPE_CHECKING:
    from ..node import Node
    from ..process import Process
    from .draft import Draft

__all__ = ["Overdue", "Transaction"]

SLICE_S: Final = 0.0005
"""Seconds of work between two turns of the loop."""
LOOK_S: Final = 0.005
"""Seconds between two looks at who waits for whom."""
Overdue = Literal["refuse", "kill"]


class Transaction:
    """The upgrade that a draft describes.

    Args:
        node: whose processes.
        draft: what to do.
        deadline: seconds that steps which are under way have to finish on the old code.
        overdue: what becomes of those that do not: `refuse` the upgrade, or `kill` the process.
    """

    def __init__(self, node: Node, draft: Draft, deadline: float, overdue: Overdue) -> None:
        self._node: Final = node
        self._draft: Final = draft
        self._overdue: Final[Overdue] = overdue
        self._clock: Final = time.monotonic
        self._until = self._clock() + deadline
        self._deadline: Final = deadline
        self._migration: Final = Migration(draft)
        self._doors: Final = Doors(self)
        self._parts: Final = Parts(node, draft, self._drafted, self._fail)
        self._moves: dict[ServerProcess, Move] = {}
        self._todo: deque[ServerProcess] = deque()
        self._inside: dict[ServerProcess, Move | None] = {}
        """In a handler of the old code, having had a move before."""
        self._busy: dict[ServerProcess, None] = {}
        """In a step whose end nobody sees here; they are held when it is over."""
        self._held: dict[ServerProcess, float] = {}
        self._lent: set[Process] = set()
        """Held, but for an answer that a step needs which is to finish."""
        self._look_at = 0.0
        self._coroutines: list[CoroutineProcess] = []
        self._scanned = node.begins
        self._error: UpgradeRefused | None = None
        self.swap: Final = Swap(draft)
        self.left = 0
        self.at = 0.0
        self.notes: list[str] = []
        self.committed: Callable[[], None] = lambda: None
        self.renewed: Callable[[Process], None] = lambda _: None

    async def run(self) -> None:
        """Do it.

        Raises:
            UpgradeRefused: it was not done, and nothing has changed.
        """
        try:
            await self.prepare()
            self.commit()
        except BaseException:
            self.abort()
            raise
        await self.sweep()

    def commit(self) -> None:
        """The moment. All are prepared."""
        commit(self._node, self._draft)
        self._parts.commit()
        self.at = time.time()
        self._doors.swap()
        self.committed()

    def abort(self) -> None:
        """Nothing has happened."""
        self._doors.remove()
        self._parts.abort()
        self._release()

    # --- before the commit --------------------------------------------------------------------------

    def add(self, process: Process) -> None:
        """A process that has its number from elsewhere: an isolated one, over there."""
        if concerned(self._draft, process):
            self._concerns(process)

    def hold(self) -> None:
        """Let nobody go on until it is decided."""
        for process in self._moves:
            self._hold(process)

    async def prepare(self) -> None:
        """Returns when everything can be done. Raises UpgradeRefused; then, and if it is cancelled, `abort`."""
        while True:
            until = self._clock() + SLICE_S
            if self._scan(until):
                self._work(until)
                self._let_through()
            self._check()
            if self._ready() and self._parts.ready():
                return
            if self._clock() >= self._until:
                self._late()
            await asyncio.sleep(0 if self._todo or self._scanned < self._node.numbers else 0.0005)

    def _scan(self, until: float) -> bool:
        """Look for processes that are concerned, from where it was left. Whether all have been seen."""
        node = self._node
        while self._scanned < node.numbers:
            self._scanned += 1
            process = node.table.get(self._scanned)
            if process is not None and process.place == "isolated":
                self._parts.look(process)
            elif process is not None and concerned(self._draft, process):
                self._concerns(process)
            if self._scanned % 16 == 0 and self._clock() >= until:
                return False
        return True

    def _concerns(self, process: Process) -> None:
        if isinstance(process, CoroutineProcess):
            self._check_coroutine(process)
            self._coroutines.append(process)
        elif isinstance(process, ServerProcess):
            self._doors.put(type(process.handle))
            self._todo.append(process)

    def _drafted(self, process: Process) -> None:
        """The OS process of an isolated one could do it; a server's record waits for the message that is under way."""
        if isinstance(process, ServerProcess) and concerned(self._draft, process):
            self._todo.append(process)

    def _work(self, until: float) -> None:
        """Prepare processes, until the slice is used up."""
        while self._todo and self._error is None and self._clock() < until:
            process = self._todo.popleft()
            if process.status != ENDED and process not in self._moves and process not in self._inside:
                self._begin(process)
        for _ in range(len(self._busy)):
            if self._error is not None or self._clock() >= until:
                return
            process = next(iter(self._busy))
            del self._busy[process]
            if process.status == ENDED:
                continue
            if at_rest(process) and process not in self._lent:
                self._hold(process)
                self._move(process)
            else:
                self._busy[process] = None  # to the end of the line

    def _begin(self, process: ServerProcess) -> None:
        if isinstance(process, DelegatedProcess):  # its handlers run elsewhere, and pass no door
            self._hold(process)
        if at_rest(process):
            self._move(process)
        else:
            self._busy[process] = None

    def _let_through(self) -> None:
        """Let those go on for whose answer a step waits that is to finish; and hold them again when nobody does."""
        if (
            not (self._busy or self._inside)
            or not (self._held or self._lent)
            or self._clock() < self._look_at
        ):
            return
        unfinished = (process for waiting in (self._busy, self._inside) for process in waiting)
        wanted = needed(self._node.scheduler.waits, unfinished, [*self._held, *self._lent])
        for process in [one for one in self._held if one in wanted and not suspended(one)]:
            self._moves.pop(process, None)
            self._free(process)
            self._busy[process] = None
        for again in self._lent - wanted:
            if isinstance(again, DelegatedProcess):
                self._hold(again)
        self._lent = wanted
        self._look_at = self._clock() + LOOK_S

    def _move(self, process: ServerProcess) -> None:
        try:
            self._moves[process] = self._migration.move(process)
        except NotMigrated as error:
            self._fail(f"{error.what} of {process}: {error}")

    def _ready(self) -> bool:
        if self._todo or self._scanned < self._node.numbers:
            return False
        for waiting in (self._busy, self._inside):
            for process in [each for each in waiting if each.status == ENDED]:
                del waiting[process]
        return not self._busy and not self._inside

    def _check(self) -> None:
        if self._error is not None:
            raise self._error
        if self._node._stopping is not None:
            raise UpgradeRefused("the node stops")

    def _fail(self, reason: str) -> None:
        if self._error is None:
            self._error = UpgradeRefused(reason)

    def _check_coroutine(self, process: CoroutineProcess) -> None:
        try:
            why = coroutines.check(
                process, self._draft.new_of(behaviour_of(process)), self._draft.translation
            )
        except Untranslatable as error:
            why = str(error)
        if why is not None:
            self._fail(f"{process}: {why}")

    def _late(self) -> None:
        """Steps have not finished in time."""
        late: list[Process] = [*self._busy, *self._inside] or self._parts.late()
        if not late:  # only very many processes; that takes what it takes
            self._until = self._clock() + self._deadline
            return
        if self._overdue == "refuse":
            names = ", ".join(str(process) for process in late[:5]) + (", …" if len(late) > 5 else "")
            doing = self._node.scheduler.describe(late[0])
            raise UpgradeRefused(
                f"{names}: in a step that has not finished within {self._deadline:g} s ({doing}); wait, or choose to kill"
            )
        for process in late:
            exits.signal(process, "kill", by="code upgrade: its step had not finished in time")
            self.notes.append(f"{process} was killed: its step had not finished within {self._deadline:g} s")
        self._until = self._clock() + self._deadline

    # --- at the doors (see `doors.Keeper`) ------------------------------------------------------------

    def enters(self, process: Any) -> bool:
        """A message is about to be handled by the old code; whether it may be."""
        if process in self._busy and process not in self._lent and is_boundary(process):
            entry = process.current
            del self._busy[process]
            process.before_all(entry)
            freeze(process)
            process.status = SUSPENDED
            self._held[process] = self._clock()
            self._todo.append(process)
            return False
        move = self._moves.pop(process, None)
        if move is not None:
            self._inside[process] = move
        return True

    def leaves(self, process: Any, result: Any) -> None:
        """The old code has returned."""
        move = self._inside.pop(process, None)
        state = left(process, result)
        if state is UNKNOWN:
            if process.status != ENDED:
                self._busy[process] = None
        elif move is not None and self._error is None:
            if state is move.before and move.state is move.before:
                self._moves[process] = move
                return
            try:
                self._moves[process] = self._migration.again(process, move, state)
            except NotMigrated as error:
                self._fail(f"{error.what} of {process}: {error}")

    def swapped(self, process: Any, message: Any) -> Any:
        """See that a process runs the new code; its message, as that knows it."""
        move = self._moves.pop(process, None)
        if move is not None:
            self.swap.swap(process, move)
        return self.swap.message(process, message)

    def _hold(self, process: ServerProcess) -> None:
        """No more messages until it is decided, also if an operator lets it go on meanwhile."""
        if process not in self._held:
            freeze(process)
            self._held[process] = self._clock()

    def _release(self) -> None:
        for process in list(self._held):
            self._free(process)

    def _free(self, process: ServerProcess) -> None:
        since = self._held.pop(process, None)
        if since is None or process.status == ENDED:
            return
        if thaw(process):
            self.swap.paused(process, self._clock() - since)

    # --- after the commit ---------------------------------------------------------------------------

    async def sweep(self) -> None:
        """Swap whoever has had no message, those that wait for it first."""
        for process in [*self._held, *list(self._moves)]:
            move = self._moves.pop(process, None)
            if move is not None and process.status != ENDED:
                self.swap.swap(process, move)
            self._free(process)
            await self._breathe()
        self._doors.over()
        for coroutine in self._coroutines:
            self._take_over(coroutine)
            await self._breathe()
        await self._over_there()

    async def _over_there(self) -> None:
        """Hear what the parts have done."""
        for process, outcome in await self._parts.outcomes():
            if outcome is None:
                self.notes.append(f"{process}: its OS process has not said yet that it runs the new code")
            else:
                self.swap.count += outcome.processes
                self.swap.messages += outcome.messages
                self.left += outcome.left

    _slice_until = 0.0

    async def _breathe(self) -> None:
        if self._clock() >= self._slice_until:
            await asyncio.sleep(0)
            self._slice_until = self._clock() + SLICE_S

    def _take_over(self, process: CoroutineProcess) -> None:
        new = self._draft.new_of(behaviour_of(process))
        if process.status == ENDED:
            return
        if process.function is new or coroutines.again(process, new) is None:
            process.newer = None
            self.left += process.function is not new
            return
        self.left += 1

        def done(why: str) -> None:
            if not why:
                self.left -= 1
                self.swap.count += 1
                self.renewed(process)

        coroutines.begin_anew(process, new, self._draft.translation, done)
