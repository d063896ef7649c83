"""What the flight recorder keeps, as events: made of those few items that somebody reads."""

# pyright: reportUnknownVariableType=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracing.records import ABSENT

from ..results import NOTHING

if TYPE_CHECKING:
    from tracing.records import Event

__all__ = ["event_of"]


def event_of(item: Any) -> Event:
    """The event of an item: it is one already, or a `process.LogItem`, what is kept of a message that has been handled."""
    if type(item[1]) is str:
        event: Event = item
        return event
    began, kind, message, sender, reply, process, context, ended, came = item
    return (
        ended,
        "handled",
        process.number,
        process.name,
        process.handled_by(kind),
        sender,
        context,
        (message, ABSENT, ABSENT, ABSENT if reply is NOTHING or reply is None else reply),
        max(0.0, began - came),
        ended - began,
        process.redact,
    )
