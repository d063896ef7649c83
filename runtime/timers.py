"""Timers: a message later, once or again and again. They belong to the process that set them, and end with it.

    send_after(seconds) ──┐
    send_at(moment) ──────┼──> start ──> a timer of the loop ──> the message, as `send` would send it
    send_interval(seconds)┘                    └── read_timer, cancel_timer: the seconds that are left

Rules: Erlang's `erlang:send_after`, `read_timer` and `cancel_timer`, and `timer:send_interval`. A time-out of a state machine
is a timer too, whose end is an event and no message; see `state_machine`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from tracing.context import caused

from .errors import NoProcess
from .mailbox import INFO
from .messages import share
from .pid import Address, Pid, Ref
from .preemption.guards import open_to_switches
from .sending import pass_on
from .status import ENDED
from .trace.telling import tell

if TYPE_CHECKING:
    import asyncio

    from .process import Process

__all__ = ["cancel_timer", "read_timer", "send_after", "send_at", "send_interval", "start"]


@open_to_switches
def send_after(owner: Process, seconds: float, message: object, to: Address) -> Ref:
    """Send `message` to `to` in `seconds`.

    Raises:
        ValueError: the time is negative or not a number.
        NotSendable: the message holds what cannot be shared.
        NoProcess: `owner` has ended; what is left of its code starts nothing any more.
    """
    if not seconds >= 0:
        raise ValueError(f"a timer of {seconds!r} seconds; it takes a number that is not negative")
    message = share(message)
    return start(owner, seconds, _sending(owner, message, to))


@open_to_switches
def send_at(owner: Process, moment: float, message: object, to: Address) -> Ref:
    """Send `message` to `to` when the node's clock (`time.monotonic()`) shows `moment`; soon, if that has passed.

    Raises:
        ValueError: the moment is not a number.
        NotSendable, NoProcess: as `send_after`.
    """
    if math.isnan(moment):
        raise ValueError(f"a timer for {moment!r}; it takes a moment, in seconds of time.monotonic()")
    message = share(message)
    return start(owner, max(0.0, moment - owner.sched.clock()), _sending(owner, message, to))


@open_to_switches
def send_interval(owner: Process, seconds: float, message: object, to: Address) -> Ref:
    """Send `message` to `to` every `seconds`, the first time in `seconds`; until it is cancelled, or that process has ended.

    The times do not drift: each is counted from the one before, not from when the loop got to it. One for a name goes on when
    nobody has the name.

    Raises:
        ValueError: the time is not a positive number.
        NotSendable, NoProcess: as `send_after`.
    """
    if not 0 < seconds < math.inf:
        raise ValueError(f"an interval of {seconds!r} seconds; it takes a number above 0")
    message = share(message)

    def again() -> None:
        timer = timers.pop(ref)
        if isinstance(to, Pid) and not to.alive:
            return
        timers[ref] = owner.sched.loop.call_at(timer.when() + seconds, again)
        fire()

    fire = _sending(owner, message, to)
    timers = _timers(owner)
    ref = Ref()
    timers[ref] = owner.sched.loop.call_later(seconds, again)
    return ref


def _sending(owner: Process, message: Any, to: Address) -> Callable[[], None]:
    """Sends the message of a timer, in the story in which it was set."""
    sched = owner.sched
    story = sched.within()
    if story is None:
        return partial(pass_on, to, INFO, message)

    def fire() -> None:
        context = caused(story) if sched.keep is not None else None
        if sched.tap is not None and context is not None:
            target = to._process
            tell(
                owner,
                "timer",
                peer=target.number if target is not None else 0,
                values=(message,),
                context=context,
            )
        pass_on(to, INFO, message, context)

    return fire


def start(owner: Process, seconds: float, fire: Callable[[], None]) -> Ref:
    """Call `fire`, which never raises, in `seconds`, unless `owner` has ended by then. The timer is gone when it is called.

    Raises:
        NoProcess: `owner` has ended; what is left of its code starts nothing any more.
    """
    timers = _timers(owner)
    ref = Ref()

    def expire() -> None:
        timers.pop(ref, None)
        fire()

    timers[ref] = owner.sched.loop.call_later(seconds, expire)
    return ref


def read_timer(owner: Process, ref: Ref) -> float | None:
    """The seconds until a timer fires (an interval: for the next time); None if there is no such timer (any more)."""
    timers = owner.extra.timers if owner.extra is not None else None
    timer = timers.get(ref) if timers is not None else None
    return max(0.0, timer.when() - owner.sched.loop.time()) if timer is not None else None


def cancel_timer(owner: Process, ref: Ref) -> float | None:
    """Stop a timer; the seconds that were left, or None if there is no such timer (any more)."""
    left = read_timer(owner, ref)
    if left is not None and owner.extra is not None and owner.extra.timers is not None:
        owner.extra.timers.pop(ref).cancel()
    return left


def _timers(owner: Process) -> dict[Ref, asyncio.TimerHandle]:
    if owner.status == ENDED:
        raise NoProcess(owner.pid)
    extra = owner.more()
    if extra.timers is None:
        extra.timers = {}
    return extra.timers
