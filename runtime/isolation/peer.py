"""What a node and an isolated process say to each other: the same words in both directions.

    send(to, kind, sender, message)        a cast or an info; `to` is a number, or a name
    call(id, to, seconds, sender, message) a call; answered by
    reply(id, ok, value), or late(id)
    exit(to, reason, sender, linked)       an exit signal; `linked`: because a link ended, if it is still there
    link, unlink(one, other)
    gone(number, reason)                   a process has ended whose pid was let out

After Erlang's distribution protocol. Whoever lets a pid out promises `gone` (see `identities`): so monitors need no word of their own.
Each side speaks in the order in which things happen, so signals between two processes keep theirs.
"""

from __future__ import annotations

import logging
import pickle
import socket
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tracing.context import born

from .. import exits
from ..errors import Foreign, NoProcess, ProcessDied, describe
from ..mailbox import CALL
from ..pid import Name
from ..preemption.errand import Errand
from ..preemption.guards import boundary
from ..process import Process
from ..signals import Down
from ..status import ENDED
from ..supervision.engine import Engine
from ..supervision.requests import REQUESTS
from .codec import dumps, loads
from .far import Far, FarAddress
from .identities import Identities, Incoming
from .wire import BadFrame, Wire

if TYPE_CHECKING:
    from tracing.context import Context

    from ..caller import Caller
    from ..mailbox import Entry
    from ..node import Node
    from ..pid import Address

__all__ = ["Peer"]

log = logging.getLogger("observer")


class Peer(Identities):
    """The other side, as seen from here."""

    wire: Wire

    def __init__(self, node: Node, owner: Process) -> None:
        super().__init__(node, owner)
        self._linking = False
        self._inbox: deque[bytes] = deque()
        self._pumping = False

    # --- to be said by the two sides ----------------------------------------------------------------

    def broken(self, bad: BadFrame | None) -> None:
        """Nothing more will come: None for the end of file."""
        raise NotImplementedError

    # --- out ----------------------------------------------------------------------------------------

    def connect(self, sock: socket.socket) -> None:
        """Begin to listen."""
        self.wire = Wire(self.sched.loop, sock, self.received, self.broken)

    def frame(self, *parts: Any) -> None:
        """Say something, in plain values."""
        if not self.closed:
            self.wire.send(pickle.dumps(parts, 5))

    def forward(self, far: Far, entry: Entry) -> None:
        """Hand a message on."""
        kind, message, caller, _, sender, context = entry
        try:
            body = dumps(message, self)
        except Exception as refused:
            self.refused(caller, refused)
            return
        if kind == CALL and caller is not None:
            self.frame(
                "call", self.register(caller), far.address, self.seconds(caller), sender, body, context
            )
        else:
            self.frame("send", far.address, kind, sender, body, context)

    def refused(self, caller: Caller[Any] | None, error: Exception) -> None:
        """A message cannot cross."""
        if caller is not None:
            caller._wait()
            caller._fail(error)
            return
        self.sched.dead_letters += 1
        self.owner.note(f"not handed over: {error}")
        log.error("process %r: a message cannot be handed over: %s", self.owner, error)

    def answer(self, number: int, body: bytes, *, ok: bool) -> None:
        """Answer a call of the other side's."""
        self.frame("reply", number, ok, body)

    def tell(self, far: Far, what: str, details: tuple[Any, ...]) -> None:
        """Something that concerns a process of the other side has happened here."""
        if what == "exit":
            reason, sender = details
            linked = sender is not None and sender.status == ENDED
            self.frame("exit", far.address, self.reason(reason), sender.number if sender else 0, linked)
        elif what in {"link", "unlink"} and not self._linking:
            self._let_out(details[0])
            self.frame(what, details[0].number, far.address)

    # --- in -----------------------------------------------------------------------------------------

    def received(self, body: bytes) -> None:
        """A frame has come. It is worked off as a step of the owner, since classes of the user's may run in it."""
        self._inbox.append(body)
        if not self._pumping:
            self._pumping = True
            self.sched.story = self.told_under()
            self.sched.enter(self.owner, self.sched.clock(), None, Errand(self._pump), ())

    @boundary
    def _pump(self) -> None:
        while self._inbox:
            try:
                op, *parts = pickle.loads(self._inbox.popleft())
                handle: Callable[..., None] = getattr(self, f"on_{op}")
                handle(*parts)
            except Exception as error:
                log.exception("process %r: what came from the other side could not be worked off", self.owner)
                self.owner.note(f"dropped, from the other side: {describe(error)}")
        self._pumping = False

    def on_send(
        self, to: int | str | bytes, kind: int, sender: int, body: bytes, context: Context | None
    ) -> None:
        """A cast or an info."""
        target = self._target(to)
        if target is None or target.status == ENDED:
            self.sched.dead_letters += 1
            return
        message = loads(body, self)
        if type(message) is Down and not self.still_monitors(target, message):
            return
        target.post((kind, message, None, self.sched.tick(), sender, self.story(context)))

    @staticmethod
    def still_monitors(watcher: Process, down: Down) -> bool:
        """Whether a `Down` is still wanted; there is one for each monitor."""
        monitors = watcher.extra.monitors if watcher.extra is not None else None
        return monitors is not None and monitors.pop(down.ref, None) is not None

    def story(self, context: Context | None) -> Context | None:
        """The story of a message from the other side, where somebody listens here."""
        sched = self.sched
        if sched.keep is None:
            return None
        return context or (born() if sched.traced else None)

    def told_under(self) -> Context | None:
        """The story of what comes from the other side, where that does not say it itself."""
        return None

    def on_call(
        self,
        number: int,
        to: int | str | bytes,
        seconds: float | None,
        sender: int,
        body: bytes,
        context: Context | None,
    ) -> None:
        """A call."""
        target = self._target(to)
        caller = Incoming(self, number, target or self.owner, self._deadline(seconds))
        if target is None:
            assert not isinstance(to, int)
            caller._fail(self._address(to)._missing())
        elif target.status == ENDED:
            caller._fail(NoProcess(target.pid))
        else:
            try:
                message = loads(body, self)
            except Exception as error:
                caller._fail(Foreign(f"the message cannot be read in the node: {describe(error)}"))
                return
            if type(message) in REQUESTS and not isinstance(target.handle, Engine):
                caller._fail(TypeError(f"{target!r} is no supervisor but {target.behaviour}"))
                return
            caller._wait()
            target.post((CALL, message, caller, self.sched.tick(), sender, self.story(context)))

    def on_late(self, number: int) -> None:
        """An answer would have come too late."""
        self.calls.pop(number, None)
        self.sched.late_replies += 1

    def on_reply(self, number: int, ok: bool, body: bytes) -> None:
        """An answer."""
        caller = self.calls.pop(number, None)
        if caller is None or caller.gone:
            self.sched.late_replies += 1
            return
        value = loads(body, self)
        if ok:
            caller._settle(value)
        else:
            caller._fail(value)

    def on_exit(self, to: int, body: bytes, sender: int, linked: bool) -> None:
        """An exit signal."""
        target = self._target(to)
        if target is None or target.status == ENDED:
            return
        reason = loads(body, self)
        other = self.process(sender) if sender else None
        if linked and other is not None:
            if other not in target.links:
                return
            exits._discard(target, other)
        exits.signal(target, reason, other)

    def on_link(self, one: int, other: int) -> None:
        """A link."""
        self._link(exits.link, one, other)

    def on_unlink(self, one: int, other: int) -> None:
        """None any more."""
        self._link(exits.unlink, one, other)

    def _link(self, what: Callable[[Process, Process], None], one: int, other: int) -> None:
        self._linking = True
        try:
            what(self.process(one), self.process(other))
        finally:
            self._linking = False

    def on_gone(self, number: int, body: bytes) -> None:
        """A process of the other side has ended."""
        far = self._fars.get(number)
        if far is not None:
            far.ended(loads(body, self))

    def _target(self, to: int | str | bytes) -> Process | None:
        if isinstance(to, int):
            return self.process(to)
        process: Process | None = self._address(to)._process
        return process

    def _address(self, to: str | bytes) -> Address:
        if isinstance(to, str):
            return Name(self.node.registry, to)
        address: Address = loads(to, self)
        return address

    # --- the end ------------------------------------------------------------------------------------

    def close(self, reason: Any) -> None:
        """The other side is no more, or about to end: so is everybody there. What it still says is heard."""
        self.closed = True
        for process, ref in self._promised.values():
            process.watchers.pop(ref, None)
        self._promised.clear()
        for far in list(self._fars.values()):
            far.ended(reason)
        for caller in list(self.calls.values()):
            if isinstance(caller.callee, FarAddress):
                caller._fail(ProcessDied(caller.callee, reason))
