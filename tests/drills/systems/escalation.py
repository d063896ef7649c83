"""A printer that crashes again and again: its supervisor gives up, is restarted, gives up, …, and so does the one above that.

office               gives up last: at once after three of them, or never (`patient`)
└── plant            gives up after three presses
    └── press        gives up after three printers
        └── printer  crashes a moment after each start
"""

from __future__ import annotations

import sys

from runtime import ChildSpec, Server, Supervisor
from tests.drills.systems.office import confess, office


class Printer(Server[int]):
    """Runs dry."""

    def init(self) -> int:
        """Set out."""
        confess(self.pid)
        self.send_after(0.15, "print")
        return 0

    def handle_info(self, _print: str, pages: int, /) -> int:
        """The first page is the last."""
        ink: dict[str, int] = {"black": 1}
        return pages + ink["cyan"]


if __name__ == "__main__":
    patient = sys.argv[2:] == ["patient"]
    press = Supervisor([ChildSpec("printer", Printer)], max_restarts=2, max_seconds=5)
    plant = Supervisor([ChildSpec("press", press)], max_restarts=2, max_seconds=5)
    office(ChildSpec("plant", plant), max_restarts=1_000 if patient else 2)
