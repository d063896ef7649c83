"""The flight recorder: always on, bounded, and as cheap as one `append`; read after something has happened.

    keep(item)                     in the step of a process: a deque's own `append`, about 30 ns
    last(seconds, pid=…, trace=…)  the last events of a process and of the story that it was in

What is kept is whatever the runtime has at hand, since making an `Event` of each message would cost more than the append;
`event_of` makes events of those few that somebody reads. No cursors and no numbers: for a feed, see `recorder`.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final, Generic, TypeVar

from .records import Event, Record, Show, record_of, reticent

__all__ = ["Flight", "itself"]

Item = TypeVar("Item")


def itself(item: Any) -> Event:
    """The event that is kept, where events are."""
    event: Event = item
    return event


class Flight(Generic[Item]):
    """A ring of what has happened.

    Args:
        size: how much to keep. Optional. Defaults to 10,000.
        event_of: the event of what is kept. Optional. Defaults to events being kept.
        clock: seconds of the monotonic clock. Optional. Defaults to `time.monotonic`.

    Attributes:
        keep: keeps one more; the oldest goes. For the loop's thread.
    """

    def __init__(
        self,
        size: int = 10_000,
        event_of: Callable[[Item], Event] = itself,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ring: Final[deque[Item]] = deque(maxlen=size)
        self._event_of = event_of
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
        found: list[Event] = []
        for item in reversed(self._ring.copy()):  # one operation of the interpreter: safe beside the writer
            event = self._event_of(item)
            if event[0] > until:
                continue
            if event[0] < until - seconds or len(found) >= most:
                break
            if _concerns(event, pid, trace):
                found.append(event)
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


def _concerns(event: Event, pid: int | None, trace: int | None) -> bool:
    if pid is None and trace is None:
        return True
    context = event[6]
    mine = pid is not None and (event[2] == pid or event[5] == pid)
    return mine or (trace is not None and context is not None and context[0] == trace)
