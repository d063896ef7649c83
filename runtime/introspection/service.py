"""Answers the port's requests about one node: one function for each operation, nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from runtime.port import contract as c

from . import actions, code, details, happenings, letters
from .audit import AuditLog, why_not
from .census import Censuses
from .elsewhere import Elsewhere
from .entries import registered
from .isolated import asked_inside, moved_where_it_waits, with_letters_inside
from .listing import Listing
from .operating import Operation, acting
from .overview import node_info
from .sampler import Sampler
from .shown import Shown
from .tracing import keeping, stories
from .tracing.hints import Hints
from .tracing.sessions import Sessions
from .tracing.showing import Showing
from .tree import supervision_tree
from .waiting import waits_of

if TYPE_CHECKING:
    from runtime.node import Node
    from runtime.port.service import Principal

    from .tracing.recordings import Recordings

__all__ = ["Introspection"]

Answers = Callable[[Any, "Principal"], BaseModel]


class Introspection:
    """The handler that a node gives to its port. Runs on the connections' threads."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.sampler = Sampler(node.scheduler)
        self.stopping = threading.Event()
        self.port_cpu_s: Callable[[], float] = lambda: 0.0
        self._censuses = Censuses(node)
        self._listing = Listing(node, self._censuses, self.sampler.busy)
        self._shown = Shown(node)
        self._elsewhere = Elsewhere(node)
        self._tallies = code.Tallies(node)
        self._audit = AuditLog()
        showing, hints = Showing(node), Hints(node)
        self._sessions = sessions = Sessions(node, showing, self.stopping)
        self._kept: Recordings | None = None
        self._first = threading.Lock()
        self._cost = (time.monotonic(), 0.0, 0.0)
        node_, shown = node, self._shown
        self._reads: dict[type[BaseModel], Answers] = {
            c.NodeQuery: lambda request, who: node_info(
                node_, self.sampler, self._censuses, who, self._cost_ms_per_s(), stack=request.stack
            ),
            c.Ps: lambda request, who: self._listing.page(request, who.peer),
            c.Info: lambda request, _who: self._elsewhere.complete(
                details.info_of(node_, request.process, self.sampler.busy())
            ),
            c.StackQuery: lambda request, _who: details.stack_answer(node_, request.process),
            c.State: lambda request, _who: details.state_of(node_, request, shown),
            c.Mailbox: lambda request, who: with_letters_inside(
                node_, request, who, letters.letters_of(node_, request, shown)
            ),
            c.TreeQuery: lambda request, _who: supervision_tree(node_, request, self.sampler.busy()),
            c.History: lambda request, who: happenings.restart_history(node_, request, who),
            c.ProcessEvents: lambda request, _who: happenings.events_of(node_, request, shown),
            c.Feed: lambda request, _who: happenings.feed(node_, request, self.stopping),
            c.CrashQuery: lambda request, _who: happenings.crashes(node_, request, shown, showing),
            c.WaitsQuery: lambda request, _who: waits_of(node_, request),
            c.RegistryQuery: lambda request, _who: registered(node_, request),
            c.ModulesQuery: lambda request, _who: code.modules_of(node_, self._tallies.last(), request),
            c.UpgradesQuery: lambda request, _who: code.upgrades_of(node_, request),
            c.AuditQuery: lambda request, _who: self._audit.answer(request.limit),
            c.TraceRead: sessions.read,
            c.TraceSessionsQuery: lambda _request, who: sessions.all(who),
            c.CheckPattern: lambda request, _who: hints.checked(request),
            c.TimelineQuery: lambda request, who: stories.timeline(
                node_, request, who.connection, sessions, showing
            ),
            c.RecordWait: lambda request, who: self._recordings.wait(request, who),  # noqa: PLW0108 - imported only then
            c.RecordingsQuery: lambda request, _who: self._recordings.all(request),
            c.DumpsQuery: lambda request, _who: keeping.dumps_of(node_, request),
            c.DumpQuery: lambda request, _who: keeping.dump_of(node_, request, showing),
        }
        self._changes: dict[type[BaseModel], Answers] = {
            c.Kill: lambda request, who: actions.kill(node_, request, who.key),
            c.Suspend: lambda request, _who: actions.suspend(node_, request),
            c.Resume: lambda request, _who: actions.resume(node_, request),
            c.Send: lambda request, _who: actions.send(node_, request, shown),
            c.Drop: lambda request, who: moved_where_it_waits(node_, request, who),
            c.Requeue: lambda request, who: moved_where_it_waits(node_, request, who),
            c.PlanUpgrade: lambda request, _who: code.plan(node_, request),
            c.Reload: lambda request, who: code.reload(node_, request, f"key {who.key}"),
            c.Rollback: lambda request, who: code.rollback(node_, request, f"key {who.key}"),
            c.Trace: sessions.open,
            c.StopTrace: sessions.stop,
            c.Record: lambda request, who: self._recordings.begin(request, who),  # noqa: PLW0108 - imported only then
            c.Replay: lambda request, _who: self._recordings.replay(request),
            c.KeepTrigger: lambda request, _who: keeping.keep(node_, request),
            c.ForgetTrigger: lambda request, _who: keeping.forget(node_, request),
        }

    def __call__(self, request: c.PortRequest[Any], principal: Principal) -> BaseModel:
        """Answer one request.

        Raises:
            Failure: it cannot be done; the message says why.
        """
        self.sampler.touch()
        if not request.action:
            return asked_inside(self._node, request, principal) or self._reads[type(request)](
                request, principal
            )
        with acting(self._node, request, principal.key) as operation:
            try:
                done = asked_inside(self._node, request, principal) or self._changes[type(request)](
                    request, principal
                )
            except BaseException as error:
                operation.tell(self._audit.note(request, principal, why_not(request, error)))
                raise
            operation.tell(self._audit.note(request, principal, "ok", done))
        return done

    def refused(self, request: c.PortRequest[Any], principal: Principal, why: str) -> None:
        """Keep an action that the port refused, since the role does not allow it."""
        Operation(self._node, request, principal.key).tell(self._audit.note(request, principal, why))

    def left(self, principal: Principal) -> None:
        """A connection is over: what was open for it ends."""
        self._sessions.left(principal)
        self._node.scheduler.listening.readings.pop(principal.connection, None)

    def stop(self) -> None:
        """End what waits and what samples."""
        self.stopping.set()
        self.sampler.stop()
        if self._kept is not None:
            self._kept.close()

    @property
    def _recordings(self) -> Recordings:
        """Imported where somebody records or replays: it is 5 MB, in each OS process that answers."""
        from .tracing.recordings import Recordings  # noqa: PLC0415 - see above

        with self._first:
            if self._kept is None:
                self._kept = Recordings(self._node, self._sessions, self.stopping)
            return self._kept

    def _cost_ms_per_s(self) -> float:
        """Processor milliseconds a second that observing costs, over the last second or more."""
        at, before, rate = self._cost
        now, spent = time.monotonic(), self.port_cpu_s() + self.sampler.cpu_s
        if now - at >= 1.0:
            rate = 1000 * (spent - before) / (now - at)
            self._cost = (now, spent, rate)
        return rate
