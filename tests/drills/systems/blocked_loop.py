"""A plain handler that blocks the loop for some 20 seconds in one call of C code, which nobody can park, and then ends by itself."""

from __future__ import annotations

import hashlib

from runtime import ChildSpec, Server
from tests.drills.systems.office import confess, office


class Auditor(Server[int]):
    """Seals the books, and lets nobody else run meanwhile."""

    def init(self) -> int:
        """Begin in a moment."""
        self.send_after(1.0, "audit")
        return 0

    def handle_info(self, _audit: str, total: int, /) -> int:
        """No await in here."""
        confess(self.pid)
        return self._seal(total)

    def _seal(self, total: int) -> int:
        seal = hashlib.pbkdf2_hmac("sha256", b"books", b"salt", 60_000_000)
        return total + seal[0]


if __name__ == "__main__":
    office(ChildSpec("auditor", Auditor))
