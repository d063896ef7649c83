"""A plain handler with an endless loop in it, that takes every exception for a hiccup. Each successor does the same."""

from __future__ import annotations

from contextlib import suppress

from runtime import ChildSpec, Server
from tests.drills.systems.office import confess, office


class Optimist(Server[int]):
    """Tries again and again, and never looks up."""

    def init(self) -> int:
        """Begin in a moment."""
        self.send_after(0.5, "try")
        return 0

    def handle_info(self, _try: str, tries: int, /) -> int:
        """No await in here, and no end."""
        confess(self.pid)
        while True:
            with suppress(Exception):
                tries = self._try_again(tries)

    def _try_again(self, tries: int) -> int:
        return tries + sum(range(1_000)) % 7


if __name__ == "__main__":
    office(ChildSpec("optimist", Optimist), max_restarts=1_000)
