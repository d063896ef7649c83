"""An agent whose code swallows its own end, and a warden that has killed it before anybody looks."""

from __future__ import annotations

from runtime import ChildSpec, Pid, Server
from tests.drills.systems.office import confess, office


class Glutton(Server[int]):
    """Swallows whatever is raised in it."""

    def init(self) -> int:
        """Wait for food."""
        return 0

    def handle_cast(self, _food: str, bites: int, /) -> int:
        """No exception ends this."""
        while True:
            try:
                bites = self._feast(bites)
            except BaseException:
                bites = 0

    def _feast(self, bites: int) -> int:
        while True:
            bites += 1


class Warden(Server[tuple[Pid, ...]]):
    """Feeds the glutton once, and ends it half a second later."""

    def init(self) -> tuple[Pid, ...]:
        """Begin in a moment."""
        self.send_after(0.2, "feed")
        return ()

    def handle_info(self, order: str, fed: tuple[Pid, ...], /) -> tuple[Pid, ...]:
        """Feed it; end it."""
        glutton = self.whereis("glutton")
        if order == "feed" and glutton is not None:
            glutton.cast("cake")
            self.send_after(0.5, "end")
            return (glutton,)
        for pid in fed:
            self.exit(pid, "kill")
            confess(pid)
        return ()


if __name__ == "__main__":
    office(ChildSpec("glutton", Glutton), ChildSpec("warden", Warden))
