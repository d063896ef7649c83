"""A scanner that crashes on one letter, and is restarted. Four inboxes send it letters: which of them sent that one?"""

from __future__ import annotations

import random
from dataclasses import dataclass

from runtime import ChildSpec, Server
from tests.drills.systems.office import confess, office

INBOXES = 4
POISONER = random.randint(1, INBOXES)
AFTER = 40
"""Letters before the one that is too much."""


@dataclass(frozen=True)
class Page:
    """A page to scan. It does not say whose it is."""

    lines: int


class Scanner(Server[int]):
    """Counts lines per page."""

    def init(self) -> int:
        """Begin."""
        return 0

    def handle_cast(self, page: Page, scanned: int, /) -> int:
        """Scan one page. Of an empty one it cannot say how dense it is."""
        return scanned + 1000 // page.lines * 0 + 1


class Inbox(Server[tuple[int, int]]):
    """Passes letters on, ten a second."""

    def init(self, number: int) -> tuple[int, int]:
        """Begin."""
        if number == POISONER:
            confess(f"inbox-{number}")
        self.send_after(0.1 + number / 100, "post")
        return number, 0

    def handle_info(self, _post: str, state: tuple[int, int], /) -> tuple[int, int]:
        """One letter; once an empty one."""
        number, sent = state
        self.named("scanner").cast(Page(0 if number == POISONER and sent == AFTER else random.randint(1, 60)))
        self.send_after(0.1, "post")
        if number == POISONER and sent == AFTER:
            print("posted", flush=True)
        return number, sent + 1


if __name__ == "__main__":
    inboxes = [ChildSpec(f"inbox-{number}", Inbox, number) for number in range(1, INBOXES + 1)]
    office(ChildSpec("scanner", Scanner), *inboxes)
