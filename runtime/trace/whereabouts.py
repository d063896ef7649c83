"""Whose code runs here: for whoever is called in the middle of it and is told nothing, as a span or an instrumented library is.

on the loop, in a step         its process, the story of the step
on the thread of a process     that process, the story of its message; what is told is posted to the loop
in a task that a handler made  its process, the handler's story
in the host                    nobody; the story that the host has said
"""

from __future__ import annotations

import weakref
from contextlib import suppress
from threading import get_ident
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..work import current
from .stories import OUTSIDE, here

if TYPE_CHECKING:
    from tracing.context import Context
    from tracing.records import Event

    from ..process import Process
    from ..scheduler import Scheduler

__all__ = ["Whereabouts", "forgotten", "known", "nodes_here", "whereabouts"]

_schedulers: Final[weakref.WeakSet[Any]] = weakref.WeakSet()


class Whereabouts(NamedTuple):
    """Whose code runs here.

    Attributes:
        sched: of its node.
        process: whose code it is; None for the host's.
        context: the story that it belongs to; None outside of every story.
        on_loop: whether this is the loop's thread.
    """

    sched: Scheduler
    process: Process | None
    context: Context | None
    on_loop: bool

    def offer(self, subject: Any, event: Event) -> None:
        """Hand an event to whoever listens; from any thread."""
        if self.on_loop:
            _offer(self.sched, subject, event)
        else:
            with suppress(RuntimeError):  # the loop is closed: nobody listens any more
                self.sched.loop.call_soon_threadsafe(_offer, self.sched, subject, event)


def known(sched: Scheduler) -> None:
    """A node has started."""
    _schedulers.add(sched)


def forgotten(sched: Scheduler) -> None:
    """A node has ended."""
    _schedulers.discard(sched)


def nodes_here() -> list[Scheduler]:
    """The nodes on this thread's loop."""
    ident = get_ident()
    return [sched for sched in list(_schedulers) if sched.thread == ident]


def whereabouts() -> Whereabouts | None:
    """Whose code runs here; None where it is no node's, or that of one of several on the same loop, outside of their processes."""
    ident = get_ident()
    mine: list[Scheduler] = []
    for sched in list(_schedulers):
        if sched.thread == ident:
            if sched.running is not None:
                return Whereabouts(sched, sched.running, sched.story, True)
            mine.append(sched)
        elif (process := sched.threads.get(ident)) is not None:
            return Whereabouts(sched, process, OUTSIDE.get(), False)
    work = current.get()
    if work is not None:
        sched = work[0].sched
        return Whereabouts(sched, work[0], here(sched), sched.thread == ident)
    return Whereabouts(mine[0], None, OUTSIDE.get(), True) if len(mine) == 1 else None


def _offer(sched: Scheduler, subject: Any, event: Event) -> None:
    tap = sched.tap
    if tap is not None and event[1] in tap.kinds:
        tap.offer(subject, event)
