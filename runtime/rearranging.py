"""One message that waits, taken out of its mailbox or put behind all others: by an operator, between two steps.

    drop      gone; whoever has called gets `MessageDropped`, whoever has cast or sent knows nothing of it
    requeue   the last one; its age, its sender and its caller stay. Messages of one sender no longer come in their order

Only what processes and the host have sent. What the runtime itself has to say (ends of others, time-outs, shutdowns) stays where it is:
a process that never learns that its worker has ended waits for it for ever.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Final

from .errors import MessageDropped
from .mailbox import CALL, CAST, INFO
from .signals import RUNTIME_SIGNALS

if TYPE_CHECKING:
    from .mailbox import Entry
    from .process import Process

__all__ = ["LOOKED_AT", "drop", "movable", "requeue"]

LOOKED_AT: Final = 5000
"""Messages at the head of a mailbox among which one is sought: a mailbox of a million must not hold up the loop."""
_FROM_USERS: Final = frozenset({CALL, CAST, INFO})


def movable(entry: Entry) -> bool:
    """Whether it is a message of a process or the host, and none of the runtime's own."""
    return entry[0] in _FROM_USERS and type(entry[1]) not in RUNTIME_SIGNALS


def drop(process: Process, entry: Entry) -> bool:
    """Take a message out. On the loop.

    Returns:
        Whether it was still there, and is movable.
    """
    index = _place(process, entry)
    if index is None:
        return False
    _take_out(process, index)
    if entry[2] is not None:
        entry[2]._fail(MessageDropped(process.pid))
    return True


def requeue(process: Process, entry: Entry) -> bool:
    """Put a message behind all others. On the loop.

    Returns:
        Whether it was still there, and is movable.
    """
    index, mailbox = _place(process, entry), process.mailbox
    if index is None or mailbox is None:
        return False
    # First, and whatever its limit: what is taken out of a bounded mailbox lets somebody else in.
    deque.append(mailbox, entry)  # pyright: ignore[reportUnknownMemberType]  # of the base, for any deque
    _take_out(process, index)
    return True


def _place(process: Process, entry: Entry) -> int | None:
    if not movable(entry):
        return None
    head = islice(process.mailbox or (), LOOKED_AT)
    return next((index for index, each in enumerate(head) if each is entry), None)


def _take_out(process: Process, index: int) -> None:
    assert process.mailbox is not None
    del process.mailbox[index]
    process.taken_out(index)
