"""What the flight recorder keeps, and sessions are offered, as events: made of those items that somebody reads, by the reader."""

# pyright: reportUnknownVariableType=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracing.context import Newborn, plain
from tracing.heard import FIELDS
from tracing.records import ABSENT

from ..mailbox import KINDS
from ..results import NOTHING

if TYPE_CHECKING:
    from tracing.flight import Glance
    from tracing.records import Event

__all__ = ["event_of", "glance"]


def event_of(item: Any) -> Event:
    """The event of an item: it is one already, or a message (`heard.FIELDS` of it), or what a process keeps of one (`log.LogItem`)."""
    if type(item[1]) is not str:
        return _handled(item)
    if len(item) == FIELDS:
        return _message(item)
    event: Event = item
    return (*event[:6], plain(event[6]), *event[7:]) if isinstance(event[6], Newborn) else event


def glance(item: Any) -> Glance:
    """When an item was, whose it is, the other process, and its context, unless nobody has read that yet: then nobody asks for it."""
    context = item[6]
    if type(context) is Newborn:
        context = context.known
    if type(item[1]) is str:
        return item[0], item[2], item[5], context
    return item[7], item[5].number, item[3], context


def _message(item: Any) -> Event:
    now, kind, process, more, entry = item
    _, message, _, came, sender, context = entry
    number, name = process.number, process.name
    if kind == "receive":
        text = process.handled_by(entry[0]) if more is None else more
        return (
            now,
            kind,
            number,
            name,
            text,
            sender,
            plain(context),
            (message,),
            max(0.0, now - came),
            None,
            process.redact,
        )
    if kind == "reply":
        return now, kind, number, name, "", sender, plain(context), (more,), None, None, process.redact
    text = "" if kind == "call" else KINDS[entry[0]]
    return now, kind, number, name, text, more.number, plain(context), (message,), None, None, more.redact


def _handled(item: Any) -> Event:
    began, kind, message, sender, reply, process, context, ended, came = item
    return (
        ended,
        "handled",
        process.number,
        process.name,
        process.handled_by(kind),
        sender,
        plain(context),
        (message, ABSENT, ABSENT, ABSENT if reply is NOTHING or reply is None else reply),
        max(0.0, began - came),
        ended - began,
        process.redact,
    )
