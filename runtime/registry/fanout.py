"""One message to many: checked once, and not copied where nobody can change it."""

from __future__ import annotations

from collections.abc import Iterable
from threading import get_ident
from typing import TYPE_CHECKING, Any

from ..mailbox import INFO
from ..messages import is_constant, share
from ..preemption.guards import open_to_switches
from ..status import ENDED

if TYPE_CHECKING:
    from ..process import Process
    from ..scheduler import Scheduler
    from .entries import Entry
    from .scope import Member

__all__ = ["but_for", "send_all", "tell"]


@open_to_switches
def send_all(sched: Scheduler, processes: list[Process], message: Any) -> int:
    """Send `message`, for `handle_info` or `receive`; to how many. From any thread. About 1 µs for each, in one go.

    A mutable message is copied for each of them. Who has ended meanwhile gets nothing; who has a bounded mailbox that is
    full neither, unless it drops its oldest: one that is slow holds up nobody else.

    Raises:
        NotSendable: the message holds what cannot be shared.
    """
    message = share(message)
    if get_ident() != sched.thread:
        sched.loop.call_soon_threadsafe(send_all, sched, processes, message)
    elif is_constant(message):
        tell(processes, message)
    else:
        for process in processes:
            copy = share(message)
            if process.status != ENDED:
                tell((process,), copy)
    return len(processes)


def tell(processes: Iterable[Process], message: Any) -> None:
    """Put a message that nobody can change into mailboxes."""
    for process in processes:
        if process.status != ENDED:
            sched = process.sched
            process.offer((INFO, message, None, sched.tick(), sched.sender(), sched.under()))


def but_for(entries: Iterable[Entry], but: Member | None) -> list[Process]:
    """The processes of entries, but for one."""
    excluded = None if but is None else but._process
    return [entry.process for entry in entries if entry.process is not excluded]
