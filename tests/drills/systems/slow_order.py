"""An order that took nine seconds: it went from hand to hand, and lay in one mailbox nearly all of the time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from runtime import ChildSpec, Reply, Server
from tests.drills.systems.office import confess, office


@dataclass(frozen=True)
class Order:
    """What is wanted."""

    title: str


@dataclass(frozen=True)
class Print:
    """What the printer gets."""

    title: str
    seconds: float


class Printer(Server[int]):
    """Prints one thing after the other."""

    def init(self) -> int:
        """Begin."""
        confess("printer")
        return 0

    async def handle_call(self, job: Print, _caller: object, printed: int, /) -> Reply[int]:
        """As long as it takes."""
        await asyncio.sleep(job.seconds)
        return Reply("printed", printed + 1)

    async def handle_cast(self, job: Print, printed: int, /) -> int:
        """The same, and nobody waits for it."""
        await asyncio.sleep(job.seconds)
        return printed + 1


class Stock(Server[int]):
    """Says at once what there is."""

    def init(self) -> int:
        """Begin."""
        return 0

    async def handle_call(self, order: Order, _caller: object, asked: int, /) -> Reply[int]:
        """A look at the shelf."""
        await asyncio.sleep(0.2)
        return Reply(f"{order.title} is in stock", asked + 1)


class Planner(Server[int]):
    """Asks the stock, then the printer."""

    def init(self) -> int:
        """Begin."""
        return 0

    async def handle_call(self, order: Order, _caller: object, planned: int, /) -> Reply[int]:
        """From hand to hand."""
        await self.named("stock").call(order, timeout=60)
        await self.named("printer").call(Print(order.title, 0.6), timeout=60)
        return Reply("done", planned + 1)


class Front(Server[int]):
    """Takes one order, and says when it is done."""

    def init(self) -> int:
        """Begin, once somebody else has given the printer a long job."""
        self.send_after(0.5, Order("atlas"))
        return 0

    async def handle_info(self, order: Order, orders: int, /) -> int:
        """One order."""
        self.named("printer").cast(Print("posters", 8.2))
        await self.named("planner").call(order, timeout=60)
        print("answered", flush=True)
        return orders + 1


if __name__ == "__main__":
    agents = {"printer": Printer, "stock": Stock, "planner": Planner, "front": Front}
    office(*(ChildSpec(name, behaviour) for name, behaviour in agents.items()))
