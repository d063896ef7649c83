"""Registries: processes under keys, with values (after Elixir's Registry).

    ROOMS = Registry("rooms")                            unique keys: one process each
    LISTENERS = Registry("listeners", keys="duplicate")  any number of processes each

    ROOMS.register(self, "lobby", 30)        in a process; a second one gets AlreadyRegistered
    ROOMS.lookup(self, "lobby")              [(<0.7.0>, 30)]
    ROOMS.at(node, "lobby").call(message)    an address that finds whoever has the key at each send

An entry goes with its process: it is gone before anyone is told of the end, and before a supervisor starts another.
Values are shared as messages are: a mutable one is copied, in and out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeVar, get_args

from ..errors import AlreadyRegistered, NotRegistered, describe
from ..messages import ATOMS, share
from ..pid import Address, Pid
from ..preemption.guards import boundary, open_to_switches
from .entries import Entries, Entry
from .fanout import send_all
from .reach import in_node
from .scope import Scope, check_key, node_of, process_of

if TYPE_CHECKING:
    from ..process import Process
    from .scope import Member, Where

__all__ = ["KeyAddress", "Registry"]

K = TypeVar("K")
V = TypeVar("V")
Keys = Literal["unique", "duplicate"]


class _Table(Entries):
    """The entries of a registry in one node."""

    def __init__(self, keys: Keys) -> None:
        super().__init__()
        self.keys_are: Final = keys


class Registry(Scope[_Table], Generic[K, V]):
    """Names a registry, which every node has for itself. Immutable; a constant of a module.

    Args:
        name: of the registry.
        keys: `unique`, or `duplicate`: a key may belong to several processes, and several times to one.
            Optional. Defaults to unique.

    Raises:
        ValueError: `keys` is neither; or, in use, the node has a registry of this name with the other.
    """

    __slots__ = ("keys_are",)
    kind = "key"

    def __init__(self, name: str, keys: Keys = "unique") -> None:
        super().__init__(name)
        if keys not in get_args(Keys):
            raise ValueError(f"Registry({name!r}, keys={keys!r}): keys are unique or duplicate")
        object.__setattr__(self, "keys_are", keys)

    keys_are: Keys

    def _new(self) -> _Table:
        return _Table(self.keys_are)

    def _table(self, where: Any) -> _Table:
        table = super()._table(where)
        if table.keys_are != self.keys_are:
            raise ValueError(f"the node has a registry {self.name!r} with {table.keys_are} keys already")
        return table

    # --- what a process does ----------------------------------------------------------------------

    @in_node
    @open_to_switches
    def register(self, process: Member, key: K, value: V | None = None) -> None:
        """Put a process under `key`, with a value.

        Raises:
            AlreadyRegistered: keys are unique, and a living process has this one, perhaps itself.
            NotSendable: the value holds what cannot be shared.
            TypeError: the key can change.
            NoProcess: the process has ended.
            NodeError: the node lives in another thread.
        """
        check_key("key", key)
        value = share(value)
        holder = process_of(process)
        table = self._table(process)
        if self.keys_are == "unique":
            for entry in table.under(key):
                raise AlreadyRegistered(describe(key), entry.process.pid, self.name)
        table.add(holder, key, value)

    @in_node
    def unregister(self, process: Member, key: K) -> bool:
        """Take a process from under `key`, all its entries there. Whether there was one. Raises as `register`."""
        holder = process_of(process)
        table = self._table(process)
        entries = table.of(holder, key)
        for entry in entries:
            table.remove(entry)
        return bool(entries)

    @boundary
    def update_value(self, process: Member, key: K, function: Callable[[V], V]) -> tuple[V, V]:
        """Give the entry of a process under a unique `key` the value `function(value)`; the new and the old.

        Raises:
            KeyError: the process has no such entry, or has it no more when the function returns.
            ValueError: keys are duplicate.
            Otherwise as `register`.
        """
        if self.keys_are != "unique":
            raise ValueError(
                f"{self!r} has duplicate keys: which value is meant? unregister, and register again"
            )
        old = self._value(process, key)
        new = share(function(share(old)))
        self._put(process, key, new)
        return share(new), old

    @in_node
    def _value(self, process: Member, key: K) -> V:
        value: V = self._entry(process, key).value
        return value

    @in_node
    def _put(self, process: Member, key: K, value: V) -> None:
        self._entry(process, key).value = value

    def _entry(self, process: Member, key: K) -> Entry:
        for entry in self._table(process).of(process_of(process), key):
            return entry
        raise KeyError(key)

    # --- what anyone sees, from any thread ----------------------------------------------------------

    @in_node
    @open_to_switches
    def lookup(self, where: Where, key: K) -> list[tuple[Pid, V]]:
        """Who is under `key`, oldest first: pids and values."""
        found: list[tuple[Pid, V]] = []
        for entry in self._table(where).under(key):
            found.append((entry.process.pid, share(entry.value)))  # noqa: PERF401 - a copy may be parked, in 3.11 not in a comprehension
        return found

    @boundary
    def match(self, where: Where, key: K, test: Callable[[V], object]) -> list[tuple[Pid, V]]:
        """Those under `key` whose values pass a test."""
        found: list[tuple[Pid, V]] = []  # a loop, since a test in a comprehension could not be parked on 3.11
        for pid, value in self.lookup(where, key):
            if test(value):
                found.append((pid, value))
        return found

    @boundary
    def select(
        self, where: Where, test: Callable[[K, V], object] = lambda _key, _value: True
    ) -> list[tuple[K, Pid, V]]:
        """The entries that pass a test of key and value, grouped by process. Cost: a pass over the table.

        Optional. Defaults to all.
        """
        found: list[tuple[K, Pid, V]] = []
        for key, pid, value in self._all(where):
            if test(key, value):
                found.append((key, pid, value))
        return found

    @in_node
    def _all(self, where: Where) -> list[tuple[K, Pid, V]]:
        found: list[tuple[K, Pid, V]] = []
        for entry in self._table(where).all():
            found.append((entry.key, entry.process.pid, share(entry.value)))  # noqa: PERF401 - as in `lookup`
        return found

    @in_node
    def keys(self, process: Member) -> list[K]:
        """The keys of a process, oldest first; one that it has twice stands there twice. Empty when it has ended."""
        return [entry.key for entry in self._table(process).of(process._process)]

    @in_node
    def count(self, where: Where) -> int:
        """How many entries there are."""
        return len(self._table(where))

    # --- sending ----------------------------------------------------------------------------------

    def at(self, where: Where, key: K) -> KeyAddress:
        """An address that finds whoever has a unique `key` at each send.

        Raises:
            ValueError: keys are duplicate; see `dispatch`.
            TypeError: the key can change.
        """
        if self.keys_are != "unique":
            raise ValueError(f"{self!r} has duplicate keys: no address; use dispatch(where, key, message)")
        check_key("key", key)
        return KeyAddress(node_of(where).registry, self, key, self._table(where))

    @in_node
    @open_to_switches
    def dispatch(self, where: Where, key: K, message: object) -> int:
        """Send `message` to every process under `key`, once for each entry; to how many. From any thread.

        Raises:
            NotSendable: the message holds what cannot be shared.
        """
        message = share(message)
        processes = [entry.process for entry in self._table(where).under(key)]
        return send_all(node_of(where).scheduler, processes, message)


class KeyAddress(Address):
    """Whoever has a key of a registry at the moment of each send. Made by `Registry.at`; can be sent."""

    __slots__ = ("_directory", "_table", "key", "registry")

    def __init__(self, directory: Any, registry: Registry[Any, Any], key: Any, table: _Table) -> None:
        self._directory = directory
        self._table = table
        self.registry: Final = registry
        self.key: Final = key

    @property
    def _process(self) -> Process | None:  # pyright: ignore[reportIncompatibleVariableOverride]  # found anew at each send
        entries = self._table.under(self.key)
        return entries[0].process if entries else None

    def _missing(self) -> Exception:
        return NotRegistered(describe(self.key), self.registry.name)

    def _lost(self) -> None:
        self._directory.dead_letters += 1

    def __repr__(self) -> str:
        return f"{self.registry.name}[{describe(self.key)}]"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeyAddress) and other._table is self._table and other.key == self.key

    def __hash__(self) -> int:
        return hash((self.registry, self.key))

    def __copy__(self) -> KeyAddress:
        return self

    def __deepcopy__(self, _memo: object) -> KeyAddress:
        return self


ATOMS.update({Registry, KeyAddress})
