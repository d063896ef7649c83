"""Timers: a message later. They belong to the process that set them, and end with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import NoProcess
from .mailbox import INFO
from .messages import share
from .pid import Address, Ref
from .preemption.guards import open_to_switches
from .sending import deliver
from .status import ENDED

if TYPE_CHECKING:
    from .process import Process

__all__ = ["cancel_timer", "send_after"]


@open_to_switches
def send_after(owner: Process, seconds: float, message: object, to: Address) -> Ref:
    """Send `message` to `to` in `seconds`.

    Raises:
        ValueError: the time is negative or not a number.
        NotSendable: the message holds what cannot be shared.
        NoProcess: `owner` has ended; what is left of its code starts nothing any more.
    """
    if owner.status == ENDED:
        raise NoProcess(owner.pid)
    if not seconds >= 0:
        raise ValueError(f"a timer of {seconds!r} seconds; it takes a number that is not negative")
    message = share(message)
    ref = Ref()
    extra = owner.more()
    timers = extra.timers
    if timers is None:
        timers = extra.timers = {}

    def fire() -> None:
        timers.pop(ref, None)
        deliver(to, INFO, message)

    timers[ref] = owner.sched.loop.call_later(seconds, fire)
    return ref


def cancel_timer(owner: Process, ref: Ref) -> float | None:
    """Stop a timer; the seconds that were left, or None if there is no such timer (any more)."""
    timers = owner.extra.timers if owner.extra is not None else None
    timer = timers.pop(ref, None) if timers is not None else None
    if timer is None:
        return None
    timer.cancel()
    return max(0.0, timer.when() - owner.sched.loop.time())
