"""Nodes as the setting wants them, and the servers that run on them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.setting import Setting, Skipped, Stopwatch
from runtime import Caller, ChildSpec, Node, Pid, Reply, Server, Supervisor

__all__ = [
    "DONE", "Account", "Client", "Counter", "Keeper", "LaterCounter", "Member", "Phoenix", "Spinner", "one", "open_node",
    "supervisor",
]  # fmt: skip

DONE: Final = "done"
"""The resource that a process sets when its work is done."""


@asynccontextmanager
async def open_node(
    setting: Setting, *, introspection: bool = True, flight: int = 10_000
) -> AsyncGenerator[Node]:
    """A running node, as it is by default but for time-slicing, which the setting decides.

    It is not stopped at the end: the figures are taken, and the process leaves at once.

    Raises:
        Skipped: time-slicing is wanted, and the node says that it cannot.
    """
    made = Node("bench", introspection=introspection, time_slicing=setting.slicing, flight=flight)
    node = await made.__aenter__()
    if setting.slicing and not node.preemption.startswith("time-slicing"):
        raise Skipped(f"the node does not slice time here: {node.preemption}")
    yield node


async def supervisor(node: Node) -> Pid:
    """A one_for_one supervisor without children, whose budget of restarts nobody exhausts."""
    return await node.start(Supervisor([], max_restarts=100_000_000, max_seconds=1, name="crew"))


async def one(node: Node, behaviour: type[Server[Any]], *, register: bool = True) -> Pid:
    """One supervised server."""
    return await node.start(ChildSpec("one", behaviour, register=register))


class Counter(Server[int]):
    """A counter, as all candidates have one. It can also be the client of another."""

    def init(self, count: int = 0) -> int:
        """Begin at `count`."""
        return count

    def handle_call(self, message: Any, caller: Caller[Any], count: int, /) -> Reply[int]:
        """One more; the count."""
        return Reply(count + 1, count + 1)

    def handle_cast(self, message: Any, count: int, /) -> int:
        """One more."""
        return count + 1


class Client(Server[int]):
    """Calls another server from a plain handler."""

    def init(self) -> int:
        """Nothing has been called."""
        return 0

    def handle_cast(self, message: tuple[Pid, int], calls: int, /) -> int:
        """Call a server, as often as told."""
        server, amount = message
        watch = Stopwatch()
        for _ in range(amount):
            self.call(server, "inc")
        self.resource(DONE).put_nowait(watch.seconds())
        return calls + amount


class LaterCounter(Counter):
    """A counter whose handler is async and gives the loop one turn."""

    async def handle_call(  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        message: Any,
        caller: Caller[Any],
        count: int,
        /,
    ) -> Reply[int]:
        """One more; the count."""
        await asyncio.sleep(0)
        return Reply(count + 1, count + 1)


class Member(Server[Pid | str]):
    """A member of a ring; the state is who comes next."""

    def init(self) -> str:
        """Nobody yet."""
        return "nobody"

    def handle_cast(self, message: int | Pid, following: Pid | str, /) -> Pid | str:
        """Forward what is left of the way."""
        if not isinstance(message, int):
            return message
        if message and isinstance(following, Pid):
            following.cast(message - 1)
        else:
            self.resource(DONE).set()
        return following


@dataclass(frozen=True, slots=True)
class Account:
    """The state of a keeper: OTP's is `{account, "ann", N}`."""

    owner: str
    balance: int


class Keeper(Server[Account]):
    """A server with a real state that has little to do."""

    def init(self, balance: int) -> Account:
        """Open an account."""
        return Account("ann", balance)

    def handle_cast(self, message: str, account: Account, /) -> Account:
        """Crash."""
        raise RuntimeError("boom")


class Phoenix(Server[int]):
    """A server that crashes when told so, and says who it is."""

    def init(self) -> int:
        """Be born."""
        return 0

    def handle_call(self, message: Any, caller: Caller[Any], state: int, /) -> Reply[int]:
        """Who answers."""
        return Reply(self.pid, state)

    def handle_cast(self, message: Any, state: int, /) -> int:
        """Crash."""
        raise RuntimeError("boom")


class Spinner(Server[int]):
    """A server that never comes back from a handler."""

    def init(self) -> int:
        """Nothing has been done."""
        return 0

    def handle_cast(self, message: Any, state: int, /) -> int:
        """Spin."""
        turns = state
        while True:
            turns += 1
