"""An agent that waits for something that never comes, while its mailbox slowly fills."""

from __future__ import annotations

import asyncio

from runtime import ChildSpec, Server
from tests.drills.systems.office import Letter, confess, office


class Negotiator(Server[int]):
    """Waits for an answer of the other side."""

    def init(self) -> int:
        """Begin."""
        confess(self.pid)
        self.send_after(0.1, "open")
        return 0

    async def handle_info(self, _open: str, rounds: int, /) -> int:
        """The other side never answers."""
        self.progress("waiting for the other side to accept")
        await asyncio.get_running_loop().create_future()
        return rounds + 1

    def handle_cast(self, letter: Letter, rounds: int, /) -> int:
        """What it would do with its letters."""
        return rounds + letter.number


class Secretary(Server[int]):
    """Passes on a letter now and then."""

    def init(self) -> int:
        """Begin."""
        self.send_after(0.5, "post")
        return 0

    def handle_info(self, _post: str, sent: int, /) -> int:
        """One letter."""
        self.named("negotiator").cast(Letter(sent))
        self.send_after(2.0, "post")
        return sent + 1


if __name__ == "__main__":
    office(ChildSpec("negotiator", Negotiator), ChildSpec("secretary", Secretary))
