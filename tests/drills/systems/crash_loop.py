"""A child that crashes half a second after each start, under a supervisor that is patient with it."""

from __future__ import annotations

from runtime import ChildSpec, Server
from tests.drills.systems.office import confess, office


class Courier(Server[str]):
    """Reads a map that is not there."""

    def init(self) -> str:
        """Set out."""
        confess(self.pid)
        self.send_after(0.5, "go")
        return "harbour"

    def handle_info(self, _go: str, place: str, /) -> str:
        """The first step is the last."""
        routes: dict[str, str] = {"station": "left"}
        return routes[place]


if __name__ == "__main__":
    office(ChildSpec("courier", Courier), max_restarts=1_000)
