"""What waits in a mailbox: its oldest messages, of which kinds they are, and one of them dropped or put last.

letters_of    read without taking out; each has an id, by which the operator means it
drop, requeue the message of an id, found here, moved on the loop if it is still there: never another one
"""

from __future__ import annotations

import struct
from hashlib import blake2s
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from runtime import rearranging
from runtime.mailbox import CONTINUE, KINDS
from runtime.port.contract import (
    Code,
    Done,
    Drop,
    Failure,
    Letter,
    LetterGroup,
    Mailbox,
    MailboxContents,
    Requeue,
)

from .lookup import find, now, pid_text, title
from .pace import rested, settled
from .posting import on_loop
from .text import class_name, clean
from .values import Limits

if TYPE_CHECKING:
    from runtime.mailbox import Entry
    from runtime.node import Node
    from runtime.process import Process

    from .shown import Shown

__all__ = ["found", "letters_of", "moved"]

MESSAGE: Final = Limits(depth=6, width=50, items=10_000)
COUNTED: Final = 100_000
"""Messages that are grouped; of a longer mailbox the oldest."""
GROUPS: Final = 1000
"""Groups that are told: the largest."""


def letters_of(node: Node, request: Mailbox, shown: Shown) -> MailboxContents:
    """The oldest messages of a mailbox, and, if asked for, how many of each kind, sender and type there are."""
    process = find(node, request.process)
    clock = node.scheduler.clock()
    waiting = _waiting(process, max(request.limit, COUNTED if request.groups else 0) + 1)
    head = waiting[: request.limit]
    total = max(process.letters, len(head))
    bodies = shown.many(process, [entry[1] for entry in head], MESSAGE)
    letters = [
        Letter(
            id=_id(entry),
            kind=KINDS[entry[0]],
            sender=pid_text(entry[4]) if entry[4] else None,
            age_s=max(0.0, clock - entry[3]),
            type=_type(entry),
            value=body.value,
        )
        for entry, body in zip(head, bodies, strict=True)
    ]
    return MailboxContents(
        pid=pid_text(process.number),
        at=now(),
        total=total,
        letters=letters,
        groups=_groups(waiting[:COUNTED], clock) if request.groups else [],
        truncated=total > len(head) or any(body.truncated for body in bodies),
        redacted=sum(body.redacted for body in bodies),
        torn=any(body.torn for body in bodies),
        note=f"only the oldest {COUNTED:,} are counted" if request.groups and total > COUNTED else "",
    )


def found(process: Process, message: str) -> Entry | None:
    """The message of an id, if it waits here. From any thread."""
    entries = [entry for entry in _waiting(process, rearranging.LOOKED_AT) if _id(entry) == message]
    return entries[0] if len(entries) == 1 else None


def moved(node: Node, request: Drop | Requeue) -> Done:
    """Drop a message, or put it last. It is found here, and moved on the loop.

    Raises:
        Failure: `REFUSED`: it does not wait any more, or is the runtime's own. Or there is no such process, or the loop is stuck.
    """
    process = find(node, request.process)
    entry = found(process, request.message)
    if entry is None:
        raise _gone(process, request.message)
    what = f"{KINDS[entry[0]]} {_type(entry)}"
    if not rearranging.movable(entry):
        raise Failure(
            Code.REFUSED, f"{what} is the runtime's own message to {title(process)}; it stays where it is"
        )
    move, done = (
        (rearranging.drop, "dropped")
        if isinstance(request, Drop)
        else (rearranging.requeue, "put behind all others")
    )

    def work() -> Done:
        if not move(process, entry):
            raise _gone(process, request.message)
        process.note(f"{done}: {what}")
        return Done(at=now(), pid=pid_text(process.number), text=clean(f"{done}: {what} of {title(process)}"))

    return on_loop(node, work, request.deadline_s)


def _gone(process: Process, message: str) -> Failure:
    return Failure(
        Code.REFUSED,
        f"no message {clean(message, 40)} waits for {title(process)}: it was handled or moved, or never was; "
        f"`observer mailbox {pid_text(process.number)!r}` lists those that wait",
    )


def _waiting(process: Process, most: int) -> list[Entry]:
    """The oldest messages. What a handler left for `handle_continue` is none."""
    head = settled(lambda: list(islice(process.mailbox or (), most)))
    return [entry for entry in head if entry[0] != CONTINUE]


def _id(entry: Entry) -> str:
    """By what an operator means this entry and no other: where it lies while it waits, and when it came."""
    return blake2s(struct.pack("<Qd", id(entry), entry[3]), digest_size=4).hexdigest()


def _type(entry: Entry) -> str:
    return clean(class_name(type(entry[1])), 200)


def _groups(entries: list[Entry], clock: float) -> list[LetterGroup]:
    """The largest first."""
    groups: dict[tuple[int, int, type[Any]], list[float]] = {}
    for kind, message, _, came, sender, _ in rested(entries):
        of: type[Any] = type(message)  # pyright: ignore[reportUnknownVariableType]
        groups.setdefault((kind, sender, of), []).append(came)
    return [
        LetterGroup(
            kind=KINDS[kind],
            sender=pid_text(sender) if sender else None,
            type=clean(class_name(of), 200),
            count=len(times),
            oldest_s=max(0.0, clock - min(times)),
            newest_s=max(0.0, clock - max(times)),
        )
        for (kind, sender, of), times in sorted(groups.items(), key=lambda item: -len(item[1]))[:GROUPS]
    ]
