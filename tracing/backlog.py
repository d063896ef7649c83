"""What a session has taken, and nobody has read.

    append(event)      one event                                              ──┐
    extend(fields)     the bare fields (`heard`) of many messages, one after the other  ──┴──> pop(most), look(): one by one, messages as tuples

A tuple for each message would have to be made, kept and gone through by the collector while the node is at work; a list of
their fields is one object for a whole turn.
"""

from __future__ import annotations

from collections import deque
from itertools import chain
from typing import Any, Final

from .heard import FIELDS

__all__ = ["Backlog", "messages"]


class Backlog:
    """A queue between the thread that takes and the one that reads: one of each at a time.

    Attributes:
        append: takes an event.
        extend: takes a list of the fields of messages, which belongs to it from then on.
    """

    def __init__(self) -> None:
        self._parts: Final[deque[Any]] = deque()
        self._opened: Final[deque[Any]] = deque()
        """The messages of a list that has been begun to be read."""
        self.append: Final = self._parts.append
        self.extend: Final = self._parts.append  # what is a list tells itself

    def __bool__(self) -> bool:
        return bool(self._opened or self._parts)

    def pop(self, most: int) -> list[Any]:
        """The oldest, and no more than so many; they are gone then."""
        parts, opened = self._parts, self._opened
        popped = list[Any]()
        while len(popped) < most and (opened or parts):
            if opened:
                popped.append(opened.popleft())
            elif type(part := parts.popleft()) is list:
                opened.extend(messages(part))
            else:
                popped.append(part)
        return popped

    def look(self) -> list[Any]:
        """All of them, oldest first; they stay."""
        parts = (messages(part) if type(part) is list else (part,) for part in self._parts.copy())
        return [*self._opened, *chain.from_iterable(parts)]


def messages(fields: Any) -> Any:
    """Tuples of the fields of one message each."""
    return zip(*[iter(fields)] * FIELDS, strict=True)
