"""One process: slots only. No task, no coroutine and no thread while it is idle.

    IDLE --message--> READY --turn--> RUNNING --result--> IDLE
                        ^              |    |  ^
                        |    coroutine |    |  | time slices
                        |              v    v  |
                        +--(mailbox)-- AWAITING PARKED

`Process` is data and the few transitions that every kind shares. What a step is, the kinds say: `ServerProcess`
(server.py) and `TaskProcess` (coroutine.py). User code never sees a `Process` but a `Handle` (handle.py); it is a
second, small object so that nothing of the runtime can be shadowed by a method of the same name, and so that new
code can take over a process by replacing its handle.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias, TypeVar

from . import pid as addresses  # not its Pid: compiled, the two import each other
from .log import KEPT_FIELDS, MOST_FIELDS, Log, LogItem
from .mailbox import CONTINUE, HANDLERS, NOTE, SYSTEM, Entry, Mailbox
from .results import NOTHING
from .status import AWAITING, ENDED, IDLE, PARKED, READY, RECEIVING, RUNNING, SUSPENDED
from .suspension import paused, resumed

if TYPE_CHECKING:
    from .caller import Caller
    from .handle import Handle
    from .pid import Address, Ref
    from .preemption.worker import Worker
    from .scheduler import Scheduler
    from .supervision.child import Child
    from .tasks import TaskRef

__all__ = ["Arguments", "Extra", "Process"]

ANCESTORS: Final = 20

T = TypeVar("T")

Arguments: TypeAlias = "tuple[Any, ...] | Child"
"""What a process begins with; a child has `compute`, which says it in the first step."""


class Extra:
    """What few processes need, made on first use."""

    __slots__ = (
        "counters", "doing", "exiting", "label", "links", "monitors", "parent", "suspended", "tasks", "timers", "watchers",
    )  # fmt: skip

    def __init__(self) -> None:
        self.label: str | None = None
        self.doing: str | None = None
        self.counters: dict[str, float] | None = None
        self.monitors: dict[Ref, Process] | None = None
        self.watchers: dict[Ref, Any] | None = None
        self.tasks: set[TaskRef] | None = None
        self.timers: dict[Ref, asyncio.TimerHandle] | None = None
        self.links: tuple[Process, ...] | set[Process] | None = None
        self.parent: Process | None = None
        self.suspended: bool | None = None
        """Where an upgrade holds it (see `suspension`): whether it is suspended besides."""
        self.exiting = False


class Process:
    """The record of one process in the table. Not for user code.

    What stands in a slot is read for every message. What can be read off elsewhere is a property, and what few processes
    need stands in `Extra`: each slot is 8 bytes a process.
    """

    __slots__ = (
        "child", "coroutine", "current", "events", "extra", "handle", "mailbox", "number", "reductions", "sched", "since",
        "started", "state", "status", "suspend", "task", "trap_exits",
    )  # fmt: skip

    handle: Handle
    far: ClassVar[bool] = False
    """Whether it stands for a process that lives in another OS process."""
    place: ClassVar[str] = ""
    """Where its code runs, if not on the loop: `thread`, or `isolated`."""
    obeys_parent: ClassVar[bool] = False
    """Whether an exit signal from the parent, when trapped, ends it after `terminate` (OTP's gen_server)."""

    def __init__(self, sched: Scheduler, number: int, started: float) -> None:
        self.sched = sched
        self.number: Final = number
        self.status: int = RUNNING
        self.state: Any = None
        self.mailbox: Mailbox | None = None
        self.reductions = 0
        self.current: Entry | None = None
        self.events: Log | None = None
        self.task: asyncio.Task[Any] | None = None
        self.coroutine: Any = None
        self.since = self.started = started
        self.child: Child | None = None
        self.extra: Extra | None = None
        self.suspend = False
        self.trap_exits = False

    @property
    def pid(self) -> addresses.Pid:
        """A pid of this process; made anew each time, since most processes need none."""
        return addresses.Pid(self)

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self.status != ENDED

    @property
    def name(self) -> str | None:
        """The name that it is registered as, or was before it ended: its child's."""
        return self.child.name if self.child is not None else None

    @property
    def parent(self) -> Process | None:
        """Its supervisor, or the process that spawned it; None for what the host spawned."""
        if self.child is not None:
            return self.child.family.process
        return self.extra.parent if self.extra is not None else None

    @property
    def ancestors(self) -> tuple[int, ...]:
        """The numbers of its parent, its parent's parent, and so on, 20 at most."""
        numbers: list[int] = []
        parent = self.parent
        while parent is not None and len(numbers) < ANCESTORS:
            numbers.append(parent.number)
            parent = parent.parent
        return tuple(numbers)

    @property
    def links(self) -> tuple[Process, ...] | set[Process]:
        """Whom it is linked with, a supervisor's children apart (see `linked`). Settable."""
        extra = self.extra
        if extra is not None and extra.links is not None:
            return extra.links
        return self.child.links if self.child is not None else ()

    @links.setter
    def links(self, links: tuple[Process, ...] | set[Process]) -> None:
        self.more().links = links

    def linked(self) -> list[Process]:
        """Everyone who is told when it ends: its links, and a supervisor's children. Safe from any thread."""
        return list(self.links)

    @property
    def owed(self) -> set[Caller[Any]]:
        """Callers that wait for its answer."""
        return self.sched.owed.get(self, set())

    @property
    def watchers(self) -> dict[Ref, Any]:
        """Who is told when it ends (see `exits`)."""
        return (self.extra.watchers if self.extra is not None else None) or {}

    @property
    def reason(self) -> Any:
        """Why it has ended; None while it is alive. Stands in the place of the state, which nobody needs any more."""
        return self.state if self.status == ENDED else None

    @property
    def initialising(self) -> bool:
        """Whether it has a first step that whoever starts it waits for, and which is not over."""
        return False

    @property
    def behaviour(self) -> str:
        """What it runs, as `module:qualname`."""
        kind = type(self.handle)
        return f"{kind.__module__}:{kind.__qualname__}"

    @property
    def redact(self) -> Callable[[Any], Any] | None:
        """What its behaviour leaves of a value for others to see, where it says so."""
        redact: Callable[[Any], Any] | None = type(self.handle).redact
        return redact

    @property
    def letters(self) -> int:
        """How many messages wait. What a handler left for `handle_continue` is no message, though it stands before them.

        Safe from any thread.
        """
        mailbox = self.mailbox
        if not mailbox:
            return 0
        try:
            return len(mailbox) - (mailbox[0][0] == CONTINUE)
        except IndexError:  # emptied between the two looks
            return 0

    def handler(self, entry: Entry) -> str:
        """What handles an entry, in words. Safe from any thread."""
        return HANDLERS[entry[0]]

    def handled_by(self, kind: int) -> str:
        """What handles messages of a kind, in words."""
        return HANDLERS[kind]

    def more(self) -> Extra:
        """Its `Extra`, made if need be."""
        if self.extra is None:
            self.extra = Extra()
        return self.extra

    def post(self, entry: Entry) -> None:
        """Put an entry into the mailbox, and see that the process gets a turn."""
        if self.mailbox is None:
            self.mailbox = deque((entry,))
        else:
            self.mailbox.append(entry)
        self.wake()

    def offer(self, entry: Entry) -> bool:
        """As `post`, for a message whose sender cannot be told that it is refused. Whether it was taken (see `bounded`)."""
        self.post(entry)
        return True

    def taken_out(self, index: int) -> None:
        """What stood at `index` in the mailbox has been taken out of it, and not by a step of this process."""

    def from_elsewhere(self, target: Address, kind: int, message: Any) -> None:
        """A cast or a send from another thread: it is passed on to the loop."""
        from .sending import pass_on  # noqa: PLC0415 - compiled, the two import each other

        self.sched.from_thread(pass_on, target, kind, message)  # under the story of the thread's context

    def wake(self) -> None:
        """Something is in the mailbox: get a turn, if it waits for one."""
        if self.status == IDLE:
            self.status = READY
            self.sched.enqueue(self)

    def awaiting(self) -> int:
        """Its status between two steps of its coroutine."""
        return AWAITING

    def run(self, until: float) -> None:  # noqa: ARG002 - the kinds say
        """One turn: handle messages until the budget or the turn is used up. Never raises."""
        raise TypeError(f"{type(self).__name__} has no turns")

    def run_traced(self, until: float) -> None:
        """As `run`, while a session wants to know of each message."""
        self.run(until)

    def step(self, entry: Entry, /) -> None:  # noqa: ARG002
        """Handle a call at once, in the caller's step; only for a process that is IDLE. Never raises."""
        raise TypeError(f"{type(self).__name__} answers no calls at once")

    def handles(self, caller: Caller[Any]) -> bool:
        """Whether its step has the message of this call, and is not over."""
        return self.current is not None and self.current[2] is caller

    def holds(self, worker: Worker) -> None:
        """A step of this process stands still on `worker`."""
        self.sched.standing.setdefault(self, []).append(worker)

    def lets_go(self, worker: Worker) -> None:
        """It goes on."""
        standing = self.sched.standing.get(self)
        if standing is not None and worker in standing:
            standing.remove(worker)
            if not standing:
                del self.sched.standing[self]

    def parked(self) -> Worker | None:
        """Where its own step stands still (not one of a task beside it); None while there is none."""
        standing = self.sched.standing.get(self)
        return (
            next((worker for worker in standing.copy() if worker.owns), None)
            if standing is not None
            else None
        )

    def release(self) -> None:
        """It has ended: let go of what it held, so that a stale pid keeps no state alive.

        Nor its last messages: these name others who have ended, who would keep the next, and so on.
        """
        self.mailbox = self.state = self.current = self.events = None

    def rest(self) -> None:
        """A step is over: go on with the mailbox, or be idle."""
        self.current = None
        if self.status == ENDED:
            return
        if self.suspend:
            self.status = SUSPENDED
            self.attend()
        elif self.mailbox:
            self.status = READY
            self.sched.enqueue(self)
        else:
            self.mailbox = None
            self.status = IDLE

    def pause(self) -> None:
        """Handle nothing more once the present step is over (OTP's `sys:suspend`), but for what `system` asks."""
        self.suspend = True
        if self.status in {IDLE, READY, RECEIVING, PARKED}:
            self.status = SUSPENDED
        paused(self)

    def attend(self) -> None:
        """Suspended, answer what `system` asks. It stands before all else, but for what the last step has left."""
        mailbox = self.mailbox
        if self.status != SUSPENDED or self.current is not None or not mailbox:
            return
        if mailbox[0][0] == CONTINUE and len(mailbox) > 1 and mailbox[1][0] == SYSTEM:
            mailbox[0], mailbox[1] = mailbox[1], mailbox[0]
        if mailbox[0][0] == SYSTEM:
            self.status = READY
            self.sched.enqueue(self)

    @property
    def held(self) -> bool:
        """Whether suspension holds the step that stands still: any, but one that `system` asked for."""
        return self.suspend and (self.current is None or self.current[0] != SYSTEM)

    def resume(self) -> None:
        """Undo `pause`. Who is held by an upgrade as well goes on when that lets go of it."""
        if self.extra is not None and self.extra.suspended:
            self.extra.suspended = False
            resumed(self)
        else:
            self.unpause()

    def unpause(self) -> None:
        """Go on now, whatever has stopped it."""
        if self.extra is not None:
            self.extra.suspended = None
        self.suspend = False
        resumed(self)
        if self.status != SUSPENDED:
            return
        worker = self.parked()
        if worker is not None:
            self.status = PARKED
            worker.workers.queue(worker)
        else:
            self.rest()

    def note(self, text: str) -> None:
        """Keep an event that is no message."""
        self.log(NOTE, text)

    def waits(self, awaitable: Awaitable[T]) -> T:
        """The body of `self.wait` on another thread than the loop's.

        Raises:
            RuntimeError: it is not the thread on which its handlers run.
        """
        if inspect.iscoroutine(awaitable):
            awaitable.close()  # it will never be awaited, and need not complain
        raise RuntimeError(
            f"self.wait(…) and self.call(…) are for the handlers of {self}, not for other threads"
        )

    def let_go(self, reason: Any) -> None:
        """It has ended: let go of what it holds outside of the node (a thread, an OS process)."""

    def told(self, what: str, *details: Any) -> None:
        """Something that concerns it has happened here (a link, a monitor, an exit signal); for those that live elsewhere."""

    def found(self) -> Process | None:
        """The process itself; for who is known by name alone, whoever has the name now."""
        return self

    def log(self, kind: int, message: Any, sender: int = 0, reply: Any = NOTHING) -> None:
        """Keep an event among the last 20 of this process (OTP's `sys:log`)."""
        self.keep((self.sched.now, kind, message, sender, reply, self, None, None, None))

    def keep(self, item: LogItem) -> None:
        """The body of `log`."""
        events = self.events
        if events is None:
            self.events = [*item]
            return
        events += item
        if len(events) > MOST_FIELDS:
            del events[:-KEPT_FIELDS]

    def __repr__(self) -> str:
        return addresses.pid_text(self.number) + (f" {self.name}" if self.name else "")
