"""A cell: the OS process of one isolated process, as the node sees it.

begin ── start ──> frames: prepare, begin ──> started | ended(reason, crash)
message ────────────────────────────────────> handled
let_go(reason) ── end(reason) ──> a second of grace ──> SIGKILL        "killed": SIGKILL at once
its death ── reaped by a thread, which sweeps what it has left ──> what it still said ──> the end, with words for how it died
"""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import signal
import threading
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from .. import exits
from ..code import lent
from ..code.versions import newest
from ..coroutine import CoroutineProcess
from ..crash import TextTrace, report
from ..errors import Foreign, NotSendable, OSProcessDied
from ..mailbox import CALL, SHUTDOWN
from ..pid import NODE, Ref, pid_text
from ..preemption.errand import Errand
from ..preemption.guards import boundary, to_its_end
from ..registry.reach import crosses
from ..results import NoReply
from ..state_machine.behaviour import StateMachine
from ..status import ENDED
from ..trace.stories import OUTSIDE
from . import launch, sweep
from .block import block_of
from .codec import dumps, loads
from .ending import why
from .limits import Limits
from .peer import Peer
from .sight import Sight
from .telling import hear, wanted
from .wire import Wire

if TYPE_CHECKING:
    from tracing.context import Context

    from ..code.parts import Parts
    from ..crash import CrashReport
    from ..mailbox import Entry
    from ..process import Process
    from ..registry.scope import Scope
    from .wire import BadFrame

__all__ = ["ELSEWHERE", "Cell"]

GRACE_S: Final = 1.0
"""Seconds that an OS process has to end once its process has."""


class Elsewhere:
    """Stands where a state would stand: that is in the other OS process."""

    def __repr__(self) -> str:
        return "<in its OS process>"


ELSEWHERE: Final = Elsewhere()


class Cell(Peer):
    """The OS process of `owner`.

    Attributes:
        limits: what it may take.
        pid: of the OS process; 0 before it is started.
        left: how many messages it had not handled when it last said so, or ended; told of coroutine processes.
        oldest: when the oldest of them came.
        eyes: for questions about what is inside.
        parts: the upgrade that it takes part in.
    """

    def __init__(self, owner: Process) -> None:
        super().__init__(owner.sched.node, owner)
        place = owner.child.terms.place if owner.child is not None else None
        self.limits: Final = place if isinstance(place, Limits) else Limits()
        self.block: Final = block_of(self.sched)
        self.mark: Final = f"{self.block.mark}{owner.number}."
        self.pid = self.left = 0
        self.listened: tuple[str, ...] = ()
        self.oldest = 0.0
        self.doomed = ""
        self.reaped = False
        self.handled: asyncio.Future[None] | None = None
        self.parts: Parts | None = None
        self._started: asyncio.Future[None] | None = None
        self._said_its_end = False

    # --- start --------------------------------------------------------------------------------------

    async def begin(self, behaviour: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Start the OS process, and in it the behaviour; returns when its `init` is over.

        Raises:
            NotSendable: an argument cannot cross.
        """
        self._launch(behaviour)
        self.questions.send(dumps((behaviour, args, options, self.owner.parent), self))
        self._started = self.sched.loop.create_future()
        await self._started
        return ELSEWHERE

    @to_its_end
    def _launch(self, behaviour: Any) -> None:
        """Start the OS process; whole, or not at all: one that nobody listens to would be waited for."""
        owner, started = self.owner, launch.start(self.mark)
        try:
            handle = os.pidfd_open(started.popen.pid) if hasattr(os, "pidfd_open") else None
            self.connect(started.talk)
            self.questions = Wire(self.sched.loop, started.questions, self._asked, lambda _bad: None)
            self.eyes = Sight(started.eyes)
            reaper = threading.Thread(
                target=self._reap, name=f"observer reaper of {started.popen.pid}", daemon=True
            )
            self._os, self._handle, self.pid = started, handle, started.popen.pid
            reaper.start()
        except BaseException:
            self.pid = 0
            started.abandon()
            raise
        self.block.add(self)
        counters = self.node.ledger.counters_of(owner)
        self.listened = wanted(self.sched)
        self.questions.send(
            pickle.dumps(
                {
                    "limits": self.limits, "preparation": launch.preparation(), "node": self.node.name, "number": owner.number,
                    "name": owner.name, "level": logging.getLogger().getEffectiveLevel(), "counters": dict(counters),
                    "slicing": self.sched.sliced, "flight": self.sched.listening.size, "story": owner.current[5] if owner.current else None, "listen": self.listened, "kind": _kind_of(behaviour), "code": lent.offered(),
                }
            )
        )  # fmt: skip

    def on_started(self) -> None:
        """Its `init` is over, or its coroutine is about to begin."""
        if self._started is not None and not self._started.done():
            self._started.set_result(None)

    # --- messages -----------------------------------------------------------------------------------

    async def handle(self, entry: Entry) -> Any:
        """Hand a message over, and wait until it is handled."""
        self.handled = self.sched.loop.create_future()
        if self.hand_over(entry):
            await self.handled
        return NoReply(ELSEWHERE) if entry[0] == CALL else ELSEWHERE

    def hand_over(self, entry: Entry) -> bool:
        """Hand a message over; whether it could cross."""
        kind, message, caller, _, sender, context = entry
        try:
            body = self.reason(message) if kind == SHUTDOWN else dumps(message, self)
        except NotSendable as refused:
            self.refused(caller, refused)
            return False
        number, seconds = (self.register(caller), self.seconds(caller)) if caller is not None else (0, None)
        self.frame("message", kind, sender, number, seconds, body, context)
        return True

    def on_handled(self) -> None:
        """The message under way has been handled."""
        if self.handled is not None and not self.handled.done():
            self.handled.set_result(None)

    # --- who is who ---------------------------------------------------------------------------------

    def process(self, number: int) -> Process:
        """The process of this number."""
        node = number // NODE
        if node == 0:
            return self.node.table.get(number) or self.nobody(number)
        cell = self if node == self.owner.number else self.block.cells.get(node)
        return cell.far(number) if cell is not None else self.nobody(number)

    def find(self, address: str | bytes) -> Process | None:
        """Names, and whatever else is found by a table, are the node's."""
        return self._target(address)

    def _asked(self, body: bytes) -> None:
        """A question for which the other side waits. Answered as a step of the owner, since classes of the user's may run in it."""
        self.sched.enter(self.owner, self.sched.clock(), None, Errand(self._answer), (body,))

    @boundary
    def _answer(self, body: bytes) -> None:
        number, what, about = pickle.loads(body)
        try:
            answer = self._answer_to(what, about)
        except Exception as error:
            answer = ("failed", f"{type(error).__name__}: {error}")
        self.questions.send(pickle.dumps((number, *answer)))

    def _answer_to(self, what: str, about: Any) -> tuple[str, Any]:
        if what == "find":
            process = self.find(about)
            return "found", self._let_out(process) if process is not None else None
        if what == "operation":
            return self._operate(*loads(about, self))
        if what == "source":
            return "source", lent.answer(about)
        key = loads(about, self)
        if key not in self.node.resources:
            return "missing", [str(item) for item in self.node.resources]
        try:
            return "value", dumps(self.node.resources[key], self)
        except NotSendable as error:
            return "alive", str(error)

    def _operate(
        self, scope: Scope[Any], name: str, where: Any, args: tuple[Any, ...], options: dict[str, Any]
    ) -> tuple[str, Any]:
        """An operation on a table of the node."""
        operation = getattr(type(scope), name)
        if not crosses(operation):
            raise TypeError(f"{scope!r}.{name} is no operation on a table")
        try:
            result = operation(scope, self.node if where is None else where, *args, **options)
        except Exception as error:
            return "raised", self.reason(error)
        return "done", dumps(result, self)

    def on_monitor(self, to: int | str | bytes, ref: int) -> None:
        """It monitors somebody: its record does, so that a `Down` comes behind the messages that were sent before."""
        exits.monitor(self.owner, self._target(to), Ref(ref))

    def on_demonitor(self, _to: int | str | bytes, ref: int) -> None:
        """It does no longer."""
        exits.demonitor(self.owner, Ref(ref))

    # --- what it tells ------------------------------------------------------------------------------

    def on_trap(self, on: bool) -> None:
        """It traps exits, or no longer."""
        self.owner.trap_exits = on

    def on_said(
        self,
        label: str | None,
        doing: str | None,
        counters: dict[str, float],
        reductions: int,
        waiting: int,
        oldest_s: float,
    ) -> None:
        """What it shows of itself."""
        self.left, self.oldest = waiting, self.sched.clock() - oldest_s
        extra = self.owner.more()
        extra.label, extra.doing = label, doing
        self.owner.reductions = max(self.owner.reductions, reductions)
        self.node.ledger.counters_of(self.owner).update(counters)

    def on_code(self, what: str, id_: str, details: Any) -> None:
        """It says how far an upgrade is there."""
        if what == "committed":
            self.behind = None
        if what == "renewed" and isinstance(self.owner, CoroutineProcess):
            self.owner.function = newest(self.owner.function)
        elif self.parts is not None:
            self.parts.heard(self.owner, what, id_, details)

    def on_crashed(self, places: tuple[str, ...], count: int) -> None:
        """Processes beside it have crashed over there."""
        self.node.ledger.tell_crash(places, count)

    def on_told(self, events: list[Any], untold: dict[str, int]) -> None:
        """What has happened inside, for who listens."""
        hear(self, events, untold)

    def listen(self) -> None:
        """Somebody begins to listen to the node, or stops."""
        kinds = wanted(self.sched)
        if kinds != self.listened:
            self.listened = kinds
            self.frame("listen", kinds)

    def told_under(self) -> Context | None:
        """Of the message that is under way over there."""
        return self.owner.current[5] if self.owner.current is not None else None

    def on_log(self, name: str, level: int, text: str, path: str, line: int) -> None:
        """A record of its logging."""
        logger = logging.getLogger(name)
        if logger.isEnabledFor(level):
            logger.handle(logger.makeRecord(name, level, path, line, text, (), None))

    def on_ended(
        self, body: bytes, words: str, left: int, crash: tuple[Any, ...] | None, story: Context | None
    ) -> None:
        """It has ended by itself."""
        self._said_its_end = True
        self.sched.story = story or self.sched.story
        self.left = left
        reason = self._read(body, words)
        exits.end(self.owner, reason, crash=self._crash(reason, crash) if crash is not None else None)

    def _crash(self, reason: Any, told: tuple[Any, ...]) -> CrashReport | None:
        trace, message, state, half_changed, sample, left = told
        crash = report(self.owner, reason, None)
        if crash is None:
            return None
        return replace(
            crash,
            trace=TextTrace(trace) if trace else None,
            last_message=self._read(message, "?"),
            last_state=self._read(state, "?"),
            half_changed=half_changed,
            mailbox_sample=(*(self._read(item, "?") for item in sample), *crash.mailbox_sample),
            lost=crash.lost + left,
        )

    def _read(self, body: bytes, words: str) -> Any:
        try:
            return loads(body, self)
        except Exception:
            return Foreign(words)

    # --- the end ------------------------------------------------------------------------------------

    def let_go(self, reason: Any) -> None:
        """Its process has ended: the OS process has to."""
        if not self.pid:
            return
        at_once = type(reason) is str and reason == "killed"
        if not (self._said_its_end or self.reaped or at_once):
            self.frame("end", self.reason(reason))
        self.close(reason)
        if at_once:
            self.kill()
        elif not self.reaped:
            self.sched.loop.call_later(GRACE_S, self.kill)

    def broken(self, bad: BadFrame | None) -> None:
        """Nothing more will come. Usually it is dead, and about to be reaped."""
        if bad is not None:
            self.doom(str(bad))
        elif not self.reaped:
            self.sched.loop.call_later(GRACE_S, self.doom, "it closed its connection with the node")

    def doom(self, text: str) -> None:
        """Kill it, for a reason of the node's own."""
        if not self.reaped:
            self.doomed = self.doomed or text
            self.kill()

    def kill(self) -> None:
        """SIGKILL."""
        if self.reaped:
            return
        with suppress(OSError):
            if self._handle is not None:
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            else:
                os.kill(self.pid, signal.SIGKILL)

    def _reap(self) -> None:
        """On a thread: wait for its death, and sweep up."""
        status, used = None, 0.0
        with suppress(ChildProcessError):
            _, code, usage = os.wait4(self.pid, 0)
            status, used = os.waitstatus_to_exitcode(code), usage.ru_utime + usage.ru_stime
        self._os.popen.returncode = status if status is not None else -1
        sweep.sweep(self.mark, self.pid)
        with suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            self.sched.loop.call_soon_threadsafe(self._dead, status, used)

    def _dead(self, status: int | None, cpu_s: float) -> None:
        self.reaped = True
        self.wire.drain()
        if self.owner.status != ENDED:
            OUTSIDE.set(self.told_under())  # in the context of this callback alone
            text = self.doomed or why(status, cpu_s, self.limits)
            reason = OSProcessDied(pid_text(self.owner.number), text, status)
            crash = report(self.owner, reason, None)
            stack = self._os.last_stack()
            if crash is not None and stack:
                crash = replace(crash, trace=TextTrace(stack))
            exits.end(self.owner, reason, crash=crash)
        self.wire.close()
        self.questions.close()
        self.eyes.close()
        self._os.report.close()
        if self._handle is not None:
            os.close(self._handle)
        self.block.gone(self)


def _kind_of(behaviour: Any) -> str:
    if not isinstance(behaviour, type):
        return "coroutine"
    return "machine" if issubclass(behaviour, StateMachine) else "server"
