"""A hundred thousand idle agents under one supervisor, and one that is flooded."""

from __future__ import annotations

from runtime import ChildSpec, Server, Supervisor
from tests.drills.systems.flood import Archive, Scanner
from tests.drills.systems.office import office

AGENTS = 100_000


class Agent(Server[int]):
    """Waits to be asked."""

    def init(self, number: int) -> int:
        """Begin."""
        return number


if __name__ == "__main__":
    crowd = Supervisor([ChildSpec(f"agent-{number}", Agent, number) for number in range(AGENTS)])
    office(ChildSpec("crowd", crowd), ChildSpec("archive", Archive), ChildSpec("scanner", Scanner))
