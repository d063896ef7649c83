"""Partition supervisors: the same child N times, and whoever sends says by a key which one is meant.

    await node.start(PartitionSupervisor(ChildSpec("cache", Cache), partitions=8, name="caches"))
    cache = PartitionSupervisor.via(node.named("caches"), user_id)        an address, as a name is
    await cache.call(Get(user_id))

One process is a bottleneck where many call it; N of them share the load, and a key always has the same one. Elixir's
PartitionSupervisor.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final
from zlib import crc32

from ..errors import NotRegistered
from ..messages import ATOMS
from ..pid import Address
from ..status import ENDED
from .child_spec import ChildSpec
from .family import Family
from .operations import SupervisorServer
from .specification import Specification, running
from .strategy import Strategy

__all__ = ["Partition", "PartitionServer", "PartitionSupervisor"]

WithArguments = Callable[[tuple[Any, ...], int], tuple[Any, ...]]


class PartitionServer(SupervisorServer):
    """The process of a `PartitionSupervisor`."""


class PartitionSupervisor(Specification):
    """The specification of a supervisor of N equal children, whose ids are 0 to N-1. Immutable.

    Args:
        child: what each of them is; its id is not used, and none is registered.
        partitions: how many there are. Optional. Defaults to the number of processors.
        with_arguments: called with the arguments of `child` and the number of a partition; returns those of the partition.
            Optional. Defaults to None, the same for all.
        strategy: `one_for_one`, `one_for_all` or `rest_for_one`. Optional. Defaults to one_for_one.
        max_restarts: restarts allowed within `max_seconds`. Optional. Defaults to 3.
        max_seconds: seconds of the window. Optional. Defaults to 5.
        name: id and registered name of one that is given to `node.start` without a ChildSpec. Optional. Defaults to none.

    Raises:
        TypeError: `child` is no ChildSpec.
        ValueError: an option has an illegal value.
    """

    __slots__ = ()
    engine = PartitionServer

    def __init__(
        self,
        child: ChildSpec,
        *,
        partitions: int | None = None,
        with_arguments: WithArguments | None = None,
        strategy: Strategy = "one_for_one",
        max_restarts: int = 3,
        max_seconds: float = 5,
        name: str | None = None,
    ) -> None:
        count: Any = (os.cpu_count() or 1) if partitions is None else partitions
        if type(count) is not int or count < 1:
            raise ValueError(f"partitions={partitions!r}; it is a whole number, 1 or more")
        if not isinstance(child, ChildSpec):  # pyright: ignore[reportUnnecessaryIsInstance]  # whoever calls is not typed
            raise TypeError(
                f"the child of a PartitionSupervisor is a ChildSpec(id, behaviour, …); got {child!r}"
            )
        children = tuple(_numbered(child, number, with_arguments) for number in range(count))
        super().__init__(children, strategy, max_restarts, max_seconds, name)

    @staticmethod
    def via(supervisor: Address, key: Any) -> Partition:
        """The address of the partition of `key`, found anew at each send.

        A whole number names partition `key % N`. Texts and bytes are spread alike in every run; other keys by their hash.

        Raises:
            TypeError: the key has no hash.
        """
        return Partition(supervisor, key)

    @staticmethod
    def partitions(supervisor: Address) -> int:
        """How many partitions a running supervisor has.

        Raises:
            CallError: there is no such supervisor.
            TypeError: it is no PartitionSupervisor.
        """
        process = running(supervisor)
        return len(_partitioned(supervisor, process).spec.children)


class Partition(Address):
    """Whoever has the partition of a key at the moment of each send. `PartitionSupervisor.via` makes them."""

    __slots__ = ("_number", "key", "supervisor")

    def __init__(self, supervisor: Address, key: Any) -> None:
        self.supervisor: Final = supervisor
        self.key: Final = key
        self._number: Final = _spread(key)

    @property
    def _process(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride]  # found anew at each send
        process = self.supervisor._process
        if process is None or process.status == ENDED:
            return None
        if process.far:
            return process.stand_in(self)
        family = _partitioned(self.supervisor, process)
        child = family.children.get(self._number % len(family.spec.children))
        process = child.process if child is not None else None
        return process if process is not None and process.status != ENDED else None

    def _missing(self) -> Exception:
        return NotRegistered(str(self))

    def _lost(self) -> None:
        process = self.supervisor._process
        if process is None:
            self.supervisor._lost()
        else:
            process.sched.dead_letters += 1

    def __str__(self) -> str:
        return f"{self.supervisor}[{self.key!r:.80}]"

    def __repr__(self) -> str:
        return f"Partition({self})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Partition) and (other.supervisor, other._number) == (
            self.supervisor,
            self._number,
        )

    def __hash__(self) -> int:
        return hash((self.supervisor, self._number))

    def __deepcopy__(self, _memo: object) -> Partition:
        return self


def _numbered(child: ChildSpec, number: int, with_arguments: WithArguments | None) -> ChildSpec:
    args = child.args if with_arguments is None else with_arguments(child.args, number)
    return child.varied(number, *args, register=False)


def _spread(key: Any) -> int:
    if type(key) is int:
        return key
    if isinstance(key, str):
        return crc32(key.encode("utf-8", "surrogatepass"))
    return crc32(key) if isinstance(key, bytes) else hash(key)


def _partitioned(supervisor: Address, process: Any) -> Family:
    family = process.state
    if not isinstance(family, Family) or not isinstance(family.spec, PartitionSupervisor):
        raise TypeError(f"{supervisor} is no PartitionSupervisor but {process.behaviour}")
    return family


ATOMS.update({PartitionSupervisor, Partition})
