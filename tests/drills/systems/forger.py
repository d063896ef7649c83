"""A ledger that six clerks write into; one of them writes entries that are void. The ledger does not know who."""

from __future__ import annotations

import random
from dataclasses import dataclass

from runtime import ChildSpec, Server
from tests.drills.systems.office import confess, office

CLERKS = 6
FORGER = random.randint(1, CLERKS)


@dataclass(frozen=True)
class Entry:
    """A line of the ledger. It does not say who has written it."""

    amount: int
    note: str


class Ledger(Server[tuple[Entry, ...]]):
    """The last twenty entries."""

    def init(self) -> tuple[Entry, ...]:
        """Begin."""
        return ()

    def handle_cast(self, entry: Entry, entries: tuple[Entry, ...], /) -> tuple[Entry, ...]:
        """Take one."""
        return (*entries[-19:], entry)


class Clerk(Server[int]):
    """Writes an entry five times a second."""

    def init(self, number: int) -> int:
        """Begin."""
        if number == FORGER:
            confess(f"clerk-{number}")
        self.send_after(0.1 + number / 50, "write")
        return number

    def handle_info(self, _write: str, number: int, /) -> int:
        """One entry; every fourth of the forger's is void."""
        void = number == FORGER and random.random() < 0.25
        self.named("ledger").cast(Entry(-1 if void else random.randint(1, 99), "void" if void else "sold"))
        self.send_after(0.2, "write")
        return number


if __name__ == "__main__":
    clerks = [ChildSpec(f"clerk-{number}", Clerk, number) for number in range(1, CLERKS + 1)]
    office(ChildSpec("ledger", Ledger), *clerks)
