"""What the flight recorder keeps, as events: made of those few items that somebody reads."""

# pyright: reportUnknownVariableType=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracing.records import ABSENT

from ..mailbox import HANDLERS
from ..results import NOTHING

if TYPE_CHECKING:
    from tracing.records import Event

__all__ = ["event_of"]


def event_of(item: Any) -> Event:
    """The event of an item: it is one already, or what a process keeps of a message that it has handled (`process.Handled`)."""
    if type(item[1]) is str:
        event: Event = item
        return event
    began, kind, message, sender, reply, process, context, ended, came = item
    return (
        ended,
        "handled",
        process.number,
        process.name,
        HANDLERS[kind],
        sender,
        context,
        (message, ABSENT, ABSENT, ABSENT if reply is NOTHING or reply is None else reply),
        max(0.0, began - came),
        ended - began,
        process.redact,
    )
