"""Under which story something is sent, spawned or set: the context that goes with it.

    in a step                       caused by the step's own context (`sched.story`)
    in a task that a handler made   caused by that handler's
    in the host, `with story(…)`    caused by the one that is given
    in the host                     born: a story begins

A context is minted when a message is sent, since sending and handling are one span: while a session wants to know. With nothing but the
flight recorder on, a step hands its own context on as it is, and one is born where a step sends for the first time: who caused what is
told from the times of its items when somebody reads them (`inferred`). Nothing is minted while nobody listens.

What a step hands to asyncio (a task, a callback) finds its story in the context that asyncio copies: an async handler, a coroutine process and
`self.task` have one of their own. A plain handler's is only set while a session is open.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from tracing.context import Context, Newborn, born, caused, newborn, random_bits

from ..work import current

if TYPE_CHECKING:
    from ..run_queue import RunQueue

__all__ = ["OUTSIDE", "SAID", "Given", "HandedOn", "following", "here", "minted"]

OUTSIDE: Final[ContextVar[Context | None]] = ContextVar("observer_story", default=None)
"""The story that the host has said its messages belong to."""


class Given(tuple[int, int, int, "str | None"]):
    """A story that the host has said. It is no span itself: what is sent in it was caused by what has caused the story."""

    __slots__ = ()


class HandedOn(tuple[int, int, int, "str | None"]):
    """The context of what begins here, minted elsewhere already."""

    __slots__ = ()


SAID: Final = frozenset({Given, HandedOn})
"""Stories that are nobody's context as they are."""


def following(context: Context) -> Context:
    """The context of what comes of something under `context`."""
    if type(context) is HandedOn:
        return context[0], context[1], context[2], context[3]
    if type(context) is Given:
        return caused((context[0], context[2], 0, context[3]))
    return caused(context)


def minted(sched: RunQueue) -> Context:
    """The context of what is sent at this moment. `here` and `caused` are written out: it is made for every message."""
    if sched.running is not None:
        story = sched.story
        if story is None:  # its message came before anybody listened: what it sends belongs together
            story = sched.story = born()
            return story
    else:
        story = OUTSIDE.get()
        if story is None:
            work = current.get()
            if work is None or work[1] is None or work[1][5] is None:
                return newborn()
            story = work[1][5]
    if type(story) is Newborn:  # type: ignore[comparison-overlap]  # pyright: ignore[reportUnnecessaryComparison]  # it passes for what it stands for
        story = story.drawn()
    if type(story) is tuple:
        return story[0], random_bits(64) or 1, story[1], story[3]
    return following(story)


def here(sched: RunQueue) -> Context | None:
    """The context of what runs at this moment on the loop; None outside of every story."""
    if sched.running is not None:
        return sched.story
    given = OUTSIDE.get()
    if given is None:
        work = current.get()
        if work is not None and work[1] is not None:
            given = work[1][5]
    return given
