"""A trace session: what one operator has asked for, until a limit ends it.

    offer(subject, event)   in the step of a process: does it fit? -> a queue of events
                            what always fits is only counted down, from as many as no limit can forbid until the next look
    hears(kind) += message  the same for messages; those of a kind that always fits are put aside, in a list of their fields
    settle()                after each turn, and before anybody asks: what was put aside is looked at, all at once where no limit is near
    drain(n)                on the reader's thread: the events as records, their values shown, bounded and redacted
    take(n), as_record(…)    the same in two, for who shows the values of many events in one go

    running --(count, time, rate, work, queue, asked, owner, node, defect)--> stopped, and `why` says it

It never drops silently: what does not fit into a limit ends it. Sessions know nothing of each other. What is queued can be
read after the end; `drain` says why it has ended once nothing is left. `offer` is for one thread at a time, `drain` and `stop` are for any.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from threading import get_ident
from typing import Any, Final, Literal, TypeAlias

from .backlog import Backlog, messages
from .flight import itself
from .heard import FIELDS, Hear, Hearing
from .limits import Limits
from .pattern import Matcher, Pattern, Subject
from .records import Event, Json, Record, Redact, Show, record_of, reticent
from .wording import counted

__all__ = ["Session", "Stopped", "Taken"]

Cause: TypeAlias = Literal["count", "time", "rate", "work", "queue", "asked", "owner", "node", "defect"]
Frames: TypeAlias = Callable[[Any], tuple[str, ...]]
Taken: TypeAlias = tuple[int, Event, tuple[str, ...]]
"""What is queued: the record's number, the event, the stack."""
WINDOW: Final = 0.1
"""Seconds over which rates are measured."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """Why a session has stopped.

    Attributes:
        cause: in a word.
        text: in a sentence.
        at: when, in seconds of the monotonic clock.
    """

    cause: Cause
    text: str
    at: float


class Session:
    """One session.

    Args:
        number: by which it is known.
        matcher: of its pattern.
        limits: what it may cost.
        owner: with whom it ends.
        began: in seconds of the monotonic clock.
        show: shows values. Optional. Defaults to telling next to nothing of them.
        frames: the frames of an event that happens now, innermost last, for patterns that ask for the stack. Optional. Defaults to none.
        event_of: makes events of what sites offer. Optional. Defaults to events being offered.
        thread: on which events are offered; on others `settle` does nothing. Optional. Defaults to any.

    Attributes:
        kinds: of events that it wants.
    """

    def __init__(
        self,
        number: int,
        matcher: Matcher,
        limits: Limits,
        owner: Hashable,
        began: float,
        show: Show = reticent,
        frames: Frames | None = None,
        event_of: Callable[[Any], Event] = itself,
        thread: int | None = None,
    ) -> None:
        self.number: Final = number
        self.limits: Final = limits
        self.owner: Final = owner
        self.began: Final = began
        self.kinds: Final = matcher.kinds
        self._stopped: Stopped | None = None
        self._matcher = matcher
        self._show = show
        self._event_of: Final = event_of
        self._frames = frames if "stack" in matcher.pattern.show else None
        self._free = matcher.free if self._frames is None else frozenset[str]()
        self._taken = self._seen = self._read = 0
        self._granted = self._left = 0
        self._ends = began + limits.seconds
        self._window = min(began + WINDOW, self._ends)
        self._records: Final = max(1, int(limits.rate * WINDOW))
        self._looks: Final = max(1, int(limits.work * WINDOW))
        self._records_left: int = self._records
        self._looks_left: int = self._looks
        self._backlog: Final = Backlog()
        self._stacks: deque[tuple[str, ...]] = deque()
        self._append: Final = self._backlog.append
        self._aside: Final[list[Any]] = []
        self._settling = False
        self._thread = thread
        self._reading = threading.Lock()
        self._grant()

    @property
    def pattern(self) -> Pattern:
        """What has been asked for."""
        return self._matcher.pattern

    @property
    def stopped(self) -> Stopped | None:
        """Why it has stopped, or None."""
        self.settle()
        return self._stopped

    @property
    def taken(self) -> int:
        """Records so far."""
        self.settle()
        return self._taken + self._granted - self._left

    @property
    def seen(self) -> int:
        """Events that it has looked at."""
        self.settle()
        return self._seen + self._granted - self._left

    @property
    def waiting(self) -> int:
        """Records that can be read now."""
        read = self._read  # first: another reader may come in between
        return self.taken - read

    # --- in the steps of processes ------------------------------------------------------------------

    def offer(self, subject: Subject, event: Any) -> None:
        """Look at an event of `subject`, or at what `event_of` makes one of, whose kind is one of `kinds`. Never raises.

        About 0.1 µs where all fit: time and kind are its first two items, and nothing else of it is read.
        """
        if self._aside:  # it came before
            self.settle()
        if self._left and event[0] < self._window and event[1] in self._free:
            self._left -= 1
            self._append(event)
        elif self._stopped is None:
            self._count()
            if event[0] < self._window or self._next_window(event[0]):
                self._look(subject, event)
                self._grant()

    def hears(self, kind: str) -> Hear:
        """To what sites add messages of this kind: in the place of `offer`, and cheaper where all of them fit."""
        return self._aside if kind in self._free else Hearing(self.offer)

    def settle(self) -> None:
        """Look at what has been put aside. For the thread on which events are offered: on others it does nothing."""
        aside = self._aside
        if not aside or self._settling or (self._thread is not None and get_ident() != self._thread):
            return
        self._settling = True  # a finalizer that is traced may come in between, and would take them, too
        try:
            told = aside.copy()
            del aside[: len(told)]  # not all: it may have added some
        finally:
            self._settling = False
        count = len(told) // FIELDS
        if self._left >= count and told[-FIELDS] < self._window:
            self._left -= count
            self._backlog.extend(told)
        else:
            for message in messages(told):
                if self._stopped is not None:
                    break
                self.offer(message[2], message)

    def _look(self, subject: Subject, event: Any) -> None:
        now = event[0]
        self._seen += 1
        self._looks_left -= 1
        if self._looks_left < 0:
            self._fuse("work", f"more than {self.limits.work:,.0f} events a second had to be looked at", now)
            return
        try:
            if event[1] not in self._free and not self._matcher.accepts(subject, self._event_of(event)):
                return
            stack = self._frames(event) if self._frames is not None else None
        except Exception as error:  # an instrument that fails is taken out; the step goes on
            self._fuse("defect", f"it failed: {type(error).__name__}", now)
            return
        self._records_left -= 1
        if self._records_left < 0:
            self._fuse("rate", f"more than {self.limits.rate:,.0f} records a second", now)
        elif self._taken - self._read >= self.limits.queue:
            self._fuse("queue", f"{self.limits.queue:,} records were waiting to be read", now)
        else:
            self._taken += 1
            if stack is not None:
                self._stacks.append(stack)
            self._append(event)
            if self._taken >= self.limits.count:
                wanted = counted(self.limits.count, "record")
                self._fuse("count", f"{wanted} {'was' if self.limits.count == 1 else 'were'} asked for", now)

    def _grant(self) -> None:
        """Allow as many without a further look as neither the rates nor the queue nor, but for the last, the count can forbid."""
        self._count()  # a finalizer that is traced may have come in between
        limits = self.limits
        self._granted = self._left = max(
            0,
            min(
                self._records_left,
                self._looks_left,
                limits.queue - (self._taken - self._read),
                limits.count - self._taken - 1,
            ),
        )

    def _count(self) -> None:
        """Count those that were taken without a look."""
        done = self._granted - self._left
        self._granted = self._left = 0
        self._taken += done
        self._seen += done
        self._records_left -= done
        self._looks_left -= done

    def _next_window(self, now: float) -> bool:
        """Begin to count anew; whether there is time left."""
        if now >= self._ends:
            self.expire(now)
            return False
        self._window = min(now + WINDOW, self._ends)
        self._records_left = self._records
        self._looks_left = self._looks
        if self._stopped is not None:  # by another thread, just now
            self._window = -math.inf
        return self._stopped is None

    def _fuse(self, cause: Cause, text: str, now: float) -> None:
        if self._stopped is None:
            self._stopped = Stopped(cause, text, now)
            self._window = -math.inf

    # --- its end ------------------------------------------------------------------------------------

    def expire(self, now: float) -> None:
        """Stop it if its time is over; to be called now and then, since nothing may happen in it."""
        self.settle()
        if now >= self._ends:
            self._fuse("time", f"{self.limits.seconds:g} s are over", now)

    def stop(self, cause: Cause, text: str, now: float) -> None:
        """Stop it; the first reason counts. From another thread, what the present turn has told of messages may be left out."""
        self.settle()
        self._fuse(cause, text, now)

    # --- for its reader -----------------------------------------------------------------------------

    def drain(self, most: int = 1000, epoch: float | None = None) -> tuple[list[Record], Stopped | None]:
        """The next records, and why there will be none after them, once that is so.

        Args:
            most: how many. Optional. Defaults to 1,000.
            epoch: seconds since the epoch at which the monotonic clock stood at 0. Optional. Defaults to what the clocks say now.
        """
        base = time.time() - time.monotonic() if epoch is None else epoch
        taken, stopped = self.take(most)
        return [self.as_record(each, base, self._show) for each in taken], stopped

    def take(self, most: int = 1000) -> tuple[list[Taken], Stopped | None]:
        """As `drain`, without making records of them: `as_record` does."""
        self.settle()
        with self._reading:
            stopped = self._stopped  # read first: what is queued after it is none of its
            stacks = self._stacks
            popped, first = self._backlog.pop(most), self._read + 1
            self._read += len(popped)  # they do not wait while events are made of them
            taken = [
                (seq, self._event_of(each), stacks.popleft() if stacks else ())
                for seq, each in enumerate(popped, first)
            ]
            left = bool(self._backlog)
        return taken, None if left else stopped

    def look(self) -> list[Event]:
        """The events that wait to be read. They stay."""
        self.settle()
        with self._reading:
            waiting = self._backlog.look()
        return [self._event_of(each) for each in waiting]

    def concerns(self, subject: Subject) -> bool:
        """Whether its pattern names this process, by whatever it says whom."""
        return self._matcher.concerns(subject)

    def wants(self, kind: str, label: str) -> bool:
        """Whether a value of this label is to be shown, of an event of this kind."""
        return self._matcher.shows(kind, label)

    def as_record(self, taken: Taken, epoch: float, show: Show) -> Record:
        """The record of what was taken, its values shown by `show`: only those that are wanted, and within the limit of size."""
        seq, event, stack = taken
        cut = False
        left = self.limits.size
        kind = event[1]

        def shown_of(label: str, value: Any, redact: Redact | None) -> Json:
            nonlocal cut, left
            if not self._matcher.shows(kind, label):
                return _LEFT_OUT
            try:
                shown = show(label, value, redact)
                size = len(json.dumps(shown))
            except Exception as error:  # one value that cannot be shown costs no other
                return {"$text": f"could not be shown: {type(error).__name__}"}
            left -= size
            if left >= 0:
                return shown
            cut = True
            return {"$text": f"left out: {size:,} characters"}

        record = record_of(seq, event, epoch, shown_of)
        values = {label: value for label, value in record.values.items() if value is not _LEFT_OUT}
        if not cut and not stack and len(values) == len(record.values):
            return record
        return replace(record, values=values, stack=stack, cut=cut)


_LEFT_OUT: Final[dict[str, Json]] = {"$left_out": True}
