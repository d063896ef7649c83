"""An agent among twenty whose state only grows, by some megabytes a second."""

from __future__ import annotations

from runtime import ChildSpec, Server
from tests.drills.systems.office import confess, office

PAGE = 10_000
"""Bytes of a page."""
LIMIT = 60_000
"""Pages at which it stops, so that the machine stays well: 600 MB."""


class Historian(Server[list[bytes]]):
    """Keeps every page that it has seen."""

    def init(self) -> list[bytes]:
        """Begin in a moment."""
        confess(self.pid)
        self.send_after(0.1, "read")
        return []

    def handle_info(self, _read: str, pages: list[bytes], /) -> list[bytes]:
        """Forty more."""
        if len(pages) < LIMIT:
            pages.extend(bytes(PAGE) for _ in range(40))
        self.progress(f"page {len(pages)}")
        self.send_after(0.1, "read")
        return pages


if __name__ == "__main__":
    office(ChildSpec("historian", Historian))
