"""A plain handler that blocks the loop for 20 seconds, and then ends by itself."""

from __future__ import annotations

import time

from runtime import ChildSpec, Server
from tests.drills.systems.office import confess, office


class Auditor(Server[int]):
    """Adds up the books, and lets nobody else run meanwhile."""

    def init(self) -> int:
        """Begin in a moment."""
        self.send_after(1.0, "audit")
        return 0

    def handle_info(self, _audit: str, total: int, /) -> int:
        """No await in here."""
        confess(self.pid)
        return self._add_up(total)

    def _add_up(self, total: int) -> int:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            total += sum(range(1_000)) % 7
        return total


if __name__ == "__main__":
    office(ChildSpec("auditor", Auditor))
