"""What a node remembers of its processes: events, ends and restarts, crash reports, counters. All of it bounded.

Written on the loop; read from the threads of the port, which copy (`deque.copy` is one operation of the interpreter).
"""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tracing.recorder import Recorder

from .errors import describe, kind_of
from .supervision.child import Child, End
from .trace.telling import HOST, tell

if TYPE_CHECKING:
    from .crash import CrashReport
    from .process import Process
    from .run_queue import RunQueue

__all__ = ["GaveUp", "Ledger"]

log = logging.getLogger("observer")
_NOT_STARTED: Final = kind_of(("shutdown", ()))
"""How a supervisor ends one of whose children does not start."""
Path = tuple[Any, ...]
"""Ids from the top supervisor down to a child."""
CrashWatcher = Callable[[Collection[str], int], None]


@dataclass(frozen=True, slots=True)
class GaveUp:
    """A supervisor that has reached its maximum restart intensity, and has ended.

    Attributes:
        path: ids from the top supervisor down to it.
        number: of its process.
        name: under which it was registered.
        text: because of which child, and what was too much.
        at: seconds since the epoch.
        cause: the end at the bottom, where it is known: of that child, or of whoever made that child give up or not start.
    """

    path: Path
    number: int
    name: str | None
    text: str
    at: float
    cause: End | None


class Ledger:
    """The memory of one node.

    Attributes:
        recorder: lifecycle events, the last 2,000.
        crashes: crash reports, the last 100.
        history: ends of children, the last 1,000.
        given_up: supervisors that have given up, by path, for as long as none runs in their place.
        counters: what children have counted, by path; a child's counters outlive its restarts.
        crashed: how many processes have crashed.
        restarts: how many children have been restarted.
        crash_watchers: told of each crash: whose code it was (`CrashReport.places`), and how many such there were.
    """

    def __init__(self) -> None:
        self.recorder: Final = Recorder()
        self.crashes: Final[deque[CrashReport]] = deque(maxlen=100)
        self.history: Final[deque[End]] = deque(maxlen=1000)
        self.given_up: Final[dict[Path, GaveUp]] = {}
        self.counters: Final[dict[Path, dict[str, float]]] = {}
        self.crash_watchers: Final[set[CrashWatcher]] = set()
        self.crashed = 0
        self.restarts = 0

    def ended(
        self, process: Process, reason: Any, crash: CrashReport | None, lost: int, by: str | None
    ) -> None:
        """A process has ended: keep what its successor, its supervisor and an operator will ask for."""
        child = process.child
        name = process.name or (process.extra.label if process.extra is not None else None)
        self._note(process, "ended", name, kind_of(reason), (reason,))
        if child is not None:
            end = End(time.time(), child.path, child.family.process.number, process.number, reason)
            end.lived_s = process.sched.clock() - process.started
            end.lost = lost
            end.by = by or child.blame
            gone = self.given_up.get(end.path) if self.given_up else None
            if gone is not None and gone.number == process.number:
                end.cause = gone.cause
            child.ended(end, crash, reason)
            self.history.append(end)
        if crash is not None:
            self._crashed(process, name, reason, crash)

    def _crashed(self, process: Process, name: str | None, reason: Any, crash: CrashReport) -> None:
        if len(self.crashes) == self.crashes.maxlen:
            self.crashes[0].before.clear()  # its child may keep it for as long as it lives
        self.crashes.append(crash)
        if type(reason) is str and reason == "killed":
            return
        self.crashed += 1
        if self.crash_watchers:
            self.tell_crash(crash.places, 1)
        self._note(process, "crash", name, kind_of(reason), (reason,))
        log.error(
            "process %r (%s) crashed: %s\n%s", process, process.behaviour, describe(reason), crash.traceback
        )

    def tell_crash(self, places: Collection[str], count: int) -> None:
        """Tell who watches."""
        for hear in tuple(self.crash_watchers):
            hear(places, count)

    def zombie(self, process: Process) -> None:
        """What is left of a process does not end, whatever is raised in it."""
        name = process.name or (process.extra.label if process.extra is not None else None)
        self._note(process, "zombie", name, f"{process.behaviour}: its code does not end")
        log.error(
            "process %r (%s) has ended, but its code does not: it is left standing",
            process,
            process.behaviour,
        )

    def replaced(self, path: Path, number: float) -> None:
        """A child runs at `path`, as process `number`: whoever gave up there before it, or below, is replaced."""
        older = [gone for gone in self.given_up.values() if gone.number < number]
        for gone in older:
            if gone.path[: len(path)] == path:
                del self.given_up[gone.path]

    def restarted(self, child: Child) -> None:
        """A child has been restarted."""
        times = child.restarted()
        self.restarts += 1
        if child.process is not None:
            self._note(child.process, "restarted", child.process.name, f"restart {times}")

    def gave_up(self, supervisor: Process, child: Child) -> str:
        """A supervisor has reached its maximum restart intensity because of `child`. The reason in words."""
        spec = child.family.spec
        text = f"child {child.spec.id}: more than {spec.max_restarts} restarts in {spec.max_seconds:g} s"
        path = supervisor.child.path if supervisor.child is not None else ()
        cause = self._at_the_bottom(child)
        self.given_up[path] = GaveUp(path, supervisor.number, supervisor.name, text, time.time(), cause)
        self._note(supervisor, "gave_up", supervisor.name, text)
        if cause is not None and len(cause.path) > len(path) + 1:
            text = f"{text}, because of {describe(cause.path[-1])}: {cause.text}"
        log.error("supervisor %r gave up: %s", supervisor, text)
        return text

    def _note(
        self, process: Process, kind: str, name: str | None, text: str, values: tuple[Any, ...] = ()
    ) -> None:
        self.recorder.record(kind, process.number, name, text)
        if process.sched.tap is not None:
            tell(process, kind, text, values=values)

    def node_started(self, sched: RunQueue, name: str) -> None:
        """The node is there."""
        text = f"node {name}"
        self.recorder.record("node_started", text=text)
        if sched.tap is not None:
            node: Any = HOST
            sched.tap.offer(
                node, (sched.clock(), "node_started", 0, None, text, 0, None, (), None, None, None)
            )

    def _at_the_bottom(self, child: Child) -> End | None:
        """The last end of a child; of a supervisor that ended because of somebody below it, that one's."""
        end = child.ends[-1] if child.ends else None
        if end is None or end.cause is not None:
            return end.cause if end is not None else None
        if not child.spec.is_supervisor or end.kind != _NOT_STARTED:
            return end
        below = (it for it in reversed(self.history) if len(it.path) > len(end.path) and it.by is None)
        return next((it for it in below if it.path[: len(end.path)] == end.path), end)

    def counters_of(self, process: Process) -> dict[str, float]:
        """The counters of a process: a child's stand under its path, so that a restart does not lose them."""
        extra = process.more()
        if extra.counters is None:
            extra.counters = (
                self.counters.setdefault(process.child.path, {}) if process.child is not None else {}
            )
        return extra.counters

    def forget(self, child: Child) -> None:
        """A child is deleted: what it and those below it counted goes over to its supervisor."""
        path = child.path
        self.replaced(path, math.inf)
        for below in self._at(path, child.spec.is_supervisor) if self.counters else ():
            total = self.counters.setdefault(path[:-1], {})
            for name, amount in self.counters.pop(below).items():
                total[name] = total.get(name, 0) + amount

    def _at(self, path: Path, deep: bool) -> list[Path]:
        """The paths of counters at `path`, and below it where there can be any."""
        if not deep:
            return [path] if path in self.counters else []
        return [other for other in self.counters if other[: len(path)] == path]
