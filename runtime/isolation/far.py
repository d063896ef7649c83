"""Far processes: what stands here for a process that lives in another OS process.

A `Far` is RECEIVING for ever, so whatever sends wakes it, and it hands all that is in its mailbox on. Whoever lets the pid of a process
out promises to tell when it ends, so monitors on it are kept here; links are kept on both sides. A message to a `FarName` or a
`FarAddress` finds whoever is meant over there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from .. import exits
from ..pid import Alias
from ..process import Process
from ..status import ENDED, RECEIVING
from .codec import dumps

if TYPE_CHECKING:
    from ..pid import Address
    from ..scheduler import Scheduler
    from .peer import Peer

__all__ = ["Far", "FarAddress", "FarAlias", "FarName"]


class Far(Process):
    """A process that lives elsewhere. Without a peer: one that has ended, or never was."""

    __slots__ = ("__weakref__", "peer")

    far: ClassVar[bool] = True

    def __init__(self, sched: Scheduler, number: int, peer: Peer | None) -> None:
        super().__init__(sched, number, sched.now)
        self.peer = peer
        self.status = RECEIVING if peer is not None else ENDED
        if peer is None:
            self.state = "noproc"

    @property
    def address(self) -> int | str | bytes:
        """How the other side finds it."""
        return self.number

    @property
    def behaviour(self) -> str:
        """Known over there."""
        return "elsewhere"

    @property
    def redact(self) -> None:
        """Its behaviour is over there."""

    def wake(self) -> None:
        """Hand on what is in the mailbox."""
        mailbox, self.mailbox = self.mailbox, None
        for entry in mailbox or ():
            if self.peer is not None:
                self.peer.forward(self, entry)

    def stand_in(self, address: Address) -> Process:
        """What takes messages for an address that only the other side can work out."""
        return FarAddress(self.peer, address) if self.peer is not None else self

    def told(self, what: str, *details: Any) -> None:
        """Let the other side know: a link, a monitor, an exit signal."""
        if self.peer is not None:
            self.peer.tell(self, what, details)

    def ended(self, reason: Any) -> None:
        """It has ended: fail its callers, tell links and monitors here."""
        if self.status == ENDED:
            return
        linked = self.linked()
        self.status = ENDED
        self.sched.node.registry.release(self)
        exits._fail_callers(self, reason)
        exits._release(self)
        self.state = reason
        exits._tell(self, reason, linked)


class FarName(Far):
    """Whoever is registered under a name over there."""

    __slots__ = ("_name",)

    def __init__(self, sched: Scheduler, name: str, peer: Peer) -> None:
        super().__init__(sched, 0, peer)
        self._name = name

    @property
    def address(self) -> int | str:
        """How the other side finds it."""
        return self._name

    @property
    def name(self) -> str | None:
        """The name."""
        return self._name

    def found(self) -> Process | None:
        """Who has the name now."""
        return self.peer.find(self._name) if self.peer is not None else None

    def __repr__(self) -> str:
        return self._name


class FarAddress(Far):
    """Whoever an address means over there when a message comes: a key of a registry, a partition, an alias.

    Args:
        of: the address.
        whose: the process that it means for ever. Optional. Defaults to None, whoever it means at the moment.
    """

    __slots__ = ("_address", "_of", "_whose")

    def __init__(self, peer: Peer, of: Address, whose: Process | None = None) -> None:
        super().__init__(peer.sched, 0, peer)
        self._of = of
        self._whose = whose
        self._address = dumps(of, peer)

    @property
    def address(self) -> bytes:
        """How the other side finds it."""
        return self._address

    def found(self) -> Process | None:
        """Who it means now."""
        if self._whose is not None or self.peer is None:
            return self._whose
        return self.peer.find(self._address)

    def __repr__(self) -> str:
        return str(self._of)


class FarAlias(Alias):
    """An alias of a process over there."""

    __slots__ = ("peer",)

    def __init__(self, peer: Peer, number: int, owner: Process) -> None:
        super().__init__(owner, number)
        self.peer = peer

    @property
    def _process(self) -> Process | None:
        return FarAddress(self.peer, self, self._holder) if self.active else None
