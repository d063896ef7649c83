"""The exchange on a node of its own in this process: its software on disk, its people, its accounts."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.exchange.accounts import Accounts
from demo.exchange.engineer import Desk, engineer
from demo.exchange.software import VERSIONS, Software, installed
from demo.exchange.town import Town
from demo.exchange.tree import exchange, numbers_for
from demo.host import own_node
from runtime import ChildSpec, Node

__all__ = ["Exchange", "exchange_node"]


@dataclass(frozen=True)
class Exchange:
    """A running exchange."""

    node: Node
    town: Town
    accounts: Accounts
    software: Software


@asynccontextmanager
async def exchange_node(
    calls: int, pace: float, *, versions: Path = VERSIONS, with_engineer: bool = False
) -> AsyncGenerator[Exchange]:
    """A node called `exchange` (or `exchange-2`, …) with about `calls` calls in progress.

    Args:
        calls: how many.
        pace: how long a second of its people is, in real ones.
        versions: the folder of the versions of its call handling.
        with_engineer: whether somebody puts the next version on disk when it is time.
    """
    numbers = numbers_for(calls)
    accounts = Accounts()
    town = Town(numbers, calls, accounts, pace)
    with installed(versions) as software:
        desk = Desk(software, town)
        async with own_node("exchange", {Accounts: accounts, Town: town, Desk: desk}) as node:
            desk.code = node.code
            staff = [ChildSpec("engineer", engineer)] if with_engineer else []
            await node.start(exchange(numbers, software.handling(), *staff))
            yield Exchange(node, town, accounts, software)
