"""Who is next, and what every message reads and writes of its node: the clock, the running process, the counters.

No turns and no loop: see `scheduler`.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from tracing.context import born
from tracing.heard import NOBODY

from .status import READY
from .trace.stories import SAID, following, here, minted

if TYPE_CHECKING:
    import contextvars

    from tracing.context import Context
    from tracing.tap import Tap

    from .caller import Caller
    from .node import Node
    from .preemption.worker import Doer
    from .process import Process
    from .waits import Waits

__all__ = ["BUDGET", "RunQueue"]

BUDGET: Final = 100
"""Messages that a process handles before it goes to the back of the queue."""


class RunQueue:
    """The part of the scheduler that the hot path touches."""

    __slots__ = (
        "answering", "clock", "context", "dead_letters", "depth", "enter", "handled", "heard", "inline_until", "keep", "last", "last_from", "late_replies", "loop",
        "node", "now", "outside", "owed", "queue", "running", "scheduled", "since", "story", "tap", "thread", "traced", "turns", "untraced", "waits",
    )  # fmt: skip

    context: contextvars.Context
    """The context of who started the node: steps run in copies of it, not in the context of who sent first."""
    waits: Waits
    answering: Doer
    """Does the steps of calls that run at once, while a session wants to know of each message."""
    enter: Callable[..., Any]
    """The door to a step: `Workers.enter`, or `Direct.enter`."""

    def __init__(self, node: Node, loop: asyncio.AbstractEventLoop, clock: Callable[[], float]) -> None:
        self.node = node
        self.loop = loop
        self.clock = clock
        self.thread = threading.get_ident()
        self.queue: deque[Process] = deque()
        self.scheduled = False
        self.running: Process | None = None
        self.since = self.now = clock()
        self.last: Process | None = None
        self.last_from = 0.0
        """Who ran last, from when (until `now`): for a sampler that had to wait for the interpreter meanwhile."""
        self.inline_until = 0.0
        self.depth = 0
        self.turns: int = 0
        self.handled = 0
        self.late_replies = 0
        self.dead_letters = 0
        self.tap: Tap | None = None
        """Who listens to what happens."""
        self.keep: Callable[[Any], None] | None = None
        """Keeps an item in the flight recorder; None where nobody listens, and that is all that tracing costs then."""
        self.heard = NOBODY
        """Who is told of each message."""
        self.traced = False
        """Whether each message gets a span of its own, and is offered to sessions."""
        self.outside = False
        """Whether code that runs outside of all steps may belong to a story: the host's, an operator's, a task that a handler has made."""
        self.untraced: int | None = self.thread
        """The thread from which messages are sent without a further look: the loop's, or none while each is offered to sessions."""
        self.story: Context | None = None
        """Under which the running step runs; of no meaning while nobody runs."""
        self.owed: dict[Process, set[Caller[Any]]] = {}
        """The processes that owe answers for which somebody waits, and to whom."""

    def enqueue(self, process: Process) -> None:
        """Give `process`, which is READY, a turn."""
        self.queue.append(process)
        if not self.scheduled:
            self.kick()

    def kick(self) -> None:
        """See that there is a turn."""
        raise NotImplementedError

    def step(self, until: float, /) -> None:
        """Processes that are READY, one after the other."""
        queue = self.queue
        while queue:
            process = queue.popleft()
            if process.status == READY:
                if self.traced:
                    process.run_traced(until)
                else:
                    process.run(until)
                if self.now >= until:
                    break

    def tick(self) -> float:
        """The time to stamp a message with: the queue's own while a turn is due, else read now."""
        if not self.scheduled:
            self.now = self.clock()
        return self.now

    def under(self) -> Context | None:
        """The context of what is sent at this moment; None where nobody listens, or it is not known."""
        if self.keep is None:
            return None
        if self.traced:
            return minted(self)
        if self.running is not None:
            return self.story or minted(self)
        context = here(self)
        return following(context) if context is not None and type(context) in SAID else context

    def within(self) -> Context | None:
        """The context of what runs at this moment, for what it makes that has no span of its own; None where nobody listens."""
        if self.keep is None:
            return None
        context = here(self)
        if context is None:
            context = born()
            if self.running is not None:
                self.story = context
        return context

    def after(self, story: Context | None) -> Context | None:
        """The context of what is sent now because of what ran under `story`; None where nobody listens."""
        if self.keep is None or story is None:
            return self.under()
        return following(story) if self.traced else story

    def sender(self) -> int:
        """The number of the process that sends at this moment; 0 for the host."""
        running = self.running
        return 0 if running is None else running.number
