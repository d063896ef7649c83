"""Chaos in its long form: `python -m tests.chaos --seconds 600 --seed 7`, or `make soak`."""

from __future__ import annotations

import argparse
import random

from tests.chaos.chaos import chaos

GROWTH = 1.05
"""Memory of the last fifth beside that of the third, at most."""
LONG_S = 300.0


def main() -> int:
    """0 when nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument(
        "--cells", type=int, default=1000, help="processes that trouble comes to; default 1000"
    )
    parser.add_argument("--seconds", type=float, default=600.0, help="how long; default 600")
    parser.add_argument("--seed", type=int, default=None, help="names the trouble (drawn, unless given)")
    options = parser.parse_args()
    seed = random.SystemRandom().getrandbits(32) if options.seed is None else options.seed
    found = chaos(seed, options.cells, options.seconds, aged=options.seconds >= LONG_S)
    world = found.world
    print(
        f"seed {seed}: {found.seconds:.0f} s, {found.handled:,} messages, {world.answers:,} answers, {world.deaths:,} ends, "
        f"{world.downs:,} told by monitors, {world.exits:,} by links, {found.parks:,} steps parked, "
        f"memory {found.growth:.2f} times (of {max(found.memory, default=0) / 1e6:.0f} MB)"
    )
    print("trouble:", ", ".join(f"{kind} {count:,}" for kind, count in world.done.most_common()))
    grown = options.seconds >= LONG_S and found.growth > GROWTH
    if grown:
        print(f"memory has grown: {[round(size / 1e6) for size in found.memory]} MB")
    print(*found.wrong, sep="\n", end="\n" if found.wrong else "")
    return 1 if found.wrong or grown else 0


if __name__ == "__main__":
    raise SystemExit(main())
