"""Hooks: code of the user's that has to answer at once, such as `redact`.

A hook runs as a step of its process that may neither wait nor be parked; after 20 ms it is interrupted, and what is left of it
then is given up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import Interrupted
from .errand import Errand
from .guards import boundary

if TYPE_CHECKING:
    from ..process import Process

__all__ = ["answer_of"]


def answer_of(process: Process, hook: Callable[[], Any]) -> Any:
    """What `hook()` returns. From the loop.

    Raises:
        Interrupted: it took more than 20 ms.
        BaseException: what it raised.
    """
    sched = process.sched
    outcome: list[Any] = []
    stands = sched.enter(process, sched.clock(), None, Errand(_run), (process, hook, outcome))
    if stands is not None:
        stands.workers.give_up(stands)
        raise Interrupted("the hook does not end, whatever is raised in it")
    returned, value = outcome
    if returned:
        return value
    raise value


@boundary
def _run(process: Process, hook: Callable[[], Any], outcome: list[Any]) -> None:
    worker = process.sched.workers.current()
    if worker is not None:
        worker.critical = process.sched.since
    try:
        outcome += (True, hook())
    except BaseException as error:
        outcome += (False, error)
    if worker is not None:
        worker.critical = None
