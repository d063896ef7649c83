"""Who listens to a node: its flight recorder and trace sessions, at the slot of the run queue that event sites look at.

Tap.open, keep, leave   on any thread ──posted──> sched.tap = the tap, or None where nobody listens
a clock of the loop     ends sessions whose time is over, while there are some
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from contextlib import suppress
from threading import get_ident
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tracing.flight import Flight
from tracing.heard import HEARD, NOBODY
from tracing.kinds import GROUPS
from tracing.pattern.tree import PidOf
from tracing.tap import Tap

from ..blocking import in_thread
from ..pid import Alias, Pid, Ref
from .flown import event_of, glance
from .frames import frames
from .functions import probes_of
from .whereabouts import forgotten, known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tracing.records import Event

    from ..node import Node
    from ..scheduler import Scheduler
    from .dumping import Dumping

__all__ = ["Listening", "Reading"]

FLIGHT_KINDS: Final = (
    (GROUPS["lifecycle"] - {"started"})
    | GROUPS["code"]
    | GROUPS["spans"]
    | GROUPS["operators"]
    | {"raised", "timer"}
)
"""What the flight recorder keeps beside the messages that are handled, whose sites keep these themselves."""
TAKEN: Final = 10_000
TICK_S: Final = 0.1
"""Seconds between two looks at whether a session's time is over."""


class Reading(NamedTuple):
    """A story as it was when somebody began to read it.

    Attributes:
        trace: its id.
        events: all of it, told apart, in the order of time.
        since: when the oldest event of the flight recorder was, if it has several.
        working: what a process whose story was asked for is at work on, in sentences.
    """

    trace: int
    events: list[Event]
    since: float | None
    working: list[str]


class Listening:
    """The tap of one node, and what keeps it going.

    Args:
        node: whose.
        flight: how many events its flight recorder keeps; 0 for none.
        keep: triggers that it has from the start. Optional. Defaults to none.
        dumps: the file into which what they keep goes as well. Optional. Defaults to none.

    Attributes:
        size: how many events the flight recorder keeps.
        tap: who listens.
        flight: the flight recorder; None without one.
        taken: what readers of sessions have taken, for stories that are asked for later; the last 10,000 events.
        readings: stories that are being read part by part, by the numbers of connections.
        looked: when a crash has last looked at it, by the scheduler's clock (see `before`).
    """

    def __init__(
        self, node: Node, sched: Scheduler, flight: int, keep: Iterable[str] = (), dumps: Path | None = None
    ) -> None:
        self._sched = sched
        known(sched)
        self.size: Final = flight
        self._clock: asyncio.TimerHandle | None = None
        self.looked = -math.inf
        self.taken: Final[deque[Event]] = deque(maxlen=TAKEN)
        self.readings: dict[int, Reading] = {}
        self.flight: Final[Flight[Any] | None] = (
            Flight(flight, event_of, glance, sched.clock) if flight else None
        )
        self.tap: Final = Tap(
            sched.clock,
            self._changed,
            flight=self.flight,
            flight_kinds=FLIGHT_KINDS if flight else frozenset(),
            resolve=lambda name: _number(node, name),
            event_of=event_of,
            atoms={Pid: _pid, Alias: lambda alias: PidOf(alias._owner.number), Ref: lambda ref: ref.number},
            frames=lambda event: frames(node, event),
            probes=probes_of(sched, self._post),
        )
        for text in keep:
            self.tap.keep(text, force=True)
        self._dumping = self._dumped(node, dumps) if dumps is not None else None

    def forget(self) -> None:
        """Let go of all that the flight recorder has, of what sessions have taken, and of stories that are being read."""
        self.taken.clear()
        self.readings = {}  # another one: who is about to remember a story remembers nothing
        if self.flight is not None:
            self.flight.clear()

    def _dumped(self, node: Node, path: Path) -> Dumping | None:
        from .dumping import Dumping  # noqa: PLC0415 - SQLite, only for who has dumps written

        return Dumping(node, self.tap.triggers, path) if self.tap.triggers is not None else None

    async def written(self) -> None:
        """Wait until the dumps that there are stand in their file."""
        if self._dumping is not None:
            await in_thread(self._dumping.close)

    def close(self) -> None:
        """The node has ended: sessions end with it."""
        forgotten(self._sched)
        self.tap.close()
        if self._clock is not None:
            self._clock.cancel()

    def _changed(self, tap: Tap | None) -> None:
        """Somebody begins to listen, or nobody does any more; on any thread."""
        if get_ident() == self._sched.thread:
            self._settle(tap)
        else:
            self._post(lambda: self._settle(self.tap if self.tap.kinds else None))  # as it will be then

    def _post(self, work: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nothing happens any more
            self._sched.loop.call_soon_threadsafe(work)

    def _settle(self, tap: Tap | None) -> None:
        sched = self._sched
        sched.tap = tap
        sched.keep = None if tap is None else _forget if self.flight is None else self.flight.keep
        sched.traced = tap is not None and not tap.kinds.isdisjoint(HEARD)
        sched.heard = NOBODY if tap is None else tap.heard
        sched.untraced = None if sched.traced else sched.thread
        if sched.block is not None:
            for cell in list(sched.block.cells.values()):
                cell.listen()
        if tap is not None and tap.sessions and self._clock is None:
            self._clock = sched.loop.call_later(TICK_S, self._tick)  # not now: the tap's lock is held

    def _tick(self) -> None:
        self.tap.tick()
        self._clock = self._sched.loop.call_later(TICK_S, self._tick) if self.tap.sessions else None


def _forget(_item: Any) -> None:
    """There is no flight recorder."""


def _number(node: Node, name: str) -> int | None:
    process = node.registry.find(name)
    return process.number if process is not None else None


def _pid(pid: Pid) -> PidOf:
    return PidOf(pid.number)
