"""The ground of every drill: a node of twenty healthy agents, and what the drill adds to it.

    office               one_for_one
    ├── desks            one_for_one     desk-1 … desk-12   work a little every half second
    ├── mail             one_for_one     post-1 … post-6    take bursts of letters: mailboxes that fill and drain
    ├── clock                            sends the bursts
    ├── sorter                           computes a little: it runs more than the others
    └── …                                what the drill adds

Run as `python -m tests.drills.systems.NAME [NODE NAME]`. `ready` on stdout says that it can be attached to; the
pid of the one in trouble follows there, for the drill to compare with what its rule has read on the screen. The
node ends with its stdin, so that none is left behind. Where its tree gives up, it says so, and goes on without one.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from dataclasses import dataclass

from runtime import ChildSpec, Node, Server, Supervisor

BURST = 40
"""Letters that each post office gets at a time. They take 0.8 s."""


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
        self.progress(f"letter {done}")
        self.count("letters")
        self.send_after(period, period)
        return done + 1


class Sorter(Server[int]):
    """Has more to compute than the others: some milliseconds, again and again."""

    def init(self) -> int:
        """Begin."""
        self.send_after(0.1, "sort")
        return 0

    def handle_info(self, _sort: str, rounds: int, /) -> int:
        """A few milliseconds."""
        self.progress(f"round {rounds}: {sum(range(100_000)):,}")
        self.send_after(0.05, "sort")
        return rounds + 1


@dataclass(frozen=True)
class Letter:
    """Something to handle."""

    number: int


class PostOffice(Server[int]):
    """Takes letters one by one, 20 ms each: a burst is a mailbox that drains."""

    def init(self) -> int:
        """Begin."""
        return 0

    async def handle_cast(self, letter: Letter, taken: int, /) -> int:
        """Take one."""
        await asyncio.sleep(0.02)
        return taken + letter.number


class Clock(Server[int]):
    """Sends every post office a burst, every one and a half seconds."""

    def init(self, offices: int) -> int:
        """Begin."""
        self.send_after(0.2, "tick")
        return offices

    def handle_info(self, _tick: str, offices: int, /) -> int:
        """The bursts."""
        for office in range(1, offices + 1):
            for number in range(BURST):
                self.named(f"post-{office}").cast(Letter(number))
        self.send_after(1.5, "tick")
        return offices


def healthy() -> list[ChildSpec]:
    """Twenty agents that are well."""
    desks = [ChildSpec(f"desk-{number}", Desk, 0.3 + number / 20) for number in range(1, 13)]
    offices = [ChildSpec(f"post-{number}", PostOffice) for number in range(1, 7)]
    return [
        ChildSpec("desks", Supervisor(desks)),
        ChildSpec("mail", Supervisor(offices)),
        ChildSpec("clock", Clock, 6),
        ChildSpec("sorter", Sorter),
    ]


async def _serve(troubled: list[ChildSpec], max_restarts: int) -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else "office"
    tree = Supervisor([*healthy(), *troubled], max_restarts=max_restarts, max_seconds=5, name="office")
    async with Node(name) as node:
        await node.start(tree)
        print("ready", flush=True)
        until = asyncio.ensure_future(asyncio.to_thread(sys.stdin.read))
        tree_ended = asyncio.ensure_future(node.run_forever())
        await asyncio.wait({until, tree_ended}, return_when=asyncio.FIRST_COMPLETED)
        if not until.done():
            print("given up", flush=True)
            await until
        tree_ended.cancel()
        await asyncio.wait({tree_ended})


def office(*troubled: ChildSpec, max_restarts: int = 3) -> None:
    """Run the node until its stdin ends."""
    logging.disable()  # the console is what tells of crashes here
    asyncio.run(_serve(list(troubled), max_restarts))


if __name__ == "__main__":
    office()
