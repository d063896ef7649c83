"""Who is told of each message, and how: what the sites of messages look at while a session wants to know of them.

    hear = sched.heard.send
    if hear is not None:
        hear += (now, "send", sender, target, entry)     a list of a session's, or `Hearing`: who hands it on at once

What a site adds is `FIELDS` long: when, kind, whose event it is, what else there is to say, and the entry of the mailbox.
Nobody makes an event of it before it is read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Final, Protocol, Self, TypeAlias

from .pattern import Subject

__all__ = ["FIELDS", "HEARD", "MESSAGES", "NOBODY", "Hear", "Heard", "Hearing", "Listen"]

FIELDS: Final = 5
Listen: TypeAlias = Callable[[Subject, Any], None]
"""Takes an event, or what one can be made of, and whose it is."""


class Hear(Protocol):
    """To what a site adds a message: a list, or `Hearing`."""

    def __iadd__(self, message: tuple[Any, ...], /) -> Self: ...


class Hearing:
    """Who hands on each message that is added to it, as it is told.

    Args:
        listen: gets whose message it is, and the message.
    """

    def __init__(self, listen: Listen) -> None:
        self._listen = listen

    def __iadd__(self, message: tuple[Any, ...], /) -> Self:
        self._listen(message[2], message)
        return self


@dataclass(frozen=True, slots=True)
class Heard:
    """To whom the sites tell what happens to a message, by kind; None where nobody wants that.

    Attributes:
        send: it is cast or sent.
        call: it is sent, and an answer awaited.
        reply: it is answered.
        receive: it is taken from the mailbox.
        handle: its handler begins.
        handled: its handler has ended.
        state: its handler has changed the state.
    """

    send: Hear | None = None
    call: Hear | None = None
    reply: Hear | None = None
    receive: Hear | None = None
    handle: Listen | None = None
    handled: Listen | None = None
    state: Listen | None = None


NOBODY: Final = Heard()
HEARD: Final = frozenset(field.name for field in fields(Heard))
"""Kinds for whose sake each message gets a span of its own."""
MESSAGES: Final = frozenset({"send", "call", "reply", "receive"})
"""Those of which a site adds the bare fields; of others it makes an event."""
