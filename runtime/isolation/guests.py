"""The isolated process over there: an ordinary server or coroutine process, of a node that lives with it and knows of the one outside.

What it shows of itself (label, progress, counters, whether it traps exits) is told to the record outside; what it asks of its node
(names, resources) is asked there.
"""

# pyright: reportIncompatibleVariableOverride=false, reportIncompatibleMethodOverride=false

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from ..coroutine import CoroutineProcess
from ..ledger import Ledger
from ..node import Node
from ..pid import NODE, Pid
from ..process import Extra, Process
from ..registry.directory import Directory
from ..registry.entries import Entry
from ..registry.registry import KeyAddress
from ..server_process import ServerProcess
from ..state_machine.process import StateMachineProcess
from .far import FarAddress, FarName

if TYPE_CHECKING:
    from ..crash import CrashReport
    from ..mailbox import Entry as Message
    from ..registry.registry import Registry
    from ..registry.scope import Scope
    from .home import Home

__all__ = ["GuestCoroutine", "GuestMachine", "GuestNode", "GuestServer"]


class GuestNode(Node):
    """The node inside an isolated OS process. Nobody attaches to it but through the one outside."""

    def __init__(
        self, name: str, number: int, known_as: str | None, *, time_slicing: bool, flight: int
    ) -> None:
        super().__init__(name, introspection=False, time_slicing=time_slicing, flight=flight)
        self.home: Home | None = None
        self.number: Final = number
        self.begins = self.numbers = number * NODE
        self.registry: Directory = GuestDirectory(self, known_as)  # type: ignore[misc]
        self.ledger: Ledger = GuestLedger(self)  # type: ignore[misc]
        self.resources: Mapping[Any, Any] = GuestResources(self)  # type: ignore[misc,assignment]

    def whereis(self, name: str) -> Pid | None:
        """The pid registered as `name` outside."""
        process = self.home.find(name) if self.home is not None else None
        return process.pid if process is not None else None

    def make_guest(self, kind: Any, handle: Any) -> Any:
        """The process that has the number of the record outside."""
        numbers, self.numbers = self.numbers, self.number - 1
        process = self._make(kind, handle)
        self.numbers = numbers
        self._enter(process)
        return process


class GuestDirectory(Directory):
    """Names are registered outside: whoever sends to one sends it there. But for its own."""

    def __init__(self, node: GuestNode, known_as: str | None) -> None:
        super().__init__()
        self._node = node
        self._known_as = known_as
        self._found: dict[str, Process] = {}
        self.tables: Mapping[Scope[Any], Any] = GuestTables(node)  # type: ignore[misc,assignment]

    def find(self, name: str) -> Process | None:
        """What takes messages for whoever has `name`."""
        home = self._node.home
        if home is None:
            return None
        if name == self._known_as:
            return home.owner
        far = self._found.get(name)
        if far is None:
            far = self._found[name] = FarName(home.sched, name, home)
        return far

    @property
    def abroad(self) -> Callable[..., Any] | None:
        """Operations on tables are asked for outside."""
        home = self._node.home
        return home.operate if home is not None else None

    @abroad.setter
    def abroad(self, _: Callable[..., Any] | None) -> None:
        """They always are."""


class GuestTables(Mapping[Any, Any]):
    """The tables of registries are outside. What is found here takes messages for whoever is under a key there."""

    def __init__(self, node: GuestNode) -> None:
        self._node = node
        self._kept: dict[Any, FarTable] = {}

    def __getitem__(self, registry: Any) -> Any:
        table = self._kept.get(registry)
        if table is None:
            table = self._kept[registry] = FarTable(self._node, registry)
        return table

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0


class FarTable:
    """A table of a registry outside, as `KeyAddress` uses it.

    Attributes:
        keys_are: as the registry says.
    """

    def __init__(self, node: GuestNode, registry: Registry[Any, Any]) -> None:
        self._node = node
        self._registry = registry
        self.keys_are = registry.keys_are

    def under(self, key: Any) -> list[Entry]:
        """One entry, of what takes messages for whoever is under `key`."""
        home, node = self._node.home, self._node
        assert home is not None
        address = KeyAddress(node.registry, self._registry, key, self)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the part of it that is used
        return [Entry(FarAddress(home, address), key, None)]


class GuestResources(Mapping[Any, Any]):
    """The host's resources, as far as they can cross: asked for once, and kept."""

    def __init__(self, node: GuestNode) -> None:
        self._node = node
        self._kept: dict[Any, Any] = {}

    def __getitem__(self, key: Any) -> Any:
        if key not in self._kept:
            assert self._node.home is not None
            self._kept[key] = self._node.home.resource(key)
        return self._kept[key]

    def __iter__(self) -> Iterator[Any]:
        assert self._node.home is not None
        return iter(self._node.home.resource_names)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class GuestLedger(Ledger):
    """The memory of the node inside. The end of the guest is told outside, and remembered there."""

    def __init__(self, node: GuestNode) -> None:
        super().__init__()
        self._node = node

    def ended(
        self, process: Process, reason: Any, crash: CrashReport | None, lost: int, by: str | None
    ) -> None:
        """A process has ended."""
        home = self._node.home
        if home is not None and process is home.owner:
            home.guest_ended(reason, crash, lost)
        else:
            super().ended(process, reason, crash, lost, by)

    def counters_of(self, process: Process) -> dict[str, float]:
        """The counters of a process."""
        home = self._node.home
        return home.counters if home is not None and process is home.owner else super().counters_of(process)


class GuestExtra(Extra):
    """Tells what is shown of the guest."""

    __slots__ = ("_doing", "_home", "_label")

    def __init__(self, home: Home) -> None:
        self._home = home
        self._doing: str | None = None
        self._label: str | None = None
        super().__init__()

    @property
    def doing(self) -> str | None:
        """What it does."""
        return self._doing

    @doing.setter
    def doing(self, text: str | None) -> None:
        self._doing = text
        self._home.shows()

    @property
    def label(self) -> str | None:
        """What it is called."""
        return self._label

    @label.setter
    def label(self, text: str | None) -> None:
        self._label = text
        self._home.shows()


class Counters(dict[str, float]):
    """Counters that are told outside."""

    def __init__(self, home: Home, counters: dict[str, float]) -> None:
        super().__init__(counters)
        self._home = home

    def __setitem__(self, name: str, amount: float) -> None:
        super().__setitem__(name, amount)
        self._home.shows()


def _more(process: Any) -> Extra:
    if process.extra is None:
        home = process.sched.node.home
        process.extra = GuestExtra(home) if home is not None else Extra()
    extra: Extra = process.extra
    return extra


def _trap(process: Any, on: bool) -> None:
    changed = getattr(process, "traps", False) is not on
    process.traps = on
    home = process.sched.node.home
    if changed and home is not None:
        home.frame("trap", on)


if TYPE_CHECKING:
    _Base = ServerProcess
else:
    _Base = object


class _Guest(_Base):
    """What a guest does otherwise than a server, or a state machine, of the node that it is in."""

    if not TYPE_CHECKING:
        __slots__ = ()

    flight: Message | None
    traps: bool

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.flight = None

    @property
    def trap_exits(self) -> bool:
        """Whether it traps exits."""
        if not hasattr(self, "traps"):  # compiled, `begin` sets the field of the base
            return bool(type(self.handle).trap_exits)
        return self.traps

    @trap_exits.setter
    def trap_exits(self, on: bool) -> None:
        _trap(self, on)

    def more(self) -> Extra:
        """Its `Extra`."""
        return _more(self)

    def rest(self) -> None:
        """A step is over: perhaps that of the message under way."""
        super().rest()
        flight = self.flight
        if flight is not None and not any(entry is flight for entry in self.mailbox or ()):
            self.flight = None
            self.sched.node.home.handled()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


class GuestServer(_Guest, ServerProcess):
    """A guest that is a server.

    Attributes:
        flight: the message from outside that is under way.
    """

    __slots__ = ("flight", "traps")


class GuestMachine(_Guest, StateMachineProcess):
    """A guest that is a state machine. What it puts off has been handled, for the node: it waits here."""

    __slots__ = ("flight", "traps")


class GuestCoroutine(CoroutineProcess):
    """A guest that is a coroutine process.

    Attributes:
        given: the arguments that it was started with.
    """

    __slots__ = ("given", "traps")

    traps: bool

    @property
    def trap_exits(self) -> bool:
        """Whether it traps exits."""
        return self.traps

    @trap_exits.setter
    def trap_exits(self, on: bool) -> None:
        _trap(self, on)

    def more(self) -> Extra:
        """Its `Extra`."""
        return _more(self)
