"""The flight recorder: always on, bounded, and as cheap as one `append`; read after something has happened.

    keep(item)                     in the step of a process: a deque's own `append`, about 30 ns
    last(seconds, pid=…, trace=…)  the last events of a process and of the story that it was in

What is kept is whatever the runtime has at hand, since making an `Event` of each message would cost more than the append;
`glance` tells which of it somebody wants, and `event_of` makes events of those few. No cursors and no numbers: for a feed, see `recorder`.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final, Generic, TypeAlias, TypeVar

from .context import Context
from .records import Event, Record, Show, record_of, reticent

__all__ = ["Flight", "Glance", "glance", "itself"]

Item = TypeVar("Item")
Glance: TypeAlias = tuple[float, int, int, Context | None]
"""What is looked at before an event is made of it: when it was, whose it is, the other process, and its context."""


def itself(item: Any) -> Event:
    """The event that is kept, where events are."""
    event: Event = item
    return event


def glance(event: Event) -> Glance:
    """A glance at an event."""
    return event[0], event[2], event[5], event[6]


class Flight(Generic[Item]):
    """A ring of what has happened.

    Args:
        size: how much to keep. Optional. Defaults to 10,000.
        event_of: the event of what is kept. Optional. Defaults to events being kept.
        glance: a glance at what is kept: the loop waits while thousands are looked at. Optional. Defaults to events being kept.
        clock: seconds of the monotonic clock. Optional. Defaults to `time.monotonic`.

    Attributes:
        keep: keeps one more; the oldest goes. For the loop's thread.
    """

    def __init__(
        self,
        size: int = 10_000,
        event_of: Callable[[Item], Event] = itself,
        glance: Callable[[Any], Glance] = glance,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ring: Final[deque[Item]] = deque(maxlen=size)
        self._event_of = event_of
        self._glance = glance
        self._clock = clock
        self.keep: Final[Callable[[Item], None]] = self._ring.append

    def clear(self) -> None:
        """Forget all of it."""
        self._ring.clear()

    def last(
        self,
        seconds: float,
        *,
        pid: int | None = None,
        trace: int | None = None,
        most: int = 1000,
        now: float | None = None,
    ) -> list[Event]:
        """The last events, oldest first. Safe from any thread; it looks at those of the last `seconds` only.

        Args:
            seconds: how far back.
            pid: only those of this process, or that have it as their peer; with `trace`, one of the two suffices. Optional.
            trace: only those of this story. Optional.
            most: how many. Optional. Defaults to 1,000.
            now: until when, in seconds of the clock. Optional. Defaults to now.
        """
        until = self._clock() if now is None else now
        since, look, all_of_them = until - seconds, self._glance, pid is None and trace is None
        found: list[Event] = []
        for item in reversed(self._ring.copy()):  # one operation of the interpreter: safe beside the writer
            at, whose, peer, context = look(item)
            if at > until:
                continue
            if at < since or len(found) >= most:
                break
            mine = pid in (whose, peer)
            if mine or all_of_them or (context is not None and context[0] == trace):
                found.append(self._event_of(item))
        found.reverse()
        return found

    def newest(self, most: int) -> Iterator[Item]:
        """What was kept last, newest first, as it was kept. For the loop's thread."""
        return islice(reversed(self._ring), most)

    @staticmethod
    def records(events: list[Event], show: Show = reticent) -> list[Record]:
        """Events as records, numbered from 1 on."""
        epoch = time.time() - time.monotonic()
        return [record_of(seq, event, epoch, show) for seq, event in enumerate(events, 1)]
