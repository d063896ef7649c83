"""A producer that floods one slow server: a mailbox that only grows."""

from __future__ import annotations

import asyncio

from runtime import ChildSpec, Server
from tests.drills.systems.office import Letter, confess, office


class Archive(Server[int]):
    """Takes 50 ms for each letter."""

    def init(self) -> int:
        """Begin."""
        confess(self.pid)
        return 0

    async def handle_cast(self, letter: Letter, filed: int, /) -> int:
        """File one."""
        await asyncio.sleep(0.05)
        return filed + letter.number


class Scanner(Server[int]):
    """Sends it two hundred a second."""

    def init(self) -> int:
        """Begin."""
        self.send_after(0.1, "scan")
        return 0

    def handle_info(self, _scan: str, sent: int, /) -> int:
        """Twenty more."""
        for number in range(20):
            self.named("archive").cast(Letter(number))
        self.send_after(0.1, "scan")
        return sent + 20


if __name__ == "__main__":
    office(ChildSpec("archive", Archive), ChildSpec("scanner", Scanner))
