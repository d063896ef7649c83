"""A node whose agents, when told so, handle many messages that are all of one story.

python -m benchmarks.candidates.observer.flood COUNT

--> a line: begin      --> the end of the input: end
<-- a line: the node runs

    host --> 0 --> 1, 2, 3    1 --> 4, 5, 6    2 --> 7, 8, 9    …      each message causes three others, until there are COUNT
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from runtime import ChildSpec, Node, Server

__all__ = ["NODE", "flood"]

NODE: Final = "bench"
_AGENTS: Final = 40
_CAUSES: Final = 3


@dataclass(frozen=True, slots=True)
class Review:
    """What an agent is asked for.

    Attributes:
        number: of the message.
        count: how many there are to be.
    """

    number: int
    count: int


@dataclass(frozen=True, slots=True)
class Seen:
    """The state of an agent."""

    reviews: int = 0
    last: int | None = None


class Agent(Server[Seen]):
    """Asks three others."""

    def init(self) -> Seen:
        """Nothing has been asked."""
        return Seen()

    def handle_cast(self, message: Review, seen: Seen, /) -> Seen:
        """Ask for what comes of this one."""
        first = _CAUSES * message.number + 1
        for number in range(first, min(first + _CAUSES, message.count)):
            self.named(f"agent-{number % _AGENTS}").cast(Review(number, message.count))
        return Seen(seen.reviews + 1, message.number)


@asynccontextmanager
async def flood(count: int) -> AsyncGenerator[asyncio.subprocess.Process]:
    """The node, in a process of its own: a line to its input is when it begins."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        str(count),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert child.stdout is not None
        if not await child.stdout.readline():
            raise RuntimeError("the node has not started; what it wrote stands above")
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def _main(count: int) -> None:
    async with Node(NODE) as node:
        for number in range(_AGENTS):
            await node.start(ChildSpec(f"agent-{number}", Agent))
        sys.stdout.write("the node runs\n")
        sys.stdout.flush()
        while await asyncio.to_thread(sys.stdin.readline):
            node.named("agent-0").cast(Review(0, count))


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
