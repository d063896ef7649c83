"""Functions under trace: whose code runs where one is called, and what must not be touched."""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import TYPE_CHECKING, Any

from tracing.functions import Probes

from ..preemption.guards import is_known
from .stories import OUTSIDE
from .telling import HOST
from .whereabouts import whereabouts

if TYPE_CHECKING:
    from ..scheduler import Scheduler

__all__ = ["probes_of"]


def probes_of(sched: Scheduler, post: Callable[[Callable[[], None]], None]) -> Probes:
    """The probes of a node; `post` has a function called on its loop."""

    def here() -> tuple[Any, Any, Any] | None:
        process = sched.running
        if process is not None and get_ident() == sched.thread:
            if process is sched.node.root:  # a `redact` at work, on values that are not to be shown
                return None
            return process, sched.story or sched.within(), process.redact
        place = whereabouts()
        if place is None:
            return HOST, OUTSIDE.get(), None
        if place.sched is not sched:
            return None
        process = place.process
        return (HOST, place.context, None) if process is None else (process, place.context, process.redact)

    return Probes(sched.clock, here, thread=lambda: sched.thread, post=post, spared=is_known)
