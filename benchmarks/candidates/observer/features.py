"""What each optional feature costs: calls a second with one thing different from `feature_base`.

The base is a server with an int for its state, registered, that is called from the host's code by pid, with the default
time-out, on a node with its port open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks.candidates.observer.messages import calls
from benchmarks.candidates.observer.nodes import Account, Counter, one, open_node
from benchmarks.setting import Figures, Setting, Skipped, rate
from runtime import Address, Caller, ChildSpec, CoroutineHandle, Node, Pid, Reply, Server

Prepared = Callable[[Node], Awaitable[Address]]


@dataclass(frozen=True)
class Deposit:
    """A message of three fields."""

    amount: int
    currency: str
    note: str


class FrozenCounter(Server[Account]):
    """A counter whose state is a frozen dataclass."""

    def init(self) -> Account:
        """Begin at nothing."""
        return Account("ann", 0)

    def handle_call(self, message: Any, caller: Caller[Any], account: Account, /) -> Reply[Account]:
        """One more; the count."""
        return Reply(account.balance + 1, Account(account.owner, account.balance + 1))


class StrictCounter(FrozenCounter):
    """The same, strict: its state is checked after every handler."""

    strict = True


class TrappingCounter(Counter):
    """A counter that traps exits."""

    trap_exits = True


class ProgressCounter(Counter):
    """A counter that says what it does."""

    def handle_call(self, message: Any, caller: Caller[Any], count: int, /) -> Reply[int]:
        """One more; the count."""
        self.progress("counting")
        return Reply(count + 1, count + 1)


class CountingCounter(Counter):
    """A counter with a declared counter."""

    counters = ("calls",)

    def handle_call(self, message: Any, caller: Caller[Any], count: int, /) -> Reply[int]:
        """One more; the count."""
        self.count("calls")
        return Reply(count + 1, count + 1)


class WaitingCounter(Counter):
    """A counter whose plain handler waits for one turn of the loop."""

    def handle_call(self, message: Any, caller: Caller[Any], count: int, /) -> Reply[int]:
        """One more; the count."""
        self.wait(asyncio.sleep(0))
        return Reply(count + 1, count + 1)


class CriticalCounter(Counter):
    """A counter whose handler may not be parked."""

    def handle_call(self, message: Any, caller: Caller[Any], count: int, /) -> Reply[int]:
        """One more; the count."""
        with self.critical():
            return Reply(count + 1, count + 1)


async def _rate(
    setting: Setting, behaviour: type[Server[Any]] = Counter, *, stands_still: bool = False, message: object = "inc",
    timeout: float | None = 5.0, introspection: bool = True, register: bool = True, also: Prepared | None = None,
) -> Figures:  # fmt: skip
    if stands_still and not setting.slicing:
        raise Skipped("without time-slicing no plain handler can stand still")
    async with open_node(setting, introspection=introspection) as node:
        server: Address = await one(node, behaviour, register=register)
        if also is not None:
            server = await also(node)
        return {"rate": await rate(lambda amount: calls(server, amount, message, timeout), setting)}


async def _named(node: Node) -> Address:
    return node.named("one")


async def _linked(node: Node) -> Address:
    """A hundred processes that link with the server and monitor it."""
    server = node.whereis("one")
    assert server is not None
    for _ in range(100):
        node.spawn(_friend, server)
    await asyncio.sleep(0.05)  # they all have had their turn
    return server


async def _friend(process: CoroutineHandle, server: Pid) -> None:
    process.link(server)
    process.monitor(server)
    await process.receive()


async def _crowded(node: Node) -> Address:
    """Ten thousand idle neighbours."""
    for number in range(10_000):
        await node.start(ChildSpec(number, Counter))
    return node.named("one")


feature_base = partial(_rate)
feature_by_name = partial(_rate, also=_named)
feature_no_timeout = partial(_rate, timeout=None)
feature_port_closed = partial(_rate, introspection=False)
feature_unregistered = partial(_rate, register=False)
feature_frozen_message = partial(_rate, message=Deposit(5, "EUR", "rent"))
feature_copied_message = partial(_rate, message={"amount": 5, "currency": "EUR", "note": "rent"})
feature_frozen_state = partial(_rate, behaviour=FrozenCounter)
feature_strict = partial(_rate, behaviour=StrictCounter)
feature_trap_exits = partial(_rate, behaviour=TrappingCounter)
feature_links = partial(_rate, also=_linked)
feature_crowd = partial(_rate, also=_crowded)
feature_progress = partial(_rate, behaviour=ProgressCounter)
feature_counters = partial(_rate, behaviour=CountingCounter)
feature_wait = partial(_rate, behaviour=WaitingCounter, stands_still=True)
feature_critical = partial(_rate, behaviour=CriticalCounter)
feature_uvloop = partial(_rate)  # the worker runs it on uvloop

__all__ = [
    "feature_base", "feature_by_name", "feature_copied_message", "feature_counters", "feature_critical", "feature_crowd",
    "feature_frozen_message", "feature_frozen_state", "feature_links", "feature_no_timeout", "feature_port_closed",
    "feature_progress", "feature_strict", "feature_trap_exits", "feature_unregistered", "feature_uvloop", "feature_wait",
]  # fmt: skip
