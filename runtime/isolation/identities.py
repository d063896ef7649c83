"""Who is who across the border: how processes, names, keys, aliases and callers are called over there, and what stands for them here.

    refer(pid) ──> "pid", 42 ──> resolve ──> the process 42 there, or a `Far` for it

Whoever lets a pid out promises to tell when its process ends. What was let out stands here until then: callers until they are
answered, aliases until they are given up.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, Final, cast
from weakref import WeakValueDictionary

from .. import exits
from ..caller import Caller
from ..errors import Foreign, describe
from ..messages import ATOMS
from ..pid import Alias, Name, Pid
from ..preemption.guards import open_to_switches
from ..process import Process
from ..registry.registry import KeyAddress
from .codec import dumps, loads
from .far import Far, FarAlias

if TYPE_CHECKING:
    from ..code.parts import Behind
    from ..node import Node
    from ..pid import Ref
    from .peer import Peer

__all__ = ["Identities", "Incoming"]

MANY: Final = 1000
"""Calls under way, or aliases, before those are forgotten that nobody waits for, or uses, any more."""


class Incoming(Caller[Any]):
    """A caller on the other side."""

    __slots__ = ("_id", "_peer")

    def __init__(self, peer: Peer, number: int, process: Process, deadline: float | None) -> None:
        super().__init__(process, deadline)
        self._peer = peer
        self._id = number
        self._future = process.sched.loop.create_future()

    @open_to_switches
    def reply(self, value: Any) -> None:
        """Answer. One that is late is counted over there."""
        if not self.gone:
            super().reply(value)
        elif not self._answered:
            self._answered = True
            self._peer.frame("late", self._id)
            self._forget()

    def _settle(self, value: Any) -> None:
        self._peer.answer(self._id, dumps(value, self._peer), ok=True)
        self._answered = True
        self._forget()

    def _fail(self, error: Exception) -> None:
        if not self._answered:
            self._answered = True
            self._peer.answer(self._id, self._peer.reason(error), ok=False)
            self._forget()


ATOMS.add(Incoming)


class Identities:
    """What this side knows of the other, and lets it know of this one.

    Attributes:
        owner: in whose name what arrives is worked off.
        calls: who waits here for an answer from there.
        closed: whether nothing crosses any more.
        behind: the older modules of the other side, until that has heard of newer ones.
    """

    def __init__(self, node: Node, owner: Process) -> None:
        self.node: Final = node
        self.sched: Final = node.scheduler
        self.owner: Final = owner
        self.calls: Final[dict[int, Caller[Any]]] = {}
        self.closed = False
        self.behind: Behind | None = None
        self._ids = itertools.count(1)
        self._fars: WeakValueDictionary[int, Far] = WeakValueDictionary()
        self._promised: dict[int, tuple[Process, Ref]] = {}
        self._aliases: dict[int, Alias] = {}

    @property
    def _peer(self) -> Peer:
        return cast("Peer", self)  # there is no other kind

    # --- to be said by the two sides ----------------------------------------------------------------

    def process(self, number: int) -> Process:
        """The process of this number, wherever it lives; one that has ended if there is none."""
        raise NotImplementedError

    def find(self, address: str | bytes) -> Process | None:
        """Who has a name on the other side, or is meant there by another address."""
        raise NotImplementedError

    def frame(self, *parts: Any) -> None:
        """Say something, in plain values."""
        raise NotImplementedError

    # --- out ----------------------------------------------------------------------------------------

    def seconds(self, caller: Caller[Any]) -> float | None:
        """How long a caller still waits."""
        return None if caller.deadline is None else max(0.0, caller.deadline - self.sched.clock())

    def register(self, caller: Caller[Any]) -> int:
        """A number under which the other side answers."""
        if len(self.calls) >= MANY and len(self.calls) % MANY == 0:
            for gone in [number for number, one in self.calls.items() if one.gone]:
                del self.calls[gone]
        number = next(self._ids)
        self.calls[number] = caller
        return number

    def reason(self, reason: Any) -> bytes:
        """An exit reason as bytes; what cannot cross is described."""
        try:
            body = dumps(reason, self)
            loads(body, self)
        except Exception:
            body = dumps(Foreign(describe(reason)), self)
        return body

    def refer(self, item: Any) -> tuple[Any, ...]:
        """How an identity is called over there."""
        if isinstance(item, Pid):
            return "pid", self._let_out(item._process)
        if isinstance(item, Name):
            return "name", item.name
        if isinstance(item, KeyAddress):
            return "key", item.registry, item.key
        if isinstance(item, Alias):
            return self._refer_alias(item)
        if isinstance(item, Process):
            return "process", self._let_out(item)
        if isinstance(item, Incoming) and item._peer is self:
            return "caller", True, item._id, None
        return "caller", False, self.register(item), self.seconds(item)

    def _refer_alias(self, alias: Alias) -> tuple[Any, ...]:
        if isinstance(alias, FarAlias) and alias.peer is self:
            return "alias", True, alias.number, 0
        if len(self._aliases) >= MANY and len(self._aliases) % MANY == 0:
            for gone in [number for number, one in self._aliases.items() if not one.active]:
                del self._aliases[gone]
        self._aliases[alias.number] = alias
        return "alias", False, alias.number, self._let_out(alias._owner)

    def _let_out(self, process: Process) -> int:
        """The number of a process, with the promise to tell when it ends."""
        number = process.number
        if self.promises(process) and number not in self._promised:
            ref = exits.watch(process, lambda reason: self._gone(number, reason))
            self._promised[number] = process, ref
        return number

    def promises(self, process: Process) -> bool:
        """Whether the other side has to be told when this one ends."""
        return process.alive and process is not self.owner and getattr(process, "peer", None) is not self

    def _gone(self, number: int, reason: Any) -> None:
        self._promised.pop(number, None)
        self.frame("gone", number, self.reason(reason))

    # --- in -----------------------------------------------------------------------------------------

    def resolve(self, kind: str, *what: Any) -> Any:
        """The reverse of `refer`."""
        if kind == "pid":
            return Pid(self.process(what[0]))
        if kind == "process":
            return self.process(what[0])
        if kind == "name":
            return Name(self.node.registry, what[0])
        if kind == "key":
            return what[0].at(self.node, what[1])
        if kind == "alias":
            return self._resolve_alias(*what)
        ours, number, seconds = what
        if ours:
            nobody: Caller[Any] = Caller(self.owner, -math.inf)
            return self.calls.get(number, nobody)
        return Incoming(self._peer, number, self.owner, self._deadline(seconds))

    def _resolve_alias(self, ours: bool, number: int, owner: int) -> Alias:
        if not ours:
            return FarAlias(self._peer, number, self.process(owner))
        alias = self._aliases.get(number)
        if alias is None:  # it had been given up
            alias = Alias(self.owner, number)
            alias._holder = None
        return alias

    def _deadline(self, seconds: float | None) -> float | None:
        return None if seconds is None else self.sched.clock() + seconds

    def far(self, number: int) -> Far:
        """The one stand-in for a process of the other side."""
        far = self._fars.get(number)
        if far is None:
            far = self._fars[number] = Far(self.sched, number, None if self.closed else self._peer)
        return far

    def nobody(self, number: int) -> Far:
        """A process that has ended, or never was."""
        return Far(self.sched, number, None)
