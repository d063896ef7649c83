"""The node outside, as its isolated process sees it."""

from __future__ import annotations

import asyncio
import logging
import pickle
import threading
import time
from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

from .. import exits
from ..errors import Foreign, describe
from ..handle import Handle
from ..mailbox import SYSTEM
from ..pid import NODE
from ..preemption.guards import to_its_end
from ..signals import Down
from ..status import ENDED
from ..suspension import ask
from ..trace.stories import here
from .codec import dumps, loads
from .fences import die
from .glance import oldest
from .guests import Counters, GuestCoroutine, GuestMachine, GuestNode, GuestServer
from .identities import Incoming
from .peer import Peer
from .telling import Telling

if TYPE_CHECKING:
    from tracing.context import Context

    from ..code.inside import Inside
    from ..crash import CrashReport
    from ..process import Process
    from ..registry.scope import Scope
    from .far import Far
    from .wire import BadFrame, Pipe

__all__ = ["ANSWER_S", "Forwarder", "Home"]

SHOWN_S: Final = 0.02
"""Seconds in which what a guest shows of itself is gathered."""
ANSWER_S: Final = 10.0
"""Seconds that a question to the node may take."""
LINES: Final = 200
"""Log records that cross in a second; the rest is counted."""
FLUSH_S: Final = 1.0
WAITING_S: Final = 0.1
"""Seconds after which it is told again how many messages wait for a coroutine process, until none does."""


class Home(Peer):
    """The node outside. `owner` is the guest.

    Attributes:
        counters: of the guest.
        resource_names: the node's, once one was asked for that it does not have.
        over: done when the guest has ended.
    """

    def __init__(self, node: GuestNode, guest: Process, questions: Pipe, counters: dict[str, float]) -> None:
        super().__init__(node, guest)
        self.counters: Final = Counters(self, counters)
        self.resource_names: list[str] = []
        self.over: asyncio.Future[None] = self.sched.loop.create_future()
        self.telling: Final = Telling(self)
        self._questions: Final = questions
        self._asked = 0
        self._showing = False
        self._inside: Inside | None = None
        self._crashes: Counter[frozenset[str]] = Counter()
        self.node.ledger.crash_watchers.add(self._crashed)

    # --- messages -----------------------------------------------------------------------------------

    def on_message(
        self, kind: int, sender: int, number: int, seconds: float | None, body: bytes, context: Context | None
    ) -> None:
        """A message for the guest."""
        guest = self.owner
        caller = Incoming(self, number, guest, self._deadline(seconds)) if number else None
        try:
            message = loads(body, self)
        except Exception as error:
            self._unreadable(caller, error)
            return
        if type(message) is Down and not self.still_monitors(guest, message):
            self.handled()
            return
        if caller is not None:
            caller._wait()
        self.telling.came(context)
        entry = (kind, message, caller, self.sched.tick(), sender, self.story(context))
        if isinstance(guest, GuestServer | GuestMachine):
            guest.flight = entry
        if kind == SYSTEM:
            ask(guest, entry)
        else:
            guest.post(entry)
        if isinstance(guest, GuestCoroutine):
            self.shows()

    def _unreadable(self, caller: Incoming | None, error: Exception) -> None:
        words = f"the message cannot be read in its OS process: {describe(error)}"
        if caller is not None:
            caller._fail(Foreign(words))
        logging.getLogger("observer").error("process %r: %s", self.owner, words)
        self.handled()

    def handled(self) -> None:
        """The message under way has been handled."""
        self._show()
        self.frame("handled")

    def on_code(self, what: str, *details: Any) -> None:
        """The node upgrades code."""
        from ..code.inside import Inside  # noqa: PLC0415 - only for who upgrades

        if self._inside is None:
            self._inside = Inside(self)
        self._inside.hear(what, details)

    def on_listen(self, kinds: tuple[str, ...]) -> None:
        """Who listens to the node wants these."""
        self.telling.listen(kinds)

    def frame(self, *parts: Any) -> None:
        """Say something; what has happened before first."""
        if parts[0] != "told":
            self.telling.flush()
        super().frame(*parts)

    def on_suspend(self, on: bool) -> None:
        """An operator suspends the guest, or lets it go on."""
        if on:
            self.owner.pause()
        else:
            self.owner.resume()

    def on_end(self, body: bytes) -> None:
        """It has been ended from outside: what an exit signal does that is not trapped."""
        exits.end(self.owner, loads(body, self))

    # --- who is who ---------------------------------------------------------------------------------

    def process(self, number: int) -> Process:
        """The process of this number."""
        if number == self.owner.number:
            return self.owner
        if number // NODE == self.owner.number:
            return self.node.table.get(number) or self.nobody(number)
        return self.far(number)

    def find(self, address: str | bytes) -> Process | None:
        """Who has a name outside, or is meant there by another address."""
        number = self._ask("find", address)[1]
        return self.process(number) if number is not None else None

    def operate(
        self, scope: Scope[Any], name: str, where: Any, args: tuple[Any, ...], options: dict[str, Any]
    ) -> Any:
        """An operation on a table, which is the node's. Raises what it raises there."""
        place = None if where is self.node else _pid(where)
        args, options = tuple(map(_pid, args)), {key: _pid(value) for key, value in options.items()}
        outcome, answer = self._ask("operation", dumps((scope, name, place, args, options), self))
        result = loads(answer, self)
        if outcome == "raised":
            raise result
        return result

    def resource(self, key: Any) -> Any:
        """A resource of the host's.

        Raises:
            KeyError: there is none.
            LookupError: it cannot leave the OS process of the node.
        """
        kind, answer = self._ask("resource", dumps(key, self))
        if kind == "value":
            return loads(answer, self)
        if kind == "missing":
            self.resource_names = answer
            raise KeyError(key)
        raise LookupError(
            f"the resource {key!r} is alive in the OS process of the node, and this process is isolated from it: {answer}. "
            "Make one in init(…)"
        )

    @to_its_end
    def _ask(self, what: str, about: Any) -> tuple[str, Any]:
        with self._questions.lock:
            self._asked += 1
            self._questions.send(pickle.dumps((self._asked, what, about)))
            kind, answer = self._answer(self._asked)
        if kind == "failed":
            raise RuntimeError(f"the node could not answer: {answer}")
        return kind, answer

    def _answer(self, asked: int) -> tuple[str, Any]:
        while True:
            body = self._questions.receive(ANSWER_S)
            if body is None:
                die()
            number, kind, answer = pickle.loads(body or b"")
            if number == asked:  # else it is the answer to one that nobody waits for any more
                return kind, answer

    def promises(self, process: Process) -> bool:
        """The end of a far process is told by the node itself."""
        return super().promises(process) and not process.far

    def tell(self, far: Far, what: str, details: tuple[Any, ...]) -> None:
        """Something that concerns a process outside. What the guest's record knows of, happens there."""
        guest = self.owner
        if what == "exit" and details[1] is guest and guest.status == ENDED:
            return  # its record's links are told there
        if what == "link" and details[0] is guest:
            exits._discard(guest, far)
            exits._discard(far, guest)
        if what in {"monitor", "demonitor"} and details[1] is guest:
            ref = details[0]
            far.watchers.pop(ref, None)
            self.frame(what, far.address, ref.number)
            return
        super().tell(far, what, details)

    # --- what it shows ------------------------------------------------------------------------------

    def shows(self) -> None:
        """Something that is shown of the guest has changed. From any thread."""
        if not self._showing:
            self._showing = True
            loop = self.sched.loop
            if threading.get_ident() == self.sched.thread:
                loop.call_later(SHOWN_S, self._show)
            else:
                loop.call_soon_threadsafe(self._show)

    def _show(self) -> None:
        if self._showing:
            self._showing = False
            guest = self.owner
            extra, waiting = guest.more(), guest.letters if isinstance(guest, GuestCoroutine) else 0
            first = oldest(guest) if waiting else None
            age = self.sched.clock() - first[3] if first is not None else 0.0
            self.frame("said", extra.label, extra.doing, dict(self.counters), guest.reductions, waiting, age)
            if waiting and guest.status != ENDED:
                self._showing = True
                self.sched.loop.call_later(WAITING_S, self._show)

    def _crashed(self, places: Collection[str], count: int) -> None:
        """Processes that the guest has started here have crashed; the node is told, for who counts."""
        if not self._crashes:
            self.sched.loop.call_later(SHOWN_S, self._tell_crashes)
        self._crashes[frozenset(places)] += count

    def _tell_crashes(self) -> None:
        crashes, self._crashes = self._crashes, Counter()
        for places, count in crashes.items():
            self.frame("crashed", tuple(places), count)

    # --- the end ------------------------------------------------------------------------------------

    def guest_ended(self, reason: Any, crash: CrashReport | None, lost: int) -> None:
        """The guest has ended; the node is told, and what is left here ends soon."""
        self._show()
        self._tell_crashes()
        told = None
        if crash is not None:
            values = [self._portable(value) for value in (crash.last_message, crash.last_state)]
            sample = tuple(self._portable(value) for value in crash.mailbox_sample)
            told = crash.traceback, *values, crash.half_changed, sample, crash.lost
        self.frame("ended", self.reason(reason), describe(reason), lost, told, here(self.sched))
        self.wire.flush(FLUSH_S)
        if not self.over.done():
            self.over.set_result(None)

    def _portable(self, value: Any) -> bytes:
        try:
            body = dumps(value, self)
            loads(body, self)
        except Exception:
            body = dumps(Foreign(f"a {type(value).__qualname__}, which cannot leave its OS process"), self)
        return body

    def broken(self, bad: BadFrame | None) -> None:  # noqa: ARG002 - the node's own memory is not expected to be broken
        """The node is gone."""
        if not self.closed:
            die()


class Forwarder(logging.Handler):
    """Hands what is logged here to the node's logging: 200 records a second at most."""

    def __init__(self, home: Home) -> None:
        super().__init__()
        self._home = home
        self._since = time.monotonic()
        self._count = self._dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a record on."""
        now = time.monotonic()
        if now - self._since >= 1.0:
            self._since, self._count = now, 0
        self._count += 1
        if self._count > LINES:
            self._dropped += 1
            return
        text = self.format(record)
        if self._dropped:
            text += f" (and {self._dropped} more before it)"
            self._dropped = 0
        parts = "log", record.name, record.levelno, text, record.pathname, record.lineno
        home = self._home
        if threading.get_ident() == home.sched.thread:
            home.frame(*parts)
        else:
            home.sched.loop.call_soon_threadsafe(home.frame, *parts)


def _pid(value: Any) -> Any:
    """A handle is its process's, and stays; its pid crosses."""
    return value.pid if isinstance(value, Handle) else value
