"""Identities: `Pid` names one process for ever, `Name` whoever is registered now, `Ref` one monitor or timer.

    pid   = await node.start(...)      <0.42.0>   stale after a restart
    name  = node.named("alice")        resolves at every send
    alias = self.alias()               this process, until it says `unalias`

All take `call`, `cast` and `send`. The first number of a pid is 0, or names the isolated process inside which it lives (see `isolation`);
numbers are never used again within an incarnation of the node, so a stale pid never reaches a stranger.
"""

from __future__ import annotations

import itertools
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

from . import calls
from .errors import NoProcess, NotRegistered
from .mailbox import CAST, INFO
from .messages import ATOMS
from .preemption.guards import open_to_switches
from .results import Request
from .sending import deliver

if TYPE_CHECKING:
    from .process import Process
    from .registry.directory import Directory

__all__ = ["NODE", "Address", "Alias", "Name", "Pid", "Ref", "count_refs_from", "pid_text"]

R = TypeVar("R")
_refs = itertools.count(1)


NODE: Final = 10**12
"""Numbers of one node. The processes inside the isolated process 42 have those from 42 times as much on: `<42.1.0>`."""


def pid_text(number: int) -> str:
    """The number of a process as a pid."""
    node, local = divmod(number, NODE)
    return f"<{node}.{local}.0>"


def count_refs_from(number: int) -> None:
    """Let the numbers of refs begin there: those of an isolated process differ from its node's."""
    global _refs  # noqa: PLW0603 - one count for each OS process
    _refs = itertools.count(number)


class Address:
    """Whatever takes messages: a `Pid`, a `Name`, an `Alias`, a key of a registry.

    `cast` and `send` work from any thread; a call belongs to the loop of the node. From another thread:
    `asyncio.run_coroutine_threadsafe(pid.call(message), loop).result()`.
    """

    __slots__ = ()

    def _missing(self) -> Exception:
        raise TypeError(f"{type(self).__name__} is not an address")

    def _lost(self) -> None:
        """Count a message that reaches nobody."""

    if TYPE_CHECKING:
        _process: Any  # a Process; None for a name that nobody has

        @overload
        def call(self, message: Request[R], timeout: float | None = 5.0) -> Coroutine[Any, Any, R]: ...
        @overload
        def call(self, message: object, timeout: float | None = 5.0) -> Coroutine[Any, Any, Any]: ...
        def call(self, message: Any, timeout: float | None = 5.0) -> Coroutine[Any, Any, Any]:
            """See `calls.call`."""
            ...

    else:
        call = calls.call

    @open_to_switches
    def cast(self, message: object) -> None:
        """Send a message for `handle_cast`; no answer. Dropped, and counted, when nobody is there (as OTP does).

        Raises:
            NotSendable: the message holds what cannot be shared.
        """
        deliver(self, CAST, message)

    @open_to_switches
    def send(self, message: object) -> None:
        """Send a message for `handle_info` or `receive`; no answer. Dropped, and counted, when nobody is there.

        Raises:
            NotSendable: the message holds what cannot be shared.
        """
        deliver(self, INFO, message)


class Pid(Address):
    """One process, alive or ended. Prints as `<0.42.0>`; compares by identity; can be sent."""

    __slots__ = ("_process", "number")

    def __init__(self, process: Process) -> None:
        self._process = process
        self.number: Final = process.number

    @property
    def alive(self) -> bool:
        """Whether its process has not ended."""
        return bool(self._process.alive)

    def __str__(self) -> str:
        return pid_text(self.number)

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pid) and (
            other._process is self._process
            or (other.number == self.number and other._process.sched is self._process.sched)
        )

    def __hash__(self) -> int:
        return hash(self.number)

    def __reduce__(self) -> Any:
        raise TypeError(f"{self} has a meaning only within its node; it cannot be pickled")

    def __copy__(self) -> Pid:
        return self

    def __deepcopy__(self, _memo: object) -> Pid:
        return self


class Name(Address):
    """Whoever is registered under a name at the moment of each send."""

    __slots__ = ("_registry", "name")

    def __init__(self, registry: Directory, name: str) -> None:
        self._registry = registry
        self.name: Final = name

    @property
    def _process(self) -> Process | None:  # pyright: ignore[reportIncompatibleVariableOverride]  # found anew at each send
        return self._registry.find(self.name)

    def _missing(self) -> Exception:
        return NotRegistered(self.name)

    def _lost(self) -> None:
        self._registry.dead_letters += 1

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"Name({self.name!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Name) and other.name == self.name and other._registry is self._registry

    def __hash__(self) -> int:
        return hash(self.name)

    def __deepcopy__(self, _memo: object) -> Name:
        return self


class Alias(Address):
    """A process, for as long as it wants to be reached this way (OTP's process alias). Made by `self.alias()`; can be sent.

    For answers that may come too late: what is sent to an alias that is no longer active is dropped, and counted.
    """

    __slots__ = ("_holder", "_owner", "number")

    def __init__(self, owner: Process, number: int | None = None) -> None:
        self._owner: Final = owner
        self._holder: Process | None = owner
        self.number: Final = next(_refs) if number is None else number

    @property
    def _process(self) -> Process | None:  # pyright: ignore[reportIncompatibleVariableOverride]  # None once it is inactive
        return self._holder

    @property
    def active(self) -> bool:
        """Whether what is sent to it reaches somebody."""
        return self._holder is not None and self._holder.alive

    def _missing(self) -> Exception:
        return NoProcess(self)

    def _lost(self) -> None:
        self._owner.sched.dead_letters += 1

    def __repr__(self) -> str:
        return f"#Alias<0.{self.number}>"

    def __copy__(self) -> Alias:
        return self

    def __deepcopy__(self, _memo: object) -> Alias:
        return self


class Ref:
    """A unique reference: one monitor, one timer. Prints as `#Ref<0.7>`; equal to what comes back from another OS process."""

    __slots__ = ("number",)

    def __init__(self, number: int | None = None) -> None:
        self.number: Final = next(_refs) if number is None else number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ref) and other.number == self.number

    def __hash__(self) -> int:
        return hash(self.number)

    def __repr__(self) -> str:
        return f"#Ref<0.{self.number}>"

    def __deepcopy__(self, _memo: object) -> Ref:
        return self


ATOMS.update({Pid, Name, Alias, Ref})
