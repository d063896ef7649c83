"""The exchange's node as a process of its own, `python -m demo.exchange.node`: it speaks as `demo.node` does, and ends as it does."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from demo.exchange.host import Exchange, exchange_node
from demo.host import one_line_crashes
from demo.node import refused, serve
from runtime import Node
from runtime.port.contract import Failure

__all__ = ["main", "summary"]

CALLS = 2_000
PACE = 0.2
"""Real seconds that a second of the town takes."""


def main() -> int:
    """Run the node until stdin ends; returns the exit code."""
    stage: list[Exchange] = []

    @asynccontextmanager
    async def hosted() -> AsyncGenerator[Node]:
        async with exchange_node(CALLS, PACE, with_engineer=True) as exchange:
            stage.append(exchange)
            yield exchange.node

    try:
        with one_line_crashes():
            asyncio.run(serve(hosted(), "the exchange", lambda: summary(stage[0])))
    except Failure as failure:
        return refused(failure)
    return 0


def summary(exchange: Exchange) -> str:
    """What there is to say when the console is left, as text that ends with a newline."""
    town, accounts = exchange.town, exchange.accounts
    changes = [upgrade for upgrade in exchange.node.code.history if upgrade.done]
    steps = ", ".join(f"version {step.old} to {step.new}" for upgrade in changes for step in upgrade.steps)
    said, understood = town.total("said"), town.total("understood")
    lines = [
        f"{town.now:,} seconds of the town, {town.in_progress:,} calls in progress at its end",
        f"  changes of the software mid-call  {len(changes)}{f': {steps}' if steps else ''}",
        f"  dropped calls                     {town.dropped}",
        *(f"    {text}" for text in town.troubles),
        f"  words said                        {said:,}: {understood:,} understood, {said - understood:,} on their way",
        f"  calls billed, to the second       {accounts.exact:,} as those who talked have noted, {accounts.differing:,} otherwise",
        *(f"    {text}" for text in accounts.wrong),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
