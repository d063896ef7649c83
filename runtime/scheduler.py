"""The run queue of a node: who has a turn, for how long, and what runs now.

    post ──> queue ──> drain (one loop callback, at most 5 ms) ──> process.run(until)
                         │                                            at most 100 messages
                         ├── one parked step gets a slice (see preemption/)
                         └── the loop serves sockets and timers between two turns

What the hot path reads of it stands in `run_queue`. One scheduler belongs to one loop; only `running`, `since` and the
counters are read from other threads.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from threading import get_ident
from typing import TYPE_CHECKING, Any, Final, cast

from .port.pace import right_of_way
from .preemption.direct import Direct
from .preemption.mode import Mode, choose
from .process import Process
from .run_queue import RunQueue
from .status import AWAITING, ENDED, RUNNING, STATUSES
from .steps import Steps
from .threads.marshal import post
from .trace.listening import Listening
from .trace.stories import OUTSIDE
from .trace.turns import Answering
from .waits import Waits
from .work import current

if TYPE_CHECKING:
    from tracing.context import Context as Story

    from .isolation.block import Block
    from .mailbox import Entry
    from .node import Node
    from .preemption.worker import Worker
    from .threads.lane import Lane

__all__ = ["INLINE_S", "TURN_S", "Scheduler"]

TURN_S: Final = 0.005
"""Seconds of one turn of the run queue; then sockets and timers of the host have theirs."""
INLINE_S: Final = 0.001
"""Seconds after a turn, and the turn itself, in which calls to idle processes run at once."""
BORN_S: Final = 0.001
"""Processes that start within this time share one number for when they did: it would be 32 bytes for each."""
PAUSE_S: Final = 0.01
"""Seconds between two turns, in which other threads have had the interpreter."""
BREATH_S: Final = 0.00002
"""Seconds of a pause that is made for them."""
EAGER: Final = hasattr(asyncio, "eager_task_factory")


class Scheduler(RunQueue):
    """The run queue and its turns."""

    def __init__(
        self,
        node: Node,
        loop: asyncio.AbstractEventLoop,
        clock: Callable[[], float] = time.monotonic,
        *,
        time_slicing: bool = True,
        **past: Any,
    ) -> None:
        super().__init__(node, loop, clock)
        self._born = -math.inf
        self._turned = self._breathed = 0.0
        self.context = copy_context()
        self.signals: Final[list[tuple[Process, Any, Process | None]]] = []
        """Exit signals to be delivered, while an end is being told (see `exits`): to whom, why, from whom."""
        self.lingering: Final[set[asyncio.Future[Any]]] = set()
        """Tasks that were cancelled because their process ended, until they are done."""
        self.waits = Waits(self)
        self.standing: Final[dict[Process, list[Worker]]] = {}
        """The processes of which steps stand still, parked or waiting, and where: few at any time."""
        self.threads: Final[dict[int, Process]] = {}
        """The processes whose handlers run on threads of their own, by thread."""
        self.lanes: Final[set[Lane]] = set()
        """Threads of processes that have ended, until they have ended too, or count as zombies."""
        self.block: Block | None = None
        """The OS processes of isolated processes, once there are some."""
        self.answering = Answering(self)
        self.listening: Final = Listening(node, self, **past)
        self.mode: Final[Mode] = choose(self, time_slicing=time_slicing)
        self.sliced: Final = self.mode.workers is not None
        self.workers: Final = self.mode.workers or Direct(self)
        self.enter = self.workers.enter

    def drain(self) -> None:
        """One turn of the run queue, and one slice for a step that is parked."""
        queue, workers = self.queue, self.workers
        self.turns += 1
        self.now = self.clock()
        until = self.inline_until = self.now + TURN_S
        try:
            # A step that is parked leaves the rest of the turn to another worker.
            while queue and self.now < until:
                self.enter(None, self.now, self.context.copy(), self, until)
            if workers.parked:
                workers.slice()
            self._breathe()  # what another thread posts meanwhile then comes before the next slice
        finally:
            self.running = None
            if self.tap is not None and self.traced:
                self.tap.settle()
            if queue or workers.parked:
                self.loop.call_soon(self.drain)
            else:
                self.scheduled = False
            self.inline_until = self.now + INLINE_S

    def _breathe(self) -> None:
        """Let other threads have the interpreter for a moment, when this one has had no pause for 5 ms.

        With each slice of a step that overruns, too: an operator may be about to kill it. A loop that turns each millisecond
        gives the interpreter up for so short a time that they are woken, find it taken again, and begin to wait anew: the port
        would answer after seconds.
        """
        now = time.monotonic()
        if now - self._turned > PAUSE_S:
            self._breathed = now
        elif self.workers.parked or now - self._breathed >= TURN_S:
            time.sleep(BREATH_S)
            while right_of_way():
                time.sleep(BREATH_S)
            self._breathed = time.monotonic()
        self._turned = now

    def close(self) -> None:
        """Nothing happens any more: end what listens, and what slices time."""
        self.listening.close()
        self.mode.stop()

    def kick(self) -> None:
        """See that there is a turn, although nobody may be READY: a step is parked."""
        if not self.scheduled:
            self.scheduled = True
            self.loop.call_soon(self.drain)

    def birth(self) -> float:
        """The time now, for a process that starts; early by 1 ms at most."""
        self.now = now = self.clock()
        if now - self._born > BORN_S:
            self._born = now
        return self._born

    def from_thread(self, work: Callable[..., None], *args: Any) -> None:
        """Do `work` on the loop, in the name of the process whose handler runs on the calling thread, if any."""
        process = self.threads.get(get_ident())
        if process is None:
            self.loop.call_soon_threadsafe(work, *args)
        else:
            post(process, work, *args)

    def works_for(self, process: Process) -> bool:
        """Whether the present task is a step of `process` that has not ended: it cannot wait for itself."""
        work = current.get()
        return work is not None and work[0] is process and (work[1] is None or work[1] is process.current)

    def drive(
        self, process: Process, coroutine: Coroutine[Any, Any, Any], entry: Entry, first: Any = None
    ) -> asyncio.Task[Any]:
        """Run an async handler's coroutine in a task of its own; `process` is AWAITING meanwhile.

        `first` is the future that it awaits already, where its first step has been run.

        One task for each handler call: a long-lived one would leak cancellation and context into the next message.
        """
        process.status = AWAITING
        process.coroutine = coroutine
        context = copy_context()
        context.run(current.set, (process, entry))
        story = entry[5]
        if self.keep is not None:
            story = self.told_to(context, story or self.within())
        return self.task(
            Steps(process, coroutine, first=first, context=context, story=story), context, eager=EAGER
        )

    def own_context(self, story: Story | None) -> Context:
        """The context of a step whose tasks, made by asyncio, belong to `story`."""
        context = self.context.copy()
        context.run(OUTSIDE.set, story)
        return context

    def told_to(self, context: Context, story: Story | None) -> Story | None:
        """Tasks that are made in `context`, by asyncio, belong to `story`. The same story."""
        context.run(OUTSIDE.set, story)
        self.outside = True
        return story

    def task(self, steps: Steps, context: Context, *, eager: bool = False) -> asyncio.Task[Any]:
        """A task that drives `steps`; with `eager`, the first step runs now."""
        make: Any = (
            asyncio.Task
        )  # its stubs know neither 3.12's argument on 3.11, nor coroutines that are no generators
        if eager:
            return cast("asyncio.Task[Any]", make(steps, loop=self.loop, context=context, eager_start=True))
        return cast("asyncio.Task[Any]", make(steps, loop=self.loop, context=context))

    def cancel(self, task: asyncio.Future[Any]) -> None:
        """Cancel a task whose process has ended, and keep an eye on it until it is done."""
        if task.done():
            self._gone(task)
            return
        task.cancel()
        self.lingering.add(task)
        task.add_done_callback(self._gone)

    def _gone(self, task: asyncio.Future[Any]) -> None:
        self.lingering.discard(task)
        if not task.cancelled():
            task.exception()  # its process has ended: nobody is left to be told

    def describe(self, process: Process) -> str:
        """What a process is doing, for an error message."""
        waiting = process.letters
        status = STATUSES[process.status]
        if process.status in {RUNNING, AWAITING} and process.current is not None:
            status += f" in {type(process.handle).__qualname__} for {self.clock() - process.since:.1f} s"
        return (
            f"{status}, {waiting} message{'' if waiting == 1 else 's'} in its mailbox"
            if process.status != ENDED
            else status
        )
