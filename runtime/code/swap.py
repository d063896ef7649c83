"""What happens to one process in the moment in which it gets new code. Short, and it cannot fail."""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (states are of any type)

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from ..bounded import Bounded
from ..errors import describe
from ..state_machine.process import StateMachineProcess
from ..trace.telling import tell
from .migration import Migration, Move, NotMigrated
from .records import Pauses

if TYPE_CHECKING:
    from ..mailbox import Entry
    from ..server_process import ServerProcess
    from .draft import Draft

__all__ = ["Swap"]


class Swap:
    """Swaps processes, and counts.

    Attributes:
        count: processes that have been swapped.
        messages: messages that have been migrated.
    """

    def __init__(self, draft: Draft) -> None:
        self._migration: Final = Migration(draft)
        self._translation: Final = draft.translation
        self.count = 0
        self.messages = 0
        self._pauses: list[float] = []
        self._long: dict[int, float] = {}

    def swap(self, process: ServerProcess, move: Move) -> None:
        """Give `process` its new handle, its new state, and messages that the new code knows."""
        began = time.perf_counter()
        if not move.fits(process.state):  # somebody has put another state there
            try:
                move = self._migration.again(process, move, process.state)
            except NotMigrated as error:
                process.note(f"its state did not come over to the new code: {error}")
                move = Move(move.kind, process.state, process.state, move.letters)
        old: Any = type(process.handle)
        new: Any = move.kind
        handle = object.__new__(new)
        object.__setattr__(handle, "_process", process)
        process.handle = handle
        process.state = move.state
        process.strict = new.strict or process.settles
        if process.trap_exits == old.trap_exits:  # it has not decided otherwise
            process.trap_exits = new.trap_exits
        if process.mailbox:
            self._mailbox(process, process.mailbox, move)
        if isinstance(process, StateMachineProcess) and process.agenda is not None:
            turn = self._translation.rebuilder()
            process.agenda.translate(lambda value: self._turned(turn, value))
        self.count += 1
        if process.sched.tap is not None:
            tell(process, "code_changed", process.behaviour, values=(move.before, move.state))
        self._pauses.append(time.perf_counter() - began)

    def _mailbox(self, process: ServerProcess, mailbox: deque[Entry], move: Move) -> None:
        turn = self._translation.rebuilder()
        for _ in range(len(mailbox)):
            entry = deque.popleft(mailbox)  # the plain ones: a bounded mailbox has no say in it
            message = entry[1]
            pair = move.letters.get(id(message))
            if pair is not None and pair[0] is message:
                made = pair[1]
                self.messages += 1
            else:
                made = self._message(process, turn, message)
            deque.append(mailbox, entry if made is message else (entry[0], made, *entry[2:]))
        if isinstance(mailbox, Bounded):
            for _ in range(len(mailbox.waiting)):
                entry, sender = mailbox.waiting.popleft()
                made = self._message(process, turn, entry[1])
                mailbox.waiting.append(((entry[0], made, *entry[2:]), sender))

    def message(self, process: ServerProcess, message: Any) -> Any:
        """A message that came while the process was being swapped."""
        return self._message(process, self._translation.rebuilder(), message)

    def _message(self, process: ServerProcess, turn: Any, message: Any) -> Any:
        if getattr(type(process.handle), "message_change", None) is None:
            return self._turned(turn, message)
        try:
            made = self._migration.message(process, type(process.handle), message)
        except NotMigrated as error:
            process.note(f"a message keeps its old class: {error}")
            return message
        self.messages += made is not message
        return made

    def _turned(self, turn: Any, value: Any) -> Any:
        """A value of which nobody has said before that it can come over: if it cannot, it keeps its old class."""
        try:
            made = turn(value)
        except Exception as error:
            _ = describe(error)
            return value
        self.messages += made is not value
        return made

    def paused(self, process: ServerProcess, seconds: float) -> None:
        """A process was held for so long, for its own swap and for the others."""
        self._long[process.number] = seconds

    @property
    def pauses(self) -> Pauses:
        """How long processes could begin nothing."""
        every = sorted([*self._pauses[: max(0, len(self._pauses) - len(self._long))], *self._long.values()])
        if not every:
            return Pauses()
        count = len(every)
        return Pauses(count, every[count // 2], every[min(count - 1, count * 99 // 100)], every[-1])
