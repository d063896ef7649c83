"""Messages between processes: each arrives once, and those of one sender in their order."""

from __future__ import annotations

from random import Random

from runtime.handle import Handle
from tests.stress.kit import asynchronous, plain, same, toil, waiting

TILLS = ("till-0", "till-1", "async-till", "coroutine-till")
"""The processes that count."""


def _pay(process: Handle, rng: Random) -> tuple[str, int]:
    sender, till = rng.getrandbits(60), rng.choice(TILLS)
    address = process.named(till)
    for number in range(12):
        address.cast((sender, number))
        toil(700)
    process.resource("box")["paid"] += 12
    return till, sender


@plain
def casts(process: Handle, rng: Random) -> None:
    """Whoever sends is parked between two casts; whoever counts is parked too."""
    _pay(process, rng)


@waiting
def casts_then_call(process: Handle, rng: Random) -> None:
    """A call overtakes none of the casts before it."""
    till, sender = _pay(process, rng)
    same(process.call(till, sender, timeout=60), 12)


@asynchronous
async def casts_then_awaited_call(process: Handle, rng: Random) -> None:
    """... from an async handler neither."""
    till, sender = _pay(process, rng)
    same(await process.named(till).call(sender, timeout=60), 12)
