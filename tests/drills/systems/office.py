"""The ground of every drill: a node of nineteen healthy agents, and one that is in trouble.

    office               one_for_one
    ├── desks            one_for_one     desk-1 … desk-12   work a little every half second
    ├── mail             one_for_one     post-1 … post-6    take bursts of letters, so mailboxes are not empty
    ├── clock                            sends the bursts
    └── …                                what the drill adds

The pid of the one in trouble goes to stdout; the drill compares it with what its rule read on the screen.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass

from runtime import ChildSpec, Node, Server, Supervisor

BURST = 12
"""Letters that each post office gets at a time."""


def confess(pid: object) -> None:
    """Say on stdout who is in trouble."""
    print(f"culprit {pid}", flush=True)


class Desk(Server[int]):
    """Works a little, again and again."""

    counters = ("letters",)

    def init(self, period: float) -> int:
        """Begin."""
        self.send_after(period, period)
        return 0

    def handle_info(self, period: float, done: int, /) -> int:
        """A little work."""
        self.progress(f"letter {done}: {sum(range(2_000))}")
        self.count("letters")
        self.send_after(period, period)
        return done + 1


@dataclass(frozen=True)
class Letter:
    """Something to handle."""

    number: int


class PostOffice(Server[int]):
    """Takes letters one by one, 10 ms each: a burst is a mailbox that drains."""

    async def handle_cast(self, letter: Letter, taken: int, /) -> int:
        """Take one."""
        await asyncio.sleep(0.01)
        return taken + letter.number

    def init(self) -> int:
        """Begin."""
        return 0


class Clock(Server[int]):
    """Sends every post office a burst, once a second."""

    def init(self, offices: int) -> int:
        """Begin."""
        self.send_after(0.2, "tick")
        return offices

    def handle_info(self, _tick: str, offices: int, /) -> int:
        """The bursts."""
        for office in range(1, offices + 1):
            for number in range(BURST):
                self.named(f"post-{office}").cast(Letter(number))
        self.send_after(1.0, "tick")
        return offices


def healthy() -> list[ChildSpec]:
    """Nineteen agents that are well."""
    desks = [ChildSpec(f"desk-{number}", Desk, 0.3 + number / 20) for number in range(1, 13)]
    offices = [ChildSpec(f"post-{number}", PostOffice) for number in range(1, 7)]
    return [
        ChildSpec("desks", Supervisor(desks)),
        ChildSpec("mail", Supervisor(offices)),
        ChildSpec("clock", Clock, 6),
    ]


async def _serve(troubled: list[ChildSpec], max_restarts: int) -> None:
    async with Node(sys.argv[1] if len(sys.argv) > 1 else "office") as node:
        await node.start(
            Supervisor([*healthy(), *troubled], max_restarts=max_restarts, max_seconds=5, name="office")
        )
        print("ready", flush=True)
        await node.run_forever()


def office(*troubled: ChildSpec, max_restarts: int = 3) -> None:
    """Run the node until it is told to end."""
    asyncio.run(_serve(list(troubled), max_restarts))
