"""A server whose handlers run elsewhere: on a thread of its own, or in another OS process.

    turn ──> take one message ──> elsewhere(entry) ── the handler's result ──> settle, as for any server
                                   meanwhile the process is AWAITING, as with an async handler

One message at a time is given away, so what waits stands in the mailbox of the node, is seen there, and is told as lost when the
process ends. Who does the work, the kinds say: `ThreadProcess` (threads/), `IsolatedServer` (isolation/).
"""

from __future__ import annotations

from typing import Any

from tracing.context import born

from .mailbox import INIT, SYSTEM, Entry
from .preemption.guards import boundary
from .process import Arguments
from .server_end import crash
from .server_process import ServerProcess
from .status import RUNNING
from .trace.turns import begun

__all__ = ["DelegatedProcess"]


class DelegatedProcess(ServerProcess):
    """A server that does its work elsewhere."""

    __slots__ = ()

    def start_elsewhere(self, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """A coroutine that runs `init`, and returns what that has returned."""
        raise NotImplementedError

    def elsewhere(self, entry: Entry) -> Any:
        """A coroutine that runs a handler, and returns what that has returned; or a result at once."""
        raise NotImplementedError

    def asked(self, entry: Entry) -> Any:
        """What `system` asks. It needs no handler, so it is answered here."""
        return self._other(entry)

    @boundary
    def _init(self, entry: Entry, args: Arguments, options: dict[str, Any]) -> None:
        try:
            if not isinstance(args, tuple):
                args = args.compute()
                self.current = entry = (INIT, args, None, entry[3], 0, entry[5])
            self._after(entry, self.start_elsewhere(args, options))
        except BaseException as error:
            crash(self, error)

    @boundary
    def step(self, entry: Entry, /) -> None:
        """Give a call away, in a step that `Scheduler.enter` has begun."""
        self.sched.now = entry[3]
        self._give(entry)

    def run_traced(self, until: float) -> None:
        """As `run`, while a session wants to know of each message."""
        self.run(until)

    @boundary
    def run(self, until: float) -> None:  # noqa: ARG002 - one message, however long the turn may be
        """One turn: give one message away."""
        sched = self.sched
        sched.running, began = self, sched.now
        sched.since = began
        if self.mailbox:
            self._give(self.mailbox.popleft())
        sched.now = sched.clock()
        sched.running = None
        sched.last, sched.last_from = self, began

    def _give(self, entry: Entry) -> None:
        assert entry[0] != INIT
        if self.sched.keep is not None:
            if entry[5] is None:  # what is done elsewhere cannot say here that a story has begun there
                entry = (*entry[:5], born())
            self.sched.story = entry[5]
            if self.sched.traced:
                begun(self, entry, self.sched.now)
        self.status = RUNNING
        self.current = entry
        self.since = self.sched.now
        self.reductions += 1
        self.sched.handled += 1
        try:
            self._after(entry, self.asked(entry) if entry[0] == SYSTEM else self.elsewhere(entry))
        except BaseException as error:
            crash(self, error)
        self._rest_if_over()

    def _rest_if_over(self) -> None:
        if self.status == RUNNING and self.current is None:
            self.rest()
