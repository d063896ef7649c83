"""An operator without a terminal: looks at the node from outside, by its port, as the console does, and keeps waiting for things."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Self, TypeVar, cast

from demo.soul.meter import Sample
from demo.soul.source import MODULE
from runtime.port.client import Client, Place
from runtime.port.contract import (
    Code,
    Done,
    Failure,
    Kill,
    Module,
    ModulesQuery,
    NodeInfo,
    NodeQuery,
    ProcessRow,
    Ps,
    Reload,
    Send,
    Stack,
    StackQuery,
    Upgrade,
)

__all__ = ["Operator"]

T = TypeVar("T")
LOOK_S = 0.05


class Operator:
    """Asks and orders. A context manager; raises `Failure` where the node does not answer, or not in time."""

    def __init__(self, place: Place) -> None:
        self._client = Client(place)

    def __enter__(self) -> Self:
        self._client.connect()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def send(self, process: str, message: int | str) -> Done:
        """Send a message, and wait for nothing."""
        return self._client.ask(Send(process=process, message=message))

    def call(self, process: str, message: int | str, within: float = 5.0) -> str:
        """Send a message, and wait for the answer to it."""
        order = Send(process=process, message=message, kind="call", deadline_s=within)
        return str(self._client.ask(order, timeout=within + 5.0).reply)

    def node(self) -> NodeInfo:
        """The node at a glance."""
        return self._client.ask(NodeQuery(stack=False))

    def samples(self) -> list[Sample]:
        """What the meter has, the oldest first."""
        reply = self._client.ask(Send(process="meter", message="samples", kind="call")).reply
        return [Sample(*row) for row in cast("list[tuple[float, int, float, float]]", reply)]

    def first_by_reductions(self) -> ProcessRow:
        """Whoever has most of them per second, of all processes."""
        return self._client.ask(Ps(sort="reductions", desc=True, delta=True, limit=1)).rows[0]

    def has(self, pid: str) -> bool:
        """Whether the process lives."""
        return bool(self._client.ask(Ps(limit=0, keep=[pid])).kept)

    def stack(self, pid: str) -> Stack:
        """Where the process stands."""
        return self._client.ask(StackQuery(process=pid))

    def kill(self, pid: str) -> Done:
        """End the process."""
        return self._client.ask(Kill(process=pid))

    def module(self) -> Module:
        """What the node says of `sums`."""
        for found in self._client.ask(ModulesQuery()).modules:
            if found.module == MODULE:
                return found
        raise Failure(Code.REFUSED, f"the node does not know the module {MODULE}")

    def reload(self, within: float = 60.0) -> Upgrade:
        """Upgrade `sums` to what stands on the disk."""
        return self._client.ask(Reload(modules=[MODULE]), timeout=within)

    def until(self, check: Callable[[], T | None], what: str, within: float) -> T:
        """What `check` returns, once that is not None."""
        deadline = time.monotonic() + within
        while (value := check()) is None:
            if time.monotonic() > deadline:
                raise Failure(Code.TIMEOUT, f"{what}: not within {within:g} s")
            time.sleep(LOOK_S)
        return value

    def sees(self, check: Callable[[], bool], what: str, within: float) -> None:
        """Wait until `check` is true."""
        self.until(lambda: True if check() else None, what, within)
