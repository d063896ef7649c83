"""Bounded mailboxes: `mailbox_limit` and `mailbox_policy` of a `Server`, and what becomes of one message too many.

                     refuse              drop_oldest                    block
    call             MailboxFull         the oldest makes room;         the caller waits: for room, then for the answer,
                                         a caller among them gets       for its time-out in all
                                         MailboxFull
    cast, send:
    from a handler,  MailboxFull         the oldest makes room          the step stands still, plain or async, until there
    or its tasks                                                        is room; MailboxFull where it cannot (to itself,
                                                                        in `critical`, without time-slicing)
    from the host,   MailboxFull         the oldest makes room          MailboxFull: the loop waits for nobody
    on the loop
    from another     MailboxFull, if it  the oldest makes room          the thread waits
    thread           is full by then
    timers, groups,  dropped, counted    the oldest makes room          dropped, counted
    topics, dispatch

What the runtime itself has to say is taken in whatever the limit: exit signals, `Down`, the ends of tasks, joins and
leaves of groups, what `Continue` left. They count as messages that wait, and are never dropped; where they alone fill the
mailbox, there is no oldest that could make room, and the message is refused. What a state machine has postponed stands
in no mailbox any more: it takes no room, and has no limit (as in OTP).

A limit costs unbounded processes nothing: it is another kind of deque, in another kind of process.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future as ThreadFuture
from typing import TYPE_CHECKING, Any, Final, Protocol, SupportsIndex, TypeVar, cast

from . import exits
from .errors import MailboxFull
from .mailbox import CALL, CAST, INFO, Entry
from .preemption.waiting import stand_until, where_to_stand
from .process import Arguments
from .server_process import ServerProcess
from .signals import RUNTIME_SIGNALS
from .status import ENDED
from .trace.telling import tell

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from .pid import Address
    from .server import Policy, Server

__all__ = ["Bounded", "limited"]


P = TypeVar("P", bound=ServerProcess)
LOOK_S: Final = 1.0
"""Seconds after which a thread that waits for room looks whether the loop is still there."""
_FROM_USERS: Final = frozenset({CALL, CAST, INFO})


class _Sender(Protocol):
    """The future of a sender that waits for room: asyncio's or a thread's."""

    def done(self) -> bool: ...
    def set_result(self, result: Any, /) -> None: ...


class Bounded(deque[Entry]):
    """The mailbox of one process with a limit. It is there as long as the process, also while it is empty.

    Attributes:
        limit: how many messages may wait.
        policy: what becomes of one too many.
        refused: how many were not taken.
        dropped: how many were taken and then dropped.
        blocked: how many had to wait for room.
        waiting: those that do: the message, and the future of its sender (a call has none: its caller waits anyway).
    """

    __slots__ = (
        "_full", "_process", "_watched", "blocked", "dropped", "limit", "policy", "refused", "waiting",
    )  # fmt: skip

    def __init__(self, process: ServerProcess, limit: int, policy: Policy) -> None:
        super().__init__()
        self._process: Final = process
        self.limit: Final = limit
        self.policy: Final[Policy] = policy
        self.refused = self.dropped = self.blocked = 0
        self.waiting: Final[deque[tuple[Entry, _Sender | None]]] = deque()
        self._full = False
        self._watched = False

    # --- in -----------------------------------------------------------------------------------------

    def append(self, entry: Entry, /) -> None:
        """A cast or a send, from a sender on the loop.

        Raises:
            MailboxFull: it is refused.
        """
        if len(self) < self.limit or (self.policy == "drop_oldest" and self._make_room()):
            super().append(entry)
        elif self.policy == "block":
            self._block(entry)
        else:
            raise self.refuse()

    def admit(self, entry: Entry) -> None:
        """Take a message in, whatever the limit."""
        super().append(entry)

    def take_call(self, entry: Entry) -> None:
        """A call. Its caller waits in any case, and is told if it is refused."""
        if len(self) < self.limit or (self.policy == "drop_oldest" and self._make_room()):
            super().append(entry)
        elif self.policy == "block":
            self._wait(entry, None)
        else:
            self._tell(entry, self.refuse())

    def take(self, entry: Entry) -> bool:
        """A message of nobody who could be told, or made to wait. Whether it was taken."""
        taken = len(self) < self.limit or (self.policy == "drop_oldest" and self._make_room())
        if taken:
            super().append(entry)
        else:
            self.refuse()
        return taken

    def refuse(self, why: str = "") -> MailboxFull:
        """Count a message that is not taken; the error for its sender."""
        self.refused += 1
        self._overflow()
        return MailboxFull(self._process.pid, self.limit, why)

    def _make_room(self) -> bool:
        """Drop the oldest message that is not the runtime's. Whether there is one."""
        for index, entry in enumerate(self):
            kind, message = entry[0], entry[1]
            if kind in _FROM_USERS and type(message) not in RUNTIME_SIGNALS:
                super().__delitem__(index)
                self.dropped += 1
                self._overflow()
                if entry[2] is not None:
                    self._tell(
                        entry, MailboxFull(self._process.pid, self.limit, "; the call was its oldest message")
                    )
                return True
        return False

    def _tell(self, entry: Entry, error: MailboxFull) -> None:
        """A caller is told in the next turn of the loop: one that tries again and again must let others have theirs."""
        if entry[2] is not None:
            self._process.sched.loop.call_soon(entry[2]._fail, error)

    # --- waiting for room -----------------------------------------------------------------------------

    def _block(self, entry: Entry) -> None:
        """Let the step that sends stand still until its message has been taken in."""
        process, sched = self._process, self._process.sched
        sender, waits = sched.running, sched.waits
        worker = None if sender is None or sender is process else where_to_stand(sender)
        if sender is None or worker is None:
            raise self.refuse(", and its sender cannot wait here")
        own = worker.steps is None or worker.steps.own
        if own and waits.never_has_room(sender, process):
            raise self.refuse(f", and waits itself for {sender.pid}, which sends")
        future = sched.loop.create_future()
        self._wait(entry, future)
        if own:
            waits.room[sender] = process
        try:
            stand_until(sender, worker, future)
        finally:
            if own:
                del waits.room[sender]

    def _wait(self, entry: Entry, sender: _Sender | None) -> None:
        self.blocked += 1
        self._overflow()
        self.waiting.append((entry, sender))
        if not self._watched:
            self._watched = True
            exits.watch(self._process, self._ended)

    def wait_for_thread(self, entry: Entry, taken: ThreadFuture[None]) -> None:
        """As `append`, for a thread that waits for `taken`."""
        if len(self) < self.limit:
            super().append(entry)
            taken.set_result(None)
        else:
            self._wait(entry, taken)

    def _room(self) -> None:
        """Take in those that have waited longest. Who has given up meanwhile sends nothing."""
        while self.waiting and len(self) < self.limit:
            entry, sender = self.waiting.popleft()
            if sender is None:
                if entry[2] is not None and entry[2].gone:
                    continue
            elif sender.done():
                continue
            else:
                sender.set_result(None)
            super().append(entry)

    def _ended(self, _reason: Any) -> None:
        """The process has ended: those that wait go on, as those do that send to the dead."""
        for _, sender in self.waiting:
            if sender is not None and not sender.done():
                sender.set_result(None)
                self._process.sched.dead_letters += 1
        self.waiting.clear()

    # --- out ----------------------------------------------------------------------------------------

    def popleft(self) -> Entry:
        """The oldest; whoever waits for room has it."""
        entry = super().popleft()
        if self._full:
            self._drained()
        return entry

    def __delitem__(self, index: SupportsIndex, /) -> None:  # type: ignore[override]  # nobody deletes a slice
        super().__delitem__(index)
        if self._full:
            self._drained()

    def _drained(self) -> None:
        if self.waiting:
            self._room()
        elif len(self) * 2 <= self.limit:
            self._full = False

    def _overflow(self) -> None:
        """The event of an overflow; the next one only when the mailbox has been half empty in between."""
        if self._full:
            return
        self._full = True
        process = self._process
        text = f"mailbox full at {self.limit}: {self.policy}"
        process.note(text)
        name = process.name or (process.extra.label if process.extra is not None else None)
        process.sched.node.ledger.recorder.record("overflow", process.number, name, text)
        if process.sched.tap is not None:
            tell(process, "overflow", text)


if TYPE_CHECKING:
    _Base = ServerProcess
else:
    _Base = object


class _Limited(_Base):
    """What a process with a bounded mailbox does otherwise. Mixed into its kind by `limited`."""

    __slots__ = ()

    def begin(self, args: Arguments, options: dict[str, Any]) -> None:
        """Run `init`, with an empty mailbox."""
        kind = type(self.handle)
        if kind.mailbox_limit is not None:
            self.mailbox = Bounded(self, kind.mailbox_limit, kind.mailbox_policy)
        super().begin(args, options)

    def post(self, entry: Entry) -> None:
        """A call, or something of the runtime's own."""
        mailbox: Any = self.mailbox
        if mailbox is None:  # it has ended
            return
        if entry[0] == CALL:
            mailbox.take_call(entry)
        else:
            mailbox.admit(entry)
        self.wake()

    def offer(self, entry: Entry) -> bool:
        """A message of nobody who could be told, or made to wait."""
        mailbox: Any = self.mailbox
        if mailbox is None or not mailbox.take(entry):
            return False
        self.wake()
        return True

    def rest(self) -> None:
        """As every process, but the mailbox stays."""
        mailbox = self.mailbox
        super().rest()
        if self.mailbox is None and self.status != ENDED:
            self.mailbox = mailbox

    def from_elsewhere(self, target: Address, kind: int, message: Any) -> None:
        """From another thread: it is told, or waits.

        Raises:
            MailboxFull: messages are refused, and the mailbox is full now.
        """
        loop, behaviour = self.sched.loop, type(self.handle)
        policy, limit = behaviour.mailbox_policy, behaviour.mailbox_limit or 0
        mailbox: Any = self.mailbox
        if policy == "block":
            taken: ThreadFuture[None] = ThreadFuture()
            loop.call_soon_threadsafe(self._from_thread, kind, message, taken)
            _until_taken(taken, loop)
        elif policy == "refuse" and mailbox is not None and len(mailbox) >= limit:
            loop.call_soon_threadsafe(mailbox.refuse)
            raise MailboxFull(self.pid, limit)
        else:
            super().from_elsewhere(target, kind, message)

    def _from_thread(self, kind: int, message: Any, taken: ThreadFuture[None]) -> None:
        mailbox: Any = self.mailbox
        if mailbox is None:
            self.sched.dead_letters += 1
            taken.set_result(None)
            return
        mailbox.wait_for_thread((kind, message, None, self.sched.tick(), 0, self.sched.under()), taken)
        self.wake()


def _until_taken(taken: ThreadFuture[None], loop: AbstractEventLoop) -> None:
    """Wait in a thread, but not for a loop that has been closed meanwhile."""
    while not loop.is_closed():
        try:
            taken.result(LOOK_S)
        except TimeoutError:
            continue
        return


def limited(kind: type[P], behaviour: type[Server[Any]]) -> type[P]:
    """The kind of process that a behaviour needs: `kind` itself, or one with a bounded mailbox."""
    if behaviour.mailbox_limit is None:
        return kind
    made: Any = _kinds.get(kind)
    if made is None:
        made = _kinds[kind] = type(f"Bounded{kind.__name__}", (_Limited, kind), {"__slots__": ()})
    return cast("type[P]", made)


_kinds: Final[dict[type[ServerProcess], type[Any]]] = {}
