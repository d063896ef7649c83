"""An agent that waits for a slow tool in its handler, while five others wait for the agent, and others for them."""

from __future__ import annotations

import asyncio

from runtime import ChildSpec, Reply, Server
from tests.drills.systems.office import confess, office


class Librarian(Server[int]):
    """Asks a search engine for each question; that takes 8 seconds."""

    def init(self) -> int:
        """Begin."""
        confess(self.pid)
        return 0

    async def handle_call(self, question: str, _caller: object, asked: int, /) -> Reply[int]:
        """One question at a time."""
        self.progress(f"search engine: {question}")
        await asyncio.sleep(8)
        return Reply("nothing found", asked + 1)


class Reader(Server[int]):
    """Has a question twice a second, and waits for each answer: its own mailbox soon is the deeper one."""

    def init(self, number: int) -> int:
        """Begin."""
        self.send_after(0.1 * number, "wonder")
        return number

    async def handle_info(self, _wonder: str, number: int, /) -> int:
        """A question, and its answer."""
        for later in range(1, 60):
            self.send_after(later / 2, "wonder")
        await self.named("librarian").call(f"where is volume {number}?", timeout=300)
        return number


if __name__ == "__main__":
    readers = [ChildSpec(f"reader-{number}", Reader, number) for number in range(1, 6)]
    office(ChildSpec("librarian", Librarian), *readers)
