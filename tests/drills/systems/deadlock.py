"""Three agents that wait for each other. Each has handed its caller to a notary, who could answer, and has forgotten to."""

from __future__ import annotations

from runtime import Caller, ChildSpec, NoReply, Server
from tests.drills.systems.office import confess, office

FOREVER_S = 600.0


class Clerk(Server[str]):
    """Hands its caller over to the notary, and asks its neighbour before it goes on."""

    def init(self, neighbour: str, begins: bool = False) -> str:
        """The first of them begins in a moment."""
        confess(self.pid)
        if begins:
            self.send_after(0.3, "begin")
        return neighbour

    async def handle_info(self, _begin: str, neighbour: str, /) -> str:
        """Ask for the first stamp."""
        await self.named(neighbour).call("stamp", timeout=FOREVER_S)
        return neighbour

    async def handle_call(self, _stamp: str, caller: Caller[str], neighbour: str, /) -> NoReply[str]:
        """Somebody else answers this."""
        self.named("notary").cast(caller)
        await self.named(neighbour).call("stamp", timeout=FOREVER_S)
        return NoReply(neighbour)


class Notary(Server[tuple[Caller[str], ...]]):
    """Keeps whoever is to be answered, and answers nobody."""

    def init(self) -> tuple[Caller[str], ...]:
        """Begin."""
        return ()

    def handle_cast(self, caller: Caller[str], kept: tuple[Caller[str], ...], /) -> tuple[Caller[str], ...]:
        """Later."""
        return (*kept, caller)


if __name__ == "__main__":
    office(
        ChildSpec("tailor", Clerk, "baker"),
        ChildSpec("baker", Clerk, "smith"),
        ChildSpec("notary", Notary),
        ChildSpec("smith", Clerk, "tailor", begins=True),
    )
